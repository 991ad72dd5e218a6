from __future__ import annotations

import asyncio
import json
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
from bot.proofs.botapi.faults import Fault, FaultKind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from bot.proofs.botapi.server import BotApi

SECRET = "a-secret-of-the-webhook"
CANARY = "canary-words-of-a-person"


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 -- what is awaited has no event of its own
            await asyncio.sleep(0.005)


def text(number: int, words: str = "hello", chat: int = 5) -> dict[str, Any]:
    chat_of = {"id": chat, "type": "private"}
    message = {"message_id": number, "date": 1, "chat": chat_of, "text": words}
    return {"update_id": number, "message": message}


def test_a_webhook_without_a_secret_does_not_start(door: Door) -> None:
    with pytest.raises(SettingsError, match="VIGIL_WEBHOOK_SECRET"):
        Hook(door, "")


@pytest.fixture
async def browser(hook: Hook) -> AsyncIterator[AsyncClient]:
    app = Starlette(routes=[Route("/telegram", hook, methods=["POST"])])
    async with AsyncClient(transport=ASGITransport(app), base_url="http://vigil") as opened:
        yield opened


async def post(browser: AsyncClient, body: Any, secret: str | None = SECRET) -> int:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {} if secret is None else {"X-Telegram-Bot-Api-Secret-Token": secret}
    return (await browser.post("/telegram", content=content, headers=headers)).status_code


async def test_only_the_secret_opens(browser: AsyncClient, notebook: Any) -> None:
    assert await post(browser, text(1), secret=None) == 401
    assert await post(browser, text(1), secret=SECRET[:-1]) == 401
    assert notebook.taken == []
    assert await post(browser, text(1)) == 200
    assert notebook.words == ["hello"]


async def test_200_is_said_after_the_commit_and_not_without_one(
    browser: AsyncClient, notebook: Any
) -> None:
    notebook.refusals = [ConflictError("locked"), RuntimeError("a bug")]
    assert await post(browser, text(1)) == 500
    assert await post(browser, text(1)) == 500
    assert await post(browser, text(1)) == 200
    assert len(notebook.taken) == 1


async def test_a_bug_silences_nobody_for_a_day(
    browser: AsyncClient, door: Door, notebook: Any
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
    browser: AsyncClient, door: Door, notebook: Any, body: Any
) -> None:
    with capture_logs() as logs:
        assert await post(browser, body) == 200
    assert door.tally.malformed == 1
    assert notebook.taken == []
    assert CANARY not in json.dumps(logs)


async def test_a_body_larger_than_any_update_is_refused(
    browser: AsyncClient, notebook: Any
) -> None:
    assert await post(browser, b"x" * (LARGEST_UPDATE + 1)) == 413
    assert notebook.taken == []


async def test_while_we_stop_telegram_is_asked_to_come_again(
    browser: AsyncClient, hook: Hook, notebook: Any
) -> None:
    hook.drain()
    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    answer = await browser.post("/telegram", json=text(1), headers=headers)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert notebook.taken == []


async def test_telegram_posts_to_the_hook_over_real_http(
    api: BotApi, door: Door, hook: Hook, notebook: Any
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
