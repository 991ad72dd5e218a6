"""The clock of the house: APScheduler calls a few jobs at fixed intervals, in memory.

What is due for people stands in the timer table and is swept by one of these jobs; there is never
a job per person, so nothing is lost with the process and nothing blocks the loop.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog

from bot.domain.errors import BotError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Sequence

log = structlog.get_logger()

GRACE = timedelta(seconds=10)
"""How long a job under way may take to end when the program stops."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Something to do every so often; `run` never overlaps with itself."""

    name: str
    every: timedelta
    run: Callable[[], Awaitable[Any]]


async def run(jobs: Sequence[Job], stop: asyncio.Event) -> None:
    """Run jobs until told to stop.

    A job that fails is logged and runs again at its next time; a tick missed while the machine
    slept is made up for once.
    """
    from apscheduler.schedulers.asyncio import AsyncIOScheduler  # noqa: PLC0415 - not for the CLI
    from apscheduler.triggers.interval import IntervalTrigger  # noqa: PLC0415

    scheduler = AsyncIOScheduler(
        timezone="UTC",
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    for job in jobs:
        scheduler.add_job(
            _guarded(job),
            IntervalTrigger(seconds=job.every.total_seconds(), timezone="UTC"),
            id=job.name,
            name=job.name,
        )
    scheduler.start()
    try:
        await stop.wait()
    finally:
        scheduler.shutdown(wait=False)


def _guarded(job: Job) -> Callable[[], Awaitable[None]]:
    async def run_once() -> None:
        try:
            await job.run()
        except BotError as error:
            log.error("job-failed", job=job.name, error=type(error).__name__)  # noqa: TRY400
        except Exception as error:
            # A bug in one job must not stop the others.
            log.critical("job-bug", job=job.name, exc_info=error)

    run_once.__name__ = job.name
    return run_once
