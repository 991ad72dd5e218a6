"""What people really send: nonsense, floods, old buttons, files, silence. Each has an answer."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.domain.messages import InboundFile, InboundKind
from bot.services.tidy import KEPT_OUT

if TYPE_CHECKING:
    from bot.domain.messages import Outgoing
    from tests.services.conftest import HandClock, Mouth, Somebody


def text(messages: list[Outgoing]) -> str:
    return "\n".join(message.text for message in messages)


def data(messages: list[Outgoing], label: str) -> str:
    rows = (row for message in messages for row in message.buttons)
    return next(button.data for row in rows for button in row if label in button.label)


@pytest.mark.parametrize(
    "nonsense",
    ["asdf ghjk", "?!", "🙂🙂🙂", "𓂀", "\u202e\u200b\u0000", "{n} %s {{x}} <b>", "0", "-1"],
)
async def test_nonsense_gets_a_calm_answer_with_a_way_on(somebody: Somebody, nonsense: str) -> None:
    heard = await somebody.says(nonsense)
    assert heard
    assert any(message.buttons for message in heard)
    assert nonsense not in text(heard) or len(nonsense) < 3


async def test_five_thousand_characters_are_answered_like_five(somebody: Somebody) -> None:
    heard = await somebody.says("word " * 1_000)
    assert heard
    assert len(text(heard)) < 2_000


async def test_thirty_messages_in_a_second_are_all_taken_and_sos_is_heard(
    somebody: Somebody, clock: HandClock
) -> None:
    said = [await somebody.says(f"line {number}") for number in range(30)]
    slow = [heard for heard in said if "Many messages came at once" in text(heard)]
    assert len(slow) == 1
    heard = await somebody.says("sos")
    assert any(button.style == "danger" or button.copy for message in heard
               for row in message.buttons for button in row)  # fmt: skip
    clock.go(minutes=2)
    assert "Many messages" not in text(await somebody.says("/start"))


async def test_one_who_floods_slows_nobody_else(somebody: Somebody) -> None:
    for number in range(30):
        await somebody.says(f"line {number}")
    somebody.address = "700100201"
    assert "Many messages" not in text(await somebody.says("hello"))


async def test_a_button_of_yesterdays_message_changes_nothing(somebody: Somebody) -> None:
    await somebody.sends(InboundKind.COMMAND, data="start")
    menu = await somebody.sends(InboundKind.COMMAND, data="report")
    yes = data(menu, "Yes, it is safe")
    first = await somebody.presses(yes)
    assert first
    again = await somebody.presses(yes)
    assert text(again) != text(first)
    assert "Do you want to go on here?" in text(again)


@pytest.mark.parametrize("garbage", ["", "x", "a.1", "a.999999999999.zz", "f.nowhere", "\x00" * 64])
async def test_garbage_in_a_button_is_an_old_button(somebody: Somebody, garbage: str) -> None:
    await somebody.sends(InboundKind.COMMAND, data="start")
    assert await somebody.presses(garbage)


@pytest.mark.parametrize("kind", ["photo", "voice", "audio", "video", "document", "hologram"])
async def test_a_file_that_nobody_asked_for_is_answered_and_not_kept(
    somebody: Somebody, kind: str
) -> None:
    file = InboundFile(ref="handle-of-a-file", kind=kind, size=10**12)
    heard = await somebody.sends(InboundKind.FILE, file=file)
    assert heard
    assert "handle-of-a-file" not in text(heard)


@pytest.mark.parametrize(
    "kind",
    [InboundKind.LOCATION, InboundKind.CONTACT, InboundKind.STICKER, InboundKind.EDITED,
     InboundKind.OTHER, InboundKind.RETURNED],
)  # fmt: skip
async def test_everything_else_is_answered(somebody: Somebody, kind: InboundKind) -> None:
    assert await somebody.sends(kind)


async def test_a_group_is_told_once_a_day_that_cases_are_private(
    somebody: Somebody, clock: HandClock
) -> None:
    heard = [await somebody.sends(InboundKind.GROUP) for _ in range(5)]
    assert [bool(one) for one in heard] == [True, False, False, False, False]
    clock.go(days=1)
    assert await somebody.sends(InboundKind.GROUP)


async def test_the_same_update_twice_takes_effect_once(somebody: Somebody) -> None:
    assert await somebody.says("hello", update_id="one")
    assert not await somebody.says("hello", update_id="one")


async def test_who_blocked_us_is_not_written_to_and_is_welcome_back(
    somebody: Somebody, clock: HandClock, mouth: Mouth
) -> None:
    await somebody.sends(InboundKind.COMMAND, data="report")
    await somebody.sends(InboundKind.BLOCKED)
    said = len(mouth.said)
    clock.go(minutes=20)
    await somebody.parts.timers.sweep()
    await somebody.delivered()
    assert len(mouth.said) == said
    assert await somebody.sends(InboundKind.RETURNED)


async def test_silence_in_a_question_is_an_answer_and_comes_once(
    somebody: Somebody, clock: HandClock, mouth: Mouth
) -> None:
    await somebody.sends(InboundKind.COMMAND, data="mechanisms")
    said = len(mouth.said)
    clock.go(minutes=16)
    for _ in range(3):
        await somebody.parts.timers.sweep()
        await somebody.delivered()
    assert len(mouth.said) == said + 1


async def test_a_forwarded_message_is_no_command_and_no_answer(somebody: Somebody) -> None:
    heard = await somebody.says("forget me", forwarded=True)
    assert heard
    assert "forget" not in text(heard).lower()


async def test_what_they_wrote_leaves_the_chat_in_fifteen_minutes(
    somebody: Somebody, clock: HandClock, mouth: Mouth
) -> None:
    await somebody.says("my neighbour saw it")
    clock.go(minutes=15)
    await somebody.parts.tidying.delete_due()
    assert "theirs-1" in mouth.deleted
    assert not any(ref.startswith("ours") for ref in mouth.deleted)


@pytest.mark.parametrize("returns", [True, False])
async def test_what_stands_with_somebody_who_blocked_us_goes_when_it_can(
    somebody: Somebody, clock: HandClock, mouth: Mouth, *, returns: bool
) -> None:
    await somebody.says("my neighbour saw it")
    await somebody.sends(InboundKind.BLOCKED)
    mouth.kept_out = True
    clock.go(minutes=15)
    await somebody.parts.tidying.delete_due()
    mouth.kept_out = False
    clock.go(minutes=15)
    await somebody.parts.tidying.delete_due()
    assert mouth.deleted == [], "not every quarter of an hour"
    if returns:
        await somebody.sends(InboundKind.RETURNED)
    else:
        clock.at += KEPT_OUT
    await somebody.parts.tidying.delete_due()
    assert "theirs-1" in mouth.deleted


async def test_a_question_asked_right_after_a_matter_ended_stays_when_that_matter_is_cleared(
    somebody: Somebody, clock: HandClock, mouth: Mouth
) -> None:
    await somebody.sends(InboundKind.COMMAND, data="report")
    clock.go(seconds=5)
    await somebody.says("stop")
    old = {f"ours-{number}" for number in range(1, len(mouth.said) + 1)}
    clock.go(seconds=5)
    await somebody.sends(InboundKind.COMMAND, data="report")
    clock.go(seconds=20)
    await somebody.parts.timers.sweep()
    await somebody.parts.tidying.delete_due()
    asked = f"ours-{len(mouth.said)}"
    assert asked not in mouth.deleted
    assert old & set(mouth.deleted), "the first matter was cleared"
    clock.go(minutes=15)
    await somebody.parts.timers.sweep()
    await somebody.parts.tidying.delete_due()
    assert asked in mouth.deleted


async def test_everything_has_left_the_chat_after_a_day(
    somebody: Somebody, clock: HandClock, mouth: Mouth
) -> None:
    await somebody.sends(InboundKind.COMMAND, data="start")
    clock.at += timedelta(hours=24, seconds=1)
    await somebody.parts.tidying.delete_due()
    shown = {f"ours-{number}" for number in range(1, len(mouth.said) + 1)}
    assert shown <= set(mouth.deleted)
