"""The schema's version: brings a database up to date, refuses one from the future.

Alembic is imported only when there is something to do.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Column, MetaData, String, Table, inspect, text

from bot.domain.errors import SettingsError
from bot.storage.tables import metadata

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection

HEAD = "0011"
"""The newest revision; a test compares it with the migrations."""

_MIGRATION_LOCK = 0x5669_6769_6C
"""Of two programs that start at once on PostgreSQL, one migrates and the other waits."""


def version(conn: Connection) -> str | None:
    """Return the revision that a database is at; None when it is empty."""
    if not inspect(conn).has_table("alembic_version"):
        return None
    found: str | None = conn.execute(
        text("SELECT version_num FROM alembic_version")
    ).scalar_one_or_none()
    return found


def migrate(conn: Connection) -> None:
    """Bring the database up to date, inside the caller's transaction.

    Raises:
        SettingsError: A newer release wrote this database.
    """
    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
    present = version(conn)
    if present == HEAD:
        return
    if not inspect(conn).get_table_names():
        _create(conn)
        return
    # Late: a start without anything to migrate need not load Alembic and Mako.
    from alembic import command  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = configuration(conn)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if present is not None and present not in known:
        raise SettingsError(
            "The database was written by a newer release of Vigil: update the program."
        )
    command.upgrade(config, "head")


def _create(conn: Connection) -> None:
    """Make an empty database as the newest revision has it.

    A test holds the tables to what the migrations lead to; without Alembic a first start is a
    second shorter.
    """
    metadata.create_all(conn)
    revision = Table(
        "alembic_version", MetaData(), Column("version_num", String(32), primary_key=True)
    )
    revision.create(conn)
    conn.execute(revision.insert().values(version_num=HEAD))


def configuration(conn: Connection) -> Config:
    """Return Alembic's configuration for one connection."""
    from alembic.config import Config  # noqa: PLC0415 - see migrate

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = conn
    return config
