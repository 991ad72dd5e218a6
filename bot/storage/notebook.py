"""The coordinators' notebook: one sealed sheet a row, its latest version only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select

from bot.services.case_ports import HeldSheet
from bot.storage.desk_tables import notebook
from bot.storage.rows import Rows, micros, moment

if TYPE_CHECKING:
    from sqlalchemy import Row


class NotebookRows(Rows):
    """Implements `Notebook`. Bodies come sealed and are kept as they are."""

    __slots__ = ()

    def get(self, id_: str) -> HeldSheet | None:
        """Return one sheet."""
        row = self.conn.execute(select(notebook).where(notebook.c.id == id_)).one_or_none()
        return None if row is None else _sheet(row)

    def all(self, kind: str) -> list[HeldSheet]:
        """Return the sheets of a kind, longest unchanged first."""
        wanted = select(notebook).where(notebook.c.kind == kind)
        found = self.conn.execute(wanted.order_by(notebook.c.at, notebook.c.id))
        return [_sheet(row) for row in found]

    def size(self) -> int:
        """Count all sheets."""
        return int(self.conn.execute(select(func.count()).select_from(notebook)).scalar_one())

    def put(self, sheet: HeldSheet) -> None:
        """Insert or replace."""
        row = {
            "id": sheet.id,
            "kind": sheet.kind,
            "version": sheet.version,
            "at": micros(sheet.at),
            "body": sheet.sealed,
        }
        self.upsert(notebook, ("id",), row)

    def remove(self, id_: str) -> bool:
        """Delete one; False when there was none."""
        return bool(self.conn.execute(delete(notebook).where(notebook.c.id == id_)).rowcount)


def _sheet(row: Row[Any]) -> HeldSheet:
    return HeldSheet(
        id=row.id, kind=row.kind, version=row.version, at=moment(row.at), sealed=bytes(row.body)
    )
