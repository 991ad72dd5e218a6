"""What is due: claims timers and hands each to the service of its kind.

A timer that was replaced, cancelled or overtaken by the conversation does nothing. One whose
service fails stays leased and comes again; the others go on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from bot.domain.errors import BotError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from bot.services.ports import Clock, DueTimer, Store

log = structlog.get_logger()

LEASE = timedelta(seconds=30)
BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class DueTimers:
    """The sweep over the due-table.

    `services` maps a kind to who takes one; `batches` a kind to who takes many in one transaction
    and removes or renews them there.
    """

    store: Store
    clock: Clock
    worker: str
    services: Mapping[str, Callable[[DueTimer], Awaitable[None]]]
    batches: Mapping[str, Callable[[Sequence[DueTimer]], Awaitable[None]]] = field(
        default_factory=dict
    )

    async def sweep(self) -> int:
        """Take everything that is due now; return how many timers that was."""
        taken = 0
        while due := await self._claim():
            for kind, batch in self.batches.items():
                taken += await self._take_batch(
                    kind, batch, [timer for timer in due if timer.timer.kind == kind]
                )
            for timer in due:
                if timer.timer.kind not in self.batches:
                    taken += await self._take(timer)
            if len(due) < BATCH:
                break
        return taken

    async def _claim(self) -> list[DueTimer]:
        now = self.clock.now()
        return await self.store.write(
            lambda tx: tx.timers.claim(
                worker=self.worker,
                now=now,
                lease=LEASE,
                limit=BATCH,
                kinds=(*self.services, *self.batches),
            )
        )

    async def _take_batch(
        self,
        kind: str,
        batch: Callable[[Sequence[DueTimer]], Awaitable[None]],
        due: Sequence[DueTimer],
    ) -> int:
        """Take many at once; when that fails each alone, so that one bug holds up one timer."""
        if not due:
            return 0
        try:
            await batch(due)
        except Exception as error:
            if isinstance(error, BotError) or len(due) == 1:
                log.error("timer-failed", kind=kind, error=type(error).__name__)  # noqa: TRY400
            else:
                log.exception("timer-bug", kind=kind, count=len(due))
            if len(due) == 1:
                return 0
            return sum([await self._take_batch(kind, batch, [one]) for one in due])
        return len(due)

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
