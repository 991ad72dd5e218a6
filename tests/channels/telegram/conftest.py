from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from bot.channels.telegram.client import TelegramClient
from bot.channels.telegram.door import Door
from bot.channels.telegram.hook import Hook
from bot.proofs.botapi.opinion import opinions
from bot.proofs.botapi.server import BotApi

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.domain.messages import Inbound


NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


class FixedClock:
    def now(self) -> datetime:
        return NOW


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


@pytest.fixture(autouse=True)
def coming_types(monkeypatch: pytest.MonkeyPatch) -> None:
    """python-telegram-bot warns of its coming types unless one asks for them."""
    monkeypatch.setenv("PTB_TIMEDELTA", "1")


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    """A server; afterwards schema and foreign libraries are asked about all that passed."""
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


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


@pytest.fixture
def door(client: TelegramClient, notebook: Notebook) -> Door:
    return Door(receive=notebook, client=client, clock=FixedClock(), pauses=[0.01])


@pytest.fixture
def hook(door: Door) -> Hook:
    return Hook(door, "a-secret-of-the-webhook")
