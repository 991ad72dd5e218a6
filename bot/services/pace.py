"""How fast a bot may write: to one chat, to a group, and to many at once.

A channel refuses whoever is faster. The pace of broadcasts is shared by all processes of a bot (a
row in the database, see `Paces`) and gives way to replies: what they use is taken off it.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.ids import ChannelName, PersonId

CHAT_BURST = 4
CHAT_PER_SECOND = 1.0
GROUP_PER_SECOND = 20 / 60
_CHATS = 50_000
_ROUNDING = 1e-6

FREE_PER_SECOND = 30.0
"""What Telegram lets a bot send to many people without paying."""

UNLIMITED = 100_000.0
_BURST_SECONDS = 0.25
"""How much unused time may be made up for at once; the server's own burst is a whole second."""

_SLOWER, _SLOW_FOR = 0.8, timedelta(minutes=2)
_TOGETHER = timedelta(seconds=10)
"""Refusals of two chats within so long are about the bot, not about a chat."""


class Chats:
    """When each chat may get its next message: short bursts, then one a second."""

    def __init__(self, burst: int = CHAT_BURST, per_second: float = CHAT_PER_SECOND) -> None:
        self._burst = float(burst)
        self._per_second = per_second
        self._buckets: OrderedDict[PersonId, tuple[float, datetime]] = OrderedDict()

    def wait(self, person: PersonId, now: datetime, *, group: bool = False) -> timedelta:
        """Return how long this chat must wait; zero takes one place in its burst."""
        rate = GROUP_PER_SECOND if group else self._per_second
        left, since = self._buckets.pop(person, (self._burst, now))
        elapsed = max((now - since).total_seconds(), 0.0)
        left = min(self._burst, left + elapsed * rate)
        # What is missing by rounding alone would be no wait, and no place taken either.
        ready = left >= 1.0 - _ROUNDING
        self._buckets[person] = (max(left - 1.0, 0.0) if ready else left, now)
        self._forget(now)
        return timedelta() if ready else timedelta(seconds=(1.0 - left) / rate)

    def _forget(self, now: datetime) -> None:
        """Forget chats that may have a whole burst again, so that an alert to many keeps nobody."""
        full_again = now - timedelta(seconds=self._burst / GROUP_PER_SECOND)
        while self._buckets:
            oldest = next(iter(self._buckets))
            if self._buckets[oldest][1] >= full_again and len(self._buckets) <= _CHATS:
                return
            del self._buckets[oldest]


@dataclass(slots=True, kw_only=True)
class Rate:
    """How fast one process believes that broadcasts may leave."""

    per_second: float = FREE_PER_SECOND
    _spent: dict[ChannelName, int] = field(default_factory=dict)
    _floods: dict[ChannelName, deque[tuple[datetime, PersonId]]] = field(default_factory=dict)
    _slow_until: dict[ChannelName, datetime] = field(default_factory=dict)

    def every(self, channel: ChannelName, now: datetime) -> timedelta:
        """Return the time between two messages to many people."""
        slow = self._slow_until.get(channel)
        rate = self.per_second * (_SLOWER if slow is not None and now < slow else 1.0)
        return timedelta(seconds=1 / rate)

    @property
    def burst(self) -> int:
        """How many may leave at once after a pause."""
        return max(1, int(self.per_second * _BURST_SECONDS))

    def spend(self, channel: ChannelName) -> None:
        """Count a reply: it comes out of the same allowance."""
        self._spent[channel] = self._spent.get(channel, 0) + 1

    def take_spent(self) -> dict[ChannelName, int]:
        """Return what replies used since the last call."""
        spent, self._spent = self._spent, {}
        return spent

    def flooded(self, channel: ChannelName, person: PersonId, now: datetime) -> bool:
        """Note a "too many requests"; True when it is about the whole bot.

        A single chat's refusal holds that chat alone; those of several chats mean that the bot as
        a whole is too fast, and it goes slower for a while.
        """
        seen = self._floods.setdefault(channel, deque(maxlen=20))
        seen.append((now, person))
        chats = {one for at, one in seen if now - at <= _TOGETHER}
        if len(chats) < 2:  # noqa: PLR2004 - two chats are more than a chat
            return False
        self._slow_until[channel] = now + _SLOW_FOR
        return True
