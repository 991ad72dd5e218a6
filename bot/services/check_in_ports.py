"""What check-ins need from storage, beside the due-table and the outbox.

Everything that tells who is watched, how and why is encrypted under the application key; the owner
of a row is a pseudonym of its own purpose, so that check-ins cannot be joined with anything else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from bot.domain.contacts import Contact
    from bot.domain.ids import ContactId, PersonId, PlanId
    from bot.domain.outages import Tally
    from bot.domain.plans import Watched
    from bot.domain.secret_words import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanEvent:
    """One thing that happened to a plan; its key makes it happen once."""

    plan: PlanId
    cycle: int
    key: str
    at: datetime
    code: str
    """What it was, encrypted and padded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """The words that somebody agreed on with us, as digests under one salt."""

    salt: bytes = field(repr=False)
    digests: Mapping[Secret, bytes] = field(repr=False)
    harmless: bool = False
    """The second button means duress."""
    awaiting: str = ""
    """What the next text answers: `word`, or an act that wants the PIN."""
    awaiting_until: datetime | None = None
    box: str = ""
    """The sealed sheet that tells others what to do; empty while there is none."""
    place_at: datetime | None = None
    """When a place was last sealed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A link that works once."""

    token: str = field(repr=False)
    person: PersonId = field(repr=False)
    purpose: str
    until: datetime


class Plans(Protocol):
    """Plans under watch."""

    def add(self, watched: Watched) -> None:
        """Insert a plan."""
        ...

    def find(self, ids: Collection[PlanId], *, hold: bool = False) -> dict[PlanId, Watched]:
        """Return plans that are not over; `hold` keeps others from changing them meanwhile."""
        ...

    def of(self, person: PersonId, *, hold: bool = False) -> list[Watched]:
        """Return a person's plans that are not over, oldest first."""
        ...

    def live(self, *, after: PlanId | None = None, limit: int = 500) -> list[Watched]:
        """Return plans that are not over, in the order of their ids."""
        ...

    def save(self, changed: Sequence[Watched]) -> None:
        """Write plans that were found in this unit, with their next version."""
        ...

    def end(self, id_: PlanId, *, at: datetime) -> None:
        """Close a plan and wipe what it says of anybody."""
        ...

    def record(self, events: Sequence[PlanEvent]) -> set[tuple[PlanId, int, str]]:
        """Write events that did not happen yet; return which are new."""
        ...

    def events(self, plan: PlanId, *, limit: int = 200) -> list[PlanEvent]:
        """Return what happened to a plan, newest first."""
        ...

    def since(self, number: int, *, limit: int = 10_000) -> tuple[list[PlanEvent], int]:
        """Return what was written after event `number`, oldest first, and the last number."""
        ...

    def forget_before(self, moment: datetime) -> int:
        """Delete plans that ended and events that happened before."""
        ...


class Contacts(Protocol):
    """Trusted contacts."""

    def put(self, contact: Contact, *, token: str | None = None) -> None:
        """Insert or replace; `token` opens an invitation, None voids it."""
        ...

    def invited(self, token: str) -> Contact | None:
        """Return the contact that a link invites."""
        ...

    def get(self, id_: ContactId) -> Contact | None:
        """Return one."""
        ...

    def of(self, owner: PersonId) -> list[Contact]:
        """Return the contacts of a person, oldest first."""
        ...

    def who_is(self, person: PersonId) -> list[Contact]:
        """Return as whose contacts somebody agreed to be woken."""
        ...

    def old(self, *, before: datetime, limit: int = 200) -> list[Contact]:
        """Return active contacts that confirmed before a moment."""
        ...

    def remove(self, id_: ContactId) -> None:
        """Delete one."""
        ...


class AgreedWords(Protocol):
    """Safe words, duress words and PINs, as digests; and links that work once."""

    def get(self, person: PersonId) -> Agreed | None:
        """Return what somebody agreed on."""
        ...

    def put(self, person: PersonId, agreed: Agreed) -> None:
        """Insert or replace."""
        ...

    def forget(self, person: PersonId) -> None:
        """Delete."""
        ...

    def give(self, ticket: Ticket) -> None:
        """Keep a link that works once."""
        ...

    def ticket(self, token: str, *, now: datetime) -> Ticket | None:
        """Return what a link is for, while it works."""
        ...

    def spend(self, token: str) -> bool:
        """Use a link up; False when it was used before."""
        ...

    def forget_before(self, now: datetime) -> int:
        """Delete links that do not work any more."""
        ...


class Regions(Protocol):
    """How many of each region answered or missed lately: counts only."""

    def add(self, counts: Mapping[str, Tally], *, at: datetime) -> None:
        """Add to the counts of this quarter of an hour."""
        ...

    def lately(self, *, since: datetime) -> dict[str, Tally]:
        """Return the sums by region."""
        ...

    def forget_before(self, moment: datetime) -> int:
        """Delete old counts."""
        ...
