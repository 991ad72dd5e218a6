"""The store on PostgreSQL: each unit in a transaction of its own, over asyncpg.

Units are the same synchronous functions as on SQLite. One that lost against another transaction is
run again; the person's advisory lock makes that rare.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from bot.domain.errors import ConflictError, SettingsError
from bot.storage.failures import conflict, sentence, worth_repeating
from bot.storage.keycheck import check_key
from bot.storage.schema import migrate
from bot.storage.tables import metadata
from bot.storage.unit_of_work import make_tx
from bot.storage.urls import synchronous

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import URL, Connection

    from bot.services.ports import Cipher, Tx

T = TypeVar("T")

POOL = 16
TRIES = 6
_PAUSE = 0.01
"""Seconds before the first repeat; doubled each time."""


class PostgresStore:
    """Implements `Store` over a PostgreSQL database that other programs may share."""

    def __init__(self, url: URL, cipher: Cipher) -> None:
        self._cipher = cipher
        engine = create_engine(synchronous(url), poolclass=NullPool, hide_parameters=True)
        try:
            with engine.begin() as conn:
                migrate(conn)
                check_key(conn, cipher)
        except DBAPIError as error:
            raise SettingsError(f"The database cannot be opened. {sentence(error)}") from None
        finally:
            engine.dispose()
        self._engine = create_async_engine(
            url, pool_size=POOL, max_overflow=0, hide_parameters=True, pool_pre_ping=False
        )
        self._readers = self._engine.execution_options(postgresql_readonly=True)
        self._closed = False

    async def write(self, unit: Callable[[Tx], T]) -> T:
        """Run a unit and return its result after a durable commit.

        Raises:
            ConflictError: Serialisation failed repeatedly, or the database is away.
        """
        return await self._repeat(unit, readonly=False)

    async def read(self, unit: Callable[[Tx], T]) -> T:
        """Run a unit that only reads."""
        return await self._repeat(unit, readonly=True)

    async def scrub(self) -> None:
        """Take deleted rows out of the tables; the server's own WAL is recycled in its time."""
        self._refuse_when_closed()
        engine = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        try:
            async with engine.connect() as conn:
                for table in metadata.sorted_tables:
                    await conn.execute(text(f'VACUUM "{table.name}"'))
        except DBAPIError as error:
            raise conflict(error) from None

    async def close(self) -> None:
        """Let go of the connections."""
        self._closed = True
        await self._engine.dispose()

    async def _repeat(self, unit: Callable[[Tx], T], *, readonly: bool) -> T:
        self._refuse_when_closed()
        engine = self._readers if readonly else self._engine
        for left in reversed(range(TRIES)):
            try:
                async with engine.begin() as conn:
                    return await conn.run_sync(self._run, unit)
            except DBAPIError as error:
                if not left or not worth_repeating(error):
                    raise conflict(error) from None
            except OSError as error:
                raise ConflictError(f"The database is away: {type(error).__name__}.") from None
            await asyncio.sleep(_PAUSE * 2 ** (TRIES - left))
        raise AssertionError("unreachable")

    def _run(self, conn: Connection, unit: Callable[[Tx], T]) -> T:
        return unit(make_tx(conn, self._cipher))

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise ConflictError("The store is closed.")
