"""Due check-ins and due pages: many in one transaction, each exactly once.

A timer is leased first. Then, in one transaction, its plan is held, moved on and its timer renewed:
whoever dies in between leaves everything as it was, and whoever comes second finds it done.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from bot.domain.ids import PlanId
from bot.services.check_in_effects import NOTHING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from bot.services.check_in import Ticking
    from bot.services.ports import Clock, DueTimer, Store, Tx

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class DuePlans:
    """Takes the timers of plans."""

    store: Store
    clock: Clock
    worker: str
    ticking: Ticking
    wake: Callable[[], None] = lambda: None

    async def __call__(self, due: Sequence[DueTimer]) -> None:
        """Move plans on whose time has come."""
        now = self.clock.now()
        await self.store.write(lambda tx: self._unit(tx, due, now))
        self.wake()

    def _unit(self, tx: Tx, due: Sequence[DueTimer], now: datetime) -> None:
        # Plans before timers, as everywhere: two transactions never wait for each other crosswise.
        found = tx.plans.find([PlanId(one.timer.key) for one in due], hold=True)
        mine = set(tx.timers.done_all([one.id for one in due], worker=self.worker))
        ready = [
            (found[plan], one.timer.due_at)
            for one in due
            if one.id in mine and (plan := PlanId(one.timer.key)) in found
        ]
        self.ticking(tx, ready, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class DuePages:
    """Takes pages: opens each, drops those that say nothing, calls humans for the others."""

    store: Store
    clock: Clock
    worker: str
    page: Callable[[Tx, str, int, str], None]
    """Call humans: (what waits, urgency from 0 to 3, its ref)."""
    wake: Callable[[], None] = lambda: None

    async def __call__(self, due: Sequence[DueTimer]) -> None:
        """Deliver pages."""
        await self.store.write(lambda tx: self._unit(tx, due))
        self.wake()

    def _unit(self, tx: Tx, due: Sequence[DueTimer]) -> None:
        mine = set(tx.timers.done_all([one.id for one in due], worker=self.worker))
        for one in due:
            told = one.timer.payload
            if one.id not in mine or told["code"] == NOTHING:
                continue
            what = "check-in-drill" if told["drill"] else "check-in"
            if told["ours"]:
                # Marked, so that nobody takes our own absence for somebody's silence.
                what = "check-in-ours"
            if told.get("region"):
                what = "check-in-region"
            self.page(tx, what, int(told["urgency"]), str(told["ref"]))
