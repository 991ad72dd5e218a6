from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.proofs.botapi.bare import Bare
from bot.proofs.botapi.clock import MovableClock
from bot.proofs.botapi.server import BotApi

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    """A server on the machine's clock, without flood limits."""
    async with BotApi.running(limits=None) as server:
        yield server
        assert server.violations == []


@pytest.fixture
async def still(clock: MovableClock) -> AsyncIterator[BotApi]:
    """A server whose clock stands until the test moves it."""
    async with BotApi.running(limits=None, clock=clock) as server:
        yield server


@pytest.fixture
async def caller(api: BotApi) -> AsyncIterator[Bare]:
    """Somebody with the token of `api`."""
    async with Bare.calling(api) as bare:
        yield bare


@pytest.fixture
async def still_caller(still: BotApi) -> AsyncIterator[Bare]:
    """Somebody with the token of `still`."""
    async with Bare.calling(still) as bare:
        yield bare
