"""What the services need from the world: the ports that adapters fill.

Storage runs a *unit*: a plain synchronous function over one transaction. On SQLite units run one
after another in a single writer thread, many to a commit; on PostgreSQL each runs in a transaction
of its own. A unit may be run again from its start when its batch or transaction failed, so it must
not touch anything but its transaction. The awaited result arrives after the commit, never before.

Everything that names or quotes a person is encrypted by the store under the application key before
it becomes a row; the ports speak in clear values because only memory sees them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime, timedelta

    from bot.domain.ids import (
        ChannelName,
        FlowHash,
        FlowId,
        LanguageTag,
        OutboxId,
        PersonId,
        TimerId,
    )
    from bot.domain.messages import Delivered, Inbound, Outgoing
    from bot.domain.people import Person
    from bot.domain.words import Words
    from bot.flow.session import Session
    from bot.services.broadcast_ports import Alerts, Ledger, Paces, Subscribers
    from bot.services.case_ports import (
        Audit,
        Cases,
        Coordinators,
        Leaves,
        Notebook,
        Pages,
        Sealed,
    )
    from bot.services.check_in_ports import AgreedWords, Contacts, Plans, Regions

T = TypeVar("T")


class Lane(IntEnum):
    """Which message goes first; lower overtakes higher."""

    SOS = 0
    REPLY = 1
    ESCALATION = 2
    CHECK_IN = 3
    ALERT = 4
    DIGEST = 5


PACED_LANES = frozenset({Lane.ALERT, Lane.DIGEST})
"""Lanes held to a bot's broadcast rate, minus what replies use."""


class OutboxState(StrEnum):
    """Where one message to one person stands."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    SENT = "sent"
    GONE = "gone"
    """The address takes nothing any more."""
    REJECTED = "rejected"
    """The channel will never take this message."""
    UNCERTAIN = "uncertain"
    """It may have arrived; a marked repeat follows as a row of its own when that is safe."""
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A message to be sent, before it has an id."""

    person: PersonId
    message: Outgoing = field(repr=False)
    lane: Lane
    dedup_key: str
    """Unique for ever: the same key is written once, however often a unit runs."""
    due_at: datetime
    expires_at: datetime | None = None
    sensitive: bool = False
    """To be deleted from the chat when its matter ends."""
    keep: bool = False
    """A last screen: stays until cleared or an hour has passed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """An outbox row under lease, with the address opened for sending."""

    id: OutboxId
    person: PersonId
    channel: ChannelName
    address: str = field(repr=False)
    message: Outgoing = field(repr=False)
    lane: Lane
    attempts: int
    """How often it was claimed before; above zero an earlier worker may have sent it."""
    sensitive: bool
    keep: bool


class Outbox(Protocol):
    """Messages on their way. Rows of one person leave in the order they were added, per lane."""

    def add(self, envelopes: Sequence[Envelope]) -> int:
        """Add what is not there yet (by `dedup_key`); return how many rows are new."""
        ...

    def add_claimed(
        self, envelopes: Sequence[Envelope], *, to: Person, worker: str, until: datetime
    ) -> list[Claimed]:
        """Add one person's messages of one lane; lease them at once unless earlier ones wait.

        Saves the claim: whoever adds them hands them to delivery after the commit. Returns what
        was leased, in order; nothing when they were only added.
        """
        ...

    def claim(
        self,
        *,
        worker: str,
        now: datetime,
        lease: timedelta,
        limit: int,
        lanes: Collection[Lane],
        channels: Collection[ChannelName],
    ) -> list[Claimed]:
        """Lease due rows, lane by lane, oldest first, at most one a person; never one twice.

        A person's first unsettled row in a lane holds back their later ones there, also while it
        is leased or waits for its time: messages never overtake each other within a lane.
        """
        ...

    def settle(
        self, ids: Sequence[OutboxId], *, worker: str, state: OutboxState, at: datetime
    ) -> int:
        """Write a final state and wipe the bodies; return of how many we still had the lease."""
        ...

    def retry(self, id_: OutboxId, *, worker: str, at: datetime, count: bool) -> bool:
        """Give a row back, to be sent at `at`; `count` it as an attempt that may have arrived.

        False when the lease was lost.
        """
        ...

    def recover(self, *, now: datetime) -> int:
        """Return rows whose lease ran out to waiting, with their attempt counted."""
        ...

    def next_due(self, lanes: Collection[Lane]) -> datetime | None:
        """Return when the next waiting row is due."""
        ...


class Seen(Protocol):
    """Updates that took effect, so that a repeat does nothing."""

    def first_time(self, channel: ChannelName, update_id: str, *, at: datetime) -> bool:
        """Remember an update; False when it was remembered before."""
        ...

    def forget_before(self, moment: datetime) -> int:
        """Drop what no channel repeats any more."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """What is known of somebody who writes, asked for at once."""

    person: Person | None
    session: Session | None
    """None when there is none or it cannot be read any more."""
    agreed: bool
    """Check-in words were agreed on with them."""


class People(Protocol):
    """Those who wrote to us, by pseudonym."""

    def lock(self, channel: ChannelName, address: str) -> PersonId:
        """Return the pseudonym and hold the person's lock until the unit ends."""
        ...

    def find(self, id_: PersonId) -> Person | None:
        """Return a person, or None when nothing is known (any more)."""
        ...

    def meet(self, id_: PersonId) -> Met:
        """Return who somebody is and where they stand; nothing need be known of them."""
        ...

    def put(self, person: Person, *, at: datetime) -> None:
        """Insert or replace."""
        ...

    def touch(self, id_: PersonId, *, at: datetime) -> None:
        """Remember the hour in which somebody was here of whom nothing else has changed."""
        ...

    def forget(self, id_: PersonId) -> None:
        """Delete the person and every row that belongs to them."""
        ...

    def forget_rest(self, id_: PersonId) -> None:
        """Delete all of somebody under watch but what their check-in needs."""
        ...

    def forget_addresses(self, *, idle_before: datetime, limit: int) -> int:
        """Wipe addresses of people idle since, for whom nothing is scheduled any more."""
        ...


class Sessions(Protocol):
    """Conversations under way, one a person, as one encrypted blob."""

    def load(self, person: PersonId) -> Session | None:
        """Return the session; None when there is none or it cannot be read any more."""
        ...

    def turned_at(self, person: PersonId) -> datetime | None:
        """Return when the last turn was; None without a session."""
        ...

    def save(self, person: PersonId, session: Session, *, at: datetime) -> None:
        """Insert or replace, with the next version number."""
        ...

    def forget_before(self, moment: datetime, *, limit: int) -> list[PersonId]:
        """Drop sessions idle since `moment`; return whose."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """Something due at a time. `kind` names the service that takes it."""

    kind: str
    key: str
    """Unique within the kind: setting it again replaces the earlier one."""
    due_at: datetime
    person: PersonId | None = None
    fence: int = 0
    """The turn (or cycle) it belongs to; a later one makes it stale."""
    payload: Mapping[str, Any] = field(default_factory=dict)
    """Codes only; encrypted at rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueTimer:
    """A claimed timer."""

    id: TimerId
    timer: Timer
    attempts: int


class Timers(Protocol):
    """The one due-table: cost of a sweep grows with what is due, not with what waits."""

    def set(self, timer: Timer) -> None:
        """Insert, or replace the one with the same kind and key."""
        ...

    def set_all(self, timers: Sequence[Timer]) -> None:
        """Insert or replace several; of two with the same kind and key the last stands."""
        ...

    def cancel(self, kind: str, key: str) -> bool:
        """Remove; False when there was none."""
        ...

    def claim(
        self, *, worker: str, now: datetime, lease: timedelta, limit: int, kinds: Collection[str]
    ) -> list[DueTimer]:
        """Lease what is due, oldest first."""
        ...

    def done(self, id_: TimerId, *, worker: str) -> bool:
        """Remove a claimed timer; False when it was replaced or the lease was lost."""
        ...

    def done_all(self, ids: Sequence[TimerId], *, worker: str) -> list[TimerId]:
        """Remove claimed timers; return those that were still this worker's."""
        ...

    def recover(self, *, now: datetime) -> int:
        """Free timers whose lease ran out."""
        ...

    def next_due(self) -> datetime | None:
        """Return when the next timer is due."""
        ...

    def waiting(self, kind: str, *, until: datetime, limit: int) -> list[DueTimer]:
        """Return timers of a kind that are due by `until`, soonest first, without leasing them."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMessage:
    """A message that stands in somebody's chat, so that it can be deleted there."""

    ref: str
    at: datetime
    delete_at: datetime
    sensitive: bool
    keep: bool
    ours: bool


class ChatLog(Protocol):
    """Message ids, encrypted, for at most 47 hours: what chat hygiene needs and no more."""

    def add(self, messages: Sequence[tuple[PersonId, ChatMessage]]) -> None:
        """Remember messages, each with the person in whose chat it stands."""
        ...

    def hasten(
        self,
        person: PersonId,
        *,
        to: datetime,
        everything: bool,
        kept: datetime,
        before: datetime | None = None,
    ) -> int:
        """Bring deletion of sensitive messages forward to `to` (kept ones to `kept`).

        With `everything` kept ones go at `to` as well, with `before` only what is older goes.
        Never moves a deletion back.
        """
        ...

    def clear(self, person: PersonId, *, to: datetime) -> None:
        """Bring deletion of all that stands in a chat forward to `to`."""
        ...

    def stands(self, person: PersonId) -> bool:
        """Tell whether anything is still to be deleted in a chat."""
        ...

    def claim_due(
        self, *, worker: str, now: datetime, lease: timedelta, limit: int
    ) -> list[tuple[PersonId, ChannelName, str, tuple[str, ...]]]:
        """Lease due deletions: (person, channel, address, refs), grouped by chat."""
        ...

    def put_off(self, person: PersonId, refs: Sequence[str], *, to: datetime) -> None:
        """Try again at `to` what cannot be deleted while the person keeps us out."""
        ...

    def deleted(self, person: PersonId, refs: Sequence[str]) -> None:
        """Drop messages that are gone, or that can never be deleted any more."""
        ...


class Drafts(Protocol):
    """Words on their way into a letter: encrypted, for at most `VIGIL_DRAFT_TTL`."""

    def keep(self, person: PersonId, name: str, words: Words, *, until: datetime) -> None:
        """Insert or replace one text."""
        ...

    def read(self, person: PersonId, name: str, *, now: datetime) -> Words | None:
        """Return a text that has not expired."""
        ...

    def forget(self, person: PersonId) -> int:
        """Delete all texts of a person."""
        ...

    def forget_before(self, now: datetime) -> int:
        """Delete what has expired."""
        ...


class KeptFlows(Protocol):
    """Definitions of flows (public content), kept while somebody may stand in them."""

    def keep(self, flow: FlowId, digest: FlowHash, definition: str, *, at: datetime) -> None:
        """Remember a definition as being in use at `at`."""
        ...

    def all(self) -> list[tuple[FlowId, FlowHash, str]]:
        """Return every kept definition."""
        ...

    def forget_before(self, moment: datetime) -> int:
        """Drop definitions last in use before `moment`."""
        ...


class Leases(Protocol):
    """Who does what only one may do (polling, ticking)."""

    def take(self, name: str, *, worker: str, now: datetime, until: datetime) -> bool:
        """Take or renew a lease; False while another worker holds it."""
        ...

    def release(self, name: str, *, worker: str) -> None:
        """Give a lease up."""
        ...

    def note(self, name: str, value: str) -> None:
        """Remember a small fact of the installation (a polling offset)."""
        ...

    def noted(self, name: str) -> str | None:
        """Return a remembered fact."""
        ...


class Mailbox(Protocol):
    """Messages for people whose surface fetches them (the web chat): encrypted, short-lived."""

    def put(
        self, person: PersonId, ref: str, message: Outgoing, *, at: datetime, until: datetime
    ) -> None:
        """Insert, or replace the message with the same `ref`, keeping its place."""
        ...

    def after(
        self, person: PersonId, ref: str | None, *, now: datetime
    ) -> list[tuple[str, datetime, Outgoing]]:
        """Return messages in order, those after `ref` only when it is given and still there."""
        ...

    def remove(self, person: PersonId, refs: Sequence[str]) -> int:
        """Delete messages."""
        ...

    def forget_before(self, now: datetime) -> int:
        """Delete what has expired."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Tx:
    """One transaction with everything in it; a store makes one for each unit it runs."""

    seen: Seen
    people: People
    sessions: Sessions
    outbox: Outbox
    timers: Timers
    chat: ChatLog
    drafts: Drafts
    flows: KeptFlows
    leases: Leases
    mailbox: Mailbox
    alerts: Alerts
    ledger: Ledger
    subscribers: Subscribers
    paces: Paces
    coordinators: Coordinators
    pages: Pages
    audit: Audit
    sealed: Sealed
    cases: Cases
    notebook: Notebook
    leaves: Leaves
    plans: Plans
    contacts: Contacts
    check_words: AgreedWords
    regions: Regions


class Store(Protocol):
    """Where rows are kept."""

    async def write(self, unit: Callable[[Tx], T]) -> T:
        """Run a unit and return its result after a durable commit.

        Raises:
            ConflictError: The database stayed locked or serialisation failed repeatedly.
            BotError: What the unit raised; nothing of it was kept.
        """
        ...

    async def read(self, unit: Callable[[Tx], T]) -> T:
        """Run a unit that only reads; it may run beside writers."""
        ...

    async def scrub(self) -> None:
        """Take deleted bytes out of the database's files; call it after every purge.

        Raises:
            ConflictError: Somebody was reading; call it again.
        """
        ...

    async def close(self) -> None:
        """Finish what is queued, checkpoint and let go of the files."""
        ...


class Cipher(Protocol):
    """AEAD under the application key. `context` binds a value to its table, column and row."""

    def seal(self, clear: bytes, *, context: str) -> bytes:
        """Encrypt; two calls never give the same bytes."""
        ...

    def open(self, sealed: bytes, *, context: str) -> bytes:
        """Decrypt.

        Raises:
            VaultError: Another key, another context, or changed bytes.
        """
        ...

    def tag(self, clear: str, *, purpose: str) -> str:
        """Return a keyed pseudonym (HMAC, hex) that differs from purpose to purpose."""
        ...


class Channel(Protocol):
    """A messaging surface that can show messages."""

    @property
    def name(self) -> ChannelName:
        """Return the name that people and rows carry."""
        ...

    async def send(self, address: str, message: Outgoing) -> Delivered:
        """Show a message.

        Raises:
            SendError: It was not taken, or it is not known whether it was.
        """
        ...

    async def delete(self, address: str, refs: Sequence[str]) -> None:
        """Delete messages of either side; those that are gone already do not matter.

        Raises:
            SendError: As for `send`.
        """
        ...


class Clock(Protocol):
    """The time, aware and in UTC."""

    def now(self) -> datetime:
        """Return the present moment."""
        ...


class Receive(Protocol):
    """Reception, as doors see it: returns only after the commit."""

    async def __call__(self, inbound: Inbound) -> None:
        """Take one thing that arrived; a repeat does nothing.

        Raises:
            ConflictError: Not taken; the channel should bring it again.
        """
        ...


class Carrier(Protocol):
    """Delivery, as those see it who put messages into the outbox."""

    @property
    def worker(self) -> str:
        """Return the name that leases carry."""
        ...

    def lease(self, channel: ChannelName, now: datetime) -> datetime | None:
        """Return until when added messages may be leased for `hand`; None to only add them."""
        ...

    def hand(self, rows: Sequence[Claimed]) -> None:
        """Take one person's leased rows after the commit, to be sent in this order."""
        ...

    def wake(self) -> None:
        """Look at once: something was put into the outbox."""
        ...


class Languages(Protocol):
    """What the catalogues offer."""

    @property
    def offered(self) -> tuple[LanguageTag, ...]:
        """Return languages of the picker, in its order."""
        ...
