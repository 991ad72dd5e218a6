from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.domain.errors import RefusedError, SettingsError, VaultError
from bot.storage import copying
from bot.storage.backup import backup, restore
from bot.storage.engine import open_store
from bot.storage.move import move
from bot.vault.cipher import ApplicationCipher

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot.services.ports import Tx

PEOPLE = 30


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "BATCH", 7)


async def fill(url: str, cipher: ApplicationCipher, life: Callable[[Tx, int], None]) -> None:
    store = open_store(url, cipher)
    for number in range(PEOPLE):
        await store.write(lambda tx, n=number: life(tx, n))
    await store.close()


async def turns(url: str, cipher: ApplicationCipher) -> list[int]:
    store = open_store(url, cipher)

    def unit(tx: Tx) -> list[int]:
        ids = [tx.people.lock("web", f"canary-kestrel-4711-{n}") for n in range(PEOPLE)]
        sessions = [tx.sessions.load(id_) for id_ in ids]
        return [session.turn for session in sessions if session is not None]

    found = await store.write(unit)
    await store.close()
    return found


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'v.db'}"
    return request.getfixturevalue("postgres_url")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'new.db'}"
    return request.getfixturevalue("new_postgres_url")()


async def test_a_backup_is_restored_into_either_database(
    url: str, target: str, tmp_path: Path, cipher: ApplicationCipher,
    life: Callable[[Tx, int], None],
) -> None:  # fmt: skip
    await fill(url, cipher, life)
    folder = tmp_path / "backup"
    backup(url, folder)
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", "vigil.db"]
    restore(target, folder, cipher)
    assert await turns(target, cipher) == list(range(PEOPLE))
    await fill(target, cipher, life)
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", "vigil.db"]
    with pytest.raises((RefusedError, SettingsError)):
        restore(target, folder, cipher)


async def test_a_backup_never_holds_the_key_or_a_clear_word(
    tmp_path: Path, cipher: ApplicationCipher, life: Callable[[Tx, int], None]
) -> None:
    url = f"sqlite:///{tmp_path / 'v.db'}"
    await fill(url, cipher, life)
    backup(url, tmp_path / "backup")
    for path in (tmp_path / "backup").iterdir():
        held = path.read_bytes()
        assert b"canary" not in held
        assert bytes(range(32)) not in held
        assert bytes(range(32)).hex().encode() not in held
        assert not path.stat().st_mode & 0o077


async def test_a_damaged_or_foreign_backup_is_refused(
    tmp_path: Path, cipher: ApplicationCipher
) -> None:
    url, new = f"sqlite:///{tmp_path / 'v.db'}", f"sqlite:///{tmp_path / 'new.db'}"
    await open_store(url, cipher).close()
    folder = tmp_path / "backup"
    backup(url, folder)
    with pytest.raises(RefusedError, match="not empty"):
        backup(url, folder)
    with pytest.raises(VaultError, match="not the key"):
        restore(new, folder, ApplicationCipher(bytes(32)))
    with (folder / "vigil.db").open("r+b") as file:
        file.seek(5000)
        file.write(b"!")
    with pytest.raises(RefusedError, match="checksum"):
        restore(new, folder, cipher)
    (folder / "manifest.json").unlink()
    with pytest.raises(RefusedError, match="not a backup"):
        restore(new, folder, cipher)
    assert not (tmp_path / "new.db").exists()


@pytest.mark.postgres
async def test_a_move_that_was_stopped_anywhere_goes_on(
    postgres_url: str, tmp_path: Path, cipher: ApplicationCipher,
    life: Callable[[Tx, int], None], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    url = f"sqlite:///{tmp_path / 'v.db'}"
    await fill(url, cipher, life)
    real, left = copying._copy_batch, 0

    class PowerCutError(Exception):
        pass

    def cut(*args: object) -> bool:
        nonlocal left
        left -= 1
        if left < 0:
            raise PowerCutError
        return real(*args)

    monkeypatch.setattr(copying, "_copy_batch", cut)
    cuts = 0
    for _ in range(100):
        left = 6
        try:
            counts = move(url, postgres_url, cipher)
            break
        except PowerCutError:
            cuts += 1
            for half in (url, postgres_url):
                with pytest.raises(SettingsError, match="moved"):
                    open_store(half, cipher)
            # Every run looks once more at each finished table, so six looks do not reach the end.
            if cuts > 8:
                monkeypatch.setattr(copying, "_copy_batch", real)
    assert cuts > 2
    assert counts["session"] == counts["person"] == counts["outbox"] == PEOPLE
    assert await turns(postgres_url, cipher) == list(range(PEOPLE))
    await fill(postgres_url, cipher, lambda tx, n: life(tx, n + 1000))
    with pytest.raises(SettingsError, match="moved"):
        open_store(url, cipher)
    with pytest.raises(SettingsError, match="moved already"):
        move(url, postgres_url, cipher)


@pytest.mark.postgres
async def test_nothing_moves_while_vigil_runs_or_onto_other_rows(
    postgres_url: str, tmp_path: Path, cipher: ApplicationCipher
) -> None:
    url = f"sqlite:///{tmp_path / 'v.db'}"
    running = open_store(url, cipher)
    with pytest.raises(SettingsError, match="running"):
        move(url, postgres_url, cipher)
    await running.close()
    await open_store(postgres_url, cipher).close()
    with pytest.raises(SettingsError, match="holds rows"):
        move(url, postgres_url, cipher)
    await open_store(url, cipher).close()
