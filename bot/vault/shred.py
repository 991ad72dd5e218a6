"""The shred keys: one a case, in a store of their own that no backup contains.

On one machine that is a file; machines that work on the same cases share a store that somebody else
provides, by the same protocol.

SQLite keeps deleted rows in its write-ahead log until that is truncated, so destroying a key
overwrites it, deletes it and empties the log, and says so only when all of it has happened.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Protocol

from bot.domain.errors import VaultError

if TYPE_CHECKING:
    from pathlib import Path

MARK = "do-not-back-up"
"""A file of this name beside the store: `vigil backup` refuses folders that hold one."""


class ShredKeys(Protocol):
    """Keys by case, and their end."""

    def put(self, tag: str, key: bytes) -> None:
        """Keep a key; a tag is given once."""
        ...

    def get(self, tag: str) -> bytes:
        """Return a key.

        Raises:
            VaultError: It was destroyed, or never was.
        """
        ...

    def tags(self) -> list[str]:
        """Return every tag that a key is kept for."""
        ...

    def destroy(self, tag: str) -> bool:
        """Destroy a key for good; False when there was none."""
        ...

    def identity(self) -> str:
        """Return what tells this store from every other."""
        ...


class ShredStore:
    """Keys by case. Every call opens the file anew: it is called a few times a minute at most."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        (path.parent / MARK).touch()
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with closing(self._connect()) as connection, connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS keys (tag TEXT PRIMARY KEY, key BLOB NOT NULL)"
            )
            connection.execute("CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY)")
            connection.execute(
                "INSERT INTO about SELECT ? WHERE NOT EXISTS (SELECT 1 FROM about)",
                (secrets.token_hex(16),),
            )

    def put(self, tag: str, key: bytes) -> None:
        """Keep a key; a tag is given once."""
        with closing(self._connect()) as connection, connection:
            connection.execute("INSERT INTO keys VALUES (?, ?)", (tag, key))

    def get(self, tag: str) -> bytes:
        """Return a key.

        Raises:
            VaultError: It was destroyed, or never was.
        """
        with closing(self._connect()) as connection:
            row = connection.execute("SELECT key FROM keys WHERE tag = ?", (tag,)).fetchone()
        if row is None:
            raise VaultError("The case was shredded: its key no longer exists.")
        return bytes(row[0])

    def tags(self) -> list[str]:
        """Return every tag that a key is kept for."""
        with closing(self._connect()) as connection:
            return [str(row[0]) for row in connection.execute("SELECT tag FROM keys")]

    def destroy(self, tag: str) -> bool:
        """Destroy a key for good; False when there was none."""
        with closing(self._connect()) as connection:
            with connection:
                connection.execute(
                    "UPDATE keys SET key = zeroblob(length(key)) WHERE tag = ?", (tag,)
                )
            with connection:
                gone = connection.execute("DELETE FROM keys WHERE tag = ?", (tag,)).rowcount
            busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise VaultError("The shred key is deleted but still in the log; try again.")
        return bool(gone)

    def identity(self) -> str:
        """Return what tells this store from every other."""
        with closing(self._connect()) as connection:
            return str(connection.execute("SELECT name FROM about").fetchone()[0])

    def _connect(self) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(self._path, timeout=10)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA secure_delete=ON")
        except sqlite3.Error as error:
            raise VaultError(f"The shred store cannot be opened: {type(error).__name__}.") from None
        return connection
