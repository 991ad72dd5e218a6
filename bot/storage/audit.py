"""The audit log: each entry carries a keyed digest of itself and of the one before.

Whoever changes, drops or inserts an entry breaks the chain, unless they have the application key as
well. Taking entries off the end is seen by comparing with the head that was noted elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from bot.domain.coordinators import AuditEntry
from bot.storage.coordinator_tables import audit
from bot.storage.rows import Rows, micros, moment

if TYPE_CHECKING:
    from sqlalchemy import Row

_CHAIN_LOCK = 0x5669_6769_6D
"""On PostgreSQL two entries must not follow the same one."""
_START = "the beginning"
_LAST = select(audit.c.seq, audit.c.digest).order_by(audit.c.seq.desc()).limit(1)


class AuditRows(Rows):
    """Implements `Audit`."""

    __slots__ = ()

    def add(self, entry: AuditEntry) -> int:
        """Write one entry after the last; return its number."""
        if self.conn.dialect.name == "postgresql":
            self.conn.execute(select(func.pg_advisory_xact_lock(_CHAIN_LOCK)))
        last = self.conn.execute(_LAST).one_or_none()
        seq = 1 if last is None else last.seq + 1
        row = {
            "seq": seq,
            "at": micros(entry.at),
            "actor": entry.actor,
            "act": entry.act,
            "subject": entry.subject,
            "note": entry.note,
        }
        before = _START if last is None else last.digest
        self.conn.execute(self.insert(audit), {**row, "digest": self._digest(before, row)})
        return seq

    def entries(self, *, subject: str | None = None, limit: int = 200) -> list[AuditEntry]:
        """Return the newest entries, newest first; of one subject when it is given."""
        wanted = select(audit).order_by(audit.c.seq.desc()).limit(limit)
        if subject is not None:
            wanted = wanted.where(audit.c.subject == subject)
        return [_entry(row) for row in self.conn.execute(wanted)]

    def head(self) -> tuple[int, str]:
        """Return number and digest of the last entry, to be noted where the log is not."""
        last = self.conn.execute(_LAST).one_or_none()
        return (0, _START) if last is None else (last.seq, last.digest)

    def broken_at(self) -> int | None:
        """Return the number of the first entry that does not fit; None when the chain is whole."""
        before, expected = _START, 1
        for row in self.conn.execute(select(audit).order_by(audit.c.seq)):
            held = {name: getattr(row, name) for name in _FIELDS}
            if row.seq != expected or row.digest != self._digest(before, held):
                return expected
            before, expected = row.digest, expected + 1
        return None

    def _digest(self, before: str, row: dict[str, Any]) -> str:
        told = "\n".join([before, *(f"{name}={row[name]}" for name in _FIELDS)])
        return self.cipher.tag(told, purpose="audit")


_FIELDS = ("seq", "at", "actor", "act", "subject", "note")


def _entry(row: Row[Any]) -> AuditEntry:
    return AuditEntry(
        at=moment(row.at), actor=row.actor, act=row.act, subject=row.subject, note=row.note
    )
