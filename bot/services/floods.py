"""How much one sender may write before being asked to slow down; others never notice.

Kept in memory only: after a restart everybody starts fresh, which harms nobody.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

BURST = 12
"""Messages that may come at once: a person in panic sends many short lines."""

PER_SECOND = 1.0
_SENDERS = 20_000
"""Senders remembered; the longest silent is forgotten first."""


class Floods:
    """A token bucket a sender."""

    def __init__(self, burst: int = BURST, per_second: float = PER_SECOND) -> None:
        self._burst = burst
        self._per_second = per_second
        self._buckets: OrderedDict[str, tuple[float, datetime]] = OrderedDict()

    def calm(self, sender: str, now: datetime) -> bool:
        """Count one message; False when the sender writes faster than can be read."""
        left, since = self._buckets.pop(sender, (float(self._burst), now))
        left += max((now - since).total_seconds(), 0.0) * self._per_second
        left = min(left, float(self._burst)) - 1.0
        self._buckets[sender] = (max(left, 0.0), now)
        if len(self._buckets) > _SENDERS:
            self._buckets.popitem(last=False)
        return left >= 0.0
