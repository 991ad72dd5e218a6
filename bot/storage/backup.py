"""`vigil backup` and `vigil restore`: one consistent SQLite file and a manifest with checksums.

A backup holds sealed rows only. The application key and the shred keys lie elsewhere and are never
part of one: without the key it cannot be read, and what was shredded stays shredded. A backup of
PostgreSQL has the same form, so either database can be restored into the other.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, insert, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from bot.domain.errors import RefusedError, SettingsError
from bot.storage.copying import copy_all, forget_progress, is_empty
from bot.storage.failures import sentence
from bot.storage.keycheck import KEY_CHECK, verify
from bot.storage.schema import HEAD, migrate, version
from bot.storage.sqlite import hold, open_engine, transaction
from bot.storage.tables import meta, outbox
from bot.storage.urls import file_of, is_sqlite, parse, synchronous

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Connection, Engine

    from bot.services.ports import Cipher

FORMAT = "vigil-backup-1"
_DATABASE, _MANIFEST = "vigil.db", "manifest.json"


def backup(url: str, folder: Path) -> None:
    """Write a backup into a new or empty folder; the program may be running.

    Raises:
        RefusedError: The folder holds something already.
        SettingsError: The database or the folder cannot be used.
    """
    if folder.exists() and any(folder.iterdir()):
        raise RefusedError(f"{folder} is not empty: a backup never overwrites anything.")
    with _one_sentence("The backup"):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = folder / _DATABASE
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        at = parse(url)
        if is_sqlite(at):
            _copy_file(at, file)
        else:
            _copy_rows(at, file)
        with _single(file) as conn:
            schema = version(conn)
        manifest = {"format": FORMAT, "schema": schema, "files": {_DATABASE: _digest(file)}}
        draft = folder / f".{_MANIFEST}"
        draft.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        draft.chmod(0o600)
        _sync(file)
        _sync(draft)
        # Last, for a folder without a manifest is no backup.
        draft.rename(folder / _MANIFEST)
        _sync(folder)


def restore(url: str, folder: Path, cipher: Cipher) -> None:
    """Put a backup into an empty database.

    Messages that waited may have been sent after the backup was made: they count as tried once, so
    that each is marked as a repeat.

    Raises:
        RefusedError: The database holds something, or the backup is damaged.
        SettingsError: Vigil runs on it, or something cannot be read or written.
        VaultError: The backup was written under another key.
    """
    with _one_sentence("The restore"), tempfile.TemporaryDirectory(dir=folder) as room:
        copy = Path(room) / _DATABASE
        copy.write_bytes(_checked(folder).read_bytes())
        with _single(copy) as conn, transaction(conn):
            migrate(conn)
            check = select(meta.c.value).where(meta.c.name == KEY_CHECK)
            verify(conn.execute(check).scalar_one(), cipher)
            waits = outbox.c.settled_at.is_(None)
            tried = outbox.c.attempts + 1
            conn.execute(update(outbox).where(waits).values(attempts=tried))
        at = parse(url)
        if is_sqlite(at):
            _put_file(copy, at)
        else:
            _put_rows(copy, at)


def _checked(folder: Path) -> Path:
    manifest = folder / _MANIFEST
    if not manifest.exists():
        raise RefusedError(f"{folder} is not a backup: it has no {_MANIFEST}.")
    try:
        told: dict[str, Any] = json.loads(manifest.read_text(encoding="utf-8"))
        digest = told["files"][_DATABASE]
    except (ValueError, KeyError, TypeError):
        raise RefusedError(f"{manifest} cannot be read.") from None
    if told.get("format") != FORMAT:
        raise RefusedError(f"{manifest} is of a format that is not known here.")
    file = folder / _DATABASE
    if not file.exists() or not secrets.compare_digest(_digest(file), str(digest)):
        raise RefusedError(f"The backup in {folder} is damaged: its checksum is wrong.")
    return file


def _copy_file(at: URL, file: Path) -> None:
    path = file_of(at)
    if path is None or not path.exists():
        raise SettingsError("There is no database to back up.")
    source, target = open_engine(at), open_engine(parse(f"sqlite:///{file}"))
    try:
        with source.connect() as ours, target.connect() as theirs:
            driver: Any = ours.connection.dbapi_connection
            driver.backup(theirs.connection.dbapi_connection)
            # One file: nothing of it may stay in a log beside it.
            theirs.exec_driver_sql("PRAGMA journal_mode=DELETE")
    finally:
        source.dispose()
        target.dispose()


def _copy_rows(at: URL, file: Path) -> None:
    engine = create_engine(
        synchronous(at), poolclass=NullPool, hide_parameters=True,
        isolation_level="REPEATABLE READ",
    )  # fmt: skip
    try:
        with engine.connect() as source, _single(file) as target:
            if version(source) != HEAD:
                raise SettingsError("Start Vigil once on this database, so that it is current.")
            with transaction(target):
                migrate(target)
                _copy_key_check(source, target)
            copy_all(source, target, partial(transaction, target))
            forget_progress(target)
    finally:
        engine.dispose()


def _put_file(copy: Path, at: URL) -> None:
    path = file_of(at)
    if path is None:
        raise SettingsError("A backup cannot be restored into memory.")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = hold(path, alone=True)
    try:
        if path.exists() and path.stat().st_size:
            raise RefusedError(f"The database {path} exists: a restore never overwrites one.")
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        os.close(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        draft.write_bytes(copy.read_bytes())
        _sync(draft)
        draft.rename(path)
        _sync(path.parent)
    finally:
        os.close(lock)


def _put_rows(copy: Path, at: URL) -> None:
    engine: Engine = create_engine(synchronous(at), poolclass=NullPool, hide_parameters=True)
    try:
        with engine.connect() as target, _single(copy) as source, target.begin():
            migrate(target)
            if not is_empty(target):
                raise RefusedError("The database holds rows: a restore never overwrites one.")
            # One transaction: a restore that was killed left nothing behind.
            copy_all(source, target, contextlib.nullcontext)
            forget_progress(target)
            _copy_key_check(source, target)
    finally:
        engine.dispose()


def _copy_key_check(source: Connection, target: Connection) -> None:
    value = source.execute(select(meta.c.value).where(meta.c.name == KEY_CHECK)).scalar_one()
    target.execute(insert(meta).values(name=KEY_CHECK, value=value))


@contextlib.contextmanager
def _single(file: Path) -> Iterator[Connection]:
    """Open a SQLite file that leaves no log behind."""
    engine = open_engine(parse(f"sqlite:///{file}"))
    try:
        with engine.connect() as conn:
            conn.exec_driver_sql("PRAGMA journal_mode=DELETE")
            yield conn
    finally:
        engine.dispose()


@contextlib.contextmanager
def _one_sentence(what: str) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise SettingsError(f"{what} stopped. {sentence(error)}") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SettingsError(f"{what} stopped: {error.filename or 'a file'}: {reason}.") from None


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
