"""One store after the other for the same tests: SQLite in a file, then PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from bot.storage.engine import open_store
from bot.vault.cipher import ApplicationCipher

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.services.ports import Store

KEY = bytes(range(32))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'vigil.db'}"
    return request.getfixturevalue("postgres_url")


@pytest_asyncio.fixture
async def store(url: str) -> AsyncIterator[Store]:
    opened = open_store(url, ApplicationCipher(KEY))
    yield opened
    await opened.close()
