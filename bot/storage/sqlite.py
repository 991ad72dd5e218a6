"""The store on SQLite: one writer thread, many units to a commit, every commit on the disk.

A unit's result leaves the writer only after `COMMIT` with `synchronous=FULL` returned. What waits
while one commit is under way shares the next, so that durability costs one sync for up to a hundred
units. When a batch raises it is rolled back and run again with a savepoint around each unit: the
one that fails is left out, the others are kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import queue
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool, StaticPool

from bot.domain.errors import ConflictError, SettingsError
from bot.storage.failures import conflict, sentence
from bot.storage.keycheck import check_key
from bot.storage.leases import free_all
from bot.storage.schema import migrate
from bot.storage.unit_of_work import make_tx
from bot.storage.urls import file_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from sqlalchemy import URL, Connection, Engine

    from bot.services.ports import Cipher, Tx

T = TypeVar("T")

BATCH = 100
READERS = 2
BUSY_MS = 5_000
_TRIES, _PAUSE = 20, 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    unit: Callable[[Tx], Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scrub:
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class _Failed:
    error: Exception


def open_engine(url: URL) -> Engine:
    """Return an engine whose transactions are begun and ended by hand."""
    path = file_of(url)
    engine = create_engine(
        url,
        isolation_level="AUTOCOMMIT",
        poolclass=NullPool if path else StaticPool,
        hide_parameters=True,
        connect_args={"check_same_thread": False, "timeout": BUSY_MS / 1000},
    )

    @event.listens_for(engine, "connect")
    def _pragmas(dbapi: Any, _record: Any) -> None:
        for pragma in (
            f"busy_timeout={BUSY_MS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "secure_delete=ON",
            "temp_store=MEMORY",
        ):
            dbapi.execute(f"PRAGMA {pragma}").close()

    return engine


def hold(path: Path, *, alone: bool) -> int:
    """Hold the database's lock file: with others who run on it, or alone to move or replace it.

    The kernel lets go of it when the program ends, however it ends.

    Raises:
        SettingsError: Somebody else holds it the other way, or it cannot be made.
    """
    try:
        descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise SettingsError(
            f"The database {path} cannot be opened: {error.strerror or type(error).__name__}."
        ) from None
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise SettingsError(
            "Vigil is running on this database: stop it first."
            if alone
            else "This database is being moved or restored: wait until that has finished."
        ) from None
    return descriptor


def _open_with_others(path: Path) -> tuple[int, bool]:
    """Hold the lock file to run on the database; tell whether nobody else does.

    Whoever is alone holds it alone until `_let_in`, so that two that start at once never both
    believe that all claims are of the dead.
    """
    with contextlib.suppress(SettingsError):
        return hold(path, alone=True), True
    for _ in range(_TRIES):
        # Another that starts just now is alone for the moment that it takes to migrate.
        with contextlib.suppress(SettingsError):
            return hold(path, alone=False), False
        time.sleep(_PAUSE)
    return hold(path, alone=False), False


def _let_in(descriptor: int) -> None:
    fcntl.flock(descriptor, fcntl.LOCK_SH)


@contextlib.contextmanager
def transaction(conn: Connection) -> Iterator[None]:
    """Hold one write transaction over a connection in autocommit mode."""
    conn.exec_driver_sql("BEGIN IMMEDIATE")
    try:
        yield
        conn.exec_driver_sql("COMMIT")
    except BaseException:
        _rollback(conn)
        raise


class SqliteStore:
    """Implements `Store` over one file, or over memory for tests."""

    def __init__(self, url: URL, cipher: Cipher) -> None:
        self._cipher = cipher
        path = file_of(url)
        self._lock: int | None = None
        alone = False
        if path is not None:
            self._lock, alone = _open_with_others(path)
        try:
            if path is not None:
                # Made here so that it, its WAL and its index are the owner's alone from birth.
                os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._engine = open_engine(url)
            self._conn = self._engine.connect()
            with transaction(self._conn):
                migrate(self._conn)
                check_key(self._conn, cipher)
                if alone:
                    free_all(self._conn)
            if self._lock is not None:
                _let_in(self._lock)
        except DBAPIError as error:
            self._let_go()
            raise SettingsError(f"The database cannot be opened. {sentence(error)}") from None
        except OSError as error:
            self._let_go()
            reason = error.strerror or type(error).__name__
            raise SettingsError(f"The database {path} cannot be opened: {reason}.") from None
        except BaseException:
            self._let_go()
            raise
        self._tx = make_tx(self._conn, cipher)
        self._jobs: queue.SimpleQueue[_Job | _Scrub | None] = queue.SimpleQueue()
        self._closed = False
        self._local = threading.local()
        self._reading: list[Connection] = []
        self._readers = (
            None if path is None else ThreadPoolExecutor(READERS, thread_name_prefix="store-read")
        )
        self._thread = threading.Thread(target=self._work, name="store-write", daemon=True)
        self._thread.start()

    async def write(self, unit: Callable[[Tx], T]) -> T:
        """Run a unit and return its result after a durable commit.

        Raises:
            ConflictError: The database stayed locked or could not be written.
        """
        self._refuse_when_closed()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._jobs.put(_Job(unit=unit, loop=loop, future=future))
        return await future

    async def read(self, unit: Callable[[Tx], T]) -> T:
        """Run a unit that only reads, beside the writer."""
        self._refuse_when_closed()
        if self._readers is None:
            return await self.write(unit)
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, unit)

    async def scrub(self) -> None:
        """Take deleted bytes out of the write-ahead log as well."""
        self._refuse_when_closed()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._jobs.put(_Scrub(loop=loop, future=future))
        await future

    async def close(self) -> None:
        """Finish what is queued, checkpoint and let go of the files."""
        if self._closed:
            return
        self._closed = True
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)
        if self._readers is not None:
            await asyncio.to_thread(self._readers.shutdown)
        for conn in self._reading:
            conn.close()
        with contextlib.suppress(DBAPIError):
            self._conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        self._let_go()

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise ConflictError("The store is closed.")

    def _let_go(self) -> None:
        for part in ("_conn", "_engine"):
            held = getattr(self, part, None)
            if held is not None:
                held.close() if part == "_conn" else held.dispose()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _read(self, unit: Callable[[Tx], T]) -> T:
        tx: Tx | None = getattr(self._local, "tx", None)
        try:
            if tx is None:
                conn = self._engine.connect()
                conn.exec_driver_sql("PRAGMA query_only=ON")
                self._reading.append(conn)
                self._local.conn = conn
                tx = self._local.tx = make_tx(conn, self._cipher)
            conn = self._local.conn
            conn.exec_driver_sql("BEGIN")
            try:
                return unit(tx)
            finally:
                _rollback(conn)
        except DBAPIError as error:
            raise conflict(error) from None

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            batch: list[_Job] = []
            while isinstance(job, _Job):
                if not job.future.cancelled():
                    batch.append(job)
                if len(batch) >= BATCH:
                    break
                try:
                    job = self._jobs.get_nowait()
                except queue.Empty:
                    break
            if batch:
                self._finish(batch, self._run([one.unit for one in batch]))
            if isinstance(job, _Scrub):
                self._finish([job], [self._checkpoint()])
            if job is None:
                return

    def _run(self, units: Sequence[Callable[[Tx], Any]]) -> list[Any]:
        """Run units in one transaction; return a result or a `_Failed` for each."""
        try:
            with transaction(self._conn):
                return [unit(self._tx) for unit in units]
        except Exception as error:  # noqa: BLE001 - handed to whoever waits for the unit
            if len(units) == 1:
                return [_failed(error)]
        try:
            with transaction(self._conn):
                return [self._guarded(unit) for unit in units]
        except DBAPIError as error:
            return [_failed(error)] * len(units)

    def _guarded(self, unit: Callable[[Tx], Any]) -> Any:
        self._conn.exec_driver_sql("SAVEPOINT unit")
        try:
            result = unit(self._tx)
        except Exception as error:
            if not _in_transaction(self._conn):
                # A full disk takes the whole transaction back: nobody's unit was kept.
                raise
            self._conn.exec_driver_sql("ROLLBACK TO unit")
            result = _failed(error)
        self._conn.exec_driver_sql("RELEASE unit")
        return result

    def _checkpoint(self) -> Any:
        try:
            row = self._conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
        except DBAPIError as error:
            return _failed(error)
        return _Failed(ConflictError("A reader holds the log: scrub again.")) if row[0] else None

    @staticmethod
    def _finish(jobs: Sequence[_Job | _Scrub], results: Sequence[Any]) -> None:
        """Hand results over, with one wake-up for each event loop."""
        by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Any]]] = {}
        for job, result in zip(jobs, results, strict=True):
            by_loop.setdefault(job.loop, []).append((job.future, result))
        for loop, pairs in by_loop.items():
            # A loop that was closed meanwhile has nobody left who waits.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(_resolve, pairs)


def _resolve(pairs: Sequence[tuple[asyncio.Future[Any], Any]]) -> None:
    for future, result in pairs:
        if future.done():
            continue
        if isinstance(result, _Failed):
            future.set_exception(result.error)
        else:
            future.set_result(result)


def _failed(error: Exception) -> _Failed:
    return _Failed(conflict(error) if isinstance(error, DBAPIError) else error)


def _in_transaction(conn: Connection) -> bool:
    return bool(getattr(conn.connection.dbapi_connection, "in_transaction", False))


def _rollback(conn: Connection) -> None:
    if _in_transaction(conn):
        conn.exec_driver_sql("ROLLBACK")
