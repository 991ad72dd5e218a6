"""Plans of a kind of their own, and what becomes of one that is changed: drills, canaries, rhythms.

Times and codes only, as in `plans`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.domain.plans import HOUR, Preset, Terms, tightened
from bot.domain.recurrence import Rhythm
from bot.domain.watch import TIMINGS, Tier, Timings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.domain.ids import LanguageTag

CANARY_EVERY = timedelta(hours=2)
CANARY_QUIET = (22, 8)


def drill_of(plans: Sequence[Terms], language: LanguageTag, now: datetime) -> Terms:
    """Return terms of a drill in a minute: answered as the most dangerous of somebody's plans is.

    Coordinators are called after five minutes, each time as for a test; after ten it is over.
    """
    tier = max((one.tier for one in plans), default=Tier.ROUTINE)
    bland = plans[0].bland if plans else "plain"
    first = now.replace(tzinfo=None, microsecond=0) + timedelta(minutes=1)
    l1, l2, l3 = (timedelta(minutes=count) for count in (5, 10, 15))
    return Terms(
        tier=tier,
        rhythm=Rhythm(first=first),
        zone="UTC",
        language=language,
        preset=Preset.TRIP,
        timings=Timings(reminders=(timedelta(), timedelta(minutes=2)), l1=l1, l2=l2, l3=l3),
        bland=bland,
        has_safe_word=any(one.has_safe_word for one in plans),
        coordinators=max((one.coordinators for one in plans), default=0),
        drill=True,
    )


def canary(zone: str, region: str, language: LanguageTag, now: datetime) -> Terms:
    """Return terms of a helper who tells an outage: asked every two hours by day, missed soon."""
    l1, l2, l3 = (timedelta(minutes=count) for count in (20, 40, 60))
    return Terms(
        tier=Tier.ROUTINE,
        rhythm=Rhythm(
            first=now.astimezone(ZoneInfo(zone)).replace(tzinfo=None, microsecond=0) + CANARY_EVERY,
            interval=CANARY_EVERY,
        ),
        zone=zone,
        language=language,
        preset=Preset.OPEN,
        timings=Timings(reminders=(timedelta(), timedelta(minutes=10)), l1=l1, l2=l2, l3=l3),
        region=region,
        quiet=CANARY_QUIET,
        canary=True,
    )


def slower(agreed: Terms) -> Terms:
    """Return terms with the tier's own times."""
    return replace(agreed, timings=None)


def in_rhythm(agreed: Terms, hours: int, at_hour: int, now: datetime) -> Terms:
    """Return terms of a routine plan that asks every so many hours, from `at_hour` on."""
    local = now.astimezone(ZoneInfo(agreed.zone)).replace(tzinfo=None)
    first = local.replace(hour=at_hour % 24, minute=0, second=0, microsecond=0)
    interval = 12 * HOUR if hours == 12 else 24 * HOUR  # noqa: PLR2004 - the two that are offered
    preset = Preset.OPEN if hours == 12 else Preset.DAILY  # noqa: PLR2004
    return replace(agreed, rhythm=Rhythm(first=first, interval=interval), preset=preset)


def quicker(agreed: Terms) -> Terms | None:
    """Return terms under which humans hear in half the time; None at a quarter of the tier's."""
    own, now = TIMINGS[agreed.tier], agreed.timings or TIMINGS[agreed.tier]
    if now.l1 * 4 <= own.l1:
        return None
    half = Timings(
        reminders=tuple(one / 2 for one in now.reminders),
        l1=now.l1 / 2,
        l2=now.l2 / 2,
        l3=now.l3 / 2,
    )
    return replace(agreed, timings=tightened(agreed, half))
