"""Acts of the check-in flows: what a conversation may have done, and the facts it may look at.

Each answers with a message of its own, since what comes of it is known only here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.domain.messages import Button, Outgoing
from bot.domain.plan_changes import quicker
from bot.domain.plans import Watched
from bot.domain.secret_words import Secret
from bot.domain.watch import ESCALATED, CancelAsked, State
from bot.flow.model import Day, Literal
from bot.services import check_in_canaries as canaries
from bot.services import check_in_drills as drills
from bot.services.acts import say_of_act
from bot.services.check_in import renew, take, write
from bot.services.check_in_board import lines
from bot.services.check_in_canaries import CANARY
from bot.services.check_in_contacts import INVITED
from bot.services.check_in_setup import facts, wish_from
from bot.services.ports import Envelope, Lane
from bot.services.pressed import extra_data

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from bot.domain.messages import Inbound
    from bot.domain.people import Person
    from bot.domain.plans import Wish
    from bot.flow.effects import Do
    from bot.flow.model import Value
    from bot.flow.session import Answer
    from bot.services.apply import Moment
    from bot.services.check_in_contacts import ContactBook
    from bot.services.check_in_effects import Hands
    from bot.services.check_in_house import CheckIns
    from bot.services.ports import Tx

    Act = Callable[[Tx, Moment, Do], Person]

BOARD = "cd"
"""The name of the buttons of coordinators."""

_QUIET = {"night": (22, 7), "late": (0, 8)}
_BLAND = frozenset({"plain", "weather", "tea", "plants", "book"})


CHECK_IN_FACTS = frozenset(
    {
        "checkin", "checkin_pin", "checkin_safe", "checkin_contacts", "checkin_duty", "contact_of",
        "contact_invited", "canary_invited",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInActs:
    """The acts, over the parts of check-ins."""

    house: CheckIns
    book: ContactBook
    page_of: Callable[[str], str | None]
    """The address of the page on which words are chosen, by token; None where there is none."""

    def acts(self) -> Mapping[str, Act]:
        """Return the acts by the name that flows use."""
        return {
            "check-in-arm": self._arm,
            "check-in-answer": self._answer,
            "check-in-pin": self._pin,
            "check-in-link": self._link_act,
            "check-in-set": self._set,
            "check-in-board": self._board,
            "check-in-drill": self._drill,
            "check-in-quicker": self._quicker,
            "canary-invite": self._canary_invite,
            "canary-arm": self._canary_arm,
            "contact-accept": self._contact(self.book.take),
            "contact-decline": self._contact(self.book.decline),
            "contact-leave": self._contact(self.book.go),
        }

    def facts(self, tx: Tx, person: Person, inbound: Inbound | None) -> Mapping[str, Answer]:
        """Return what flows may know of somebody's check-ins."""
        del inbound
        now = self.house.plans.clock.now()
        known = facts(tx, person.id, self.house.duty.on_duty(tx), now)
        invited = "yes" if person.preference(INVITED) else "no"
        canary = "yes" if person.preference(CANARY) else "no"
        return {**known, "contact_invited": invited, "canary_invited": canary}

    def _arm(self, tx: Tx, moment: Moment, do: Do) -> Person:
        wish = wish_from(do.arguments)
        if wish is None:
            return moment.person
        armed = self.house.setup.arm(tx, moment.person.id, wish, moment.language, moment.at)
        if isinstance(armed, Watched):
            return moment.person
        if armed in {"pin-missing", "safe-word-missing"}:
            self._link(tx, moment, wish)
        else:
            self._say(tx, moment, f"checkin_not_{armed.replace('-', '_')}")
        return moment.person

    def _answer(self, tx: Tx, moment: Moment, do: Do) -> Person:
        name = do.arguments.get("name")
        self.house.hearing.press(tx, moment, name if isinstance(name, str) else "ok")
        return moment.person

    def _pin(self, tx: Tx, moment: Moment, do: Do) -> Person:
        """Wait for the PIN; where none was ever chosen there is nothing yet to protect."""
        what, argument = do.arguments.get("what"), do.arguments.get("argument")
        more = do.arguments.get("more")
        named = f"{what}:{argument}" if argument else str(what)
        named = f"{named}-{more}" if more else named
        if what == "cancel" and self._end_canary(tx, moment):
            return moment.person
        if self.house.hearing.await_pin(tx, moment.person.id, named, moment.at):
            self._say(tx, moment, "checkin_pin")
        elif what == "invite":
            say_of_act(tx, moment, self.invitation(tx, moment), "invite")
        elif what == "drop":
            self.book.drop(tx, moment.person.id, moment.at)
            self._say(tx, moment, "contact_dropped")
        return moment.person

    def invitation(self, tx: Tx, moment: Moment) -> Outgoing:
        """Make an invitation for a trusted contact."""
        who = moment.person
        return self.book.invite(tx, who.id, who.channel, moment.language, moment.at)

    def _link_act(self, tx: Tx, moment: Moment, do: Do) -> Person:
        del do
        self._link(tx, moment, None)
        return moment.person

    def _link(self, tx: Tx, moment: Moment, wish: Wish | None) -> None:
        token = self.house.setup.link(tx, moment.person.id, wish, moment.at)
        address = self.page_of(token)
        library = self.house.hands.library()
        if address is None:
            self._say(tx, moment, "checkin_no_page")
            return
        label = library.say("checkin_link_button", moment.language)
        message = Outgoing(
            text=library.say("checkin_link", moment.language),
            language=moment.language,
            buttons=((Button(label=label, url=address),),),
        )
        say_of_act(tx, moment, message, "link")

    def _drill(self, tx: Tx, moment: Moment, do: Do) -> Person:
        """Try the ladder out, and offer to do so every month."""
        when = do.arguments.get("when")
        if when == "never":
            drills.never(tx, moment.person.id)
            self._say(tx, moment, "checkin_drill_stopped")
            return moment.person
        if when == "month":
            drills.every_month(tx, moment.person.id, moment.at)
        self.drill_now(tx, moment)
        return moment.person

    def drill_now(self, tx: Tx, moment: Moment) -> None:
        """Begin a drill, or say why not."""
        who = moment.person.id
        if self.house.setup.drill(tx, who, moment.language, moment.at) is None:
            self._say(tx, moment, "checkin_drill_not")

    def drill_never(self, tx: Tx, moment: Moment) -> None:
        """Ask about drills no more."""
        drills.never(tx, moment.person.id)
        self._say(tx, moment, "checkin_drill_stopped")

    def _quicker(self, tx: Tx, moment: Moment, do: Do) -> Person:
        """Have humans told in half the time: tightening needs no PIN."""
        del do
        changed = []
        for one in tx.plans.of(moment.person.id, hold=True):
            terms = None if one.terms.drill or one.terms.canary else quicker(one.terms)
            if terms is not None:
                changed.append(replace(one, terms=terms))
        if not changed:
            self._say(tx, moment, "checkin_quickest")
            return moment.person
        renew(tx, changed)
        soonest = min(one.terms.plan.timings.l1 for one in changed)
        self._say(tx, moment, "checkin_quicker", n=max(int(soonest.total_seconds()) // 60, 1))
        return moment.person

    def _canary_invite(self, tx: Tx, moment: Moment, do: Do) -> Person:
        """Give a coordinator a link for a helper who tells an outage."""
        del do
        if tx.coordinators.by_person(moment.person.id) is not None:
            message = canaries.invite(tx, self.house, self.book, moment)
            say_of_act(tx, moment, message, "canary")
        return moment.person

    def _canary_arm(self, tx: Tx, moment: Moment, do: Do) -> Person:
        token = moment.person.preference(CANARY) or ""
        person = canaries.remember(tx, moment, "")
        zone, country = str(do.arguments.get("zone")), str(do.arguments.get("country"))[:2]
        known = tx.check_words.ticket(token, now=moment.at) if token else None
        if known is None or known.purpose != canaries.PURPOSE or not tx.check_words.spend(token):
            self._say(tx, moment, "contact_void")
            return person
        setup = self.house.setup
        if setup.canary(tx, person.id, zone, country, moment.language, moment.at) is None:
            self._say(tx, moment, "checkin_canary_not")
        return person

    def _end_canary(self, tx: Tx, moment: Moment) -> bool:
        """A helper who chose no PIN stops with one press: nobody is watched there."""
        agreed = tx.check_words.get(moment.person.id)
        plans = tx.plans.of(moment.person.id, hold=True)
        if agreed is None or Secret.PIN in agreed.digests or not plans:
            return False
        if not all(one.terms.canary for one in plans):
            return False
        ended = [take(one, CancelAsked(pin=True), moment.at) for one in plans]
        write(tx, ended, moment.at, self.house.hands)
        self._say(tx, moment, "checkin_thanks")
        return True

    def _set(self, tx: Tx, moment: Moment, do: Do) -> Person:
        """Change what loosens nothing: the question, the sound, the zone."""
        name, value = do.arguments.get("name"), do.arguments.get("value")
        if name == "zone" and isinstance(value, str):
            self.house.setup.cross(tx, moment.person.id, value, moment.at)
            return moment.person
        changed = []
        for one in tx.plans.of(moment.person.id, hold=True):
            if name == "bland" and value in _BLAND:
                changed.append(replace(one, terms=replace(one.terms, bland=str(value))))
            elif name == "quiet":
                quiet = _QUIET.get(str(value))
                changed.append(replace(one, terms=replace(one.terms, quiet=quiet)))
        renew(tx, changed)
        return moment.person

    def _board(self, tx: Tx, moment: Moment, do: Do) -> Person:
        """Show a coordinator who is overdue, in codes, with what may be decided in a chat."""
        del do
        if tx.coordinators.by_person(moment.person.id) is None:
            return moment.person
        library, language = self.house.hands.library(), moment.language
        shown = lines(tx, library, language, moment.at)
        if not shown:
            self._say(tx, moment, "board_nothing")
        for number, (watched, text) in enumerate(shown):
            cycle, rows = watched.standing.cycle, []
            wanted = []
            if cycle.state is State.L1:
                wanted.append("confirm")
            if cycle.state in ESCALATED or watched.standing.alarm is not None:
                wanted.append("take")
            if cycle.pause_wanted is not None:
                wanted.append("pause")
            for name in wanted:
                label = library.say(f"board_{name}", language)
                data = extra_data(BOARD, f"{name}-{watched.id[:16]}")
                rows.append((Button(label=label, data=data),))
            message = Outgoing(text=text, language=language, buttons=tuple(rows))
            say_of_act(tx, moment, message, f"board{number}")
        return moment.person

    def _contact(self, do_it: Callable[[Tx, Moment], None]) -> Act:
        def act(tx: Tx, moment: Moment, do: Do) -> Person:
            del do
            do_it(tx, moment)
            return tx.people.find(moment.person.id) or moment.person

        return act

    def _say(self, tx: Tx, moment: Moment, phrase: str, **values: Value) -> None:
        text = self.house.hands.library().say(phrase, moment.language, **values)
        say_of_act(tx, moment, Outgoing(text=text, language=moment.language), phrase)


def say_armed(hands: Hands, tx: Tx, watched: Watched, now: datetime) -> None:
    """Tell somebody that their plan is under watch, and when it asks first."""
    library, language = hands.library(), watched.terms.language
    due, terms = watched.standing.cycle.due_at, watched.terms
    question = library.say(f"checkin_ask_{terms.bland}", language)
    values: dict[str, Value] = {"question": Literal(text=question)}
    if terms.drill:
        name, values = "checkin_drill_armed", {}
    elif terms.zone == "UTC":
        name = "checkin_armed_in"
        values["n"] = max(int((due - now).total_seconds()) // 60, 1)
    elif terms.canary:
        name, values = "checkin_canary_armed", {}
    else:
        local = due.astimezone(ZoneInfo(terms.zone))
        name = "checkin_armed"
        values |= {"day": Day(day=local.date()), "time": Literal(text=f"{local:%H:%M}")}
    message = Outgoing(text=library.say(name, language, **values), language=language)
    tx.outbox.add(
        [
            Envelope(
                person=watched.person, message=message, lane=Lane.REPLY,
                dedup_key=f"armed:{watched.id}", due_at=now, sensitive=True, keep=True,
            )
        ]
    )  # fmt: skip
