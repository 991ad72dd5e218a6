"""When a recurring check-in is due: by the clock on the wall, or by time that has passed.

A rhythm of twelve hours or more follows the wall clock of the person's zone ("every evening at
nine" stays at nine when the clocks change); a shorter one counts elapsed time. Slots are numbered,
and each is computed from the first one, so that a thousand cycles do not drift by a second.

A wall time that the clocks jump over becomes the first instant after the jump; one that they show
twice means the earlier. Measured against every zone of tzdata in tests/domain/test_recurrence.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

WALL_CLOCK_FROM = timedelta(hours=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """A first moment and the time between two slots; no interval means a single slot."""

    first: datetime
    """Naive: what the wall clock of the person's zone shows at the first slot."""
    interval: timedelta | None = None

    @property
    def by_wall_clock(self) -> bool:
        """Tell whether slots follow the wall clock."""
        return self.interval is None or self.interval >= WALL_CLOCK_FROM


def slot(rhythm: Rhythm, number: int, zone: ZoneInfo) -> datetime | None:
    """Return the instant (UTC) of slot `number`, counted from 0; None past a single slot."""
    if rhythm.interval is None:
        return instant(rhythm.first, zone) if number == 0 else None
    if rhythm.by_wall_clock:
        return instant(rhythm.first + number * rhythm.interval, zone)
    return instant(rhythm.first, zone) + number * rhythm.interval


def upcoming(rhythm: Rhythm, zone: ZoneInfo, now: datetime) -> tuple[int, datetime] | None:
    """Return number and instant of the first slot after `now`; None when there is none."""
    if rhythm.interval is None:
        only = instant(rhythm.first, zone)
        return (0, only) if only > now else None
    # One slot early to be safe: zones move by up to a day, never by more.
    passed = now.astimezone(zone).replace(tzinfo=None) - rhythm.first
    number = max(int((passed - timedelta(days=2)) / rhythm.interval), 0)
    while True:
        at = slot(rhythm, number, zone)
        if at is None or at > now:
            return None if at is None else (number, at)
        number += 1


def instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant (UTC) at which the wall clock of `zone` shows `wall`.

    A time that the clock jumps over gives the instant of the jump; one that it shows twice gives
    the earlier instant.
    """
    earlier = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if earlier.astimezone(zone).replace(tzinfo=None) == wall:
        return earlier
    return _jump(wall.replace(tzinfo=zone, fold=1).astimezone(UTC), earlier, zone)


def _jump(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Find the instant in (before, after] at which the zone's offset changes, to the second."""
    old = before.astimezone(zone).utcoffset()
    low, high = 0, int((after - before).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        if (before + timedelta(seconds=middle)).astimezone(zone).utcoffset() == old:
            low = middle
        else:
            high = middle
    return before + timedelta(seconds=high)
