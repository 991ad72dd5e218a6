"""What is due: claims timers and hands each to the service of its kind.

A timer that was replaced, cancelled or overtaken by the conversation does nothing. One whose
service fails stays leased and comes again; the others go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from bot.domain.errors import BotError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from bot.services.ports import Clock, DueTimer, Store

log = structlog.get_logger()

LEASE = timedelta(seconds=60)
BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class DueTimers:
    """The sweep over the due-table. `services` maps a kind to who takes it."""

    store: Store
    clock: Clock
    worker: str
    services: Mapping[str, Callable[[DueTimer], Awaitable[None]]]

    async def sweep(self) -> int:
        """Take everything that is due now; return how many timers that was."""
        taken = 0
        while due := await self._claim():
            for timer in due:
                taken += await self._take(timer)
            if len(due) < BATCH:
                break
        return taken

    async def _claim(self) -> list[DueTimer]:
        now = self.clock.now()
        return await self.store.write(
            lambda tx: tx.timers.claim(
                worker=self.worker, now=now, lease=LEASE, limit=BATCH, kinds=tuple(self.services)
            )
        )

    async def _take(self, due: DueTimer) -> bool:
        try:
            await self.services[due.timer.kind](due)
        except BotError as error:
            log.error("timer-failed", kind=due.timer.kind, error=type(error).__name__)  # noqa: TRY400
            return False
        except Exception:
            # One timer's bug must not hold up all others, whose ladder may be somebody's life.
            log.exception("timer-bug", kind=due.timer.kind, attempts=due.attempts)
            return False
        await self.store.write(lambda tx: tx.timers.done(due.id, worker=self.worker))
        return True
