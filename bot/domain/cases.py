"""A case as the server may know it: its clear envelope, and what may be done with it.

What was reported is in a sealed box of the same id. Urgency may be raised by anybody and anything;
only a coordinator lowers it, and says why in a sealed note.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.domain.coordinators import Urgency
from bot.domain.errors import RefusedError

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.ids import CaseId, CoordinatorId, LanguageTag, PersonId

RETENTION_DAYS = (7, 30, 90)
"""What a person can choose; the last is the default."""

TARGETS = {
    Urgency.RED: timedelta(minutes=15),
    Urgency.AMBER: timedelta(hours=2),
    Urgency.YELLOW: timedelta(hours=24),
    Urgency.GREEN: timedelta(hours=72),
}
"""Within which time a person should have answered, while somebody is on duty."""


class State(StrEnum):
    """Where a case stands."""

    WAITING = "waiting"
    """Nobody has taken it."""
    TAKEN = "taken"
    """Somebody works on it."""
    ANSWERED = "answered"
    """The person was answered last; it waits for them."""
    CLOSED = "closed"


class Way(StrEnum):
    """How the person wants to be reached."""

    CHAT = "chat"
    """A nudge in this chat, and a short message that deletes itself."""
    RECEIPT = "receipt"
    """A nudge in this chat; the answer is read with the receipt."""
    SIGNAL = "signal"
    """A coordinator arranges it."""
    CONTACT = "contact"
    """Through an accepted contact."""
    NONE = "none"
    """Do not contact me: the receipt alone shows the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The clear envelope of a case."""

    id: CaseId
    """Of its sealed box as well."""
    kind: str
    """report, person, sos, check-in, roll-call."""
    urgency: Urgency
    state: State
    language: LanguageTag
    created_at: datetime
    """The hour."""
    answer_by: datetime
    expires_at: datetime
    """When it is shredded."""
    longest_until: datetime
    """What the person chose: nobody keeps it longer."""
    assigned_to: CoordinatorId | None = None
    seen: int = 0
    """Items that whoever has it has looked at."""
    outcome: str = ""

    @property
    def open(self) -> bool:
        """Tell whether work on it goes on."""
        return self.state is not State.CLOSED

    def late(self, now: datetime) -> bool:
        """Tell whether a person should have answered by now."""
        return self.state in {State.WAITING, State.TAKEN} and now >= self.answer_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How an answer gets to the person; encrypted under the application key, gone on closing."""

    way: Way
    person: PersonId | None = None
    """Their chat, only when they chose to be nudged there."""
    public: str = field(default="", repr=False)
    """age recipient that only their receipt opens."""
    only_us: bool = False
    """About somebody who does not know, or who is under age: nobody else may get it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer to the person, sealed to their receipt."""

    case: CaseId
    number: int
    at: datetime
    body: bytes = field(repr=False)


def raised(case: Case, urgency: Urgency, now: datetime) -> Case:
    """Return the case with an urgency that is never lower than before."""
    if urgency <= case.urgency:
        return case
    return replace(case, urgency=urgency, answer_by=min(case.answer_by, now + TARGETS[urgency]))


def given(case: Case, to: CoordinatorId) -> Case:
    """Give a case to somebody.

    Raises:
        RefusedError: It is closed.
    """
    _must_be_open(case)
    state = State.TAKEN if case.state is State.WAITING else case.state
    return replace(case, assigned_to=to, state=state)


def released(case: Case) -> Case:
    """Put a case back into the queue.

    Raises:
        RefusedError: It is closed.
    """
    _must_be_open(case)
    return replace(case, assigned_to=None, state=State.WAITING)


def answered(case: Case) -> Case:
    """Note that the person was answered.

    Raises:
        RefusedError: It is closed.
    """
    _must_be_open(case)
    return replace(case, state=State.ANSWERED)


def heard(case: Case, now: datetime) -> Case:
    """Note that the person wrote again: a closed case opens, the clock of an answered one runs."""
    if case.state in {State.WAITING, State.TAKEN}:
        return case
    state = State.TAKEN if case.assigned_to else State.WAITING
    return replace(case, state=state, answer_by=now + TARGETS[case.urgency], outcome="")


def closed(case: Case, outcome: str) -> Case:
    """End a case.

    Raises:
        RefusedError: It is closed already.
    """
    _must_be_open(case)
    return replace(case, state=State.CLOSED, outcome=outcome)


def reopened(case: Case, now: datetime) -> Case:
    """Open a closed case again.

    Raises:
        RefusedError: It is open.
    """
    if case.open:
        raise RefusedError("The case is open.")
    state = State.TAKEN if case.assigned_to else State.WAITING
    return replace(case, state=state, outcome="", answer_by=now + TARGETS[case.urgency])


def kept_for(case: Case, days: int, now: datetime) -> Case:
    """Keep a case for so many days from now, never longer than the person chose."""
    return replace(case, expires_at=min(now + timedelta(days=days), case.longest_until))


def _must_be_open(case: Case) -> None:
    if not case.open:
        raise RefusedError("The case is closed.")
