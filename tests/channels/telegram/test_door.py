from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from structlog.testing import capture_logs

from bot.channels.telegram.door import TRIES, Door
from bot.domain.errors import ConflictError
from bot.domain.messages import InboundKind
from bot.proofs.botapi.faults import Fault, FaultKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.channels.telegram.client import TelegramClient
    from bot.proofs.botapi.server import BotApi

SECRET = "a-secret-of-the-webhook"
CANARY = "canary-words-of-a-person"


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 -- what is awaited has no event of its own
            await asyncio.sleep(0.005)


class Polling:
    """A door that polls as long as the block lasts."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.stop = asyncio.Event()

    async def __aenter__(self) -> Door:
        self._tasks = [
            asyncio.ensure_future(self.door.poll(self.stop)),
            asyncio.ensure_future(self.door.acknowledge_presses(self.stop)),
        ]
        return self.door

    async def __aexit__(self, *_: object) -> None:
        self.stop.set()
        async with asyncio.timeout(5):
            await asyncio.gather(*self._tasks)


def text(number: int, words: str = "hello", chat: int = 5) -> dict[str, Any]:
    chat_of = {"id": chat, "type": "private"}
    message = {"message_id": number, "date": 1, "chat": chat_of, "text": words}
    return {"update_id": number, "message": message}


async def test_polling_brings_what_people_say_in_order(
    api: BotApi, door: Door, notebook: Any
) -> None:
    people = [await api.person(f"Person {number}") for number in range(3)]
    async with Polling(door):
        for number in range(5):
            for one in people:
                await one.says(str(number))
        await until(lambda: door.tally.taken == 15)
    for one in people:
        own = [i for i in notebook.taken if i.address == str(one.chat_id)]
        assert [i.words.reveal() for i in own] == list("01234")


async def test_what_was_taken_is_confirmed_by_the_next_poll(api: BotApi, door: Door) -> None:
    amina = await api.person()
    async with Polling(door):
        await amina.says("one")
        await until(lambda: len(api.world.updates) == 0)
    assert door.tally.taken == 1


async def test_a_webhook_set_before_does_not_keep_us_from_polling(
    api: BotApi, door: Door, client: TelegramClient
) -> None:
    await client.set_webhook("https://vigil.invalid/hook", SECRET)
    amina = await api.person()
    async with Polling(door):
        await amina.says("one")
        await until(lambda: door.tally.taken == 1)


async def test_who_may_not_poll_leaves_the_updates_alone(api: BotApi, door: Door) -> None:
    asked = asyncio.Event()

    async def never() -> bool:
        asked.set()
        return False

    door.may_poll = never
    async with Polling(door):
        await asked.wait()
    assert "getUpdates" not in api.world.counts


async def test_a_press_is_acknowledged_beside_the_work(
    api: BotApi, door: Door, client: TelegramClient, notebook: Any
) -> None:
    amina = await api.person()
    await amina.says("/start")
    keyboard = {"inline_keyboard": [[{"text": "Safe", "callback_data": "a.1.safe"}]]}
    await client._call(
        "sendMessage", {"chat_id": amina.chat_id, "text": "?", "reply_markup": keyboard}
    )
    async with Polling(door):
        await amina.presses("Safe")
        await until(lambda: api.world.counts.get("answered") == 1)
        await until(lambda: door.tally.taken == 2)
    assert notebook.taken[-1].kind is InboundKind.BUTTON
    assert notebook.taken[-1].data == "a.1.safe"


async def test_the_offset_never_passes_what_was_not_taken(door: Door, notebook: Any) -> None:
    notebook.refusals = [ConflictError("locked")]
    updates = [text(11, chat=5), text(12, chat=6), text(13, chat=5)]
    assert await door.take_all(updates, 11) == (11, False)
    # The other chat was not held up; the one that was stuck kept its order.
    assert [inbound.update_id for inbound in notebook.taken] == ["12"]
    assert await door.take_all(updates, 11) == (14, True)


async def test_an_update_that_meets_a_bug_is_tried_and_then_stepped_over(
    door: Door, notebook: Any
) -> None:
    notebook.refusals = [RuntimeError(CANARY)] * TRIES
    with capture_logs() as logs:
        for _ in range(TRIES - 1):
            assert await door.take_all([text(11)], 11) == (11, False)
        assert await door.take_all([text(11)], 11) == (12, True)
    assert door.tally.stepped_over == 1
    assert [entry["event"] for entry in logs] == ["update-failed"] * TRIES
    assert not notebook.taken


async def test_malformed_updates_are_counted_and_passed(door: Door, notebook: Any) -> None:
    updates = ["nonsense", {"update_id": 11, "message": CANARY}, text(12)]
    with capture_logs() as logs:
        assert await door.take_all(updates, 11) == (13, True)
    assert door.tally.malformed == 2
    assert notebook.words == ["hello"]
    assert CANARY not in json.dumps(logs)
    assert [entry["reason"] for entry in logs] == ["no-update-id", "not-an-object"]


async def test_polling_outlives_another_poller(
    api: BotApi, door: Door, client: TelegramClient
) -> None:
    amina = await api.person()
    async with Polling(door):
        await until(lambda: api.world.updates._poll is not None)
        other = asyncio.ensure_future(client._call("getUpdates", {"timeout": 50}))
        # Ours comes again and ends the other in its turn.
        assert (await other).code == "conflict"
        await amina.says("one")
        await until(lambda: door.tally.taken == 1)


async def test_polling_outlives_a_server_in_trouble(api: BotApi, door: Door) -> None:
    api.world.faults.add(Fault(kind=FaultKind.GARBAGE, on="getUpdates"))
    amina = await api.person()
    async with Polling(door):
        await amina.says("one")
        await until(lambda: door.tally.taken == 1)
    assert (FaultKind.GARBAGE, "getUpdates") in api.world.faults.struck
