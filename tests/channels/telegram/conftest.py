from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from bot.channels.telegram.client import TelegramClient
from bot.proofs.botapi.opinion import opinions
from bot.proofs.botapi.server import BotApi

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


class FixedClock:
    def now(self) -> datetime:
        return NOW


@pytest.fixture
async def api(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[BotApi]:
    """A server; afterwards schema and foreign libraries are asked about all that passed."""
    monkeypatch.setenv("PTB_TIMEDELTA", "1")
    async with BotApi.running(limits=None) as server:
        yield server
        assert server.violations == []
        assert opinions(server.world) == []


@pytest.fixture
async def client(api: BotApi) -> AsyncIterator[TelegramClient]:
    opened = TelegramClient(token=api.token, api=api.base, clock=FixedClock())
    await opened.open()
    yield opened
    await opened.close()
