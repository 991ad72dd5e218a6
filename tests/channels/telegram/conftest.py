from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from bot.channels.telegram.client import TelegramClient
from bot.proofs.botapi.server import BotApi

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


class FixedClock:
    def now(self) -> datetime:
        return NOW


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi.running(limits=None) as server:
        yield server
        assert server.violations == []


@pytest.fixture
async def client(api: BotApi) -> AsyncIterator[TelegramClient]:
    opened = TelegramClient(token=api.token, api=api.base, clock=FixedClock())
    await opened.open()
    yield opened
    await opened.close()
