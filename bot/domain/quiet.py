"""When somebody wants to be written to: quiet hours and the digest, on their own clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.domain.recurrence import instant

if TYPE_CHECKING:
    from collections.abc import Sequence

NOBODY_KNOWS = "UTC"
DIGEST_AT = time(18, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnClock:
    """A zone, quiet hours (from, until) and whether good-to-know alerts come in a digest."""

    zone: str = NOBODY_KNOWS
    quiet: tuple[time, time] | None = None
    digest: bool = False

    def code(self) -> str:
        """Return it in one line; `read` gives it again."""
        quiet = "-".join(at.strftime("%H:%M") for at in self.quiet) if self.quiet else ""
        return f"{self.zone}|{quiet}|{'digest' if self.digest else ''}"


def read(code: str) -> OwnClock:
    """Return the clock of a code; what cannot be read is left at its default."""
    zone, _, rest = code.partition("|")
    quiet, _, digest = rest.partition("|")
    return OwnClock(zone=zone or NOBODY_KNOWS, quiet=hours(quiet), digest=digest == "digest")


def hours(text: str) -> tuple[time, time] | None:
    """Read `22:00-07:00`; None when it says nothing."""
    begin, _, end = text.partition("-")
    try:
        found = time.fromisoformat(begin), time.fromisoformat(end)
    except ValueError:
        return None
    return None if found[0] == found[1] else found


def is_quiet(clock: OwnClock, at: datetime) -> bool:
    """Tell whether somebody wants silence at this moment."""
    if clock.quiet is None:
        return False
    begin, end = clock.quiet
    shown = at.astimezone(_zone(clock)).time()
    return begin <= shown < end if begin < end else shown >= begin or shown < end


def loud_from(clock: OwnClock, at: datetime) -> datetime:
    """Return the first moment from `at` on that is not in quiet hours."""
    if clock.quiet is None or not is_quiet(clock, at):
        return at
    return next_time(clock, clock.quiet[1], at)


def next_time(clock: OwnClock, wanted: time, at: datetime) -> datetime:
    """Return the first moment from `at` on at which that clock shows `wanted`."""
    zone = _zone(clock)
    today = at.astimezone(zone).date()
    days = (today + timedelta(days=number) for number in range(-1, 3))
    found = (instant(datetime.combine(day, wanted), zone) for day in days)
    return next((moment for moment in found if moment >= at), at)


def due(clock: OwnClock, at: datetime, *, quiet: bool, digest: bool, own: time | None) -> datetime:
    """Return when an alert of `at` comes to somebody.

    Args:
        clock: Theirs.
        at: When it begins.
        quiet: Quiet hours hold for it.
        digest: It may wait for the digest.
        own: What their clock should show; None is at once.
    """
    begin = next_time(clock, own, at) if own is not None else at
    if digest and clock.digest:
        return next_time(clock, DIGEST_AT, begin)
    return loud_from(clock, begin) if quiet else begin


def zones_now(zones: Sequence[str], at: datetime) -> dict[str, str]:
    """Return zones that differ now, by what their clocks show: `{"14:05": "Africa/Kampala"}`."""
    found: dict[str, str] = {}
    for name in zones:
        shown = at.astimezone(_zone(OwnClock(zone=name))).strftime("%H:%M")
        found.setdefault(shown, name)
    return found


def _zone(clock: OwnClock) -> ZoneInfo:
    try:
        return ZoneInfo(clock.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(NOBODY_KNOWS)


def utc(at: datetime) -> datetime:
    """Return a moment in UTC."""
    return at.astimezone(UTC)
