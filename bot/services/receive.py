"""Reception: one thing that arrived becomes one transaction, or nothing at all.

Opens the unit of work, drops what was seen before, loads the person and their conversation under
the person's lock, lets the engine decide and the clerk write it down. Returns after the commit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import structlog

from bot.domain.ids import FlowId
from bot.domain.languages import SOURCE, best_match
from bot.domain.messages import Inbound, InboundKind
from bot.domain.people import Person
from bot.flow.engine import advance
from bot.flow.inputs import Chose, Gave, Pressed, Said, Started, TimedOut, Universal
from bot.flow.session import Session
from bot.services.apply import Clerk, Moment
from bot.services.pressed import NoButton, read_button

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bot.content.library import Library
    from bot.domain.ids import LanguageTag, PersonId
    from bot.flow.inputs import Facts, Input
    from bot.services.floods import Floods
    from bot.services.ports import Carrier, Claimed, Clock, Store, Tx

log = structlog.get_logger()

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
    facts: Callable[[Library, LanguageTag, Inbound | None, Person], Facts]
    clerk: Clerk
    floods: Floods
    carrier: Carrier
    """Told after each commit what it left to be delivered."""

    async def __call__(self, inbound: Inbound) -> None:
        """Take one thing that arrived; a repeat does nothing.

        Raises:
            ConflictError: Not taken; the channel should bring it again.
        """
        if inbound.kind is InboundKind.GROUP:
            await self.store.write(lambda tx: self._refuse_group(tx, inbound))
            self.carrier.wake()
            return
        calm = self._calm(inbound)
        leased = await self.store.write(lambda tx: self._take(tx, inbound, calm=calm))
        if leased:
            self.carrier.hand(leased)
        else:
            self.carrier.wake()

    async def silence(self, person: PersonId, turn: int) -> None:
        """A question of a conversation was left without an answer for as long as it allows."""
        now = self.clock.now()
        await self.store.write(lambda tx: self._time_out(tx, person, turn, now))
        self.carrier.wake()

    def _calm(self, inbound: Inbound) -> bool:
        """Count what arrived; a cry for help and a press are heard through many other words."""
        sender, at = f"{inbound.channel}:{inbound.address}", inbound.received_at
        if self.floods.calm(sender, at):
            return True
        event = to_event(inbound, self.library())
        urgent = isinstance(event, Pressed) and event.word is Universal.SOS
        heard = urgent or inbound.kind is InboundKind.BUTTON
        return heard and self.floods.calm(f"{sender}:urgent", at)

    def language(self, library: Library, person: Person) -> LanguageTag:
        """Return the language to answer in: chosen, else the app's, else English."""
        offered = library.offered
        return (
            best_match(person.language, offered)
            or best_match(person.language_hint, offered)
            or SOURCE
        )

    def _take(self, tx: Tx, inbound: Inbound, *, calm: bool) -> list[Claimed]:
        """Take one thing; return the replies that were leased for the carrier."""
        if not tx.seen.first_time(inbound.channel, inbound.update_id, at=inbound.received_at):
            return []
        library = self.library()
        person_id = tx.people.lock(inbound.channel, inbound.address)
        found = tx.people.find(person_id)
        person = _known(found, person_id, inbound)
        if inbound.kind is InboundKind.BLOCKED:
            _gone(tx, person, inbound.received_at)
            return []
        session = tx.sessions.load(person.id) or Session()
        language = self.language(library, person)
        moment = Moment(
            person=person,
            language=language,
            at=inbound.received_at,
            key=f"{inbound.channel}:{inbound.update_id}",
            inbound=inbound,
            as_known=person == found,
        )
        if not calm:
            self.clerk.slow_down(tx, moment)
            return []
        event = to_event(inbound, library)
        if event is None:
            tx.people.put(person, at=inbound.received_at)
            return []
        sprint = advance(session, event, self.facts(library, language, inbound, person))
        return self.clerk.apply(tx, moment, session, sprint, carrier=self.carrier)

    def _time_out(self, tx: Tx, person_id: PersonId, turn: int, now: datetime) -> None:
        person = tx.people.find(person_id)
        session = tx.sessions.load(person_id)
        if person is None or session is None or person.gone_since or session.turn != turn:
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
        facts = self.facts(library, language, None, person)
        sprint = advance(session, TimedOut(turn=turn), facts)
        self.clerk.apply(tx, moment, session, sprint)

    def _refuse_group(self, tx: Tx, inbound: Inbound) -> None:
        """No case is talked about in a group; said once a day, so that nobody can make us flood."""
        if tx.seen.first_time(inbound.channel, inbound.update_id, at=inbound.received_at):
            self.clerk.refuse_group(tx, inbound)


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
            return Chose(option="", turn=-1) if isinstance(pressed, NoButton) else pressed
        case InboundKind.FILE:
            file = inbound.file
            return Gave(kind=file.kind, ref=file.ref) if file else Gave(kind="other", ref="")
        case InboundKind.RETURNED:
            return Pressed(word=Universal.MENU)
        case InboundKind.AUTO_DELETE:
            return Gave(kind="auto-delete-off" if inbound.data == "0" else "auto-delete", ref="")
        case InboundKind.BLOCKED | InboundKind.GROUP:
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


def _gone(tx: Tx, person: Person, at: datetime) -> None:
    """They blocked us: nothing can be sent, so nothing waits for them."""
    tx.people.put(replace(person, gone_since=at), at=at)
    for kind in ("silence", "tidy"):
        tx.timers.cancel(kind, person.id)
