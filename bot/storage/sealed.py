"""Sealed boxes and their items: bytes that the application key does not open."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select, update

from bot.domain.errors import ConflictError
from bot.domain.ids import CaseId
from bot.domain.sealed import SealedBox, SealedItem
from bot.storage.rows import Rows, micros, moment
from bot.storage.sealed_tables import sealed_box, sealed_item

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Row

_HOUR = timedelta(hours=1) // timedelta(microseconds=1)
_HEAD = (
    sealed_item.c.box, sealed_item.c.sequence, sealed_item.c.kind, sealed_item.c.at,
    sealed_item.c.by, sealed_item.c.size,
)  # fmt: skip


class SealedRows(Rows):
    """Implements `Sealed`."""

    __slots__ = ()

    def make(self, box: SealedBox, wrapped: bytes) -> None:
        """Keep a new box with its wrapped key."""
        row = {
            "id": box.id, "kind": box.kind, "public": box.public, "version": box.version,
            "until": micros(box.until), "size": 0, "count": 0, "wrapped": wrapped,
        }  # fmt: skip
        self.conn.execute(self.insert(sealed_box), row)

    def get(self, id_: CaseId) -> SealedBox | None:
        """Return a box."""
        row = self.conn.execute(select(sealed_box).where(sealed_box.c.id == id_)).one_or_none()
        return None if row is None else _box(row)

    def wrapped(self, id_: CaseId) -> bytes | None:
        """Return a box's key as it is wrapped, the outer wrapper on."""
        found = select(sealed_box.c.wrapped).where(sealed_box.c.id == id_)
        value: bytes | None = self.conn.execute(found).scalar_one_or_none()
        return value

    def rewrap(self, id_: CaseId, wrapped: bytes, *, version: int) -> bool:
        """Replace a wrapped key; False when the box is gone."""
        mine = update(sealed_box).where(sealed_box.c.id == id_)
        return self.count(mine.values(wrapped=wrapped, version=version)) > 0

    def add(self, item: SealedItem) -> None:
        """Keep an item in the place that it was sealed for.

        Raises:
            ConflictError: The box is gone, or the place was taken meanwhile.
        """
        counted = (
            update(sealed_box)
            .where(sealed_box.c.id == item.box, sealed_box.c.count == item.sequence)
            .values(count=item.sequence + 1, size=sealed_box.c.size + item.size)
        )
        if not self.count(counted):
            raise ConflictError("The case changed meanwhile; look again.")
        row = {
            "box": item.box, "sequence": item.sequence, "kind": item.kind, "by": item.by,
            "at": micros(item.at) // _HOUR * _HOUR, "size": item.size, "body": item.body,
        }  # fmt: skip
        self.conn.execute(self.insert(sealed_item), row)

    def heads(self, id_: CaseId) -> list[SealedItem]:
        """Return the places of all items, in order, without their bodies."""
        wanted = select(*_HEAD).where(sealed_item.c.box == id_).order_by(sealed_item.c.sequence)
        return [_item(row, b"") for row in self.conn.execute(wanted)]

    def item(self, id_: CaseId, sequence: int) -> SealedItem | None:
        """Return one item."""
        mine = (sealed_item.c.box == id_, sealed_item.c.sequence == sequence)
        row = self.conn.execute(select(sealed_item).where(*mine)).one_or_none()
        return None if row is None else _item(row, row.body)

    def keep_until(self, id_: CaseId, until: datetime) -> bool:
        """Change when a box is shredded; False when it is gone."""
        mine = update(sealed_box).where(sealed_box.c.id == id_)
        return self.count(mine.values(until=micros(until))) > 0

    def over(self, now: datetime, *, limit: int) -> list[CaseId]:
        """Return boxes whose time is over, oldest first."""
        wanted = select(sealed_box.c.id).where(sealed_box.c.until <= micros(now))
        rows = self.conn.execute(wanted.order_by(sealed_box.c.until).limit(limit))
        return [CaseId(id_) for id_ in rows.scalars()]

    def stale(self, version: int, *, after: str = "", limit: int = 50) -> list[SealedBox]:
        """Return boxes wrapped to another list than this one, by id."""
        wanted = select(sealed_box).where(sealed_box.c.version != version, sealed_box.c.id > after)
        rows = self.conn.execute(wanted.order_by(sealed_box.c.id).limit(limit))
        return [_box(row) for row in rows]

    def versions(self) -> dict[int, int]:
        """Return how many boxes are wrapped to which list."""
        counted = select(sealed_box.c.version, func.count()).group_by(sealed_box.c.version)
        return {row[0]: row[1] for row in self.conn.execute(counted)}

    def ids(self) -> list[CaseId]:
        """Return every box."""
        return [CaseId(id_) for id_ in self.conn.execute(select(sealed_box.c.id)).scalars()]

    def remove(self, ids: Sequence[CaseId]) -> int:
        """Delete boxes with everything in them."""
        self.conn.execute(delete(sealed_item).where(sealed_item.c.box.in_(ids)))
        return self.count(delete(sealed_box).where(sealed_box.c.id.in_(ids)))


def _box(row: Row[Any]) -> SealedBox:
    return SealedBox(
        id=CaseId(row.id),
        kind=row.kind,
        public=row.public,
        version=row.version,
        until=moment(row.until),
        size=row.size,
        count=row._mapping["count"],  # noqa: SLF001 - a row has a method of that name
    )


def _item(row: Any, body: bytes) -> SealedItem:
    return SealedItem(
        box=CaseId(row.box),
        sequence=row.sequence,
        kind=row.kind,
        at=moment(row.at),
        size=row.size,
        body=body,
        by=row.by,
    )
