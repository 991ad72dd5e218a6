"""How people and the world behave in a simulation: seeded, so that every run can be repeated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

from bot.domain.recurrence import Rhythm
from bot.domain.watch import TIMINGS, Plan, Reply, Tier

if TYPE_CHECKING:
    import random

MIX = ((Tier.ROUTINE, 0.85), (Tier.TRAVEL, 0.10), (Tier.HIGH_RISK, 0.03), (Tier.CUSTODY, 0.02))
"""Share of plans: most people check in once or twice a day."""

ACTIVE = timedelta(hours=6)
"""How long a travel leg or a protest is watched on a day."""

ZONES = sorted(available_timezones() - {"localtime", "Factory"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """A plan and how its person tends to answer."""

    plan: Plan
    rhythm: Rhythm
    zone: ZoneInfo
    silent: float
    """Chance that a due check-in is never answered."""
    slow: float
    """Chance that the answer comes only after coordinators were paged."""
    duress: float
    wrong: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A time in which the program is not there."""

    start: datetime
    end: datetime


def lives(
    count: int, start: datetime, chance: random.Random, *, silent: float | None = None
) -> list[Life]:
    """Return so many lives that begin around `start` (UTC).

    `silent` is the chance of silence for all of them: a short run meets more of it that way.
    """
    found = [_life(start, chance) for _ in range(count)]
    return found if silent is None else [replace(one, silent=silent) for one in found]


def outages(start: datetime, days: int, chance: random.Random) -> list[Outage]:
    """Return outages of one minute to twelve hours, about one in four days, never overlapping."""
    found: list[Outage] = []
    at, end = start, start + timedelta(days=days)
    while True:
        at += timedelta(minutes=chance.expovariate(1 / (4 * 24 * 60)))
        length = timedelta(minutes=min(1 + chance.paretovariate(0.9), 12 * 60))
        if at + length >= end:
            return found
        found.append(Outage(start=at, end=at + length))
        at += length + timedelta(minutes=30)


def answer(life: Life, chance: random.Random) -> tuple[timedelta, Reply] | None:
    """Return how long after due the person answers, and with what; None when they never do."""
    if chance.random() < life.silent:
        return None
    grace = life.plan.timings.l1
    if chance.random() < life.slow:
        delay = grace + chance.random() * (life.plan.timings.l2 - grace)
    else:
        delay = grace * min(chance.expovariate(6.0), 0.95)
    roll = chance.random()
    if roll < life.duress:
        return delay, Reply.DURESS
    if roll < life.duress + life.wrong:
        return delay, Reply.WRONG
    return delay, Reply.OK


def _life(start: datetime, chance: random.Random) -> Life:
    tier = chance.choices([tier for tier, _ in MIX], [share for _, share in MIX])[0]
    first = (start + timedelta(minutes=5 * chance.randrange(24 * 12))).replace(
        tzinfo=None, second=0, microsecond=0
    )
    routine = chance.choice((12, 24, 24))
    interval = timedelta(hours=routine) if tier is Tier.ROUTINE else timedelta(hours=24)
    return Life(
        plan=Plan(
            tier=tier,
            timings=TIMINGS[tier],
            contacts=chance.randint(0 if tier is not Tier.ROUTINE else 1, 3),
            has_safe_word=tier is not Tier.ROUTINE,
            lawyer_first=tier is Tier.CUSTODY,
            duress_wakes_contacts=chance.random() < 0.3,
        ),
        rhythm=Rhythm(first=first, interval=interval),
        zone=ZoneInfo(chance.choice(ZONES)),
        silent=chance.choice((0.002, 0.01, 0.03)),
        slow=chance.choice((0.01, 0.05)),
        duress=0.001,
        wrong=0.004,
    )
