"""The due-table. What waits costs nothing: only an index of what is due is read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select, update

from bot.domain.ids import PersonId, TimerId
from bot.services.ports import DueTimer, Timer
from bot.storage.codec import dump
from bot.storage.rows import Rows, micros, moment
from bot.storage.tables import timer as timers

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime, timedelta

    from sqlalchemy import Row

_FREE = timers.c.claimed_by.is_(None)
# Not the bare column: SQLite would read all that waits of a kind through the unique index.
_KIND = timers.c.kind.concat("")


class TimerRows(Rows):
    """Implements `Timers`."""

    __slots__ = ()

    def set(self, timer: Timer) -> None:
        """Insert, or replace the one with the same kind and key."""
        self.upsert(timers, ("kind", "key"), self._row(timer))

    def set_all(self, wanted: Sequence[Timer]) -> None:
        """Insert or replace several; of two with the same kind and key the last stands."""
        rows = [self._row(timer) for timer in wanted]
        if rows:
            self.upsert_all(timers, ("kind", "key"), rows)

    def _row(self, timer: Timer) -> dict[str, Any]:
        key = self._key(timer.kind, timer.key)
        body = dump({"key": timer.key, "payload": dict(timer.payload)})
        return {
            "id": self.new_id(),
            "kind": timer.kind,
            "key": key,
            "person": timer.person,
            "due_at": micros(timer.due_at),
            "fence": timer.fence,
            "attempts": 0,
            "payload": self.seal(body, context=f"timer/payload/{timer.kind}/{key}"),
            "claimed_by": None,
            "lease_until": None,
        }

    def cancel(self, kind: str, key: str) -> bool:
        """Remove; False when there was none."""
        named = (timers.c.kind == kind, timers.c.key == self._key(kind, key))
        return self.count(delete(timers).where(*named)) > 0

    def claim(
        self, *, worker: str, now: datetime, lease: timedelta, limit: int, kinds: Collection[str]
    ) -> list[DueTimer]:
        """Lease what is due, oldest first."""
        due = (
            select(timers)
            .where(_FREE, timers.c.due_at <= micros(now), _KIND.in_(sorted(kinds)))
            .order_by(timers.c.due_at, timers.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        rows = self.conn.execute(due).all()
        if rows:
            self.conn.execute(
                update(timers)
                .where(timers.c.id.in_([row.id for row in rows]))
                .values(claimed_by=worker, lease_until=micros(now + lease))
            )
        return [self._due(row) for row in rows]

    def done(self, id_: TimerId, *, worker: str) -> bool:
        """Remove a claimed timer; False when it was replaced or the lease was lost."""
        mine = (timers.c.id == id_, timers.c.claimed_by == worker)
        return self.count(delete(timers).where(*mine)) > 0

    def done_all(self, ids: Sequence[TimerId], *, worker: str) -> list[TimerId]:
        """Remove claimed timers; return those that were still this worker's."""
        if not ids:
            return []
        mine = (timers.c.id.in_(list(ids)), timers.c.claimed_by == worker)
        gone = self.conn.execute(delete(timers).where(*mine).returning(timers.c.id))
        return [TimerId(id_) for id_ in gone.scalars()]

    def recover(self, *, now: datetime) -> int:
        """Free timers whose lease ran out."""
        return self.count(
            update(timers)
            .where(timers.c.claimed_by.is_not(None), timers.c.lease_until <= micros(now))
            .values(claimed_by=None, lease_until=None, attempts=timers.c.attempts + 1)
        )

    def next_due(self) -> datetime | None:
        """Return when the next timer is due."""
        value = self.conn.execute(select(func.min(timers.c.due_at)).where(_FREE)).scalar_one()
        return None if value is None else moment(value)

    def waiting(self, kind: str, *, until: datetime, limit: int) -> list[DueTimer]:
        """Return timers of a kind that are due by `until`, soonest first, without leasing them."""
        of_kind = (
            select(timers)
            .where(timers.c.kind == kind, timers.c.due_at <= micros(until))
            .order_by(timers.c.due_at, timers.c.id)
            .limit(limit)
        )
        return [self._due(row) for row in self.conn.execute(of_kind)]

    def _key(self, kind: str, key: str) -> str:
        return self.cipher.tag(f"{kind}:{key}", purpose="timers")

    def _due(self, row: Row[tuple[object, ...]]) -> DueTimer:
        body = json.loads(self.open(row.payload, context=f"timer/payload/{row.kind}/{row.key}"))
        timer = Timer(
            kind=row.kind,
            key=body["key"],
            due_at=moment(row.due_at),
            person=None if row.person is None else PersonId(row.person),
            fence=row.fence,
            payload=body["payload"],
        )
        return DueTimer(id=TimerId(row.id), timer=timer, attempts=row.attempts)
