"""What the tables' keepers share: a connection, the cipher, times as numbers, and upserts.

Knows nothing of any table's meaning.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection, CursorResult, Executable, Table

    from bot.services.ports import Cipher

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_BUCKETS = (256, 1024, 4096, 16_384, 65_536)
_LENGTH = 4


def micros(moment: datetime) -> int:
    """Return a moment as a row holds it."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(value: int) -> datetime:
    """Return what `micros` was given."""
    return _EPOCH + value * _MICROSECOND


def pad(clear: bytes) -> bytes:
    """Fill up to the next size bucket, so that the length of a sealed value says little."""
    wanted = len(clear) + _LENGTH
    last = _BUCKETS[-1]
    size = next((bucket for bucket in _BUCKETS if wanted <= bucket), -(-wanted // last) * last)
    return (len(clear).to_bytes(_LENGTH, "big") + clear).ljust(size, b"\0")


def unpad(padded: bytes) -> bytes:
    """Return what `pad` was given."""
    return padded[_LENGTH : _LENGTH + int.from_bytes(padded[:_LENGTH], "big")]


@cache
def _upsert(dialect: str, table: Table, keys: tuple[str, ...], changed: tuple[str, ...]) -> Any:
    # Kept: building a statement costs more than running it.
    statement: Any = (sqlite if dialect == "sqlite" else postgresql).insert(table)
    values = {name: statement.excluded[name] for name in changed}
    if "version" in values:
        values["version"] = table.c.version + 1
    return statement.on_conflict_do_update(index_elements=list(keys), set_=values)


@cache
def _insert_new(dialect: str, table: Table, returned: str) -> Any:
    insert = (sqlite if dialect == "sqlite" else postgresql).insert(table).on_conflict_do_nothing()
    return insert.returning(table.c[returned]) if returned else insert


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Access to tables inside one transaction."""

    conn: Connection = field(repr=False)
    cipher: Cipher
    new_id: Callable[[], str]

    def insert(self, table: Table) -> Any:
        """Return an INSERT that knows `on_conflict_…` of this database."""
        if self.conn.dialect.name == "sqlite":
            return sqlite.insert(table)
        return postgresql.insert(table)

    def insert_new(self, table: Table, returned: str = "") -> Any:
        """Return an INSERT that leaves rows alone which are there already; it may return one."""
        return _insert_new(self.conn.dialect.name, table, returned)

    def upsert(self, table: Table, keys: tuple[str, ...], row: dict[str, Any]) -> None:
        """Insert a row, or replace all but the keys; a column `version` counts up."""
        changed = tuple(name for name in row if name not in keys)
        self.conn.execute(_upsert(self.conn.dialect.name, table, keys, changed), row)

    def upsert_all(
        self, table: Table, keys: tuple[str, ...], rows: Sequence[dict[str, Any]]
    ) -> None:
        """Insert or replace several rows that have the same columns."""
        changed = tuple(name for name in rows[0] if name not in keys)
        self.conn.execute(_upsert(self.conn.dialect.name, table, keys, changed), list(rows))

    def count(
        self,
        statement: Executable,
        parameters: dict[str, Any] | Sequence[dict[str, Any]] | None = None,
    ) -> int:
        """Run a statement that changes rows; return how many."""
        result: CursorResult[Any] = self.conn.execute(statement, parameters)
        return max(result.rowcount, 0)

    def seal(self, clear: bytes, *, context: str) -> bytes:
        """Pad and encrypt."""
        return self.cipher.seal(pad(clear), context=context)

    def open(self, sealed: bytes, *, context: str) -> bytes:
        """Decrypt and take the padding off."""
        return unpad(self.cipher.open(sealed, context=context))
