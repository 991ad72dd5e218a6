"""Time limits: calendar months, working days, what has passed and what closes a body."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from bot.content.rules import Limit, Pace
from bot.guidance.facts import Facts
from bot.guidance.limits import age_of_event, barred, deadline, months_after

FRIDAY = date(2026, 11, 27)


def limit(since: Pace, code: str = "limit", **more: Any) -> Limit:
    given = {"days": 0, "months": 0, "working_days": 0, "bars": False, **more}
    return Limit(since=since, code=code, **given)


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2026, 11, 30), 2, date(2027, 1, 30)),
        (date(2026, 12, 15), 6, date(2027, 6, 15)),
    ],
)
def test_months_end_on_the_same_day_or_the_last_of_a_short_month(
    start: date, months: int, end: date
) -> None:
    assert months_after(start, months) == end


def test_two_months_from_the_act_leave_the_days_that_are_left() -> None:
    found = deadline([limit("event", months=2)], Facts(days_ago=40), FRIDAY)
    assert found is not None
    assert found.day == date(2026, 12, 18)
    assert found.days_left == 21


def test_the_last_day_itself_is_still_open() -> None:
    limits = [limit("event", months=2, bars=True)]
    assert barred(limits, Facts(days_ago=61), date(2026, 11, 30)) is None
    assert barred(limits, Facts(days_ago=62), date(2026, 12, 1)) is not None


def test_a_limit_that_does_not_close_only_tells_that_it_has_passed() -> None:
    limits = [limit("event", months=36)]
    found = deadline(limits, Facts(days_ago=1400), FRIDAY)
    assert found is not None
    assert found.days_left < 0
    assert barred(limits, Facts(days_ago=1400), FRIDAY) is None


def test_one_working_day_before_a_monday_is_the_friday() -> None:
    found = deadline([limit("removal", working_days=1)], Facts(removal_in_hours=72), FRIDAY)
    assert found is not None
    assert found.day == FRIDAY


def test_the_limit_that_ends_next_is_shown() -> None:
    limits = [limit("vote", "vote"), limit("hearing", "hearing")]
    facts = Facts(date_of_vote_in_days=9, hearing_in_days=4)
    found = deadline(limits, facts, FRIDAY)
    assert found is not None
    assert found.rule == "hearing"


def test_nothing_is_counted_from_what_is_not_known() -> None:
    assert deadline([limit("decision", months=4, bars=True)], Facts(), FRIDAY) is None
    assert barred([limit("decision", months=4, bars=True)], Facts(), FRIDAY) is None


def test_hours_count_as_whole_days() -> None:
    assert age_of_event(Facts(hours_ago=30)) == 1
    assert age_of_event(Facts(days_ago=99_999)) == 99_999
    assert deadline([limit("event", months=2)], Facts(days_ago=999_999), FRIDAY) is not None
