"""Sends alerts: claims ledger rows at the bot's pace, shows them, writes down what became of each.

The lane of alerts, slower than every other: it has its own workers and its own commits, so that no
reply ever waits behind it. A turn is a quarter of a second: it settles what ended, looks whether
each alert may still go on, and claims no more than may leave until the next turn. So an alert that
is paused or aborted stops within a turn, and a killed process leaves a quarter of a second in
doubt; those rows come back, marked as repeats.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from bot.domain.broadcasts import MAX_ATTEMPTS, SENDING, Outcome, Reason, State
from bot.domain.errors import BotError, SendError
from bot.services import broadcast_house as house
from bot.services.broadcast_claim import Claiming
from bot.services.broadcast_ports import Settled
from bot.services.ports import ChatMessage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from bot.content.library import Library
    from bot.domain.broadcasts import Alert
    from bot.domain.ids import AlertId, ChannelName
    from bot.services.broadcast_claim import Copy
    from bot.services.broadcast_ladder import Ladder
    from bot.services.broadcast_ports import LedgerRow
    from bot.services.broadcast_recall import Recall
    from bot.services.pace import Chats, Rate
    from bot.services.ports import Channel, Clock, Store, Tx

log = structlog.get_logger()

LEASE = timedelta(seconds=40)
"""Longer than a channel may take to answer and than a claimed row may wait for its moment."""

TURN = 0.25
"""Seconds between turns while something is sent."""

IDLE = 1.0
"""Seconds between looks while nothing is."""

IN_FLIGHT = 200
"""Copies on their way at once; a slow channel slows an alert down, nothing else."""

STEP = timedelta(seconds=1)
_SOON = timedelta(seconds=1)
_BACK_OFF = (2, 5, 15, 60, 300)


@dataclass(slots=True, kw_only=True)
class Broadcasting:
    """One sender of alerts; several may share a database."""

    store: Store
    clock: Clock
    channels: Mapping[ChannelName, Channel]
    worker: str
    library: Callable[[], Library]
    chat_ttl: timedelta
    rate: Rate
    limits: Chats | None
    is_group: Callable[[ChannelName, str], bool] = lambda _channel, _address: False
    recall: Recall
    ladder: Ladder
    paid: bool = False
    """Send at the rate that the channel sells."""
    lease: timedelta = LEASE
    _live: set[AlertId] = field(default_factory=set)
    """Alerts that may be sent, as of the last turn."""
    _ended: list[Settled] = field(default_factory=list)
    _flying: set[asyncio.Task[None]] = field(default_factory=set)
    _stepped: datetime | None = None
    _busy: bool = False

    async def run(self, stop: asyncio.Event) -> None:
        """Send until told to stop; what is under way is finished first."""
        while not stop.is_set():
            await self.turn()
            await _set_within(stop, TURN if self._busy or self._flying else IDLE)
        self._live.clear()
        while self._flying:
            await asyncio.wait(self._flying)
        await self._settle()

    async def deliver_due(self) -> int:
        """Send everything that may go now and wait for it; return how many copies that was."""
        done, moved = 0, 1
        while moved:
            self._stepped = None
            moved = len(self._flying) + await self.turn()
            while self._flying:
                await asyncio.wait(self._flying)
            await self._settle()
            done += moved
        return done

    async def turn(self) -> int:
        """Settle, look and claim, in one commit; return how much was moved by it."""
        ended, self._ended = self._ended, []
        spent = self.rate.take_spent()
        now, claiming = self.clock.now(), self._claiming()

        def unit(tx: Tx) -> tuple[list[Copy], list[Alert], int]:
            self._write(tx, ended, now)
            for channel, number in spent.items():
                claiming.reserve(tx, channel, number, now)
            alerts, stepped = self._look(tx, now)
            copies: list[Copy] = []
            if room := IN_FLIGHT - len(self._flying):
                copies = claiming.copies(tx, alerts, room, now)
            return copies, alerts, stepped

        try:
            copies, alerts, stepped = await self.store.write(unit)
        except BotError as error:
            log.error("alerts-failed", error=type(error).__name__)  # noqa: TRY400 - no trace
            self._ended = [*ended, *self._ended]
            for channel, number in spent.items():
                for _ in range(number):
                    self.rate.spend(channel)
            return 0
        self._live = {one.id for one in alerts if one.state in SENDING}
        for copy in copies:
            task = asyncio.get_running_loop().create_task(self._send(copy))
            self._flying.add(task)
            task.add_done_callback(self._flying.discard)
        recalling = [one for one in alerts if one.state is State.RECALLING]
        taken_back = await self.recall.turn() if recalling else 0
        self._busy = bool(self._live or recalling)
        return len(copies) + taken_back + stepped

    def _look(self, tx: Tx, now: datetime) -> tuple[list[Alert], int]:
        """Return alerts that the house looks after; takes each a step further now and then."""
        alerts = tx.alerts.due(now)
        if self._stepped is not None and now - self._stepped < STEP:
            return alerts, 0
        self._stepped = now
        found, stepped = [], 0
        for one in alerts:
            mine = tx.alerts.grab(one.id)
            after = one if mine is None else house.step(tx, mine, now)
            if mine is not None:
                stepped += self.ladder.climb(tx, after, now)
            stepped += mine is not None and after.version != mine.version
            found.append(after)
        return found, stepped

    def _claiming(self) -> Claiming:
        return Claiming(
            channels=self.channels, worker=self.worker, library=self.library, rate=self.rate,
            paid=self.paid, lease=self.lease,
        )  # fmt: skip

    async def _send(self, copy: Copy) -> None:
        """Show one copy at its moment, if its alert may still be sent then."""
        pause = (copy.at - self.clock.now()).total_seconds()
        if pause > 0:
            await asyncio.sleep(pause)
        row, now = copy.row, self.clock.now()
        if not {one.alert for one in copy.rows} <= self._live:
            self._put_back(copy, now)
            return
        if self.limits is not None:
            group = self.is_group(row.channel, row.address)
            wait = self.limits.wait(row.person, now, group=group)
            if wait:
                self._put_back(copy, now + wait)
                return
        # In two steps: a turn may take the list away while the channel is asked.
        settled = await self._show(copy)
        self._ended += settled

    def _put_back(self, copy: Copy, again_at: datetime) -> None:
        self._ended += [
            Settled(row=row, outcome=Outcome.WAITING, again_at=again_at) for row in copy.rows
        ]

    async def _show(self, copy: Copy) -> list[Settled]:
        row = copy.row
        try:
            delivered = await self.channels[row.channel].send(row.address, copy.message)
        except SendError as error:
            return await self._failed(copy, error)
        except Exception:
            # One message's bug must not stop all others.
            log.exception("send-failed", channel=row.channel, attempts=row.attempts)
            return await self._failed(copy, SendError("bug", uncertain=True))
        ask_at = None if copy.ask_after is None else self.clock.now() + copy.ask_after
        return [
            Settled(
                row=one, outcome=Outcome.DELIVERED, refs=delivered.refs, ask_at=ask_at,
                bundle=copy.bundle,
            )
            for one in copy.rows
        ]  # fmt: skip

    async def _failed(self, copy: Copy, error: SendError) -> list[Settled]:
        row, now = copy.row, self.clock.now()
        log.warning(
            "alert-not-sent", channel=row.channel, reason=error.reason, attempts=row.attempts
        )
        back_off = timedelta(seconds=_BACK_OFF[min(row.attempts, len(_BACK_OFF) - 1)])
        # Never at once: a moment that has passed already would be tried in a circle.
        again_at = max(error.retry_at or now + back_off, now + _SOON)
        if error.reason == "flood" and self.rate.flooded(row.channel, row.person, now):
            channel = row.channel
            await self.store.write(lambda tx: tx.paces.hold(channel, until=again_at))
        ask_at = None if copy.ask_after is None else now + copy.ask_after
        return [_after(one, error, again_at, ask_at) for one in copy.rows]

    async def _settle(self) -> None:
        while self._ended:
            ended, self._ended = self._ended, []
            now = self.clock.now()
            try:
                await self.store.write(_writing(self, ended, now))
            except BotError as error:
                # Their leases run out; they come back and say that they may be repeats.
                log.error("alerts-failed", error=type(error).__name__)  # noqa: TRY400 - no trace
                return

    def _write(self, tx: Tx, ended: list[Settled], now: datetime) -> None:
        tx.ledger.settle(ended, worker=self.worker, at=now)
        tx.chat.add([(one.row.person, self._shown(ref, now)) for one in ended for ref in one.refs])
        for one in ended:
            if one.outcome is Outcome.UNREACHABLE:
                _gone(tx, one.row, now)

    def _shown(self, ref: str, now: datetime) -> ChatMessage:
        return ChatMessage(
            ref=ref,
            at=now,
            delete_at=now + self.chat_ttl,
            sensitive=False,
            keep=False,
            ours=True,
        )


def _after(
    row: LedgerRow, error: SendError, again_at: datetime, ask_at: datetime | None
) -> Settled:
    """Return what a failure makes of a row."""
    if error.gone:
        return Settled(row=row, outcome=Outcome.UNREACHABLE)
    if error.rejected:
        return Settled(row=row, outcome=Outcome.EXCLUDED, reason=Reason.REFUSED)
    if error.uncertain and row.attempts + 1 >= MAX_ATTEMPTS:
        return Settled(row=row, outcome=Outcome.UNCERTAIN, ask_at=ask_at)
    return Settled(row=row, outcome=Outcome.WAITING, again_at=again_at, uncertain=error.uncertain)


def _gone(tx: Tx, row: LedgerRow, now: datetime) -> None:
    person = tx.people.find(row.person)
    if person is not None and person.gone_since is None:
        tx.people.put(replace(person, gone_since=now), at=now)


def _writing(sender: Broadcasting, ended: list[Settled], now: datetime) -> Callable[[Tx], None]:
    return lambda tx: sender._write(tx, ended, now)  # noqa: SLF001 - its own


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
