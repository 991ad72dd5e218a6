# ruff: noqa: DTZ001 - what a wall clock shows has no zone
from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.recurrence import Rhythm, instant, slot, upcoming

KYIV = ZoneInfo("Europe/Kyiv")
DAY = timedelta(days=1)
ZONES = sorted(available_timezones() - {"localtime", "Factory"})


@cache
def transitions(zone: ZoneInfo) -> list[datetime]:
    """Instants between 2024 and 2035 at which the offset changes, to the second."""
    found = []
    at, end = datetime(2024, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)
    step = timedelta(days=3)
    while at < end:
        if at.astimezone(zone).utcoffset() != (at + step).astimezone(zone).utcoffset():
            low, high = at, at + step
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) / 2
                same = middle.astimezone(zone).utcoffset() == low.astimezone(zone).utcoffset()
                low, high = (middle, high) if same else (low, middle)
            found.append(high.replace(microsecond=0))
        at += step
    return found


def test_a_time_that_the_clock_jumps_over_becomes_the_instant_of_the_jump() -> None:
    assert instant(datetime(2026, 3, 29, 3, 30), KYIV) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


def test_a_time_that_the_clock_shows_twice_means_the_earlier() -> None:
    assert instant(datetime(2026, 10, 25, 3, 30), KYIV) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_every_evening_stays_at_nine_when_the_clocks_change() -> None:
    rhythm = Rhythm(first=datetime(2026, 3, 28, 21, 0), interval=DAY)
    at = [slot(rhythm, number, KYIV) for number in range(3)]
    assert [moment.astimezone(KYIV).hour for moment in at if moment] == [21, 21, 21]
    assert at[1]
    assert at[0]
    assert at[1] - at[0] == timedelta(hours=23)


def test_every_two_hours_is_elapsed_time_across_a_change() -> None:
    rhythm = Rhythm(first=datetime(2026, 3, 29, 1, 0), interval=timedelta(hours=2))
    at = [slot(rhythm, number, KYIV) for number in range(4)]
    assert all(b - a == timedelta(hours=2) for a, b in itertools.pairwise(at) if a and b)


@pytest.mark.parametrize("interval", [DAY, DAY / 2, timedelta(hours=2)])
def test_a_thousand_cycles_do_not_drift_in_any_zone(interval: timedelta) -> None:
    first = datetime(2024, 1, 1, 7, 15)
    rhythm = Rhythm(first=first, interval=interval)
    for name in ZONES:
        zone = ZoneInfo(name)
        last = slot(rhythm, 1_000, zone)
        assert last is not None
        if rhythm.by_wall_clock:
            shown = last.astimezone(zone).replace(tzinfo=None)
            assert shown - first == 1_000 * interval or instant(shown, zone) == last
        else:
            assert last - instant(first, zone) == 1_000 * interval


@pytest.mark.parametrize("interval", [DAY, DAY / 2])
@pytest.mark.parametrize("part", range(4))
def test_each_local_slot_around_every_transition_of_every_zone_comes_once(
    part: int, interval: timedelta
) -> None:
    for name in ZONES[part::4]:
        zone = ZoneInfo(name)
        for change in transitions(zone):
            wall = change.astimezone(zone).replace(tzinfo=None, minute=30, second=0)
            for hour in (-2, -1, 0, 1):
                first = wall - 2 * interval + timedelta(hours=hour)
                rhythm = Rhythm(first=first, interval=interval)
                now = instant(first, zone) - timedelta(seconds=1)
                numbers, at = [], []
                while len(numbers) < 5:
                    found = upcoming(rhythm, zone, now)
                    assert found is not None
                    numbers.append(found[0])
                    at.append(found[1])
                    now = found[1]
                assert numbers == [0, 1, 2, 3, 4], (name, change, first)
                # What is shown twice means the earlier, and what is jumped over its jump.
                assert all(_is_first(one, first + n * interval, zone) for n, one in enumerate(at))


def _is_first(at: datetime, wall: datetime, zone: ZoneInfo) -> bool:
    """Nobody's wall clock showed `wall`, or more, in the six hours before `at`."""
    shown = at.astimezone(zone).replace(tzinfo=None)
    before = (at - timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None)
    earlier = (at - timedelta(hours=3)).astimezone(zone).replace(tzinfo=None)
    return shown >= wall and before < wall and earlier < wall


@given(
    zone=st.sampled_from(ZONES),
    wall=st.datetimes(min_value=datetime(2024, 1, 1), max_value=datetime(2035, 12, 31)),
)
def test_an_instant_shows_its_wall_time_or_lies_at_a_jump(zone: str, wall: datetime) -> None:
    wall = wall.replace(microsecond=0)
    at = instant(wall, ZoneInfo(zone))
    shown = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    assert shown == wall or (
        shown > wall
        and (at - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).replace(tzinfo=None) < wall
    )
