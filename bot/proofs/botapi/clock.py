"""Where the server's time comes from: the machine, or a test that moves it."""

from __future__ import annotations

import asyncio
import heapq
import time
from itertools import count
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable


class Clock(Protocol):
    """Tells the time in seconds since the epoch, and waits."""

    def now(self) -> float:
        """Return the time."""
        ...

    def sleep(self, seconds: float) -> Awaitable[None]:
        """Wait until that much time has passed on this clock, counted from the call."""
        ...


class RealClock:
    """The machine's clock."""

    def now(self) -> float:
        """Return the machine's time."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Wait in real time."""
        await asyncio.sleep(seconds)


class MovableClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, start: float = 1_795_521_600.0) -> None:
        self._now = start
        self._order = count()
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> float:
        """Return the time last set."""
        return self._now

    def sleep(self, seconds: float) -> Awaitable[None]:
        """Wait until `advance` has passed the moment."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if seconds <= 0:
            future.set_result(None)
        else:
            heapq.heappush(self._waiting, (self._now + seconds, next(self._order), future))
        return future

    def advance(self, seconds: float) -> None:
        """Move the clock forward and wake everybody whose moment has come."""
        self._now += seconds
        while self._waiting and self._waiting[0][0] <= self._now:
            future = heapq.heappop(self._waiting)[2]
            if not future.done():
                future.set_result(None)
