"""Flood limits: when the server says "too many requests", and for how long.

One message a second in a chat with a short burst allowed, 20 a minute in a group, 30 a second over
all chats. Telegram does not hold answers to people who have just written as it holds broadcasts, so
a chat that wrote within `answering` seconds does not count towards the last.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many messages the server takes."""

    overall_per_second: float = 30.0
    overall_burst: int = 30
    chat_per_second: float = 1.0
    chat_burst: int = 5
    group_per_minute: float = 20.0
    answering: float = 60.0
    paid_per_second: float = 1000.0


class _Bucket:
    __slots__ = ("at", "left")

    def __init__(self, full: float, at: float) -> None:
        self.left = full
        self.at = at

    def take(self, now: float, *, rate: float, full: float) -> int:
        """Take one; 0, or the seconds to wait."""
        self.left = min(full, self.left + (now - self.at) * rate)
        self.at = now
        if self.left >= 1:
            self.left -= 1
            return 0
        return max(1, math.ceil((1 - self.left) / rate))


class Pace:
    """Counts what a bot sends against the limits."""

    def __init__(self, limits: Limits | None) -> None:
        self.limits = limits
        self._overall: _Bucket | None = None
        self._paid: _Bucket | None = None
        self._chats: dict[int, _Bucket] = {}

    def wait(
        self,
        chat_id: int,
        *,
        group: bool,
        heard_at: float | None,
        now: float,
        paid: bool = False,
    ) -> int:
        """Count one message; 0 when it may go, else the seconds after which to try again."""
        limits = self.limits
        if limits is None:
            return 0
        full = limits.group_per_minute if group else float(limits.chat_burst)
        rate = limits.group_per_minute / 60 if group else limits.chat_per_second
        bucket = self._chats.get(chat_id)
        if bucket is None:
            bucket = self._chats[chat_id] = _Bucket(full, now)
        seconds = bucket.take(now, rate=rate, full=full)
        if seconds or (heard_at is not None and now - heard_at <= limits.answering):
            return seconds
        rate, full = limits.overall_per_second, float(limits.overall_burst)
        if paid:
            rate, full = limits.paid_per_second, limits.paid_per_second
        overall = self._paid if paid else self._overall
        if overall is None:
            overall = _Bucket(full, now)
            if paid:
                self._paid = overall
            else:
                self._overall = overall
        seconds = overall.take(now, rate=rate, full=full)
        if seconds:
            bucket.left += 1
        return seconds
