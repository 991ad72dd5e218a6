"""The coordinators' notebook as the server has it: sheets that it cannot read, in versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.coordinators import AuditEntry
from bot.domain.errors import ConflictError, RefusedError

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.coordinators import Coordinator
    from bot.services.case_ports import HeldSheet
    from bot.services.ports import Tx

MOST = 2_000


def put(tx: Tx, who: Coordinator, sheet: HeldSheet) -> None:
    """Keep a new sheet, or the next version of one.

    Raises:
        ConflictError: Somebody else wrote that version first, or it is of another kind.
        RefusedError: There is no room for another sheet.
    """
    before = tx.notebook.get(sheet.id)
    if sheet.version != (before.version + 1 if before else 1):
        raise ConflictError("the sheet was changed meanwhile")
    if before is not None and before.kind != sheet.kind:
        raise ConflictError("the sheet is of another kind")
    if before is None and tx.notebook.size() >= MOST:
        raise RefusedError("notebook-full")
    tx.notebook.put(sheet)
    _note(tx, who, "sheet", sheet.id, sheet.at, sheet.kind)


def remove(tx: Tx, who: Coordinator, id_: str, *, at: datetime) -> None:
    """Take a sheet out.

    Raises:
        ConflictError: It is not there any more.
    """
    if not tx.notebook.remove(id_):
        raise ConflictError("the sheet is gone")
    _note(tx, who, "sheet-removed", id_, at, "")


def _note(tx: Tx, who: Coordinator, act: str, subject: str, at: datetime, note: str) -> None:
    tx.audit.add(AuditEntry(at=at, actor=who.id, act=act, subject=subject, note=note))
