"""Alerts: state and version in clear, everything that was written or decided sealed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from bot.domain.broadcasts import Severity
from bot.domain.errors import ConflictError
from bot.domain.ids import AlertId
from bot.storage.broadcast_codec import alert_from_bytes, alert_to_bytes
from bot.storage.broadcast_tables import alert as alerts
from bot.storage.broadcast_tables import ledger
from bot.storage.rows import Rows, micros

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

    from sqlalchemy import Row

    from bot.domain.broadcasts import Alert

_LOUDEST = {Severity.RED: 0, Severity.AMBER: 1, Severity.GREEN: 2}


class AlertRows(Rows):
    """Implements `Alerts`."""

    __slots__ = ()

    def add(self, alert: Alert, *, due: datetime | None = None) -> None:
        """Insert a new alert."""
        row = {"id": alert.id, "created_at": micros(alert.created_at), **self._row(alert, due)}
        self.conn.execute(self.insert(alerts), row)

    def get(self, id_: AlertId, *, lock: bool = False) -> Alert | None:
        """Return an alert; with `lock` nobody else changes it until the unit ends."""
        wanted = select(alerts).where(alerts.c.id == id_)
        if lock:
            wanted = wanted.with_for_update()
        row = self.conn.execute(wanted).one_or_none()
        return None if row is None else self._alert(row)

    def grab(self, id_: AlertId) -> Alert | None:
        """Return an alert locked until the unit ends; None while somebody else has it."""
        wanted = select(alerts).where(alerts.c.id == id_).with_for_update(skip_locked=True)
        row = self.conn.execute(wanted).one_or_none()
        return None if row is None else self._alert(row)

    def all(self, *, limit: int = 100) -> list[Alert]:
        """Return alerts, newest first."""
        wanted = select(alerts).order_by(alerts.c.created_at.desc(), alerts.c.id).limit(limit)
        return [self._alert(row) for row in self.conn.execute(wanted)]

    def due(self, now: datetime) -> list[Alert]:
        """Return alerts that the house must look at now, loudest and oldest first."""
        wanted = select(alerts).where(alerts.c.due_at.is_not(None), alerts.c.due_at <= micros(now))
        found = [self._alert(row) for row in self.conn.execute(wanted)]
        return sorted(
            found, key=lambda one: (_LOUDEST[one.content.severity], one.created_at, one.id)
        )

    def replace(self, alert: Alert, *, due: datetime | None = None) -> Alert:
        """Write a changed alert; return it with its next version."""
        new = replace(alert, version=alert.version + 1)
        mine = (alerts.c.id == alert.id, alerts.c.version == alert.version)
        if not self.count(update(alerts).where(*mine).values(**self._row(new, due))):
            raise ConflictError("The alert was changed meanwhile.")
        return new

    def rest(self, id_: AlertId, *, until: datetime) -> None:
        """Let the house look at an alert again no sooner than then; not a change of it."""
        later = update(alerts).where(alerts.c.id == id_, alerts.c.due_at.is_not(None))
        self.conn.execute(later.values(due_at=micros(until)))

    def delete(self, id_: AlertId) -> None:
        """Delete an alert and its rows."""
        self.conn.execute(delete(ledger).where(ledger.c.alert == id_))
        self.conn.execute(delete(alerts).where(alerts.c.id == id_))

    def old(self, before: datetime) -> list[AlertId]:
        """Return alerts that were made before a moment."""
        wanted = select(alerts.c.id).where(alerts.c.created_at < micros(before)).limit(100)
        return [AlertId(id_) for id_ in self.conn.execute(wanted).scalars()]

    def _row(self, alert: Alert, due: datetime | None) -> dict[str, Any]:
        return {
            "state": alert.state,
            "version": alert.version,
            "body": self.seal(alert_to_bytes(alert), context=f"alert/body/{alert.id}"),
            "due_at": None if due is None else micros(due),
        }

    def _alert(self, row: Row[Any]) -> Alert:
        body = self.open(row.body, context=f"alert/body/{row.id}")
        return alert_from_bytes(row.id, row.state, row.version, body)
