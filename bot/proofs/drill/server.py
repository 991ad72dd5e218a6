"""The program of a drill: as `vigil run` or `vigil talk`, born in a nursery, on a moved clock.

It differs from `vigil run` in three things: the clock, no limits on how fast people write, and that
SIGUSR1 has every job of the scheduler done at once, because their intervals are real time.
"""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from bot.domain.errors import BotError
from bot.domain.ids import LanguageTag
from bot.proofs.drill.clock import HouseClock
from bot.proofs.nursery import FAILED, Child, gone

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.app import Running
    from bot.content.library import Library
    from bot.understand.understanding import Understanding

log = structlog.get_logger()

DONE = "jobs-done"
READY_WITHIN = 90.0
_POLL = 0.02


@dataclass(slots=True, kw_only=True)
class Served(Child):
    """The program, on a clock that a file moves."""

    clock: Path

    async def start(self) -> None:
        """Start it; return when it says that it is ready.

        Raises:
            RuntimeError: It ended.
        """
        self.log.touch(0o600)
        seen = self.log.stat().st_size
        self.pid = await self.nursery.bear({**self._order(), "clock": str(self.clock)})
        async with asyncio.timeout(READY_WITHIN):
            while '"ready"' not in (said := self.log.read_text()[seen:]):
                if FAILED in said:
                    raise RuntimeError("the program did not start")
                await asyncio.sleep(_POLL)

    async def talk(self, typed: Path, log: Path) -> None:
        """Have lines typed into `vigil talk` on the same machine, and wait for its end."""
        order = {**self._order(), "typed": str(typed), "log": str(log)}
        await asyncio.to_thread(log.touch, 0o600)
        await gone(await self.nursery.bear(order))
        if FAILED in await asyncio.to_thread(log.read_text):
            raise RuntimeError("the terminal ended by itself")

    def _order(self) -> dict[str, Any]:
        settings = {"VIGIL_HOME": str(self.home), "VIGIL_LOG_FORMAT": "json", **self.settings}
        return {"settings": settings, "entry": __name__, "log": str(self.log)}


def live(order: Mapping[str, Any], library: Library, understood: Understanding | None) -> None:
    """Be the program that was ordered."""
    from bot import logs, settings  # noqa: PLC0415 - the parent needs neither
    from bot.app import serve  # noqa: PLC0415

    if "typed" in order:
        _talk(order["typed"], library, understood)
        return
    chosen = settings.load()
    logs.configure(chosen.log_level, chosen.log_format)
    clock = HouseClock(Path(order["clock"]))
    asyncio.run(
        serve(
            chosen, limits=False, clock=clock, library=library, understood=understood,
            started=_obey,
        )
    )  # fmt: skip


def _talk(typed: str, library: Library, understood: Understanding | None) -> None:
    from bot import logs  # noqa: PLC0415
    from bot.talking import talk  # noqa: PLC0415

    logs.configure("ERROR")
    # What is shown is the person's: it goes nowhere.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    with Path(typed).open(encoding="utf-8") as lines:
        asyncio.run(talk(LanguageTag("en"), lines=lines, library=library, understood=understood))


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
    from bot.wiring import jobs  # noqa: PLC0415

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
