from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.proofs.botapi.bare import Bare
    from bot.proofs.botapi.clock import MovableClock
    from bot.proofs.botapi.server import BotApi

DAY = 86_400.0


async def test_updates_come_again_until_they_are_confirmed(api: BotApi, caller: Bare) -> None:
    amina = await api.person()
    await amina.says("one")
    await amina.says("two")
    first = await caller.do("getUpdates")
    assert [update["message"]["text"] for update in first] == ["one", "two"]
    api.world.updates._last_taken_at = float("-inf")
    assert await caller.do("getUpdates") == first
    rest = await caller.do("getUpdates", offset=first[0]["update_id"] + 1)
    assert rest == first[1:]
    assert await caller.do("getUpdates", offset=first[1]["update_id"] + 1) == []


async def test_the_same_offset_at_once_gives_one_update_alone(api: BotApi, caller: Bare) -> None:
    amina = await api.person()
    for text in ("one", "two", "three"):
        await amina.says(text)
    assert len(await caller.do("getUpdates", offset=5)) == 3
    assert len(await caller.do("getUpdates", offset=5)) == 1


async def test_a_negative_offset_forgets_all_before(api: BotApi, caller: Bare) -> None:
    amina = await api.person()
    for text in ("one", "two", "three"):
        await amina.says(text)
    (last,) = await caller.do("getUpdates", offset=-1)
    assert last["message"]["text"] == "three"
    assert len(api.world.updates) == 1


async def test_a_long_poll_ends_when_something_is_said(api: BotApi, caller: Bare) -> None:
    amina = await api.person()
    async with asyncio.timeout(5):
        poll = asyncio.ensure_future(caller.do("getUpdates", timeout=50))
        await waiting(api)
        await amina.says("here")
        (update,) = await poll
    assert update["message"]["text"] == "here"


async def test_a_long_poll_is_cut_to_fifty_seconds(
    still: BotApi, still_caller: Bare, clock: MovableClock
) -> None:
    poll = asyncio.ensure_future(still_caller.do("getUpdates", timeout=600))
    await waiting(still)
    clock.advance(51)
    assert await poll == []


async def test_a_second_poller_ends_the_first(api: BotApi, caller: Bare) -> None:
    first = asyncio.ensure_future(caller.refusal("getUpdates", timeout=50))
    await waiting(api)
    amina = await api.person()
    second = asyncio.ensure_future(caller.do("getUpdates", timeout=50))
    assert (await first).startswith("Conflict: terminated by other getUpdates request")
    await amina.says("to the second")
    assert len(await second) == 1


async def test_polling_beside_a_webhook_is_refused(api: BotApi, caller: Bare) -> None:
    poll = asyncio.ensure_future(caller.refusal("getUpdates", timeout=50))
    await waiting(api)
    await caller.do("setWebhook", url="https://vigil.invalid/hook")
    assert await poll == "Conflict: terminated by setWebhook request"
    refusal = await caller.refusal("getUpdates")
    assert refusal.startswith("Conflict: can't use getUpdates method while webhook is active")


async def test_messages_wait_a_day_and_presses_150_seconds(
    still: BotApi, still_caller: Bare, clock: MovableClock
) -> None:
    amina = await still.person()
    await amina.says("/start")
    keyboard = {"inline_keyboard": [[{"text": "Safe", "callback_data": "s"}]]}
    await still_caller.do("sendMessage", chat_id=amina.chat_id, text="?", reply_markup=keyboard)
    await amina.presses("Safe")
    clock.advance(149)
    kinds = [sorted(update) for update in await still_caller.do("getUpdates")]
    assert kinds == [["message", "update_id"], ["callback_query", "update_id"]]
    clock.advance(2)
    assert len(await still_caller.do("getUpdates", offset=1)) == 1
    clock.advance(DAY)
    assert await still_caller.do("getUpdates", offset=2) == []
    assert still.world.updates.expired == 2


async def test_only_the_kinds_asked_for_are_queued(api: BotApi, caller: Bare) -> None:
    amina = await api.person()
    await caller.do("getUpdates", allowed_updates=["message"])
    said = await amina.says("one")
    await amina.edits(said, "two")
    await amina.blocks()
    updates = await caller.do("getUpdates", offset=1)
    assert [sorted(update) for update in updates] == [["message", "update_id"]]


async def waiting(api: BotApi) -> None:
    """Return when a long poll waits at the server."""
    async with asyncio.timeout(5):
        while api.world.updates._poll is None:  # noqa: ASYNC110 -- the server has no such event
            await asyncio.sleep(0)
