"""What people under watch say and press: answers, words that were agreed on, PINs.

Whatever it means, it takes the same path: one digest of the text (computed before, outside of the
transaction), compared with every agreed word at once; the same rows; one reply at a fixed time
after the message came. A text that is none of this goes on to the conversation as ever.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.domain.messages import InboundKind, Keyboard, Outgoing
from bot.domain.plan_changes import in_rhythm, slower
from bot.domain.plans import next_slot
from bot.domain.secret_words import Secret, Typed, fold, matches, read
from bot.domain.watch import (
    EARLY,
    ESCALATED,
    WATCHING,
    Act,
    Answered,
    CancelAsked,
    Cause,
    Changed,
    Extended,
    HelpAsked,
    Moved,
    PauseAsked,
    Reply,
    State,
    Tier,
)
from bot.flow.inputs import Pressed, Universal
from bot.flow.model import Day, Literal
from bot.services.check_in import Taken, renew, take, then, write
from bot.services.check_in_effects import keyboard
from bot.services.ports import ChatMessage, Envelope, Lane
from bot.services.pressed import Done

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from bot.content.library import Library
    from bot.domain.ids import PersonId
    from bot.domain.plans import Watched
    from bot.domain.watch import Event
    from bot.domain.words import Words
    from bot.flow.inputs import Input
    from bot.services.apply import Moment
    from bot.services.check_in_effects import Hands
    from bot.services.check_in_ports import Agreed
    from bot.services.ports import Tx

REPLY_AFTER = timedelta(seconds=2)
"""From the arrival of a message to its reply, whatever was computed in between."""

GONE_AFTER = timedelta(seconds=20)
"""Words that were agreed on leave the chat so long after they were written."""

AWAITED = timedelta(minutes=10)
_STALE = timedelta(hours=24)
_NAMES = ("ok", "fine", "later", "help")
_LATER = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """Listens to people under watch."""

    hands: Hands
    with_pin: dict[str, Callable[[Tx, Moment], None]] = field(default_factory=dict, repr=False)
    """What else the PIN opens, by name: changes of the trusted contacts."""
    presses: dict[str, Callable[[Tx, Moment], None]] = field(default_factory=dict, repr=False)
    """Buttons beside those that answer, by name: drills."""
    _known: list[tuple[Library, Mapping[str, str]]] = field(default_factory=list, repr=False)
    """The labels of the Library in use: it is swapped whole, and seldom."""

    def salt(self, tx: Tx, person: PersonId) -> bytes | None:
        """Return the salt for a person's text; None when nothing was agreed on with them."""
        agreed = tx.check_words.get(person)
        return None if agreed is None else agreed.salt

    def spoken(self, words: Words) -> str:
        """Return the part of a text that may be an agreed word."""
        return self._read(words).rest

    def text(self, tx: Tx, moment: Moment, words: Words, digest: bytes) -> Input | Done | None:
        """Take a text; None when it belongs to the conversation."""
        agreed = tx.check_words.get(moment.person.id)
        if agreed is None:
            return None
        plans = tx.plans.of(moment.person.id, hold=True)
        typed, found = self._read(words), matches(digest, agreed.digests)
        awaited = _awaited(agreed, moment.at)
        if not plans and not awaited.startswith("pin:"):
            return None
        if not found and self._library().universal(words) is not None:
            # SOS, stop, menu … mean themselves, also where a PIN is waited for.
            if agreed.awaiting:
                tx.check_words.put(moment.person.id, replace(agreed, awaiting=""))
            return None
        pressed = self._label(words)
        if pressed == "help":
            return self._help(tx, moment, plans)
        if Secret.PANIC in found:
            return self._panic(tx, moment, plans)
        if awaited.startswith("pin:"):
            return self._with_pin(tx, moment, plans, agreed, awaited, found)
        if pressed == "later":
            return self._ask_pin(tx, moment, agreed, f"pin:extend:{_LATER // timedelta(minutes=1)}")
        asked = _asked(plans, moment.at)
        if Secret.DURESS in found or typed.ok or (asked and (awaited == "word" or found)):
            reply = _meaning(typed, found, agreed, pressed)
            return self._answer(tx, moment, asked or plans[:1], agreed, reply)
        return None

    def press(self, tx: Tx, moment: Moment, name: str) -> Input | Done:
        """Take a button of a check-in."""
        plans = tx.plans.of(moment.person.id, hold=True)
        agreed = tx.check_words.get(moment.person.id)
        if not plans or agreed is None:
            return Pressed(word=Universal.MENU)
        if name in self.presses:
            self.presses[name](tx, moment)
            return Done()
        if name.startswith("why-"):
            return self._why(tx, moment, plans, name.removeprefix("why-"))
        if name == "help":
            return self._help(tx, moment, plans)
        if name == "later":
            return self._ask_pin(tx, moment, agreed, f"pin:extend:{_LATER // timedelta(minutes=1)}")
        typed = Typed(ok=True, rest="")
        reply = _meaning(typed, frozenset(), agreed, name)
        return self._answer(tx, moment, _asked(plans, moment.at) or plans[:1], agreed, reply)

    def await_pin(self, tx: Tx, person: PersonId, what: str, now: datetime) -> bool:
        """Take the person's next text for their PIN; False when none was agreed on."""
        agreed = tx.check_words.get(person)
        if agreed is None:
            return False
        tx.check_words.put(
            person, replace(agreed, awaiting=f"pin:{what}", awaiting_until=now + AWAITED)
        )
        return True

    # -- what it means ----------------------------------------------------------------------

    def _answer(
        self, tx: Tx, moment: Moment, plans: Sequence[Watched], agreed: Agreed, reply: Reply
    ) -> Done:
        happened = [
            take(self._here(one, moment), Answered(reply=reply), moment.at) for one in plans
        ]
        return self._finish(tx, moment, agreed, happened)

    def _with_pin(
        self, tx: Tx, moment: Moment, plans: Sequence[Watched], agreed: Agreed, awaited: str,
        found: frozenset[Secret],
    ) -> Done:  # fmt: skip
        _, what, argument = (*awaited.split(":", maxsplit=2), "")[:3]
        pin, duress = Secret.PIN in found, Secret.DURESS in found
        if what in {"invite", "drop"}:
            return self._contacts(tx, moment, plans, agreed, awaited, found)
        happened = []
        for one in plans:
            event = _act(what, argument, pin=pin, duress=duress)
            if what == "cancel" and argument and not one.id.startswith(argument):
                continue
            here = self._here(one, moment)
            if what in _LOOSENED and (pin or duress):
                here, moved = _loosened(here, what, argument, moment.at)
                taken = take(here, event, moment.at)
                happened.append(then(taken, moved, moment.at) if moved else taken)
                continue
            happened.append(take(here, event, moment.at))
        refused = not pin and not duress
        return self._finish(tx, moment, agreed, happened, again=awaited if refused else "")

    def _contacts(
        self, tx: Tx, moment: Moment, plans: Sequence[Watched], agreed: Agreed, awaited: str,
        found: frozenset[Secret],
    ) -> Done:  # fmt: skip
        """Change the contacts: with the PIN alone. Under duress it looks so, and is an alarm."""
        what = awaited.split(":")[1]
        if Secret.PIN in found and what in self.with_pin:
            tx.check_words.put(moment.person.id, replace(agreed, awaiting=""))
            self.with_pin[what](tx, moment)
            self._erase(tx, moment)
            return Done()
        event: Event = CancelAsked(pin=False)
        if Secret.DURESS in found:
            event = HelpAsked(cause=Cause.DURESS)
        happened = [take(self._here(one, moment), event, moment.at) for one in plans]
        again = "" if Secret.DURESS in found else awaited
        return self._finish(tx, moment, agreed, happened, again=again)

    def _raise(self, tx: Tx, moment: Moment, plans: Sequence[Watched], cause: Cause) -> None:
        """Raise one alarm, whatever the number of plans."""
        event = HelpAsked(cause=cause)
        taken = [take(self._here(one, moment), event, moment.at) for one in plans[:1]]
        write(tx, taken, moment.at, self.hands)

    def _help(self, tx: Tx, moment: Moment, plans: Sequence[Watched]) -> Input:
        """Raise an open alarm, then show at once what helps."""
        self._raise(tx, moment, plans, Cause.ASKED)
        return Pressed(word=Universal.SOS)

    def _panic(self, tx: Tx, moment: Moment, plans: Sequence[Watched]) -> Done:
        """Raise the alarm behind an innocent word; what stands in the chat goes."""
        self._raise(tx, moment, plans, Cause.PANIC)
        tx.chat.clear(moment.person.id, to=moment.at + GONE_AFTER)
        self._say(tx, moment, self._library().say("checkin_bland", moment.language))
        self._erase(tx, moment)
        return Done()

    def _ask_pin(self, tx: Tx, moment: Moment, agreed: Agreed, awaited: str) -> Done:
        until = moment.at + AWAITED
        tx.check_words.put(
            moment.person.id, replace(agreed, awaiting=awaited, awaiting_until=until)
        )
        self._say(tx, moment, self._library().say("checkin_pin", moment.language))
        return Done()

    def _why(self, tx: Tx, moment: Moment, plans: Sequence[Watched], cause: str) -> Done:
        """Remember what a false alarm came from; nobody is blamed."""
        day = moment.at.date().isoformat()
        for one in plans[:1]:
            causes = (*one.terms.causes[-9:], f"{day}:{cause[:12]}")
            renew(tx, [replace(one, terms=replace(one.terms, causes=causes))])
        self._say(tx, moment, self._library().say("checkin_why_thanks", moment.language))
        return Done()

    def _finish(
        self, tx: Tx, moment: Moment, agreed: Agreed, happened: Sequence[Taken], *, again: str = ""
    ) -> Done:
        """Write everything, answer once, and let what was typed leave the chat."""
        codes = [
            effect.code
            for taken in happened
            for _, effect in taken.effects
            if effect.act is Act.REPLY
        ]
        code = next((wanted for wanted in _WEIGHT if wanted in codes), "ok")
        awaiting = "word" if code == "word" else again if code == "refused" else ""
        until = moment.at + AWAITED if awaiting else None
        # Written every time, changed or not: the rows of an answer do not tell what it was.
        tx.check_words.put(
            moment.person.id, replace(agreed, awaiting=awaiting, awaiting_until=until)
        )
        write(tx, happened, moment.at, self.hands)
        self._say(tx, moment, self._sentence(code, happened, moment), keep=code == "word")
        self._erase(tx, moment)
        return Done()

    def _sentence(self, code: str, happened: Sequence[Taken], moment: Moment) -> str:
        library, language = self._library(), moment.language
        if code not in {"ok", "early"}:
            return library.say(f"checkin_{code}", language)
        for taken in happened:
            cycle = taken.after.standing.cycle
            watching = cycle.state in WATCHING
            # While coordinators look for somebody, the chat shows what it would show otherwise.
            due = cycle.due_at if watching and cycle.state not in ESCALATED else None
            if due is None and watching:
                slot = next_slot(taken.after.terms, moment.at)
                due = slot[1] if slot else None
            if due is not None:
                local = due.astimezone(ZoneInfo(taken.after.terms.zone))
                name = "checkin_early" if code == "early" else "checkin_next"
                if taken.after.terms.zone == "UTC":
                    minutes = max(int((due - moment.at).total_seconds()) // 60, 1)
                    return library.say(f"{name}_in", language, n=minutes)
                return library.say(
                    name, language, day=Day(day=local.date()), time=Literal(text=f"{local:%H:%M}")
                )
        return library.say("checkin_thanks", language)

    # -- the chat ---------------------------------------------------------------------------

    def _say(self, tx: Tx, moment: Moment, text: str, *, keep: bool = False) -> None:
        """Answer at a fixed time after the message came."""
        library = self._library()
        buttons = keyboard(library, moment.language) if keep else ()
        message = Outgoing(
            text=text,
            language=moment.language,
            buttons=buttons,
            keyboard=Keyboard.REPLY if keep else Keyboard.REMOVE,
        )
        at = moment.at + REPLY_AFTER
        tx.outbox.add(
            [
                Envelope(
                    person=moment.person.id, message=message, lane=Lane.REPLY,
                    dedup_key=f"{moment.key}:check-in", due_at=at, expires_at=at + _STALE,
                    sensitive=True,
                )
            ]
        )  # fmt: skip

    def _erase(self, tx: Tx, moment: Moment) -> None:
        """Let the person's own message leave the chat: it may hold a word that was agreed on."""
        inbound = moment.inbound
        if inbound is None or inbound.message_ref is None or inbound.kind is InboundKind.BUTTON:
            return
        theirs = ChatMessage(
            ref=inbound.message_ref, at=moment.at, delete_at=moment.at + GONE_AFTER,
            sensitive=True, keep=False, ours=False,
        )  # fmt: skip
        tx.chat.add([(moment.person.id, theirs)])

    def _here(self, watched: Watched, moment: Moment) -> Watched:
        """Note the language in which the person answers, for the next question."""
        if watched.terms.language == moment.language:
            return watched
        return replace(watched, terms=replace(watched.terms, language=moment.language))

    def _library(self) -> Library:
        return self.hands.library()

    def _labels(self) -> Mapping[str, str]:
        library = self._library()
        if not self._known or self._known[0][0] is not library:
            self._known[:] = [(library, _labels(library))]
        return self._known[0][1]

    def _label(self, words: Words) -> str:
        return self._labels().get(fold(words.reveal()), "")

    def _read(self, words: Words) -> Typed:
        known = self._labels()
        okay = [label for label, name in known.items() if name in {"ok", "fine"}]
        return read(words.reveal(), okay)


def _labels(library: Library) -> Mapping[str, str]:
    """Return what the buttons say in every language, folded, and what each means."""
    return {
        **{
            fold(library.say(f"checkin_{name}", language)): name
            for name in _NAMES
            for language in library.offered
        },
        "ok": "ok",
    }


_WEIGHT = ("word", "refused", "waits", "early", "ok")
"""Of several plans' replies the one that asks most is said."""


def _awaited(agreed: Agreed, now: datetime) -> str:
    until = agreed.awaiting_until
    return agreed.awaiting if until is not None and now < until else ""


def _asked(plans: Sequence[Watched], now: datetime) -> list[Watched]:
    """Return the plans that an OK answers: those asked, a trip under way, what is due soon."""
    found = []
    for one in plans:
        cycle = one.standing.cycle
        soon = one.terms.rhythm.interval is None or cycle.due_at - now <= EARLY
        if cycle.state in WATCHING - {State.ARMED} or (cycle.state is State.ARMED and soon):
            found.append(one)
    return found


def _meaning(typed: Typed, found: frozenset[Secret], agreed: Agreed, pressed: str) -> Reply:
    """Tell what an answer is, from the words found in it and those missing."""
    marked = Secret.MARK in agreed.digests
    if Secret.DURESS in found or (agreed.harmless and pressed == "fine"):
        return Reply.DURESS
    if marked and typed.ok and Secret.MARK not in found and Secret.SAFE not in found:
        return Reply.DURESS
    if Secret.SAFE in found or Secret.MARK in found:
        return Reply.OK
    if typed.ok and (not typed.rest or Secret.SAFE not in agreed.digests):
        return Reply.TAP
    return Reply.WRONG


_LOOSENED = frozenset({"usual", "rhythm"})


def _loosened(
    watched: Watched, what: str, argument: str, now: datetime
) -> tuple[Watched, Moved | None]:
    """Return a plan with looser terms; one that was asked about keeps its present round."""
    terms, cycle = watched.terms, watched.standing.cycle
    if terms.drill or terms.canary or cycle.state is not State.ARMED:
        return watched, None
    if what == "usual":
        return replace(watched, terms=slower(terms)), None
    hours, _, at_hour = argument.partition("-")
    if terms.tier is not Tier.ROUTINE or not hours.isdecimal() or not at_hour.isdecimal():
        return watched, None
    terms = in_rhythm(terms, int(hours), int(at_hour), now)
    found = next_slot(terms, now)
    if found is None:
        return watched, None
    return replace(watched, terms=terms, slot=found[0]), Moved(due_at=found[1])


def _act(what: str, argument: str, *, pin: bool, duress: bool) -> Event:
    match what:
        case "extend":
            by = timedelta(minutes=int(argument or 60))
            return Extended(by=by, pin=pin, duress=duress)
        case "pause":
            lasting = timedelta(hours=int(argument or 24))
            return PauseAsked(pin=pin, lasting=lasting, duress=duress)
        case "usual" | "rhythm":
            return Changed(pin=pin, duress=duress)
        case _:
            return CancelAsked(pin=pin, duress=duress)
