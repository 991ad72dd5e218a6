"""A sign of life: written where every worker sees it, and shown to a watchdog outside.

While the timers run it is renewed; when they come back after too long, humans are told that we were
away, and for how long. An outside monitor that misses us for two minutes calls the operators: the
one alarm that cannot come from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from bot.domain.errors import BotError
from bot.domain.watch import OUTAGE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.services.ports import Clock, Store, Tx

log = structlog.get_logger()

BEAT, AWAY = "heartbeat", "last-outage"


@dataclass(slots=True, kw_only=True)
class Pulse:
    """Knows when the timer loop last came to its end."""

    sweep_once: Callable[[], Awaitable[int]]
    clock: Clock
    at: datetime | None = None

    async def sweep(self) -> int:
        """Sweep, and remember when that was done."""
        taken = await self.sweep_once()
        self.at = self.clock.now()
        return taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """Beats while the timer loop runs."""

    store: Store
    clock: Clock
    swept: Callable[[], datetime | None]
    """When the timer loop last came to its end; None before the first time."""
    ping: Callable[[], Awaitable[None]] | None = None
    """Tell the monitor outside, where one is set."""

    async def beat(self) -> None:
        """Write the sign of life, unless the timer loop itself is stuck."""
        now = self.clock.now()
        swept = self.swept()
        if swept is None or now - swept > OUTAGE:
            log.warning("timers-silent")
            return
        away = await self.store.write(lambda tx: _write(tx, now))
        if away is not None:
            log.error("was-away", seconds=int((now - away).total_seconds()))
        if self.ping is not None:
            try:
                await self.ping()
            except BotError:
                log.warning("monitor-not-reached")


def last_outage(tx: Tx) -> tuple[datetime, datetime] | None:
    """Return from when to when we were last away; None when that never was."""
    noted = tx.leases.noted(AWAY)
    if noted is None:
        return None
    start, _, end = noted.partition(" ")
    return datetime.fromisoformat(start), datetime.fromisoformat(end)


def _write(tx: Tx, now: datetime) -> datetime | None:
    noted = tx.leases.noted(BEAT)
    before = None if noted is None else datetime.fromisoformat(noted)
    tx.leases.note(BEAT, now.isoformat())
    if before is None or now - before <= OUTAGE:
        return None
    tx.leases.note(AWAY, f"{before.isoformat()} {now.isoformat()}")
    return before
