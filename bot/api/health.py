"""How the program stands: is the database there, is anything late. Says nothing about anybody."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from bot.services.ports import Lane

if TYPE_CHECKING:
    from datetime import datetime

    from bot.services.ports import Clock, Store, Tx

LATE = timedelta(minutes=2)
PATIENCE = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one look found."""

    database: bool
    outbox_lag: timedelta = timedelta()
    """For how long the message that waits longest has been due."""
    timers_lag: timedelta = timedelta()

    @property
    def ready(self) -> bool:
        """Work can be taken and is done in time."""
        return self.database and max(self.outbox_lag, self.timers_lag) < LATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Looks at the store when asked."""

    store: Store
    clock: Clock
    patience: timedelta = PATIENCE

    async def read(self) -> Reading:
        """Look once; a database that does not answer in time is not there."""
        try:
            async with asyncio.timeout(self.patience.total_seconds()):
                outbox, timers = await self.store.read(_next_due)
        except Exception:  # noqa: BLE001 - whatever a driver raises, the answer is "not there"
            return Reading(database=False)
        now = self.clock.now()
        return Reading(database=True, outbox_lag=_lag(outbox, now), timers_lag=_lag(timers, now))


class Metrics:
    """The figures for a collector on this machine.

    Args:
        registry: Where other parts put figures of their own; never a person in a label.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self._up = Gauge("vigil_database_up", "The database answers", registry=self.registry)
        self._outbox = Gauge(
            "vigil_outbox_lag_seconds", "Age of the oldest due message", registry=self.registry
        )
        self._timers = Gauge(
            "vigil_timers_lag_seconds", "Age of the oldest due timer", registry=self.registry
        )

    def write(self, reading: Reading) -> bytes:
        """Return all figures in Prometheus's text format."""
        self._up.set(reading.database)
        self._outbox.set(reading.outbox_lag.total_seconds())
        self._timers.set(reading.timers_lag.total_seconds())
        return generate_latest(self.registry)


def _next_due(tx: Tx) -> tuple[datetime | None, datetime | None]:
    return tx.outbox.next_due(tuple(Lane)), tx.timers.next_due()


def _lag(due: datetime | None, now: datetime) -> timedelta:
    return max(now - due, timedelta()) if due else timedelta()
