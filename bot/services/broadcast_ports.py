"""What alerts need from storage: alerts, the ledger, who takes alerts, and one pace a bot."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from bot.domain.broadcasts import Answer, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime, timedelta

    from bot.domain.audiences import Audience
    from bot.domain.broadcasts import Alert
    from bot.domain.ids import AlertId, ChannelName, LanguageTag, PersonId
    from bot.domain.quiet import OwnClock
    from bot.domain.subscriptions import Subscription

Counts = dict[tuple["LanguageTag", Outcome, str], int]
"""How many rows there are, by language, outcome and reason ("" for none)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """One person's row of an alert under lease, with the address opened for sending."""

    seq: int
    alert: AlertId
    person: PersonId
    channel: ChannelName
    address: str = field(repr=False)
    language: LanguageTag
    attempts: int
    """Above zero an earlier worker may have sent it."""
    digest: bool = False
    """They want what can wait in one message a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What became of one row under lease."""

    row: LedgerRow
    outcome: Outcome
    """WAITING gives it back, to be sent at `again_at`."""
    reason: str = ""
    refs: tuple[str, ...] = ()
    again_at: datetime | None = None
    uncertain: bool = False
    """With WAITING: it may have arrived, so it counts as an attempt."""
    ask_at: datetime | None = None
    """When somebody who stays silent is asked again."""
    bundle: str | None = None
    """What rows share that came in one message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """Somebody whom a roll call reached and who gave no answer that settles it."""

    seq: int
    person: PersonId
    language: LanguageTag
    clock: OwnClock = field(repr=False)
    asked: int
    """How often they were asked again."""
    hushed: bool
    """Nothing may be sent to that chat now, or ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingCopy:
    """A copy of an alert that stands in somebody's chat."""

    seq: int
    person: PersonId
    channel: ChannelName
    address: str = field(repr=False)
    language: LanguageTag
    refs: tuple[str, ...] = field(repr=False)
    beside: tuple[AlertId, ...] = ()
    """Other alerts that stand in the same message."""


class Alerts(Protocol):
    """Alerts themselves; what coordinators wrote is encrypted."""

    def add(self, alert: Alert, *, due: datetime | None = None) -> None:
        """Insert a new alert."""
        ...

    def get(self, id_: AlertId, *, lock: bool = False) -> Alert | None:
        """Return an alert; with `lock` nobody else changes it until the unit ends."""
        ...

    def grab(self, id_: AlertId) -> Alert | None:
        """Return an alert locked until the unit ends; None while somebody else has it."""
        ...

    def all(self, *, limit: int = 100) -> list[Alert]:
        """Return alerts, newest first."""
        ...

    def due(self, now: datetime) -> list[Alert]:
        """Return alerts that the house must look at now, loudest and oldest first."""
        ...

    def replace(self, alert: Alert, *, due: datetime | None = None) -> Alert:
        """Write a changed alert; return it with its next version.

        Raises:
            ConflictError: Somebody changed it meanwhile.
        """
        ...

    def rest(self, id_: AlertId, *, until: datetime) -> None:
        """Let the house look at an alert again no sooner than then; not a change of it."""
        ...

    def delete(self, id_: AlertId) -> None:
        """Delete an alert and its rows."""
        ...

    def old(self, before: datetime) -> list[AlertId]:
        """Return alerts that were made before a moment."""
        ...


class Ledger(Protocol):
    """One row a person and alert: whether and how it came to them. Sums are the truth."""

    def preview(self, audience: Audience, kinds: Collection[str]) -> Counts:
        """Count whom an alert would go to, and who would be left out and why. Writes nothing."""
        ...

    def freeze(self, alert: AlertId, audience: Audience, kinds: Collection[str]) -> int:
        """Write one row for everybody who is meant; return how many. One statement."""
        ...

    def freeze_reached(self, alert: AlertId, parent: AlertId) -> int:
        """Write one row for everybody whom another alert reached, or may have reached."""
        ...

    def unfreeze(self, alert: AlertId) -> None:
        """Delete the rows of an alert that goes back to its authors."""
        ...

    def schedule(self, alert: AlertId, *, due: Callable[[OwnClock], datetime], limit: int) -> int:
        """Set when so many more are due; return how many that were, none at the end."""
        ...

    def choose_first(self, alert: AlertId, number: int) -> None:
        """Let so many go first, of those who are due soonest; not always the same people."""
        ...

    def claim(
        self,
        alert: AlertId,
        *,
        channel: ChannelName,
        first_wave_only: bool,
        worker: str,
        now: datetime,
        lease: timedelta,
        limit: int,
    ) -> list[LedgerRow]:
        """Lease rows that are due; settles those that have no address any more."""
        ...

    def claim_with(
        self,
        row: LedgerRow,
        alerts: Collection[AlertId],
        *,
        worker: str,
        now: datetime,
        lease: timedelta,
    ) -> list[LedgerRow]:
        """Lease what else of these alerts is due for the same person, oldest first."""
        ...

    def settle(self, outcomes: Sequence[Settled], *, worker: str, at: datetime) -> int:
        """Write what became of leased rows; return how many leases still held."""
        ...

    def recover(self, *, now: datetime) -> int:
        """Return rows whose lease ran out to waiting, with their attempt counted."""
        ...

    def close(
        self, alert: AlertId, outcome: Outcome, reason: str, *, at: datetime, limit: int
    ) -> int:
        """End so many waiting rows; those that may have arrived become uncertain."""
        ...

    def unfinished(self, alert: AlertId, *, first_wave_only: bool = False) -> int:
        """Return how many rows are not final (at most one is counted)."""
        ...

    def next_due(self, alert: AlertId) -> datetime | None:
        """Return when the first waiting row is due."""
        ...

    def counts(self, alert: AlertId, *, first_wave_only: bool = False) -> Counts:
        """Count rows by language, outcome and reason."""
        ...

    def standing(self, alert: AlertId, *, after: int, limit: int) -> list[StandingCopy]:
        """Return copies that stand in chats, in the order of rows, after row `after`."""
        ...

    def taken_back(self, seqs: Sequence[int]) -> None:
        """Forget the message ids of copies that are gone, changed, or can never be."""
        ...

    def answer(
        self, person: PersonId, answer: Answer, *, at: datetime, again_at: datetime | None = None
    ) -> list[AlertId]:
        """Write an answer to every roll call that reached somebody; return which.

        Safe and help end the asking; "later" puts it off to `again_at`.
        """
        ...

    def to_ask(self, alert: AlertId, *, now: datetime, limit: int) -> list[Unanswered]:
        """Return who is to be asked again now, those who wait longest first."""
        ...

    def asked(
        self, seqs: Collection[int], *, ask_at: datetime | None, counted: bool = True
    ) -> None:
        """Note that they were asked, and when next; None is never again."""
        ...

    def next_ask(self, alert: AlertId) -> datetime | None:
        """Return when the next one is asked again."""
        ...

    def ask_nobody(self, alert: AlertId) -> None:
        """End the asking of an alert."""
        ...

    def answers(self, alert: AlertId) -> dict[Answer, int]:
        """Count answers of those whom a roll call reached."""
        ...

    def answers_over_time(self, alert: AlertId) -> list[tuple[datetime, Answer, int]]:
        """Count answers by the minute in which they came, oldest first."""
        ...

    def silent(self, alert: AlertId, *, limit: int) -> list[PersonId]:
        """Return who got a roll call and has not answered."""
        ...

    def lately(self, person: PersonId, *, since: datetime) -> list[AlertId]:
        """Return alerts that came to somebody since a moment, newest first."""
        ...

    def leave(self, person: PersonId, alerts: Collection[AlertId] | None = None) -> int:
        """Opt somebody out of what waits for them, of some alerts or of all."""
        ...

    def wipe(self, alert: AlertId, *, limit: int) -> int:
        """Forget who was on the list, so many at once; the sums stay."""
        ...


class Subscribers(Protocol):
    """Who takes alerts: what they chose, sealed, and as keyed tags that the database matches."""

    def get(self, person: PersonId) -> Subscription | None:
        """Return what somebody chose; None when they take no alerts."""
        ...

    def put(self, subscription: Subscription) -> None:
        """Insert or replace, tags included; nothing for somebody who is not known."""
        ...

    def speak(self, person: PersonId, language: LanguageTag) -> None:
        """Note the language that somebody is spoken to in from now on."""
        ...

    def remove(self, person: PersonId) -> None:
        """Forget the choices; what waits for them is opted out."""
        ...

    def how_many(self) -> int:
        """Return how many take alerts."""
        ...


class Paces(Protocol):
    """When a bot's next alert message may leave, for all processes together."""

    def room(
        self, scope: str, *, now: datetime, every: timedelta, burst: int, ahead: timedelta
    ) -> int:
        """Return how many may be reserved up to `ahead`; holds the scope until the unit ends."""
        ...

    def reserve(
        self, scope: str, number: int, *, now: datetime, every: timedelta, burst: int
    ) -> list[datetime]:
        """Reserve so many places and return their moments."""
        ...

    def hold(self, scope: str, *, until: datetime) -> None:
        """Let nothing leave before a moment."""
        ...
