"""`python -m bot.proofs.drill.server CLOCK`: the whole program, as `vigil run`, on a moved clock.

It differs from `vigil run` in three things: the clock, no limits on how fast people write, and that
SIGUSR1 has every job of the scheduler done at once, because their intervals are real time.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from bot import logs, settings
from bot.app import serve
from bot.domain.errors import BotError
from bot.proofs.drill.clock import HouseClock
from bot.wiring import jobs

if TYPE_CHECKING:
    from bot.app import Running

log = structlog.get_logger()

DONE = "jobs-done"


def main() -> None:
    """Serve until told to stop."""
    chosen = settings.load()
    logs.configure(chosen.log_level, chosen.log_format)
    clock = HouseClock(Path(sys.argv[1]))
    asyncio.run(serve(chosen, limits=False, clock=clock, started=_obey))


def _obey(running: Running) -> None:
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()

    def work() -> None:
        task = loop.create_task(_do_all(running))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    loop.add_signal_handler(signal.SIGUSR1, work)


async def _do_all(running: Running) -> None:
    """Do every job as often as it takes until none has anything left."""
    for _ in range(3):
        for job in jobs(running.parts):
            try:
                await job.run()
            except BotError as error:
                log.error("job-failed", job=job.name, error=type(error).__name__)  # noqa: TRY400
        # Deliver what timers said before the next round tidies it away.
        await asyncio.sleep(0.2)
    while await running.parts.tidying.delete_due():
        pass
    await running.parts.forgetting.old()
    log.info(DONE)


if __name__ == "__main__":
    main()
