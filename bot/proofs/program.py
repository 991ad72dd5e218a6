"""The program as an operator runs it: a process of its own, started, killed and started again."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

READY_WITHIN = 90.0


@dataclass(slots=True, kw_only=True)
class Program:
    """`vigil run` with settings of its own; all that it prints is kept in a file."""

    home: Path
    settings: dict[str, str]
    arguments: tuple[str, ...] = ()
    module: str = ""
    """Another entry than `vigil run`."""
    process: asyncio.subprocess.Process | None = None
    log: Path = field(init=False)

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        self.log = self.home.with_suffix(".log")

    async def start(self, *, wait: bool = True) -> None:
        """Start it; with `wait` return when it says that it is ready.

        Raises:
            RuntimeError: It ended, or was not ready in time.
        """
        environment = {
            **os.environ,
            "VIGIL_HOME": str(self.home),
            "VIGIL_LOG_FORMAT": "json",
            **self.settings,
        }
        seen = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", *self._command(), *self.arguments, env=environment,
                cwd=Path(__file__).parents[2], stdout=log, stderr=log,
            )  # fmt: skip
        if wait:
            await self._ready(seen)

    @property
    def pid(self) -> int:
        """The process's number."""
        if self.process is None:
            raise RuntimeError("it was not started")
        return self.process.pid

    def resident_mb(self) -> float:
        """Return how much memory it holds now."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def _command(self) -> tuple[str, ...]:
        return (self.module,) if self.module else ("bot", "run")

    async def _ready(self, seen: int) -> None:
        async with asyncio.timeout(READY_WITHIN):
            while True:
                if self.process is None or self.process.returncode is not None:
                    raise RuntimeError(f"it ended: {self.log.read_text()[-500:]}")
                if '"ready"' in self.log.read_text()[seen:]:
                    return
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """Kill it without a word."""
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)
            await self.process.wait()

    async def stop(self) -> int | None:
        """Ask it to stop and wait."""
        if self.process is None or self.process.returncode is not None:
            return self.process.returncode if self.process else None
        self.process.terminate()
        with suppress(TimeoutError):
            async with asyncio.timeout(20):
                await self.process.wait()
        await self.kill()
        return self.process.returncode

    def events(self) -> list[dict[str, Any]]:
        """Return what it logged."""
        found = []
        for line in self.log.read_text().splitlines():
            with suppress(ValueError):
                found.append(json.loads(line))
        return found
