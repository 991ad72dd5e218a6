"""A clock that two processes share: the machine's, moved forward by as much as a file says."""

from __future__ import annotations

import asyncio
import mmap
import struct
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_SECONDS = struct.Struct("=d")


class SharedClock:
    """Tells the time to the program and, in seconds, to the fake Bot API server."""

    def __init__(self, file: Path) -> None:
        if not file.exists():
            file.write_bytes(_SECONDS.pack(0.0))
        with file.open("r+b") as opened:
            self._ahead = mmap.mmap(opened.fileno(), _SECONDS.size)

    @property
    def ahead(self) -> float:
        """Seconds by which it goes before the machine's clock."""
        return float(_SECONDS.unpack(self._ahead[:])[0])

    def advance(self, by: timedelta) -> None:
        """Let time go by, for everybody who shares the file."""
        self._ahead[:] = _SECONDS.pack(self.ahead + by.total_seconds())


class HouseClock(SharedClock):
    """As the program asks for the time."""

    def now(self) -> datetime:
        """Return the moment."""
        return datetime.now(UTC) + timedelta(seconds=self.ahead)


class TelegramClock(SharedClock):
    """As the fake Bot API server asks for the time; waiting takes as long as it takes."""

    def now(self) -> float:
        """Return the time."""
        return time.time() + self.ahead

    async def sleep(self, seconds: float) -> None:
        """Wait in real time."""
        await asyncio.sleep(seconds)
