"""Several bots in one program: each with its people, its door and its pace."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from bot.app import TelegramBot, make
from bot.channels.telegram import NAME, further
from bot.channels.telegram.client import TelegramClient
from bot.content.library import Bookcase, open_library
from bot.domain.errors import SettingsError
from bot.opening import opened_store
from bot.proofs.botapi.clock import MovableClock
from bot.proofs.botapi.server import TOKEN, BotApi
from bot.scripts import START, ScriptClock
from bot.settings import Settings, load

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.app import Running

SECOND = "7000000002:fake-token-of-another-invented-bot-0000"


@asynccontextmanager
async def two_bots(
    home: Path,
) -> AsyncIterator[tuple[Running, BotApi, BotApi]]:
    moves = MovableClock(START.timestamp())
    async with (
        BotApi.running(limits=None, clock=moves) as first,
        BotApi.running(limits=None, clock=moves, token=SECOND) as second,
    ):
        first.beside.append(second)
        settings = Settings(
            home=home, telegram_token=SecretStr(TOKEN), telegram_more_tokens=SecretStr(SECOND),
            telegram_api=first.base,
        )  # fmt: skip
        async with opened_store(settings) as store:
            running = make(settings, store, Bookcase(open_library()), clock=ScriptClock())
            yield running, first, second
            await running.close()


async def test_each_bot_answers_its_own_people(tmp_path: Path) -> None:
    async with two_bots(tmp_path) as (running, first, second):
        # The same number at both: a chat with one bot is not a chat with the other.
        people = [await api.person(user_id=5_500_000_001) for api in (first, second)]
        for bot, person in zip(running.bots, people, strict=True):
            await person.says("/start")
            assert bot.door is not None
            await bot.client.open()
            await bot.door.take_all(await bot.client.updates(0), 0)
            await running.parts.delivery.deliver_due()
            assert (await person.hears(within=0)).text
        assert [len(api.world.record) > 0 for api in (first, second)] == [True, True]
        known = await running.parts.store.read(
            lambda tx: [tx.people.lock(bot.client.name, "5500000001") for bot in running.bots]
        )
        assert len(set(known)) == 2


async def test_the_name_of_a_bot_says_nothing_of_its_token_and_stays_when_that_changes() -> None:
    name = further(SECOND)
    assert name != NAME
    assert "7000000002" not in name
    assert further("7000000002:a-new-token-of-the-same-invented-bot-00") == name


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("no token", "not a list of bot tokens"),
        (TOKEN, "names a bot twice"),
        (f"{SECOND},{SECOND}", "names a bot twice"),
    ],
)
def test_a_wrong_list_of_bots_is_one_clear_sentence(more: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said) as caught:
        load(telegram_token=SecretStr(TOKEN), telegram_more_tokens=SecretStr(more))
    assert "fake-token" not in str(caught.value)


def test_further_bots_need_a_first_one() -> None:
    with pytest.raises(SettingsError, match="VIGIL_TELEGRAM_TOKEN must be set"):
        load(telegram_more_tokens=SecretStr(SECOND))


def test_each_bot_has_a_webhook_of_its_own() -> None:
    clock = ScriptClock()
    bots = [
        TelegramBot(client=TelegramClient(token=token, api="http://x", clock=clock, name=name))
        for name, token in ((NAME, TOKEN), (further(SECOND), SECOND))
    ]
    found = [bot.address("https://vigil.example/hook") for bot in bots]
    assert found == [
        "https://vigil.example/hook",
        f"https://vigil.example/hook/{further(SECOND)}",
    ]
