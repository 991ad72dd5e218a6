from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.quiet import OwnClock, due, hours, is_quiet, loud_from, next_time, read

NIGHT = (time(22, 0), time(7, 0))
KAMPALA = OwnClock(zone="Africa/Kampala", quiet=NIGHT, digest=True)
NOON = datetime(2031, 5, 4, 12, 0, tzinfo=UTC)


def test_a_clock_is_one_line_and_reads_again() -> None:
    for clock in (KAMPALA, OwnClock(), OwnClock(zone="America/Lima", quiet=(time(1), time(2, 30)))):
        assert read(clock.code()) == clock
    assert read("") == OwnClock()
    assert hours("nonsense") is None
    assert hours("08:00-08:00") is None


def test_quiet_hours_are_those_of_the_persons_own_clock() -> None:
    # Half past eight in the evening in UTC is half past eleven in Kampala.
    evening = datetime(2031, 5, 4, 20, 30, tzinfo=UTC)
    assert is_quiet(KAMPALA, evening)
    assert not is_quiet(OwnClock(quiet=NIGHT), evening)
    assert loud_from(KAMPALA, evening) == datetime(2031, 5, 5, 4, 0, tzinfo=UTC)
    assert loud_from(KAMPALA, NOON) == NOON


def test_red_comes_at_once_amber_after_the_night_green_with_the_digest() -> None:
    night = datetime(2031, 5, 4, 23, 0, tzinfo=UTC)
    assert due(KAMPALA, night, quiet=False, digest=False, own=None) == night
    morning = datetime(2031, 5, 5, 4, 0, tzinfo=UTC)
    assert due(KAMPALA, night, quiet=True, digest=False, own=None) == morning
    six = datetime(2031, 5, 5, 15, 0, tzinfo=UTC)
    assert due(KAMPALA, night, quiet=True, digest=True, own=None) == six


def test_nine_in_the_morning_is_nine_on_each_clock() -> None:
    found = due(KAMPALA, NOON, quiet=True, digest=False, own=time(9, 0))
    assert found == datetime(2031, 5, 5, 6, 0, tzinfo=UTC)


def test_a_zone_that_is_not_known_is_read_as_utc() -> None:
    assert next_time(OwnClock(zone="Nowhere/Town"), time(13, 0), NOON) == NOON + timedelta(hours=1)


ZONES = ["UTC", "Africa/Kampala", "America/Lima", "Europe/Kyiv", "Asia/Kathmandu", "Pacific/Apia"]
TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0))


@given(
    st.sampled_from(ZONES),
    st.integers(min_value=0, max_value=365 * 24 * 60),
    TIMES,
    TIMES,
)
def test_nobody_is_woken_in_quiet_hours_nor_kept_waiting_for_more_than_a_day(
    zone: str, minutes: int, begin: time, end: time
) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    clock = OwnClock(zone=zone, quiet=None if begin == end else (begin, end))
    found = loud_from(clock, at)
    assert at <= found <= at + timedelta(hours=26)
    assert not is_quiet(clock, found) or zone == "Europe/Kyiv"


@pytest.mark.parametrize("moment", [datetime(2026, 10, 25, 0, 30, tzinfo=UTC), NOON])
def test_the_hour_that_comes_twice_is_not_waited_for_twice(moment: datetime) -> None:
    kyiv = OwnClock(zone="Europe/Kyiv", quiet=(time(1, 0), time(3, 30)))
    assert loud_from(kyiv, moment) <= moment + timedelta(hours=3)
