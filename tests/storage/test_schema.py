from __future__ import annotations

import importlib
import subprocess
import sys
from pkgutil import iter_modules
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

import bot.storage
from bot.domain.errors import SettingsError
from bot.storage.engine import open_store
from bot.storage.schema import HEAD, configuration, migrate, version
from bot.storage.sqlite import open_engine
from bot.storage.tables import metadata
from bot.storage.urls import parse, synchronous

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from bot.vault.cipher import ApplicationCipher


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def conn(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connection]:
    if request.param == "sqlite":
        engine = open_engine(parse(f"sqlite:///{tmp_path / 'v.db'}"))
    else:
        url = request.getfixturevalue("bare_postgres_url")
        engine = create_engine(synchronous(parse(url)))
    with engine.connect() as opened:
        yield opened
    engine.dispose()


def test_tables_and_migrations_agree(conn: Connection) -> None:
    assert version(conn) is None
    command.upgrade(configuration(conn), "head")
    assert version(conn) == HEAD
    command.check(configuration(conn))
    migrate(conn)


def test_an_empty_database_is_made_as_the_migrations_would_leave_it(conn: Connection) -> None:
    migrate(conn)
    assert version(conn) == HEAD
    command.check(configuration(conn))


def test_whoever_makes_a_database_knows_every_table() -> None:
    # In a process of its own: here other tests have imported whatever has tables.
    told = "from bot.storage.schema import metadata; print(*sorted(metadata.tables))"
    alone = subprocess.run([sys.executable, "-c", told], check=True, capture_output=True, text=True)
    for module in iter_modules(bot.storage.__path__, "bot.storage."):
        if not module.ispkg:
            importlib.import_module(module.name)
    assert alone.stdout.split() == sorted(metadata.tables)


def test_migrations_can_be_taken_back(conn: Connection) -> None:
    migrate(conn)
    command.downgrade(configuration(conn), "base")
    migrate(conn)
    command.check(configuration(conn))


def test_the_newest_revision_is_the_one_that_the_program_expects(conn: Connection) -> None:
    assert ScriptDirectory.from_config(configuration(conn)).get_current_head() == HEAD


async def test_a_database_of_a_newer_release_is_refused(
    tmp_path: Path, cipher: ApplicationCipher
) -> None:
    url = f"sqlite:///{tmp_path / 'v.db'}"
    await open_store(url, cipher).close()
    engine = open_engine(parse(url))
    with engine.connect() as opened:
        opened.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(SettingsError, match="newer release"):
        open_store(url, cipher)
