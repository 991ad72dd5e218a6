from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from bot.domain.errors import ConflictError, SettingsError, VaultError
from bot.storage import sqlite as module
from bot.storage.engine import open_store
from bot.vault.cipher import ApplicationCipher

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot.services.ports import Tx

CANARY = b"canary-kestrel-4711"
NOW = datetime(2031, 5, 4, tzinfo=UTC)

_WRITER = """
import asyncio, sys
from bot.storage.engine import open_store
from bot.vault.cipher import ApplicationCipher
async def main():
    store = open_store(sys.argv[1], ApplicationCipher(bytes(range(32))))
    async def caller(who):
        n = 0
        while True:
            await store.write(lambda tx: tx.leases.note(f"{who}", str(n)))
            sys.stdout.write(f"{who} {n}\\n"); sys.stdout.flush()
            n += 1
    await asyncio.gather(*(caller(who) for who in range(10)))
asyncio.run(main())
"""


@pytest.mark.parametrize("lines", [1, 40, 700])
async def test_what_was_answered_before_a_kill_is_there(
    tmp_path: Path, cipher: ApplicationCipher, lines: int
) -> None:
    url = f"sqlite:///{tmp_path / 'v.db'}"
    with subprocess.Popen([sys.executable, "-c", _WRITER, url], stdout=subprocess.PIPE) as writer:  # noqa: ASYNC220 - the test waits for it
        assert writer.stdout is not None
        told = [writer.stdout.readline() for _ in range(lines)]
        writer.send_signal(signal.SIGKILL)
        told += [line for line in writer.stdout if line.endswith(b"\n")]
    answered = {who: int(n) for who, n in (line.split() for line in told)}
    store = open_store(url, cipher)
    for who, n in answered.items():
        noted = await store.read(lambda tx, who=who: tx.leases.noted(who.decode()))
        assert noted is not None
        assert int(noted) >= n
    await store.close()


async def test_nothing_of_a_person_is_in_any_file_in_clear(
    tmp_path: Path, cipher: ApplicationCipher, life: Callable[[Tx, int], None]
) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'v.db'}", cipher)
    await asyncio.gather(*(store.write(lambda tx, n=n: life(tx, n)) for n in range(30)))
    names = {path.name for path in tmp_path.iterdir()}
    assert {"v.db", "v.db-wal"} <= names
    for path in tmp_path.iterdir():
        assert CANARY not in path.read_bytes(), path.name
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path.name
    await store.scrub()
    assert (tmp_path / "v.db-wal").stat().st_size == 0
    await store.close()


async def test_deleted_bytes_are_gone_from_every_file_after_a_scrub(
    tmp_path: Path, cipher: ApplicationCipher
) -> None:
    class Clear(ApplicationCipher):
        def seal(self, clear: bytes, *, context: str) -> bytes:
            return clear if context.startswith("fact/") else super().seal(clear, context=context)

    store = open_store(f"sqlite:///{tmp_path / 'v.db'}", Clear(bytes(32)))
    await store.write(lambda tx: tx.leases.note("n", CANARY.decode()))
    assert any(CANARY in path.read_bytes() for path in tmp_path.iterdir())
    await store.write(lambda tx: tx.leases.note("n", "-"))
    await store.scrub()
    assert not any(CANARY in path.read_bytes() for path in tmp_path.iterdir())
    await store.close()


async def test_another_key_is_refused_in_one_sentence(
    tmp_path: Path, cipher: ApplicationCipher
) -> None:
    url = f"sqlite:///{tmp_path / 'v.db'}"
    await open_store(url, cipher).close()
    with pytest.raises(VaultError, match="is not the key of this database"):
        open_store(url, ApplicationCipher(bytes(32)))
    await open_store(url, cipher).close()


async def test_a_locked_database_is_a_conflict_and_heals(
    tmp_path: Path, cipher: ApplicationCipher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUSY_MS", 20)
    store = open_store(f"sqlite:///{tmp_path / 'v.db'}", cipher)
    other = sqlite3.connect(tmp_path / "v.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    units = [store.write(lambda tx: tx.leases.note("n", "1")) for _ in range(3)]
    results = await asyncio.gather(*units, return_exceptions=True)
    assert all(isinstance(result, ConflictError) for result in results)
    assert "locked by another program" in str(results[0])
    other.execute("ROLLBACK")
    other.close()
    await store.write(lambda tx: tx.leases.note("n", "1"))
    await store.close()


async def test_a_full_disk_is_a_conflict_and_heals(
    tmp_path: Path, cipher: ApplicationCipher, life: Callable[[Tx, int], None]
) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'v.db'}", cipher)
    assert isinstance(store, module.SqliteStore)
    # SQLite's own limit on pages gives the very error of a disk without room.
    store._conn.exec_driver_sql("PRAGMA max_page_count=60")
    units = [store.write(lambda tx, n=n: life(tx, n)) for n in range(200)]
    results = await asyncio.gather(*units, return_exceptions=True)
    told = {str(result) for result in results if result is not None}
    assert told == {"The disk is full: nothing can be written until there is room."}
    kept = [n for n, result in enumerate(results) if result is None]
    for n in range(200):
        noted = await store.read(lambda tx, n=n: tx.leases.noted(f"n{n}"))
        assert (noted is not None) == (n in kept)
    store._conn.exec_driver_sql("PRAGMA max_page_count=100000")
    await store.write(lambda tx: life(tx, 1))
    await store.close()


async def test_every_transaction_is_durable(tmp_path: Path, cipher: ApplicationCipher) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'v.db'}", cipher)
    assert isinstance(store, module.SqliteStore)
    asked = ("journal_mode", "synchronous", "secure_delete", "temp_store")
    got = [store._conn.exec_driver_sql(f"PRAGMA {name}").scalar() for name in asked]
    assert got == ["wal", 2, 1, 2]
    await store.close()


async def test_readers_cannot_write(tmp_path: Path, cipher: ApplicationCipher) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'v.db'}", cipher)
    with pytest.raises(ConflictError):
        await store.read(lambda tx: tx.leases.note("n", "1"))
    await store.close()


async def test_a_closed_store_says_so(cipher: ApplicationCipher) -> None:
    store = open_store("sqlite://", cipher)
    last = asyncio.create_task(store.write(lambda tx: tx.leases.note("n", "1")), name="last")
    await asyncio.sleep(0)
    await store.close()
    assert await last is None
    with pytest.raises(ConflictError, match="closed"):
        await store.write(lambda tx: None)


@pytest.mark.parametrize("url", ["nonsense", "mysql://x/y", "sqlite:////proc/none/v.db"])
def test_an_impossible_address_is_one_sentence(url: str, cipher: ApplicationCipher) -> None:
    with pytest.raises(SettingsError) as told:
        open_store(url, cipher)
    assert "\n" not in str(told.value)


def test_a_file_that_is_no_database_is_one_sentence(
    tmp_path: Path, cipher: ApplicationCipher
) -> None:
    (tmp_path / "v.db").write_bytes(os.urandom(4096))
    with pytest.raises(SettingsError, match="cannot be opened"):
        open_store(f"sqlite:///{tmp_path / 'v.db'}", cipher)


@pytest.mark.parametrize("table", ["outbox", "timer"])
async def test_a_claim_reads_an_index_of_what_is_due(
    table: str, tmp_path: Path, cipher: ApplicationCipher
) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'v.db'}", cipher)
    assert isinstance(store, module.SqliteStore)
    condition = {
        "outbox": "outbox.state = 'waiting' AND lane = 1 AND due_at <= 5 ORDER BY due_at, seq",
        "timer": "claimed_by IS NULL AND due_at <= 5 ORDER BY due_at, id",
    }[table]
    plan = store._conn.exec_driver_sql(
        f"EXPLAIN QUERY PLAN SELECT * FROM {table} WHERE {condition} LIMIT 5"  # noqa: S608 - ours
    ).all()
    assert f"ix_{table}_waiting" in plan[0][-1]
    assert "TEMP B-TREE" not in str(plan)
    await store.close()
