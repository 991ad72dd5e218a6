"""How fast a bot may write: to a chat, to a group, to many, and after it was told to wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.ids import ChannelName, PersonId
from bot.services.pace import Chats, Rate

START = datetime(2031, 5, 4, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ONE, OTHER = PersonId("one"), PersonId("other")
BOT, SECOND_BOT = ChannelName("telegram"), ChannelName("telegram-2")


def sent(chats: Chats, seconds: int, *, group: bool = False) -> int:
    """Return how many messages one chat gets when it is tried every tenth of a second."""
    moments = [START + SECOND * tenth / 10 for tenth in range(seconds * 10)]
    return sum(not chats.wait(ONE, at, group=group) for at in moments)


def test_one_chat_gets_a_burst_and_then_one_a_second() -> None:
    assert sent(Chats(), 60) in {63, 64}


def test_a_group_gets_twenty_a_minute_after_its_burst() -> None:
    assert sent(Chats(), 180, group=True) in {63, 64}


def test_a_chat_that_must_wait_holds_up_no_other() -> None:
    chats = Chats(burst=1)
    assert not chats.wait(ONE, START)
    assert chats.wait(ONE, START) == SECOND
    assert not chats.wait(OTHER, START)
    assert not chats.wait(ONE, START + SECOND)


def test_a_clock_that_goes_back_gives_nobody_more() -> None:
    chats = Chats(burst=1)
    assert not chats.wait(ONE, START)
    assert chats.wait(ONE, START - SECOND)


def test_whoever_may_have_a_whole_burst_again_is_forgotten() -> None:
    chats = Chats()
    for number in range(1_000):
        assert not chats.wait(PersonId(str(number)), START + SECOND * number / 10)
    assert len(chats._buckets) <= 125


@pytest.mark.parametrize("per_second", [1.0, 30.0, 1_000.0])
def test_the_time_between_two_messages_is_that_of_the_rate(per_second: float) -> None:
    rate = Rate(per_second=per_second)
    assert abs(rate.every(BOT, START).total_seconds() * per_second - 1) < 0.001
    assert rate.burst <= max(1.0, per_second / 4)


def test_one_refused_chat_slows_nobody_and_two_slow_their_bot_alone() -> None:
    rate = Rate()
    calm = rate.every(BOT, START)
    assert not rate.flooded(BOT, ONE, START)
    assert not rate.flooded(BOT, ONE, START + SECOND)
    assert rate.every(BOT, START + SECOND) == calm
    assert rate.flooded(BOT, OTHER, START + 2 * SECOND)
    assert rate.every(BOT, START + 3 * SECOND) > calm
    assert rate.every(SECOND_BOT, START + 3 * SECOND) == calm
    assert rate.every(BOT, START + timedelta(minutes=3)) == calm


def test_refusals_of_two_chats_far_apart_are_about_the_chats() -> None:
    rate = Rate()
    assert not rate.flooded(BOT, ONE, START)
    assert not rate.flooded(BOT, OTHER, START + timedelta(minutes=1))
