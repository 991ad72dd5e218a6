"""Definitions of flows that somebody may still stand in: public content, kept in clear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from bot.domain.ids import FlowHash, FlowId
from bot.storage.rows import Rows, micros
from bot.storage.tables import flow as flows

if TYPE_CHECKING:
    from datetime import datetime


class FlowRows(Rows):
    """Implements `KeptFlows`."""

    __slots__ = ()

    def keep(self, flow: FlowId, digest: FlowHash, definition: str, *, at: datetime) -> None:
        """Remember a definition as being in use at `at`."""
        row = {"flow": flow, "digest": digest, "definition": definition, "used_at": micros(at)}
        statement = self.insert(flows)
        changed = {name: statement.excluded[name] for name in ("definition", "used_at")}
        self.conn.execute(
            statement.on_conflict_do_update(index_elements=["flow", "digest"], set_=changed), row
        )

    def all(self) -> list[tuple[FlowId, FlowHash, str]]:
        """Return every kept definition."""
        found = select(flows).order_by(flows.c.flow, flows.c.used_at, flows.c.digest)
        return [
            (FlowId(row.flow), FlowHash(row.digest), row.definition)
            for row in self.conn.execute(found)
        ]

    def forget_before(self, moment: datetime) -> int:
        """Drop definitions last in use before `moment`."""
        return self.count(delete(flows).where(flows.c.used_at < micros(moment)))
