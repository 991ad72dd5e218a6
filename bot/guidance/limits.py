"""Time limits of bodies: which one runs for a case, until which day, and whether it has passed.

Pure calendar work over the limits that an entry writes. Days are whole days of the person's
calendar; whether a passed limit closes the body is said by the entry (`bars`).
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, assert_never

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.content.rules import Limit
    from bot.guidance.facts import Facts

_SATURDAY = 5
_HOURS_A_DAY = 24
_MONTHS_A_YEAR = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """A time limit of a body, counted from what happened or to what will."""

    day: date
    days_left: int
    """Negative when the day has passed."""
    rule: str
    """The warning code that says what the limit is."""


def deadline(limits: Iterable[Limit], facts: Facts, today: date) -> Deadline | None:
    """Return the limit that ends next; when all have passed, the one that passed last."""
    found = [one for limit in limits if (one := _counted(limit, facts, today)) is not None]
    coming = [one for one in found if one.days_left >= 0]
    if coming:
        return min(coming, key=lambda one: one.day)
    return max(found, key=lambda one: one.day, default=None)


def barred(limits: Iterable[Limit], facts: Facts, today: date) -> Deadline | None:
    """Return the limit that has passed and closes the body, or None."""
    for limit in limits:
        counted = _counted(limit, facts, today) if limit.bars else None
        if counted is not None and counted.days_left < 0:
            return counted
    return None


def age_of_event(facts: Facts) -> int | None:
    """Return how many whole days ago it happened; None when unknown or still to come."""
    if facts.days_ago is not None:
        return facts.days_ago if facts.days_ago >= 0 else None
    if facts.hours_ago is not None:
        return facts.hours_ago // _HOURS_A_DAY if facts.hours_ago >= 0 else None
    return None


def before(today: date, days: int) -> date:
    """Return the day so many days ago; the oldest day there is when that is too far."""
    try:
        return today - timedelta(days=days)
    except OverflowError:
        return date.min


def _counted(limit: Limit, facts: Facts, today: date) -> Deadline | None:
    match limit.since:
        case "event":
            start = _ago(age_of_event(facts), today)
        case "decision":
            start = _ago(facts.last_decision_days_ago, today)
        case "hearing":
            start = _ahead(facts.hearing_in_days, today)
        case "court":
            start = _ahead(facts.court_deadline_in_days, today)
        case "vote":
            start = _ahead(facts.date_of_vote_in_days, today)
        case "removal":
            hours = facts.removal_in_hours
            start = _ahead(None if hours is None else hours // _HOURS_A_DAY, today)
        case _:
            assert_never(limit.since)
    if start is None:
        return None
    day = months_after(start, limit.months) + timedelta(days=limit.days)
    if limit.working_days:
        day = _working_days_before(day, limit.working_days)
    return Deadline(day=day, days_left=(day - today).days, rule=limit.code)


def months_after(day: date, months: int) -> date:
    """Return the same day some months later, or the last day of that month when it has no such."""
    year, month = divmod(day.month - 1 + months, _MONTHS_A_YEAR)
    year, month = day.year + year, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def _ago(days: int | None, today: date) -> date | None:
    return None if days is None or days < 0 else before(today, days)


def _ahead(days: int | None, today: date) -> date | None:
    return None if days is None or days < 0 else today + timedelta(days=days)


def _working_days_before(day: date, count: int) -> date:
    """Go back over working days, Monday to Friday."""
    while count:
        day -= timedelta(days=1)
        count -= day.weekday() < _SATURDAY
    return day
