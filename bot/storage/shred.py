"""The shred keys of several machines: a small database of its own on PostgreSQL, never backed up.

Knows nothing of cases: a tag, a key, and that a destroyed key is gone from the table's file. What
lies in the same backup as the cases could not be shredded, so it is never the same database.
"""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import (
    Column,
    LargeBinary,
    MetaData,
    String,
    Table,
    create_engine,
    insert,
    select,
    text,
)
from sqlalchemy import delete as delete_from
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from bot.domain.errors import SettingsError, VaultError
from bot.storage.failures import sentence
from bot.storage.urls import is_sqlite, parse, synchronous

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

_METADATA = MetaData()
_KEYS = Table(
    "shred_key",
    _METADATA,
    Column("tag", String(64), primary_key=True),
    Column("key", LargeBinary, nullable=False),
)
_ABOUT = Table("shred_about", _METADATA, Column("name", String(64), primary_key=True))


class SharedShredStore:
    """Keys by case, for every machine that takes reports in.

    Raises:
        SettingsError: The address is of no PostgreSQL, or it cannot be opened.
    """

    def __init__(self, url: str) -> None:
        at = parse(url)
        if is_sqlite(at):
            raise SettingsError("VIGIL_SHRED_URL names SQLite: one machine keeps its own anyway.")
        self._engine = create_engine(synchronous(at), poolclass=NullPool, hide_parameters=True)
        try:
            with self._engine.begin() as conn:
                # Two machines that start at once make the tables one after the other.
                conn.execute(text("SELECT pg_advisory_xact_lock(7305)"))
                _METADATA.create_all(conn)
                if conn.execute(select(_ABOUT.c.name)).first() is None:
                    conn.execute(insert(_ABOUT).values(name=secrets.token_hex(16)))
        except DBAPIError as error:
            raise SettingsError(f"The shred store cannot be opened. {sentence(error)}") from None

    def put(self, tag: str, key: bytes) -> None:
        """Keep a key; a tag is given once."""
        with self._begun() as conn:
            conn.execute(insert(_KEYS).values(tag=tag, key=key))

    def get(self, tag: str) -> bytes:
        """Return a key.

        Raises:
            VaultError: It was destroyed, or never was.
        """
        with self._begun() as conn:
            key = conn.execute(select(_KEYS.c.key).where(_KEYS.c.tag == tag)).scalar_one_or_none()
        if key is None:
            raise VaultError("The case was shredded: its key no longer exists.")
        return bytes(key)

    def tags(self) -> list[str]:
        """Return every tag that a key is kept for."""
        with self._begun() as conn:
            return list(conn.execute(select(_KEYS.c.tag)).scalars())

    def destroy(self, tag: str) -> bool:
        """Destroy a key for good; False when there was none.

        The table is written anew without it, so that no dead row is left in its file. The
        write-ahead log still holds it until PostgreSQL reuses that part.
        """
        with self._begun() as conn:
            gone = conn.execute(delete_from(_KEYS).where(_KEYS.c.tag == tag)).rowcount
        try:
            with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
                conn.execute(text("VACUUM FULL shred_key"))
        except DBAPIError as error:
            raise VaultError(
                f"The shred key is deleted, its bytes not. {sentence(error)}"
            ) from None
        return bool(gone)

    def identity(self) -> str:
        """Return what tells this store from every other."""
        with self._begun() as conn:
            return str(conn.execute(select(_ABOUT.c.name)).scalar_one())

    @contextmanager
    def _begun(self) -> Iterator[Connection]:
        """Begin a transaction; what fails is an error of the vault, without SQL or parameters."""
        try:
            with self._engine.begin() as conn:
                yield conn
        except DBAPIError as error:
            raise VaultError(f"The shred store cannot be used. {sentence(error)}") from None
