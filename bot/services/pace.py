"""How fast one chat may get messages: a channel refuses whoever is faster."""

from __future__ import annotations

from collections import OrderedDict
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.ids import PersonId

CHAT_BURST = 4
CHAT_PER_SECOND = 1.0
_CHATS = 50_000


class Chats:
    """When each chat may get its next message: short bursts, then one a second."""

    def __init__(self, burst: int = CHAT_BURST, per_second: float = CHAT_PER_SECOND) -> None:
        self._burst = float(burst)
        self._per_second = per_second
        self._buckets: OrderedDict[PersonId, tuple[float, datetime]] = OrderedDict()

    def wait(self, person: PersonId, now: datetime) -> timedelta:
        """Return how long this chat must wait; zero takes one place in its burst."""
        left, since = self._buckets.pop(person, (self._burst, now))
        elapsed = max((now - since).total_seconds(), 0.0)
        left = min(self._burst, left + elapsed * self._per_second)
        ready = left >= 1.0
        self._buckets[person] = (left - 1.0 if ready else left, now)
        if len(self._buckets) > _CHATS:
            self._buckets.popitem(last=False)
        return timedelta() if ready else timedelta(seconds=(1.0 - left) / self._per_second)
