"""Database addresses: which database, and through which driver it is spoken to."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from bot.domain.errors import SettingsError


def parse(url: str) -> URL:
    """Return the address with the driver that the store uses.

    Raises:
        SettingsError: It is no address, or of a database that is not supported.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise SettingsError("VIGIL_DATABASE_URL is not a database address.") from None
    match parsed.get_backend_name():
        case "sqlite":
            return parsed.set(drivername="sqlite+pysqlite")
        case "postgresql" | "postgres":
            return parsed.set(drivername="postgresql+asyncpg")
        case other:
            raise SettingsError(
                f"VIGIL_DATABASE_URL names {other}; only sqlite and postgresql are supported."
            )


def synchronous(url: URL) -> URL:
    """Return the address for migrations and moves, which run without an event loop."""
    is_sqlite = url.get_backend_name() == "sqlite"
    return url if is_sqlite else url.set(drivername="postgresql+psycopg")


def is_sqlite(url: URL) -> bool:
    """Tell whether this is SQLite."""
    return url.get_backend_name() == "sqlite"


def file_of(url: URL) -> Path | None:
    """Return the file of a SQLite database; None for one in memory."""
    name = url.database
    return None if not name or name == ":memory:" else Path(name)
