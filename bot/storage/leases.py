"""Who does what only one may do, and small facts of the installation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, or_, select, update

from bot.services.ports import OutboxState
from bot.storage.broadcast_tables import ledger
from bot.storage.rows import Rows, micros
from bot.storage.tables import chat, fact, lease, outbox, timer

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection


def free_all(conn: Connection) -> None:
    """Give back whatever is claimed: for whoever knows that all others are dead."""
    counted = {"claimed_by": None, "lease_until": None}
    conn.execute(
        update(outbox)
        .where(outbox.c.state == OutboxState.CLAIMED)
        .values(state=OutboxState.WAITING, attempts=outbox.c.attempts + 1, **counted)
    )
    conn.execute(
        update(ledger)
        .where(ledger.c.state == OutboxState.CLAIMED)
        .values(state=OutboxState.WAITING, attempts=ledger.c.attempts + 1, **counted)
    )
    conn.execute(
        update(timer)
        .where(timer.c.claimed_by.is_not(None))
        .values(attempts=timer.c.attempts + 1, **counted)
    )
    conn.execute(update(chat).where(chat.c.lease_until > 0).values(lease_until=0))
    conn.execute(delete(lease))


class LeaseRows(Rows):
    """Implements `Leases`."""

    __slots__ = ()

    def take(self, name: str, *, worker: str, now: datetime, until: datetime) -> bool:
        """Take or renew a lease; False while another worker holds it."""
        row = {"name": name, "worker": worker, "until": micros(until)}
        statement = self.insert(lease)
        taken = statement.on_conflict_do_update(
            index_elements=["name"],
            set_={"worker": statement.excluded.worker, "until": statement.excluded.until},
            where=or_(lease.c.worker == statement.excluded.worker, lease.c.until <= micros(now)),
        )
        return self.count(taken, row) > 0

    def release(self, name: str, *, worker: str) -> None:
        """Give a lease up."""
        self.conn.execute(delete(lease).where(lease.c.name == name, lease.c.worker == worker))

    def note(self, name: str, value: str) -> None:
        """Remember a small fact of the installation (a polling offset)."""
        row = {"name": name, "value": self.seal(value.encode(), context=f"fact/value/{name}")}
        statement = self.insert(fact)
        changed = {"value": statement.excluded.value}
        self.conn.execute(
            statement.on_conflict_do_update(index_elements=["name"], set_=changed), row
        )

    def noted(self, name: str) -> str | None:
        """Return a remembered fact."""
        found = select(fact.c.value).where(fact.c.name == name)
        sealed = self.conn.execute(found).scalar_one_or_none()
        if sealed is None:
            return None
        return self.open(sealed, context=f"fact/value/{name}").decode()
