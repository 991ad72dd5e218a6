"""Delivery: leases rows of the outbox, has the channel show them, writes down what became of each.

A row is settled after the channel answered; when the program dies in between, the lease runs out
and the row comes back with an attempt counted. It may have been shown then, so the repeat says that
it is one. Replies overtake everything slower, and no chat gets messages faster than it may.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from bot.domain.errors import BotError, SendError
from bot.services.ports import ChatMessage, Lane, OutboxState

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from bot.domain.ids import ChannelName, LanguageTag, PersonId
    from bot.domain.messages import Delivered
    from bot.services.ports import Channel, Claimed, Clock, Store, Tx

log = structlog.get_logger()

LEASE = timedelta(seconds=30)
"""Longer than a channel may take to answer; what was claimed by the dead waits as long."""

BATCH = 50
"""Rows claimed at once: as many messages as may be in doubt when the program is killed."""

IDLE_POLL = 0.5
"""Seconds between looks when nothing woke us: other processes may have added rows."""

CHAT_BURST = 4
CHAT_PER_SECOND = 1.0
_BACK_OFF = (2, 5, 15, 60, 300, 900)
"""Seconds before the next try after a failure that says nothing of its own."""

GIVE_UP = timedelta(hours=24)
_CHATS = 50_000
SENSITIVE_TTL = timedelta(minutes=15)
KEPT_TTL = timedelta(minutes=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one claimed row."""

    row: Claimed
    state: OutboxState
    retry_at: datetime | None = None
    delivered: Delivered | None = None


class Chats:
    """When each chat may get its next message: short bursts, then one a second."""

    def __init__(self, burst: int = CHAT_BURST, per_second: float = CHAT_PER_SECOND) -> None:
        self._burst = float(burst)
        self._per_second = per_second
        self._buckets: OrderedDict[PersonId, tuple[float, datetime]] = OrderedDict()

    def wait(self, person: PersonId, now: datetime) -> timedelta:
        """Return how long this chat must wait; zero takes one place in its burst."""
        left, since = self._buckets.pop(person, (self._burst, now))
        elapsed = max((now - since).total_seconds(), 0.0)
        left = min(self._burst, left + elapsed * self._per_second)
        ready = left >= 1.0
        self._buckets[person] = (left - 1.0 if ready else left, now)
        if len(self._buckets) > _CHATS:
            self._buckets.popitem(last=False)
        return timedelta() if ready else timedelta(seconds=(1.0 - left) / self._per_second)


@dataclass(slots=True, kw_only=True)
class Delivery:
    """One deliverer; several may share a database."""

    store: Store
    clock: Clock
    channels: Mapping[ChannelName, Channel]
    worker: str
    mark: Callable[[LanguageTag, str], str]
    """Gives the sentence that marks a repeat: (language, short mark)."""
    chat_ttl: timedelta
    lanes: Collection[Lane] = tuple(Lane)
    limits: Chats | None = field(default_factory=Chats)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        """Look at once: something was put into the outbox."""
        self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until told to stop; what is under way is finished first."""
        while not stop.is_set():
            self._wake.clear()
            try:
                busy = await self.deliver_due()
            except BotError as error:
                log.error("delivery-failed", error=type(error).__name__)  # noqa: TRY400 - no trace
                busy = 0
            if not busy:
                await self._sleep(stop)

    async def deliver_due(self) -> int:
        """Deliver one batch of what is due; return how many rows it held."""
        now = self.clock.now()
        rows = await self.store.write(
            lambda tx: tx.outbox.claim(
                worker=self.worker,
                now=now,
                lease=LEASE,
                limit=BATCH,
                lanes=self.lanes,
                channels=tuple(self.channels),
            )
        )
        if rows:
            outcomes = await asyncio.gather(*(self._deliver(row) for row in rows))
            await self._settle(outcomes)
        return len(rows)

    async def _deliver(self, row: Claimed) -> Outcome:
        now = self.clock.now()
        if self.limits is not None:
            pause = self.limits.wait(row.person, now)
            if pause:
                return Outcome(row=row, state=OutboxState.WAITING, retry_at=now + pause)
        channel = self.channels[row.channel]
        message = row.message
        if row.attempts:
            short = row.id[:6]
            text = f"{self.mark(message.language, short)}\n{message.text}"
            message = replace(message, text=text, repeat_of=short, edit_ref=None)
        try:
            delivered = await channel.send(row.address, message)
        except SendError as error:
            return self._failed(row, error)
        return Outcome(row=row, state=OutboxState.SENT, delivered=delivered)

    def _failed(self, row: Claimed, error: SendError) -> Outcome:
        now = self.clock.now()
        log.warning("not-sent", channel=row.channel, reason=error.reason, attempts=row.attempts)
        if error.gone:
            return Outcome(row=row, state=OutboxState.GONE)
        if error.rejected:
            return Outcome(row=row, state=OutboxState.REJECTED)
        pause = timedelta(seconds=_BACK_OFF[min(row.attempts, len(_BACK_OFF) - 1)])
        retry_at = error.retry_at or now + pause
        state = OutboxState.UNCERTAIN if error.uncertain else OutboxState.WAITING
        return Outcome(row=row, state=state, retry_at=retry_at)

    async def _settle(self, outcomes: Sequence[Outcome]) -> None:
        now = self.clock.now()

        def unit(tx: Tx) -> None:
            for outcome in outcomes:
                self._write(tx, outcome, now)

        await self.store.write(unit)

    def _write(self, tx: Tx, outcome: Outcome, now: datetime) -> None:
        row = outcome.row
        if outcome.retry_at is not None:
            uncertain = outcome.state is OutboxState.UNCERTAIN
            tx.outbox.retry(row.id, worker=self.worker, at=outcome.retry_at, count=uncertain)
            return
        tx.outbox.settle(row.id, worker=self.worker, state=outcome.state, at=now)
        if outcome.state is OutboxState.GONE:
            person = tx.people.find(row.person)
            if person is not None:
                tx.people.put(replace(person, gone_since=now), at=now)
        if outcome.delivered is not None:
            # An edit shows nothing new, unless the channel had to send a new message after all.
            new = [ref for ref in outcome.delivered.refs if ref != row.message.edit_ref]
            tx.chat.add(row.person, [self._shown(row, ref, now) for ref in new])

    def _shown(self, row: Claimed, ref: str, now: datetime) -> ChatMessage:
        stays = self.chat_ttl
        if row.sensitive:
            stays = KEPT_TTL if row.keep else SENSITIVE_TTL
        return ChatMessage(
            ref=ref,
            at=now,
            delete_at=now + min(stays, self.chat_ttl),
            sensitive=row.sensitive,
            keep=row.keep,
            ours=True,
        )

    async def _sleep(self, stop: asyncio.Event) -> None:
        waiters = [
            asyncio.ensure_future(self._wake.wait()),
            asyncio.ensure_future(stop.wait()),
        ]
        try:
            await asyncio.wait(waiters, timeout=IDLE_POLL, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiter in waiters:
                waiter.cancel()
