"""Of several processes on one database one leads: it holds a lease and renews it while it lives.

The lease is short, so that another takes over soon after a crash. Two may lead for a moment when
one was suspended; what they do must bear that (reception takes each update once).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from bot.domain.errors import ConflictError

if TYPE_CHECKING:
    from bot.services.ports import Clock, Store

log = structlog.get_logger()

LEASE = timedelta(seconds=15)
RENEW = 4.0
"""Seconds between renewals: two may fail before the lease is lost."""


@dataclass(slots=True, kw_only=True)
class Leadership:
    """A named lease of this process."""

    store: Store
    clock: Clock
    worker: str
    name: str
    held: bool = False

    async def mine(self) -> bool:
        """Take or renew the lease; False while another holds it or the database is away."""
        now = self.clock.now()
        try:
            self.held = await self.store.write(
                lambda tx: tx.leases.take(self.name, worker=self.worker, now=now, until=now + LEASE)
            )
        except ConflictError as error:
            log.warning("lease-not-renewed", name=self.name, error=type(error).__name__)
            self.held = False
        return self.held

    async def keep(self, stop: asyncio.Event) -> None:
        """Renew the lease for as long as it is held; give it up when told to stop."""
        while not stop.is_set():
            try:
                await asyncio.wait_for(stop.wait(), RENEW)
            except TimeoutError:
                if self.held:
                    await self.mine()
        if self.held:
            await self.store.write(lambda tx: tx.leases.release(self.name, worker=self.worker))
            self.held = False
