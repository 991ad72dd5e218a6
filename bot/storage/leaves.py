"""Leaves to take out sets of cases: ids and codes, nothing of what is in a case."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from bot.domain.ids import CaseId, CoordinatorId
from bot.domain.leaves import Leave, LeaveState
from bot.storage.codec import dump
from bot.storage.desk_tables import leaves
from bot.storage.rows import Rows, micros, moment

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row


class LeaveRows(Rows):
    """Implements `Leaves`."""

    __slots__ = ()

    def all(self) -> list[Leave]:
        """Return every leave, newest first."""
        found = self.conn.execute(select(leaves).order_by(leaves.c.asked_at.desc(), leaves.c.id))
        return [_leave(row) for row in found]

    def lock(self, id_: str) -> Leave | None:
        """Return one, and hold it until the unit ends."""
        wanted = select(leaves).where(leaves.c.id == id_).with_for_update()
        row = self.conn.execute(wanted).one_or_none()
        return None if row is None else _leave(row)

    def put(self, leave: Leave) -> None:
        """Insert or replace."""
        row = {
            "id": leave.id,
            "asked_by": leave.asked_by,
            "approved_by": leave.approved_by,
            "state": leave.state.value,
            "form": leave.form,
            "cases": dump(list(leave.cases)),
            "asked_at": micros(leave.asked_at),
            "expires_at": micros(leave.expires_at),
        }
        self.upsert(leaves, ("id",), row)

    def forget_before(self, before: datetime) -> int:
        """Delete what ended before a moment."""
        return int(
            self.conn.execute(delete(leaves).where(leaves.c.expires_at < micros(before))).rowcount
        )


def _leave(row: Row[Any]) -> Leave:
    return Leave(
        id=row.id,
        asked_by=CoordinatorId(row.asked_by),
        approved_by=CoordinatorId(row.approved_by) if row.approved_by else None,
        state=LeaveState(row.state),
        form=row.form,
        cases=tuple(CaseId(one) for one in json.loads(bytes(row.cases))),
        asked_at=moment(row.asked_at),
        expires_at=moment(row.expires_at),
    )
