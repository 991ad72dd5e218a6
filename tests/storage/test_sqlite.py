from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from bot.domain.errors import ConflictError, SettingsError, VaultError
from bot.domain.ids import ChannelName, LanguageTag
from bot.domain.messages import Outgoing
from bot.domain.people import Person
from bot.services.ports import Envelope, Lane
from bot.storage import sqlite as module
from bot.storage.engine import open_store
from bot.vault.cipher import ApplicationCipher

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot.services.ports import Tx

CANARY = b"canary-kestrel-4711"
NOW = datetime(2031, 5, 4, tzinfo=UTC)


def _files(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Return contents and mode of every file, by name."""
    return {
        path.name: (path.read_bytes(), stat.S_IMODE(path.stat().st_mode))
        for path in folder.iterdir()
    }


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
    command = [sys.executable, "-c", _WRITER, url]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:  # noqa: ASYNC220 - ours, and the test waits for it
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
    files = _files(tmp_path)
    assert {"v.db", "v.db-wal"} <= set(files)
    for name, (held, mode) in files.items():
        assert CANARY not in held, name
        assert not mode & 0o077, name
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
    assert any(CANARY in held for held, _ in _files(tmp_path).values())
    await store.write(lambda tx: tx.leases.note("n", "-"))
    await store.scrub()
    assert not any(CANARY in held for held, _ in _files(tmp_path).values())
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


async def test_sweeps_read_indexes_of_what_is_due_and_never_a_table(
    tmp_path: Path, cipher: ApplicationCipher
) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'v.db'}", cipher)
    assert isinstance(store, module.SqliteStore)
    await store.write(_one_message_a_lane)
    run: list[tuple[str, Any]] = []

    @event.listens_for(store._engine, "before_cursor_execute")
    def _note(_conn: Any, _cursor: Any, sql: str, parameters: Any, *_: Any) -> None:
        if sql.startswith(("SELECT", "UPDATE", "DELETE")):
            run.append((sql, parameters))

    def sweep(tx: Tx) -> None:
        minute, names = timedelta(minutes=1), (ChannelName("web"),)
        tx.outbox.claim(
            worker="w", now=NOW, lease=minute, limit=9, lanes=tuple(Lane), channels=names
        )
        tx.timers.claim(worker="w", now=NOW, lease=minute, limit=9, kinds=("a", "b"))
        tx.chat.claim_due(worker="w", now=NOW, lease=minute, limit=9)
        tx.outbox.recover(now=NOW)
        tx.timers.recover(now=NOW)
        tx.outbox.next_due(tuple(Lane))
        tx.timers.next_due()

    await store.write(sweep)
    event.remove(store._engine, "before_cursor_execute", _note)
    assert len(run) > 10
    for sql, parameters in run:
        plan = store._conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters).all()
        reads = [row[-1] for row in plan if row[-1].startswith(("SCAN ", "SEARCH "))]
        # What comes after the first is looked up by its key; each part of a UNION is a first one.
        for read in reads if "UNION ALL" in sql else reads[:1]:
            if read.endswith("USING INTEGER PRIMARY KEY (rowid=?)"):
                continue  # a row that was found before
            assert "INDEX ix_" in read, (sql, plan)
            assert "_waiting" in read or "_claimed" in read or "ix_chat_delete_at" in read, plan
        assert reads
    await store.close()


def _one_message_a_lane(tx: Tx) -> None:
    for lane in Lane:
        id_ = tx.people.lock(ChannelName("web"), f"visitor-{lane}")
        person = Person(
            id=id_, channel=ChannelName("web"), address=f"visitor-{lane}", language=None,
            language_hint=None,
        )  # fmt: skip
        tx.people.put(person, at=NOW)
        message = Outgoing(text="Invented.", language=LanguageTag("en"))
        envelope = Envelope(
            person=id_, message=message, lane=lane, dedup_key=f"lane-{lane}", due_at=NOW
        )
        tx.outbox.add([envelope])


async def test_what_the_dead_had_claimed_is_free_for_the_next_one_alone(
    tmp_path: Path, cipher: ApplicationCipher, life: Callable[[Tx, int], None]
) -> None:
    url = f"sqlite:///{tmp_path / 'vigil.db'}"
    lease = timedelta(days=1)

    def claim(tx: Tx, worker: str) -> int:
        later = NOW + timedelta(hours=13)
        return len(
            tx.outbox.claim(
                worker=worker, now=later, lease=lease, limit=9, lanes=tuple(Lane),
                channels=(ChannelName("web"),),
            )
        )  # fmt: skip

    def lead(tx: Tx, worker: str) -> bool:
        return tx.leases.take("poller", worker=worker, now=NOW, until=NOW + lease)

    first = open_store(url, cipher)
    await first.write(lambda tx: life(tx, 1))
    assert await first.write(lambda tx: claim(tx, "first")) == 1
    assert await first.write(lambda tx: lead(tx, "first"))
    beside = open_store(url, cipher)
    assert await beside.write(lambda tx: claim(tx, "beside")) == 0
    assert not await beside.write(lambda tx: lead(tx, "beside"))
    await first.close()
    await beside.close()

    after = open_store(url, cipher)
    assert await after.write(lambda tx: claim(tx, "after")) == 1
    assert await after.write(lambda tx: lead(tx, "after"))
    await after.close()
