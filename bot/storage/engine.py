"""Opens a store: SQLite or PostgreSQL by its address, migrated and checked against the key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.storage.sqlite import SqliteStore
from bot.storage.urls import is_sqlite, parse

if TYPE_CHECKING:
    from bot.services.ports import Cipher
    from bot.storage.postgres import PostgresStore


def open_store(url: str, cipher: Cipher) -> SqliteStore | PostgresStore:
    """Migrate a database and return the store over it.

    Blocks for as long as the migration takes; call it before anything is served.

    Raises:
        SettingsError: The address is wrong, the database is away, newer, moved or in other hands.
        VaultError: The key is not the key of this database.
    """
    parsed = parse(url)
    if is_sqlite(parsed):
        return SqliteStore(parsed, cipher)
    # Late: its drivers and SQLAlchemy's asyncio half cost the embedded default half a second.
    from bot.storage.postgres import PostgresStore  # noqa: PLC0415

    return PostgresStore(parsed, cipher)
