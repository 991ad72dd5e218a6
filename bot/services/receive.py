"""Reception: one thing that arrived becomes one transaction, or nothing at all.

Opens the unit of work, drops what was seen before, loads the person and their conversation under
the person's lock, lets the engine decide and the clerk write it down. Returns after the commit.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import structlog

from bot.domain.ids import FlowId
from bot.domain.messages import Inbound, InboundKind
from bot.domain.people import Person
from bot.flow.effects import Say
from bot.flow.engine import advance
from bot.flow.inputs import Chose, Gave, Pressed, Said, Started, TimedOut, Universal
from bot.flow.model import AskKind, AskStep
from bot.flow.session import Session
from bot.services.apply import Clerk, Moment
from bot.services.check_in_setup import is_silent
from bot.services.pressed import Done, Extra, NoButton, Remark, read_button
from bot.services.tongues import language_of, listened

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

    from bot.content.library import Library
    from bot.domain.ids import LanguageTag, PersonId
    from bot.domain.messages import ReceiptKey
    from bot.domain.words import Words
    from bot.flow.effects import Sprint
    from bot.flow.inputs import Facts, Input, Understood
    from bot.flow.model import Flow, Text
    from bot.services.check_in_heard import Hearing
    from bot.services.floods import Floods
    from bot.services.ports import Carrier, Claimed, Clock, Store, Tx

    Takes = Callable[[Tx, Moment, str], Input | Remark | Done]

log = structlog.get_logger()

STATUS = FlowId("status")
"""Opened by the six words of a receipt, wherever they are written."""
_GREETINGS = {"start", "menu"}
_REMARKS = {
    InboundKind.EDITED: "edited",
    InboundKind.STICKER: "sticker",
    InboundKind.LOCATION: "location",
    InboundKind.CONTACT: "contact",
    InboundKind.OTHER: "other",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """Takes what doors bring. `facts` gives the engine what it may know for one turn."""

    store: Store
    clock: Clock
    library: Callable[[], Library]
    facts: Callable[[Tx, Library, LanguageTag, Inbound | None, Person], Facts]
    clerk: Clerk
    floods: Floods
    carrier: Carrier
    """Told after each commit what it left to be delivered."""
    hearing: Hearing
    """Listens to people under watch before the conversation does."""
    derive: Callable[[bytes, str], Awaitable[bytes]]
    """The slow digest of what they wrote, computed outside of every transaction."""
    gone: Callable[[Tx, PersonId, datetime], None] = lambda _tx, _person, _now: None
    """Told of somebody who blocked us, in the transaction in which it is written."""
    place: Callable[[Tx, Moment], Remark | Done | None] = lambda _tx, _moment: None
    """Takes a place that somebody under watch sent of themselves."""
    presses: Mapping[str, Takes] = field(default_factory=dict)
    """Who takes buttons outside of every flow, by the name that they carry."""
    recognise: Callable[[Inbound], Awaitable[ReceiptKey | None]] | None = None
    """Says what typed words stand for when they are a receipt; slow, so asked before the unit."""
    private: Callable[[Tx, Moment, Words], Remark | None] | None = None
    """Takes words that belong into no chat, where a flow that seals asked for none."""
    stray: Callable[[Tx, Moment, Words], str] | None = None
    """Takes words that were no answer there; returns the phrase that says what became of them."""
    openings: Mapping[str, Takes] = field(default_factory=dict)
    """Who takes the payload of a link (`/start NAME-REST`), by its name."""
    hear: Callable[[Words], Awaitable[Understood]] | None = None
    """Says what words seem to mean; asked before the transaction, since it may ask a server."""

    async def __call__(self, inbound: Inbound) -> None:
        """Take one thing that arrived; a repeat does nothing.

        Raises:
            ConflictError: Not taken; the channel should bring it again.
        """
        if inbound.kind is InboundKind.GROUP:
            await self.store.write(lambda tx: self._refuse_group(tx, inbound))
            self.carrier.wake()
            return
        written = to_event(inbound, self.library())
        calm = self._calm(inbound, written)
        if calm and self.recognise is not None:
            receipt = await self.recognise(inbound)
            inbound = inbound if receipt is None else replace(inbound, receipt=receipt)
        heard = await self._hear(written) if calm and inbound.receipt is None else None
        taken = await self.store.write(
            lambda tx: self._take(tx, inbound, written, heard, calm=calm)
        )
        if isinstance(taken, bytes):
            digest = await self._digest(taken, inbound)
            taken = await self.store.write(
                lambda tx: self._take(tx, inbound, written, heard, calm=calm, digest=digest)
            )
        if taken and not isinstance(taken, bytes):
            self.carrier.hand(taken)
        else:
            self.carrier.wake()

    async def _digest(self, salt: bytes, inbound: Inbound) -> bytes:
        words = inbound.words
        return await self.derive(salt, self.hearing.spoken(words) if words else "")

    async def silence(self, person: PersonId, turn: int) -> None:
        """A question of a conversation was left without an answer for as long as it allows."""
        now = self.clock.now()
        await self.store.write(lambda tx: self._time_out(tx, person, turn, now))
        self.carrier.wake()

    async def _hear(self, written: Input | None) -> Understood | None:
        """Understand what is words and no universal word."""
        if self.hear is None or not isinstance(written, Said):
            return None
        return await self.hear(written.words)

    def _calm(self, inbound: Inbound, written: Input | None) -> bool:
        """Count what arrived; a cry for help and a press are heard through many other words."""
        sender, at = f"{inbound.channel}:{inbound.address}", inbound.received_at
        if self.floods.calm(sender, at):
            return True
        urgent = isinstance(written, Pressed) and written.word is Universal.SOS
        heard = urgent or inbound.kind is InboundKind.BUTTON
        return heard and self.floods.calm(f"{sender}:urgent", at)

    def language(self, library: Library, person: Person) -> LanguageTag:
        """Return the language to answer in: chosen, else the app's, else English."""
        return language_of(library, person)

    def _take(
        self,
        tx: Tx,
        inbound: Inbound,
        written: Input | None,
        meant: Understood | None = None,
        *,
        calm: bool,
        digest: bytes | None = None,
    ) -> list[Claimed] | bytes:
        """Take one thing; return the replies that were leased for the carrier.

        A text of somebody under watch needs its digest: without it nothing is taken, and the salt
        comes back.
        """
        person_id = tx.people.lock(inbound.channel, inbound.address)
        met = tx.people.meet(person_id)
        may_be_word = inbound.kind is InboundKind.TEXT and not inbound.forwarded
        if met.agreed and may_be_word and digest is None and inbound.words is not None:
            salt = self.hearing.salt(tx, person_id)
            if salt is not None:
                return salt
        if not tx.seen.first_time(inbound.channel, inbound.update_id, at=inbound.received_at):
            return []
        library = self.library()
        found = met.person
        person = _known(found, person_id, inbound)
        if inbound.kind is InboundKind.BLOCKED:
            _gone(tx, person, inbound.received_at)
            self.gone(tx, person_id, inbound.received_at)
            return []
        if inbound.kind is InboundKind.RETURNED:
            # What could not be deleted while they kept us out goes now.
            tx.chat.clear(person_id, to=inbound.received_at)
        session = met.session or Session()
        language = until_now = language_of(library, person)
        moment = Moment(
            person=person,
            language=language,
            at=inbound.received_at,
            key=f"{inbound.channel}:{inbound.update_id}",
            inbound=inbound,
            as_known=person == found,
        )
        heard = self._heard(tx, moment, digest)
        if heard is None:
            asked = self._asked(session)
            telling = asked is not None and asked[1].kind is AskKind.WORDS
            person = listened(library, person, written, meant, telling=telling)
            language = language_of(library, person)
            moment = replace(moment, person=person, language=language, as_known=person == found)
        if not calm and heard is None:
            self.clerk.slow_down(tx, moment)
            return []
        event = heard or self._outside(tx, moment) or written
        receipt = inbound.receipt if heard is None else None
        if receipt is not None and tx.cases.by_receipt(receipt.finds) is not None:
            event = Started(flow=STATUS)
        elif heard is None and isinstance(event, Said):
            event = self._private(tx, moment, session, event) or event
        if event is None or isinstance(event, Remark | Done):
            self._without_a_turn(tx, moment, event)
            return []
        if isinstance(event, Started):
            moment = _known_now(tx, moment)
        facts = self.facts(tx, library, language, inbound, moment.person)
        if meant is not None:
            facts = replace(facts, understand=lambda _words: meant)
        sprint = advance(session, event, facts)
        strayed = heard is None and isinstance(event, Said) and self._strayed(session, sprint)
        if strayed and isinstance(event, Said) and self.stray is not None:
            said = self.stray(tx, moment, event.words)
            if self._missed(session, sprint):
                sprint = _saying(sprint, facts.phrases[said])
        if language != until_now:
            sprint = _with_note(sprint, library)
        return self.clerk.apply(
            tx, moment, session, sprint, carrier=self.carrier, forgets=bool(strayed)
        )

    def _without_a_turn(self, tx: Tx, moment: Moment, event: Remark | Done | None) -> None:
        """Write down what leaves the conversation where it stands."""
        if isinstance(event, Remark):
            self.clerk.remark(tx, moment, event)
        elif event is None or not moment.as_known:
            tx.people.put(moment.person, at=moment.at)

    def _heard(self, tx: Tx, moment: Moment, digest: bytes | None) -> Input | Done | None:
        """Let check-ins listen first: an OK counts, however much else was written."""
        inbound = moment.inbound
        if digest is None or inbound is None or inbound.words is None:
            return None
        return self.hearing.text(tx, moment, inbound.words, digest)

    def _outside(self, tx: Tx, moment: Moment) -> Input | Remark | Done | None:
        """Take a button or a link that belongs to no flow; None when it is none of those."""
        inbound = moment.inbound
        if inbound is None:
            return None
        if inbound.kind is InboundKind.LOCATION:
            return self.place(tx, moment)
        if inbound.kind is InboundKind.BUTTON:
            pressed = read_button(inbound.data or "")
            if isinstance(pressed, Extra) and pressed.name in self.presses:
                return self.presses[pressed.name](tx, moment, pressed.argument)
        if inbound.kind is InboundKind.COMMAND and inbound.data == "start" and inbound.words:
            name, _, rest = inbound.words.reveal().strip().partition("-")
            if rest and name in self.openings:
                return self.openings[name](tx, moment, rest)
        return None

    def _private(self, tx: Tx, moment: Moment, session: Session, said: Said) -> Remark | None:
        """Look at words that came where a flow that seals asked for a press."""
        if self.private is None or self._closed(session) is None:
            return None
        return self.private(tx, moment, said.words)

    def _asked(self, session: Session) -> tuple[Flow, AskStep] | None:
        """Return the question that waits, with its flow."""
        frame = session.top
        if frame is None:
            return None
        library = self.library()
        flow = library.pinned(frame.flow, frame.hash) or library.current(frame.flow)
        step = None if flow is None else flow.steps.get(frame.step)
        return (flow, step) if flow is not None and isinstance(step, AskStep) else None

    def _closed(self, session: Session) -> AskStep | None:
        """Return the question of a flow that seals which waits for anything but words."""
        asked = self._asked(session)
        if asked is None or not asked[0].seals:
            return None
        return None if asked[1].kind in {AskKind.WORDS, AskKind.FILE} else asked[1]

    def _strayed(self, before: Session, sprint: Sprint) -> bool:
        """Tell whether words were no answer to a question of a flow that seals."""
        place, after = len(before.frames) - 1, sprint.session.frames
        if self._closed(before) is None or place >= len(after):
            return False
        then, now = before.frames[place], after[place]
        narrowed = sprint.session.pending is not None and sprint.session.pending.kind == "country"
        return not narrowed and (then.step, then.answers) == (now.step, now.answers)

    def _missed(self, before: Session, sprint: Sprint) -> bool:
        """Tell whether words were read as nothing at all where only a press was asked for."""
        asked = self._closed(before)
        typed = asked is not None and asked.kind is AskKind.COUNTRY
        return sprint.session.misses > before.misses and not typed

    def _time_out(self, tx: Tx, person_id: PersonId, turn: int, now: datetime) -> None:
        person = tx.people.find(person_id)
        session = tx.sessions.load(person_id)
        if person is None or session is None or person.gone_since or session.turn != turn:
            return
        if is_silent(tx, person_id):
            # Somebody may hold this phone: nothing of our own accord (the silence rule).
            return
        library = self.library()
        language = self.language(library, person)
        moment = Moment(
            person=person,
            language=language,
            at=now,
            key=f"silence:{person_id}:{turn}:{int(now.timestamp())}",
            inbound=None,
        )
        facts = self.facts(tx, library, language, None, person)
        sprint = advance(session, TimedOut(turn=turn), facts)
        self.clerk.apply(tx, moment, session, sprint)

    def _refuse_group(self, tx: Tx, inbound: Inbound) -> None:
        """No case is talked about in a group; said once a day, so that nobody can make us flood."""
        if tx.seen.first_time(inbound.channel, inbound.update_id, at=inbound.received_at):
            self.clerk.refuse_group(tx, inbound)


def _saying(sprint: Sprint, text: Text) -> Sprint:
    """Put a sentence before everything that a turn says."""
    first = Say(lines=(text,), turn=sprint.session.turn)
    return replace(sprint, effects=(first, *sprint.effects))


def to_event(inbound: Inbound, library: Library) -> Input | None:
    """Say in the engine's terms what arrived; None for what needs no answer."""
    match inbound.kind:
        case InboundKind.TEXT:
            if inbound.forwarded:
                return Gave(kind="forwarded", ref="")
            words = inbound.words
            if words is None:
                return Gave(kind="other", ref="")
            universal = library.universal(words)
            return Pressed(word=universal, words=words) if universal else Said(words=words)
        case InboundKind.COMMAND:
            return _command(inbound, library)
        case InboundKind.BUTTON:
            pressed = read_button(inbound.data or "")
            # Garbage in a button is treated as a button of an earlier question.
            if isinstance(pressed, NoButton | Extra):
                return Chose(option="", turn=-1)
            return pressed
        case InboundKind.FILE:
            file = inbound.file
            return Gave(kind=file.kind, ref=file.ref) if file else Gave(kind="other", ref="")
        case InboundKind.RETURNED:
            return Pressed(word=Universal.MENU)
        case InboundKind.AUTO_DELETE:
            return Gave(kind="auto-delete-off" if inbound.data == "0" else "auto-delete", ref="")
        case InboundKind.BLOCKED | InboundKind.GROUP:
            return None
        case InboundKind.LOCATION if inbound.data == "live":
            # A phone that shares its way: said once, when it began.
            return None
        case _:
            return Gave(kind=_REMARKS[inbound.kind], ref="")


def _command(inbound: Inbound, library: Library) -> Input:
    name = (inbound.data or "").lower()
    if name in _GREETINGS:
        return Pressed(word=Universal.MENU)
    if name in set(Universal):
        return Pressed(word=Universal(name))
    if library.current(FlowId(name)) is not None:
        return Started(flow=FlowId(name))
    return Pressed(word=Universal.HELP)


def _with_note(sprint: Sprint, library: Library) -> Sprint:
    """Say in which language we go on, and how to choose: first, but never before help."""
    note = library.phrases.get("heard_language")
    if note is None:
        return sprint
    urgent = any(
        (flow := library.current(frame.flow)) is not None and flow.emergency
        for frame in sprint.session.frames[-1:]
    )
    said = Say(lines=(note,), turn=sprint.session.turn, words=(Universal.LANGUAGE,))
    effects = (*sprint.effects, said) if urgent else (said, *sprint.effects)
    return replace(sprint, effects=effects)


def _known(found: Person | None, person_id: PersonId, inbound: Inbound) -> Person:
    """Return the person with what this message tells: they are here, and their app's language."""
    if found is None:
        return Person(
            id=person_id,
            channel=inbound.channel,
            address=inbound.address,
            language=None,
            language_hint=inbound.language_hint,
        )
    return replace(
        found,
        address=inbound.address,
        language_hint=inbound.language_hint or found.language_hint,
        gone_since=None,
    )


def _known_now(tx: Tx, moment: Moment) -> Moment:
    """Look again who it is: a link may have written something, such as who invites them."""
    found = tx.people.find(moment.person.id)
    return moment if found is None else replace(moment, person=found)


def _gone(tx: Tx, person: Person, at: datetime) -> None:
    """They blocked us: nothing can be sent, nothing waits for them, nobody counts on them."""
    answers = tx.coordinators.by_person(person.id)
    if answers is not None and answers.on_duty:
        tx.coordinators.put(replace(answers, on_duty=False))
    tx.people.put(replace(person, gone_since=at), at=at)
    for kind in ("silence", "tidy"):
        tx.timers.cancel(kind, person.id)
