from __future__ import annotations

import asyncio
from random import Random
from typing import TYPE_CHECKING

import aiohttp
import pytest

from bot.proofs.botapi.acts import NotOfferedError
from bot.proofs.botapi.bare import Bare
from bot.proofs.botapi.faults import Fault, FaultKind, Faults
from bot.proofs.botapi.remote import Remote

if TYPE_CHECKING:
    from bot.proofs.botapi.clock import MovableClock
    from bot.proofs.botapi.server import BotApi


async def test_a_dropped_call_never_took_effect(api: BotApi, caller: Bare) -> None:
    amina = await api.person()
    await amina.says("/start")
    api.world.faults.add(Fault(kind=FaultKind.DROP, on="sendMessage"))
    with pytest.raises(aiohttp.ClientError):
        await caller.do("sendMessage", chat_id=amina.chat_id, text="x")
    assert "sent" not in api.world.counts
    assert await caller.do("sendMessage", chat_id=amina.chat_id, text="x")


async def test_a_lost_answer_took_effect(api: BotApi, caller: Bare) -> None:
    amina = await api.person()
    await amina.says("/start")
    api.world.faults.add(Fault(kind=FaultKind.LOSE_ANSWER, on="sendMessage"))
    with pytest.raises(aiohttp.ClientError):
        await caller.do("sendMessage", chat_id=amina.chat_id, text="x")
    await amina.hears("x")


async def test_a_refusal_is_as_it_was_asked_for(api: BotApi, caller: Bare) -> None:
    fault = Fault(kind=FaultKind.REFUSE, code=429, parameters={"retry_after": 3})
    api.world.faults.add(fault)
    answer = await caller.answer("getMe")
    assert (answer["error_code"], answer["parameters"]) == (429, {"retry_after": 3})


@pytest.mark.parametrize("kind", [FaultKind.DELAY, FaultKind.DELAY_ANSWER])
async def test_a_delay_is_measured_by_the_clock(
    still: BotApi, still_caller: Bare, clock: MovableClock, kind: FaultKind
) -> None:
    still.world.faults.add(Fault(kind=kind, on="getMe", seconds=5))
    call = asyncio.ensure_future(still_caller.do("getMe"))
    async with asyncio.timeout(5):
        while not clock._waiting:  # noqa: ASYNC110 -- the clock has no event for it
            await asyncio.sleep(0.001)
    assert not call.done()
    clock.advance(5)
    assert await call


async def test_updates_are_lost_late_or_double(
    still: BotApi, still_caller: Bare, clock: MovableClock
) -> None:
    amina = await still.person()
    for kind in (FaultKind.DROP, FaultKind.DUPLICATE, FaultKind.DELAY):
        still.world.faults.add(Fault(kind=kind, on="update", seconds=9))
    for text in ("lost", "double", "late", "as ever"):
        await amina.says(text)
    updates = await still_caller.do("getUpdates")
    assert [update["message"]["text"] for update in updates] == ["double", "double", "as ever"]
    assert updates[0]["update_id"] == updates[1]["update_id"]
    clock.advance(10)
    updates = await still_caller.do("getUpdates", offset=1, timeout=1)
    assert updates[-1]["message"]["text"] == "late"


def test_faults_fit_by_method_chat_and_number() -> None:
    faults = Faults(Random(1))  # noqa: S311 -- chance of a proof, seeded
    faults.add(Fault(kind=FaultKind.DROP, on="sendMessage", chat_id=5, times=2))
    assert faults.strike("getMe", None) is None
    assert faults.strike("sendMessage", 6) is None
    assert faults.strike("sendMessage", 5) is not None
    assert faults.strike("sendMessage", 5) is not None
    assert faults.strike("sendMessage", 5) is None
    faults.add(Fault(kind=FaultKind.DROP, times=None))
    assert faults.strike("update", 5) is None
    faults.clear()
    faults.add(Fault(kind=FaultKind.DROP, on="getMe", times=None, chance=0.3))
    struck = sum(faults.strike("getMe", None) is not None for _ in range(1000))
    assert 250 < struck < 350


async def test_a_server_in_its_own_process_has_the_same_people() -> None:
    async with Remote.started("--movable-clock") as remote, Bare.calling(remote) as caller:
        amina = await remote.person(language="es")
        await amina.says("/start")
        (update,) = await caller.do("getUpdates", timeout=5)
        keyboard = {"inline_keyboard": [[{"text": "Sí", "callback_data": "y"}]]}
        fields = {"chat_id": amina.chat_id, "text": "¿Sí?", "reply_markup": keyboard}
        await caller.do("sendMessage", **fields)
        assert (await amina.hears("¿Sí?")).labels == ("Sí",)
        with pytest.raises(NotOfferedError, match="Sí"):
            await amina.presses("No")
        await amina.presses("Sí")
        await amina.sends_photo(b"\x00\xff")
        offset = update["update_id"] + 1
        updates = await caller.do("getUpdates", offset=offset)
        assert [min(one) for one in updates] == ["callback_query", "message"]
        await remote.do("fault", kind="drop", on="getMe")
        with pytest.raises(aiohttp.ClientError):
            await caller.do("getMe")
        await remote.do("advance", seconds=151)
        updates = await caller.do("getUpdates", offset=offset + 5)
        assert updates == []
        state = await remote.do("state")
        assert state["violations"] == []
        assert state["counts"]["sent"] == 1
        assert len(await remote.do("replayable")) == 3
        with pytest.raises(RuntimeError, match="no act"):
            await remote.do("nonsense")
