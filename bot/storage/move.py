"""`vigil move`: all rows from SQLite to PostgreSQL, once, while nothing runs on the source.

The source is marked before the first row leaves it: no program opens it again, so that the two can
never drift apart. A move that was killed is finished by running it again with the same target.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, delete, insert, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from bot.domain.errors import SettingsError
from bot.storage.copying import copy_all, forget_progress, is_empty
from bot.storage.failures import sentence
from bot.storage.keycheck import KEY_CHECK, MOVED, verify
from bot.storage.schema import HEAD, migrate, version
from bot.storage.sqlite import hold, open_engine, transaction
from bot.storage.tables import meta
from bot.storage.urls import file_of, is_sqlite, parse, synchronous

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from bot.services.ports import Cipher

_ARRIVING = "arriving"


def move(source_url: str, target_url: str, cipher: Cipher) -> dict[str, int]:
    """Move every row and return how many each table has.

    Raises:
        SettingsError: Something runs on the source, the target holds rows of its own, the schemas
            differ, or a database cannot be reached.
        VaultError: The key is not the key of the source.
        ConflictError: The counts differ afterwards.
    """
    source_at, target_at = parse(source_url), parse(target_url)
    path = file_of(source_at)
    if not is_sqlite(source_at) or path is None or not path.exists():
        raise SettingsError("Only an existing SQLite database can be moved.")
    if is_sqlite(target_at):
        raise SettingsError("A database is moved to PostgreSQL; use backup and restore for SQLite.")
    lock = hold(path, alone=True)
    target_engine = create_engine(synchronous(target_at), poolclass=NullPool, hide_parameters=True)
    source_engine = open_engine(source_at)
    try:
        with source_engine.connect() as source, target_engine.connect() as target:
            return _move(source, target, cipher)
    except DBAPIError as error:
        raise SettingsError(f"The move stopped: {sentence(error)} Run it again.") from None
    finally:
        source_engine.dispose()
        target_engine.dispose()
        os.close(lock)


def _move(source: Connection, target: Connection, cipher: Cipher) -> dict[str, int]:
    if version(source) != HEAD:
        raise SettingsError("Start Vigil once on the old database, so that its schema is current.")
    kept = _meta(source)
    verify(kept[KEY_CHECK], cipher)
    with target.begin():
        migrate(target)
        there = _meta(target)
        ticket = kept.get(MOVED, secrets.token_bytes(16))
        arriving = there.get(_ARRIVING)
        if arriving is None and MOVED in kept and there:
            raise SettingsError("This database has been moved already, or to another address.")
        if arriving is None and not is_empty(target):
            raise SettingsError("The database to move to holds rows already.")
        if arriving not in {None, kept.get(MOVED)}:
            raise SettingsError("Another database is being moved there.")
    with transaction(source):
        if MOVED not in kept:
            source.execute(insert(meta).values(name=MOVED, value=ticket))
    with target.begin():
        if arriving is None:
            target.execute(insert(meta).values(name=_ARRIVING, value=ticket))
            # Until the last row is there the new database does not open either.
            target.execute(insert(meta).values(name=MOVED, value=ticket))
    counts = copy_all(source, target, partial(_committed, target))
    with target.begin():
        forget_progress(target)
        target.execute(delete(meta).where(meta.c.name.in_([_ARRIVING, MOVED])))
        target.execute(insert(meta).values(name=KEY_CHECK, value=kept[KEY_CHECK]))
    return counts


def _meta(conn: Connection) -> dict[str, bytes]:
    return {row.name: row.value for row in conn.execute(select(meta.c.name, meta.c.value))}


@contextlib.contextmanager
def _committed(target: Connection) -> Iterator[None]:
    """Hold one transaction, after whatever reading began by itself has ended."""
    target.rollback()
    with target.begin():
        yield
