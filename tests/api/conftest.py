from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bot.storage.engine import open_store
from bot.vault.cipher import ApplicationCipher
from tests.api.desk_house import DeskHouse

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
async def make_house(tmp_path: Path) -> Any:
    cipher = ApplicationCipher(bytes(range(32)))
    store = open_store(f"sqlite:///{tmp_path / 'vigil.db'}", cipher)

    async def make(**options: Any) -> DeskHouse:
        made = DeskHouse(store=store, cipher=cipher, folder=tmp_path / "home", **options)
        await made.people()
        return made

    yield make
    await store.close()


@pytest.fixture
async def house(make_house: Any) -> DeskHouse:
    made: DeskHouse = await make_house()
    return made
