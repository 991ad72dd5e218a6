"""Shred keys, in a file of one machine and in the database that several share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.errors import SettingsError, VaultError
from bot.first_start import know_shred_keys
from bot.settings import Settings, load
from bot.storage.engine import open_store
from bot.storage.shred import SharedShredStore
from bot.vault.cipher import ApplicationCipher
from bot.vault.shred import ShredStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot.vault.shred import ShredKeys

KEY = b"invented-shred-key-of-32-bytes!!"


@pytest.fixture(params=["file", pytest.param("shared", marks=pytest.mark.postgres)])
def opens(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], ShredKeys]:
    """Return what opens the same keys, as another machine or another start would."""
    if request.param == "file":
        return lambda: ShredStore(tmp_path / "shred" / "keys.db")
    url = request.getfixturevalue("new_postgres_url")()
    return lambda: SharedShredStore(url)


def test_what_one_machine_keeps_another_finds_until_either_destroys_it(
    opens: Callable[[], ShredKeys],
) -> None:
    here, there = opens(), opens()
    assert here.identity() == there.identity()
    here.put("case-1", KEY)
    there.put("case-2", b"k" * 32)
    assert there.get("case-1") == KEY
    assert sorted(here.tags()) == ["case-1", "case-2"]
    assert there.destroy("case-1")
    assert not here.destroy("case-1")
    for one in (here, there):
        with pytest.raises(VaultError, match="shredded"):
            one.get("case-1")
        assert one.get("case-2") == b"k" * 32


def test_a_key_is_given_once(opens: Callable[[], ShredKeys]) -> None:
    keys = opens()
    keys.put("case-1", KEY)
    with pytest.raises(Exception) as refused:  # noqa: PT011 - of either database
        keys.put("case-1", b"k" * 32)
    assert KEY.decode() not in str(refused.value)
    assert keys.get("case-1") == KEY


@pytest.mark.postgres
def test_no_file_of_the_shared_table_holds_a_destroyed_key(new_postgres_url: Any) -> None:
    keys = SharedShredStore(new_postgres_url())
    keys.put("case-1", KEY)
    keys.put("case-2", b"k" * 32)

    def table() -> bytes:
        from sqlalchemy import text  # noqa: PLC0415

        with keys._engine.connect() as conn:
            conn.execute(text("CHECKPOINT"))
            path = conn.execute(text("SELECT pg_relation_filepath('shred_key')")).scalar_one()
            read = text(
                "SELECT pg_read_binary_file(current_setting('data_directory') || '/' || :p)"
            )
            return bytes(conn.execute(read, {"p": path}).scalar_one())

    assert KEY in table()
    keys.destroy("case-1")
    assert KEY not in table()
    assert b"k" * 32 in table()


async def test_a_machine_with_other_shred_keys_does_not_start(tmp_path: Path, url: str) -> None:
    store = open_store(url, ApplicationCipher(bytes(range(32))))
    one, other = (Settings(home=tmp_path / name) for name in ("one", "other"))
    await know_shred_keys(one, store)
    await know_shred_keys(one, store)
    with pytest.raises(SettingsError, match="VIGIL_SHRED_URL"):
        await know_shred_keys(other, store)
    await know_shred_keys(other, store, anew=True)
    with pytest.raises(SettingsError, match="shred-anew"):
        await know_shred_keys(one, store)
    await store.close()


@pytest.mark.parametrize(
    ("shred", "database"),
    [("postgresql://invented.example/a", "postgresql://invented.example/a")],
)
def test_shred_keys_never_lie_where_the_cases_are(shred: str, database: str) -> None:
    with pytest.raises(SettingsError, match="VIGIL_SHRED_URL"):
        load(shred_url=shred, database_url=database)
    with pytest.raises(SettingsError, match="SQLite"):
        SharedShredStore("sqlite:///invented.db")
