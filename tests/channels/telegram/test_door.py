from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from httpx import ASGITransport, AsyncClient
from starlette.applications import Starlette
from starlette.routing import Route
from structlog.testing import capture_logs

from bot.channels.telegram.door import TRIES, Door
from bot.channels.telegram.hook import LARGEST_UPDATE, Hook
from bot.domain.errors import ConflictError, SettingsError
from bot.domain.messages import InboundKind
from bot.proofs.botapi.faults import Fault, FaultKind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from bot.channels.telegram.client import TelegramClient
    from bot.domain.messages import Inbound
    from bot.proofs.botapi.server import BotApi

SECRET = "a-secret-of-the-webhook"
CANARY = "canary-words-of-a-person"


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 -- what is awaited has no event of its own
            await asyncio.sleep(0.005)


@dataclass
class Notebook:
    """A reception that writes down what it was brought, and can refuse."""

    taken: list[Inbound] = field(default_factory=list)
    refusals: list[Exception] = field(default_factory=list)

    async def __call__(self, inbound: Inbound) -> None:
        if self.refusals:
            raise self.refusals.pop(0)
        self.taken.append(inbound)

    @property
    def words(self) -> list[str]:
        return [inbound.words.reveal() for inbound in self.taken if inbound.words]


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


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


@pytest.fixture
def door(client: TelegramClient, notebook: Notebook) -> Door:
    return Door(receive=notebook, client=client, clock=client._clock, pauses=[0.01])


async def test_polling_brings_what_people_say_in_order(
    api: BotApi, door: Door, notebook: Notebook
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
    api: BotApi, door: Door, client: TelegramClient, notebook: Notebook
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


async def test_the_offset_never_passes_what_was_not_taken(door: Door, notebook: Notebook) -> None:
    notebook.refusals = [ConflictError("locked")]
    updates = [text(11, chat=5), text(12, chat=6), text(13, chat=5)]
    assert await door.take_all(updates, 11) == (11, False)
    # The other chat was not held up; the one that was stuck kept its order.
    assert [inbound.update_id for inbound in notebook.taken] == ["12"]
    assert await door.take_all(updates, 11) == (14, True)


async def test_an_update_that_meets_a_bug_is_tried_and_then_stepped_over(
    door: Door, notebook: Notebook
) -> None:
    notebook.refusals = [RuntimeError(CANARY)] * TRIES
    with capture_logs() as logs:
        for _ in range(TRIES - 1):
            assert await door.take_all([text(11)], 11) == (11, False)
        assert await door.take_all([text(11)], 11) == (12, True)
    assert door.tally.stepped_over == 1
    assert [entry["event"] for entry in logs] == ["update-failed"] * TRIES
    assert not notebook.taken


async def test_malformed_updates_are_counted_and_passed(door: Door, notebook: Notebook) -> None:
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


async def test_telegram_posts_to_the_hook_over_real_http(
    api: BotApi, door: Door, hook: Hook, notebook: Notebook
) -> None:
    app = Starlette(routes=[Route("/telegram", hook, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))
    serving = asyncio.ensure_future(server.serve())
    await until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        people = [await api.person(f"Person {number}") for number in range(4)]
        # The first attempt to tell Telegram fails; it is told again.
        api.world.faults.add(Fault(kind=FaultKind.GARBAGE, on="setWebhook"))
        url = f"http://127.0.0.1:{port}/telegram"
        await door.announce(asyncio.Event(), url=url, secret=SECRET)
        notebook.refusals = [ConflictError("locked")]
        for number in range(5):
            for one in people:
                await one.says(str(number))
        await until(lambda: door.tally.taken == 20)
    finally:
        server.should_exit = True
        await serving
    for one in people:
        own = [i for i in notebook.taken if i.address == str(one.chat_id)]
        assert [i.words.reveal() for i in own] == list("01234")
    assert door.tally.failed == 1


async def test_polling_outlives_a_server_in_trouble(api: BotApi, door: Door) -> None:
    api.world.faults.add(Fault(kind=FaultKind.GARBAGE, on="getUpdates"))
    amina = await api.person()
    async with Polling(door):
        await amina.says("one")
        await until(lambda: door.tally.taken == 1)
    assert (FaultKind.GARBAGE, "getUpdates") in api.world.faults.struck


def test_a_webhook_without_a_secret_does_not_start(door: Door) -> None:
    with pytest.raises(SettingsError, match="VIGIL_WEBHOOK_SECRET"):
        Hook(door, "")


@pytest.fixture
def hook(door: Door) -> Hook:
    return Hook(door, SECRET)


@pytest.fixture
async def browser(hook: Hook) -> AsyncIterator[AsyncClient]:
    app = Starlette(routes=[Route("/telegram", hook, methods=["POST"])])
    async with AsyncClient(transport=ASGITransport(app), base_url="http://vigil") as opened:
        yield opened


async def post(browser: AsyncClient, body: Any, secret: str | None = SECRET) -> int:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {} if secret is None else {"X-Telegram-Bot-Api-Secret-Token": secret}
    return (await browser.post("/telegram", content=content, headers=headers)).status_code


async def test_only_the_secret_opens(browser: AsyncClient, notebook: Notebook) -> None:
    assert await post(browser, text(1), secret=None) == 401
    assert await post(browser, text(1), secret=SECRET[:-1]) == 401
    assert notebook.taken == []
    assert await post(browser, text(1)) == 200
    assert notebook.words == ["hello"]


async def test_200_is_said_after_the_commit_and_not_without_one(
    browser: AsyncClient, notebook: Notebook
) -> None:
    notebook.refusals = [ConflictError("locked"), RuntimeError("a bug")]
    assert await post(browser, text(1)) == 500
    assert await post(browser, text(1)) == 500
    assert await post(browser, text(1)) == 200
    assert len(notebook.taken) == 1


async def test_a_bug_silences_nobody_for_a_day(
    browser: AsyncClient, door: Door, notebook: Notebook
) -> None:
    notebook.refusals = [RuntimeError("a bug")] * TRIES
    assert [await post(browser, text(1)) for _ in range(TRIES)] == [500] * (TRIES - 1) + [200]
    assert (door.tally.stepped_over, door.tally.taken) == (1, 0)
    assert await post(browser, text(2)) == 200
    assert door._tries == {}


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe", [], {}, {"update_id": 5, "message": {"text": CANARY}}]
)
async def test_what_is_no_update_is_taken_so_that_it_does_not_come_again(
    browser: AsyncClient, door: Door, notebook: Notebook, body: Any
) -> None:
    with capture_logs() as logs:
        assert await post(browser, body) == 200
    assert door.tally.malformed == 1
    assert notebook.taken == []
    assert CANARY not in json.dumps(logs)


async def test_a_body_larger_than_any_update_is_refused(
    browser: AsyncClient, notebook: Notebook
) -> None:
    assert await post(browser, b"x" * (LARGEST_UPDATE + 1)) == 413
    assert notebook.taken == []


async def test_while_we_stop_telegram_is_asked_to_come_again(
    browser: AsyncClient, hook: Hook, notebook: Notebook
) -> None:
    hook.drain()
    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    answer = await browser.post("/telegram", json=text(1), headers=headers)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert notebook.taken == []
