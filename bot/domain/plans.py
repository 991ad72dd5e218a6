"""What a check-in plan agrees on, in codes, and what follows from it: the next slot, the tier.

No words of anybody: where, with whom and whom to call are sealed elsewhere. A plan is set up from a
preset with two or three choices; whatever else may be chosen only ever tightens it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.domain.recurrence import Rhythm, slot, upcoming
from bot.domain.watch import (
    FALSE_ALARM_DAYS,
    FALSE_ALARMS,
    TIMINGS,
    Cycle,
    Plan,
    Standing,
    State,
    Tier,
    Timings,
)

if TYPE_CHECKING:
    from datetime import date, datetime

    from bot.domain.ids import LanguageTag, PersonId, PlanId

HOUR = timedelta(hours=1)
MOST_PLANS = 3
"""Plans that one person may have at once: an OK must stay one press."""

QUIET_SLOTS = 60
"""Slots that quiet hours may skip before we give up: a rhythm that lies in them for ever."""


class Preset(StrEnum):
    """What people call it."""

    TRIP = "trip"
    PROTEST = "protest"
    COURT = "court"
    DAILY = "daily"
    OPEN = "open"
    """Until I say stop."""


class Authorities(StrEnum):
    """Whether coordinators may tell the authorities."""

    NO = "no"
    LAWYER = "lawyer"
    """Only through a lawyer."""
    YES = "yes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What was agreed."""

    tier: Tier
    rhythm: Rhythm
    zone: str
    """IANA name; UTC where only elapsed time counts."""
    language: LanguageTag
    preset: Preset = Preset.DAILY
    timings: Timings | None = None
    """Tighter than the tier's own."""
    region: str = ""
    """Country code that the person gave, to tell an outage from silence."""
    bland: str = "plain"
    """Which innocent question is asked."""
    quiet: tuple[int, int] | None = None
    """From and to, in whole hours of the zone."""
    shuffled: bool = False
    """Buttons in random order, against forced habit."""
    authorities: Authorities = Authorities.NO
    contacts: int = 0
    coordinators: int = 0
    has_safe_word: bool = False
    duress_wakes_contacts: bool = False
    purge: bool = False
    drill: bool = False
    canary: bool = False
    """Kept by a helper of ours to tell an outage; nobody is woken."""
    false_alarms: tuple[date, ...] = ()
    causes: tuple[str, ...] = ()

    @property
    def plan(self) -> Plan:
        """Return what the transition table looks at."""
        return Plan(
            tier=self.tier,
            timings=self.timings or TIMINGS[self.tier],
            contacts=self.contacts,
            coordinators=self.coordinators,
            has_safe_word=self.has_safe_word,
            lawyer_first=self.tier is Tier.CUSTODY,
            duress_wakes_contacts=self.duress_wakes_contacts,
            purge_when_silent=self.purge,
            drill=self.drill,
            canary=self.canary,
            repeats=self.rhythm.interval is not None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A plan under watch: whose, on which terms, and where it stands."""

    id: PlanId
    person: PersonId = field(repr=False)
    terms: Terms
    standing: Standing
    slot: int = 0
    """Number of the slot that the cycle stands for."""
    version: int = 0
    """Counts changes; a timer of an earlier one is stale."""

    @property
    def over(self) -> bool:
        """Tell whether nothing is left to watch or to decide."""
        ended = self.standing.cycle.state in {State.RESOLVED, State.CANCELLED}
        return ended and self.standing.alarm is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The choices that a plan is set up from."""

    preset: Preset
    hours: int = 0
    """How long a trip or the day in court lasts."""
    minutes: int = 0
    """Between two questions at a protest."""
    at_hour: int = 9
    """On the wall, every day."""
    zone: str = "UTC"
    region: str = ""
    bland: str = "plain"
    quiet: tuple[int, int] | None = None
    authorities: Authorities = Authorities.NO


def terms(wish: Wish, language: LanguageTag, now: datetime) -> Terms:
    """Return the terms of a preset; times that are no use become the nearest that are."""
    tier = {
        Preset.TRIP: Tier.TRAVEL, Preset.PROTEST: Tier.HIGH_RISK, Preset.COURT: Tier.CUSTODY,
    }.get(wish.preset, Tier.ROUTINE)  # fmt: skip
    zone, wall = "UTC", now.replace(tzinfo=None, microsecond=0)
    interval: timedelta | None = None
    if wish.preset in {Preset.TRIP, Preset.COURT}:
        first = wall + min(max(wish.hours, 1), 48) * HOUR
    elif wish.preset is Preset.PROTEST:
        interval = timedelta(minutes=min(max(wish.minutes, 30), 120))
        first = wall + interval
    else:
        zone = wish.zone
        local = now.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        first = local.replace(hour=wish.at_hour % 24, minute=0, second=0, microsecond=0)
        interval = 24 * HOUR if wish.preset is Preset.DAILY else 12 * HOUR
    return Terms(
        tier=tier,
        rhythm=Rhythm(first=first, interval=interval),
        zone=zone,
        language=language,
        preset=wish.preset,
        region=wish.region,
        bland=wish.bland,
        quiet=wish.quiet,
        authorities=wish.authorities,
    )


def next_slot(agreed: Terms, after: datetime) -> tuple[int, datetime] | None:
    """Return number and instant of the first slot after a moment, past quiet hours for T1.

    None when there is none: the plan was for one time.
    """
    zone = ZoneInfo(agreed.zone)
    for _ in range(QUIET_SLOTS):
        found = upcoming(agreed.rhythm, zone, after)
        if found is None or not (agreed.tier is Tier.ROUTINE and is_quiet(agreed, found[1])):
            return found
        after = found[1]
    return upcoming(agreed.rhythm, zone, after)


def slot_at(agreed: Terms, number: int) -> datetime | None:
    """Return where a slot lies by the present tzdata."""
    return slot(agreed.rhythm, number, ZoneInfo(agreed.zone))


def is_quiet(agreed: Terms, at: datetime) -> bool:
    """Tell whether a moment lies in the person's quiet hours."""
    if agreed.quiet is None:
        return False
    start, end = agreed.quiet
    hour = at.astimezone(ZoneInfo(agreed.zone)).hour
    return start <= hour < end if start <= end else hour >= start or hour < end


def moved_to(agreed: Terms, zone: str) -> Terms:
    """Return the terms for somebody who crossed zones: the same hour on the new wall."""
    if agreed.zone == "UTC" and agreed.preset not in {Preset.DAILY, Preset.OPEN}:
        return agreed
    return replace(agreed, zone=zone)


def tightened(agreed: Terms, wanted: Timings) -> Timings:
    """Return what may be set: tighter freely, never looser than the tier's own (or the present)."""
    own, now = TIMINGS[agreed.tier], agreed.timings or TIMINGS[agreed.tier]
    return Timings(
        reminders=tuple(min(a, b) for a, b in zip(wanted.reminders, own.reminders, strict=False))
        or now.reminders,
        l1=min(wanted.l1, now.l1),
        l2=min(wanted.l2, now.l2),
        l3=min(wanted.l3, now.l3),
    )


def learnt(agreed: Terms, on: date) -> tuple[Terms, bool]:
    """Count a false alarm; True when a new rhythm should be proposed (rule 11)."""
    kept = tuple(day for day in agreed.false_alarms if on - day < FALSE_ALARM_DAYS)
    kept = (*kept, on)
    return replace(agreed, false_alarms=kept), len(kept) >= FALSE_ALARMS


def first_cycle(agreed: Terms, now: datetime) -> tuple[int, Standing] | None:
    """Return slot and standing of a plan that begins now; None when its only slot is past."""
    found = next_slot(agreed, now)
    if found is None:
        return None
    number, due = found
    return number, Standing(cycle=Cycle(number=0, due_at=due))


def following(watched: Watched, now: datetime) -> Watched | None:
    """Arm the next cycle of a plan whose present one is over; None when it was the last."""
    cycle = watched.standing.cycle
    found = next_slot(watched.terms, max(now, cycle.due_at))
    if watched.terms.rhythm.interval is None or found is None:
        return None
    number, due = found
    new = Cycle(number=cycle.number + 1, due_at=due, region_out=cycle.region_out)
    return replace(watched, slot=number, standing=replace(watched.standing, cycle=new))


def is_zone(name: str) -> bool:
    """Tell whether tzdata knows a zone of this name."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
