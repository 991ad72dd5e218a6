from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.proofs.botapi.webhook import SECRET_HEADER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from aiohttp.web_request import BaseRequest

    from bot.proofs.botapi.bare import Bare
    from bot.proofs.botapi.clock import MovableClock
    from bot.proofs.botapi.server import BotApi


@dataclass
class Listener:
    """Somebody's webhook: notes what comes, answers what it is told to."""

    url: str = ""
    came: list[dict[str, Any]] = field(default_factory=list)
    secrets: list[str | None] = field(default_factory=list)
    answers: list[web.Response] = field(default_factory=list)
    held: asyncio.Event = field(default_factory=asyncio.Event)
    hold_messages: bool = False

    async def take(self, request: BaseRequest) -> web.Response:
        update = json.loads(await request.read())
        self.secrets.append(request.headers.get(SECRET_HEADER))
        self.came.append(update)
        if "message" in update and self.hold_messages:
            await self.held.wait()
        return self.answers.pop(0) if self.answers else web.Response()

    @property
    def texts(self) -> list[str]:
        return [update["message"]["text"] for update in self.came if "message" in update]


@asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    listener = Listener()
    runner = web.ServerRunner(web.Server(listener.take))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    listener.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield listener
    finally:
        listener.held.set()
        await runner.cleanup()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 -- what is awaited has no event of its own
            await asyncio.sleep(0.002)


async def advancing(clock: MovableClock, true: Callable[[], bool], step: float) -> float:
    """Move the clock in steps until something is so; returns how far it went."""
    gone = 0.0
    async with asyncio.timeout(10):
        while not true():
            for _ in range(20):
                await asyncio.sleep(0.001)
                if true():
                    return gone
            clock.advance(step)
            gone += step
    return gone


async def test_updates_come_with_the_secret_and_leave_the_queue(api: BotApi, caller: Bare) -> None:
    amina = await api.person()
    await amina.says("before it was set")
    async with listening() as listener:
        await caller.do("setWebhook", url=listener.url, secret_token="a-secret")
        await amina.says("after")
        await until(lambda: len(api.world.updates) == 0)
        assert listener.texts == ["before it was set", "after"]
        assert listener.secrets == ["a-secret"] * 2
        info = await caller.do("getWebhookInfo")
        assert (info["url"], info["pending_update_count"]) == (listener.url, 0)


async def test_a_chat_waits_for_its_own_failure_and_no_other_does(
    still: BotApi, still_caller: Bare, clock: MovableClock
) -> None:
    amina, boris = await still.person("Amina"), await still.person("Boris")
    async with listening() as listener:
        # The first retry comes at once, the second after a second.
        listener.answers = [web.Response(status=500), web.Response(status=500)]
        await still_caller.do("setWebhook", url=listener.url)
        await amina.says("first")
        await until(lambda: listener.texts == ["first"] * 2)
        await amina.says("second")
        await boris.says("other")
        await until(lambda: "other" in listener.texts)
        assert "second" not in listener.texts
        await advancing(clock, lambda: "second" in listener.texts, 0.5)
        assert listener.texts == ["first", "first", "other", "first", "second"]
        info = await still_caller.do("getWebhookInfo")
        assert info["last_error_message"] == "Wrong response from the webhook: 500"


async def test_retry_after_is_honoured(
    still: BotApi, still_caller: Bare, clock: MovableClock
) -> None:
    amina = await still.person()
    async with listening() as listener:
        listener.answers = [web.Response(status=503, headers={"Retry-After": "10"})]
        await still_caller.do("setWebhook", url=listener.url)
        await amina.says("once more please")
        await until(lambda: len(listener.came) == 1)
        gone = await advancing(clock, lambda: len(listener.came) == 2, 1.0)
        assert 10 <= gone <= 12


async def test_what_is_never_taken_is_dropped_after_a_day(
    still: BotApi, still_caller: Bare, clock: MovableClock
) -> None:
    amina = await still.person()
    async with listening() as listener:
        listener.answers = [web.Response(status=500) for _ in range(2000)]
        await still_caller.do("setWebhook", url=listener.url)
        await amina.says("nobody listens")
        gone = await advancing(clock, lambda: not still.world.updates.waiting(), 3600)
        assert 24 <= gone / 3600 <= 25


async def test_a_press_may_overtake_a_message(api: BotApi, caller: Bare) -> None:
    amina = await api.person()
    await amina.says("/start")
    keyboard = {"inline_keyboard": [[{"text": "Safe", "callback_data": "s"}]]}
    await caller.do("sendMessage", chat_id=amina.chat_id, text="?", reply_markup=keyboard)
    await caller.do("getUpdates", offset=-1)
    async with listening() as listener:
        listener.hold_messages = True
        await caller.do("setWebhook", url=listener.url)
        await amina.presses("Safe")
        await until(lambda: any("callback_query" in update for update in listener.came))
        # The press counts as taken when its answer has come back, a moment after it was heard.
        await until(lambda: len(api.world.updates) == 1)
        [left] = api.world.updates.waiting()
        assert "message" in left.update


async def test_a_method_in_the_answer_is_carried_out(api: BotApi, caller: Bare) -> None:
    amina = await api.person()
    async with listening() as listener:
        reply = {"method": "sendMessage", "chat_id": amina.chat_id, "text": "in the answer"}
        listener.answers = [web.json_response(reply)]
        await caller.do("setWebhook", url=listener.url)
        await amina.says("hi")
        await amina.hears("in the answer")


async def test_a_webhook_that_is_gone_for_23_hours_is_removed(
    still: BotApi, still_caller: Bare, clock: MovableClock
) -> None:
    amina = await still.person()
    async with listening() as listener:
        listener.answers = [web.Response(status=410) for _ in range(2000)]
        await still_caller.do("setWebhook", url=listener.url)
        await amina.says("hi")
        await advancing(clock, lambda: still._webhook.url == "", 3600)
    assert (await still_caller.do("getWebhookInfo"))["url"] == ""


async def test_addresses_and_secrets_that_telegram_refuses(api: BotApi, caller: Bare) -> None:
    plain = await caller.refusal("setWebhook", url="http://vigil.invalid/hook")
    assert "HTTPS" in plain
    secret = await caller.refusal("setWebhook", url="https://vigil.invalid", secret_token="a b")
    assert secret == "Bad Request: secret token contains unallowed characters"
