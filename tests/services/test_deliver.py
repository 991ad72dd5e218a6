"""What becomes of a message when the channel does not simply take it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.errors import SendError
from bot.domain.messages import InboundKind

if TYPE_CHECKING:
    from tests.services.conftest import HandClock, Mouth, Somebody


async def test_a_message_held_back_by_the_channel_comes_at_its_time(
    somebody: Somebody, clock: HandClock, mouth: Mouth
) -> None:
    mouth.trouble = [SendError("flood", retry_at=clock.now() + timedelta(seconds=40))]
    assert not await somebody.sends(InboundKind.COMMAND, data="start")
    clock.go(seconds=39)
    await somebody.delivered()
    assert not mouth.said
    clock.go(seconds=1)
    await somebody.delivered()
    assert mouth.said
    assert mouth.said[0][1].repeat_of is None


async def test_a_message_that_may_have_arrived_is_repeated_with_a_mark(
    somebody: Somebody, clock: HandClock, mouth: Mouth
) -> None:
    mouth.trouble = [SendError("timeout", uncertain=True)]
    first = (await somebody.sends(InboundKind.COMMAND, data="start"))[0]
    clock.go(minutes=1)
    await somebody.delivered()
    again = mouth.said[1][1]
    assert first.repeat_of is None
    assert again.repeat_of is not None
    assert again.repeat_of in again.text
    assert again.text.endswith(first.text)


async def test_nothing_is_sent_to_who_is_gone_until_they_write(
    somebody: Somebody, clock: HandClock, mouth: Mouth
) -> None:
    mouth.trouble = [SendError("blocked", gone=True)]
    await somebody.sends(InboundKind.COMMAND, data="start")
    clock.go(minutes=5)
    await somebody.delivered()
    said = len(mouth.said)
    clock.go(minutes=30)
    await somebody.delivered()
    assert len(mouth.said) == said
    assert await somebody.says("hello")


async def test_a_message_that_the_channel_will_never_take_holds_up_nothing(
    somebody: Somebody, mouth: Mouth
) -> None:
    mouth.trouble = [SendError("refused", rejected=True)]
    await somebody.sends(InboundKind.COMMAND, data="start")
    assert await somebody.says("hello")
