"""Delivery: has the channel show what is in the outbox, and writes down what became of each.

A row is settled after the channel answered; when the program dies in between, the lease runs out
and the row comes back with an attempt counted. It may have been shown then, so the repeat says that
it is one. Replies overtake everything slower, no chat gets messages faster than it may, and a chat
that is slow to answer holds up nobody else.

Rows come two ways: `hand` takes what reception leased while adding it, and what waits in the outbox
is claimed. Outcomes are written together with the next claim, in one commit.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog

from bot.domain.errors import BotError, SendError
from bot.services.pace import Chats, Rate
from bot.services.ports import PACED_LANES, ChatMessage, Lane, OutboxState

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from bot.domain.ids import ChannelName, LanguageTag, PersonId
    from bot.domain.messages import Delivered
    from bot.services.ports import Channel, Claimed, Clock, Store, Tx

log = structlog.get_logger()

LEASE = timedelta(seconds=30)
"""Longer than a channel may take to answer; what was claimed by the dead waits as long."""

IN_FLIGHT = 100
"""Messages on their way at once: as many as may be in doubt when the program is killed."""

IDLE_POLL = 0.5
"""Seconds between looks when nothing woke us: other processes may have added rows."""

_BACK_OFF = (2, 5, 15, 60, 300, 900)
"""Seconds before the next try after a failure that says nothing of its own."""

SENSITIVE_TTL = timedelta(minutes=15)
KEPT_TTL = timedelta(minutes=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one claimed row."""

    row: Claimed
    state: OutboxState
    retry_at: datetime | None = None
    delivered: Delivered | None = None


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
    gone: Callable[[Tx, PersonId, datetime], None] = lambda _tx, _person, _now: None
    """Told in the transaction in which it is written that somebody takes nothing any more."""
    lanes: Collection[Lane] = tuple(Lane)
    limits: Chats | None = field(default_factory=Chats)
    rate: Rate = field(default_factory=Rate)
    """The bot's pace of broadcasts: replies come out of it, the paced lanes are held to it."""
    is_group: Callable[[ChannelName, str], bool] = lambda _channel, _address: False
    _running: bool = False
    _look: bool = True
    """Something may wait in the outbox."""
    _ended: list[Outcome] = field(default_factory=list)
    _flying: set[asyncio.Task[None]] = field(default_factory=set)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        """Look at once: something was put into the outbox."""
        self._look = True
        self._wake.set()

    def lease(self, channel: ChannelName, now: datetime) -> datetime | None:
        """Return until when whoever adds a message may lease it for `hand`; None to leave it."""
        if self._running and channel in self.channels and len(self._flying) < IN_FLIGHT:
            return now + LEASE
        return None

    def hand(self, rows: Sequence[Claimed]) -> None:
        """Take one person's rows that were leased for us, to be sent in this order."""
        task = asyncio.get_running_loop().create_task(self._send(rows))
        self._flying.add(task)
        task.add_done_callback(self._landed)

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until told to stop; what is under way is finished first."""
        stopping = asyncio.ensure_future(_then(stop, self._wake))
        self._running = self._look = True
        try:
            while not stop.is_set():
                self._wake.clear()
                claimed = await self._turn()
                for row in claimed:
                    self.hand([row])
                if not claimed and not self._ended:
                    self._look |= not await _set_within(self._wake, IDLE_POLL)
        finally:
            self._running = False
            stopping.cancel()
        while self._flying or self._ended:
            if self._flying:
                await asyncio.wait(self._flying)
            await self._turn()

    async def deliver_due(self) -> int:
        """Deliver one batch of what is due and wait for it; return how many rows it held."""
        rows = await self.store.write(lambda tx: self._claim(tx, IN_FLIGHT))
        if rows:
            await asyncio.gather(*(self._send([row]) for row in rows))
            await self._turn()
        return len(rows)

    async def _turn(self) -> list[Claimed]:
        """Write down what ended and claim what may go next, in one commit."""
        ended, self._ended = self._ended, []
        look, self._look = self._look and self._running, False
        room = IN_FLIGHT - len(self._flying) if look else 0
        if not ended and room <= 0:
            self._look |= look
            return []
        now = self.clock.now()

        def unit(tx: Tx) -> list[Claimed]:
            self._write(tx, ended, now)
            return self._claim(tx, room) if room > 0 else []

        try:
            rows = await self.store.write(unit)
        except BotError as error:
            log.error("delivery-failed", error=type(error).__name__)  # noqa: TRY400 - no trace
            self._ended += ended
            self._look = True
            await asyncio.sleep(IDLE_POLL)
            return []
        # More may wait behind a full batch, or behind what is on its way to the same person.
        self._look |= bool(rows) or (look and bool(self._flying))
        return rows

    def _claim(self, tx: Tx, limit: int) -> list[Claimed]:
        free = [lane for lane in self.lanes if lane not in PACED_LANES]
        paced = [lane for lane in self.lanes if lane in PACED_LANES]
        rows = self._claim_from(tx, free, tuple(self.channels), limit)
        now = self.clock.now()
        waits = tx.outbox.next_due(paced) if paced and len(rows) < limit else None
        if waits is None or waits > now:
            return rows
        for channel in sorted(self.channels):
            pace: dict[str, Any] = {
                "now": now, "every": self.rate.every(channel, now), "burst": self.rate.burst
            }  # fmt: skip
            room = min(tx.paces.room(channel, ahead=timedelta(), **pace), limit - len(rows))
            if room > 0:
                found = self._claim_from(tx, paced, (channel,), room)
                tx.paces.reserve(channel, len(found), **pace)
                rows += found
        return rows

    def _claim_from(
        self, tx: Tx, lanes: Collection[Lane], channels: tuple[ChannelName, ...], limit: int
    ) -> list[Claimed]:
        return tx.outbox.claim(
            worker=self.worker,
            now=self.clock.now(),
            lease=LEASE,
            limit=limit,
            lanes=lanes,
            channels=channels,
        )

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._flying.discard(task)
        self._wake.set()

    async def _send(self, rows: Sequence[Claimed]) -> None:
        """Send one person's rows in their order; the first that must wait holds back the rest."""
        wait: datetime | None = None
        for row in rows:
            if wait is not None:
                self._ended.append(Outcome(row=row, state=OutboxState.WAITING, retry_at=wait))
                continue
            outcome = await self._deliver(row)
            self._ended.append(outcome)
            wait = outcome.retry_at

    async def _deliver(self, row: Claimed) -> Outcome:
        now = self.clock.now()
        if self.limits is not None:
            group = self.is_group(row.channel, row.address)
            pause = self.limits.wait(row.person, now, group=group)
            if pause:
                return Outcome(row=row, state=OutboxState.WAITING, retry_at=now + pause)
        channel = self.channels[row.channel]
        message = row.message
        if row.attempts:
            short = row.id[:6]
            text = f"{self.mark(message.language, short)}\n{message.text}"
            message = replace(message, text=text, repeat_of=short, edit_ref=None)
        if row.lane not in PACED_LANES:
            self.rate.spend(row.channel)
        try:
            delivered = await channel.send(row.address, message)
        except SendError as error:
            return self._failed(row, error)
        except Exception:
            # One message's bug must not stop all others.
            log.exception("send-failed", channel=row.channel, attempts=row.attempts)
            return self._failed(row, SendError("bug", uncertain=True))
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

    def _write(self, tx: Tx, ended: Sequence[Outcome], now: datetime) -> None:
        # Nearly all were sent: they are written together.
        sent = [one.row.id for one in ended if one.state is OutboxState.SENT]
        if sent:
            tx.outbox.settle(sent, worker=self.worker, state=OutboxState.SENT, at=now)
        tx.chat.add([pair for one in ended for pair in self._new(one, now)])
        for one in ended:
            if one.state is not OutboxState.SENT:
                self._not_sent(tx, one, now)

    def _not_sent(self, tx: Tx, outcome: Outcome, now: datetime) -> None:
        row = outcome.row
        if outcome.retry_at is not None:
            uncertain = outcome.state is OutboxState.UNCERTAIN
            tx.outbox.retry(row.id, worker=self.worker, at=outcome.retry_at, count=uncertain)
            return
        tx.outbox.settle([row.id], worker=self.worker, state=outcome.state, at=now)
        if outcome.state is OutboxState.GONE:
            person = tx.people.find(row.person)
            if person is not None:
                tx.people.put(replace(person, gone_since=now), at=now)
                self.gone(tx, row.person, now)
        if outcome.state is OutboxState.REJECTED and row.lane is Lane.CHECK_IN:
            # A question that cannot be shown is silence of our own making: humans must know.
            self.gone(tx, row.person, now)

    def _new(self, outcome: Outcome, now: datetime) -> list[tuple[PersonId, ChatMessage]]:
        """Return what stands in a chat now that did not before."""
        row, refs = outcome.row, outcome.delivered.refs if outcome.delivered else ()
        # An edit shows nothing new, unless the channel had to send a new message after all.
        new = [ref for ref in refs if ref != row.message.edit_ref]
        return [(row.person, self._shown(row, ref, now)) for ref in new]

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


async def _then(stop: asyncio.Event, wake: asyncio.Event) -> None:
    await stop.wait()
    wake.set()


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event; False when it was not set in this time."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
