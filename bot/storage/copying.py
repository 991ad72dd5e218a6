"""Copies all rows from one database to another of the same schema, in batches that can be resumed.

Progress is written in the same transaction as the rows it speaks of, so that a copy that was killed
goes on with the next row. Knows nothing of what the rows mean.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select, text, tuple_

from bot.domain.errors import ConflictError
from bot.storage.broadcast_tables import ledger
from bot.storage.tables import mailbox, meta, metadata, outbox

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection, Select, Table

BATCH = 1_000
PROGRESS = "copy-progress"
TABLES = tuple(table for table in metadata.sorted_tables if table is not meta)
_NUMBERED = (outbox, mailbox, ledger)


def copy_all(
    source: Connection, target: Connection, commit: Callable[[], AbstractContextManager[None]]
) -> dict[str, int]:
    """Copy every table but `meta` and verify the counts; return them.

    Args:
        source: Read inside one snapshot, or from a database that nobody writes.
        target: Written in transactions that `commit` makes.
        commit: Returns a transaction over `target`.

    Raises:
        ConflictError: The counts differ afterwards; the target is not to be used.
    """
    for table in TABLES:
        while _copy_batch(source, target, table, commit):
            pass
    counts = {table.name: _count(source, table) for table in TABLES}
    for table in TABLES:
        if _count(target, table) != counts[table.name]:
            raise ConflictError(f"The copy of table {table.name} is not complete.")
    with commit():
        if target.dialect.name == "postgresql":
            for table in _NUMBERED:
                _go_on_numbering(target, table)
    return counts


def forget_progress(target: Connection) -> None:
    """Drop the marks of a copy, in the transaction that declares it finished."""
    target.execute(delete(meta).where(meta.c.name.like(f"{PROGRESS}:%")))


def is_empty(conn: Connection) -> bool:
    """Tell whether a database of ours holds no row yet."""
    return not any(_count(conn, table) for table in (*TABLES, meta))


def _copy_batch(
    source: Connection,
    target: Connection,
    table: Table,
    commit: Callable[[], AbstractContextManager[None]],
) -> bool:
    """Copy the next rows; False when there were none left."""
    name = f"{PROGRESS}:{table.name}"
    key = list(table.primary_key.columns)
    with commit():
        mark = target.execute(select(meta.c.value).where(meta.c.name == name)).scalar_one_or_none()
        rows = source.execute(_after(table, mark)).mappings().all()
        if not rows:
            return False
        target.execute(insert(table), [dict(row) for row in rows])
        last = json.dumps([rows[-1][column.name] for column in key]).encode()
        target.execute(delete(meta).where(meta.c.name == name))
        target.execute(insert(meta).values(name=name, value=last))
    return True


def _after(table: Table, mark: bytes | None) -> Select[tuple[object, ...]]:
    key = list(table.primary_key.columns)
    statement = select(table).order_by(*key).limit(BATCH)
    if mark is not None:
        statement = statement.where(tuple_(*key) > tuple_(*json.loads(mark)))
    return statement


def _count(conn: Connection, table: Table) -> int:
    return int(conn.execute(select(func.count()).select_from(table)).scalar_one())


def _go_on_numbering(target: Connection, table: Table) -> None:
    highest = target.execute(select(func.max(table.c.seq))).scalar_one()
    if highest is not None:
        sequence = text("SELECT setval(pg_get_serial_sequence(:name, 'seq'), :highest)")
        target.execute(sequence, {"name": table.name, "highest": highest})
