"""Writes acts on alerts into the audit log: who, what, which; never what it said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.coordinators import AuditEntry

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.broadcasts import Alert
    from bot.services.ports import Tx


def record(tx: Tx, at: datetime, actor: str, act: str, alert: Alert) -> None:
    """Write that somebody did something with an alert."""
    note = f"{'drill-' if alert.drill else ''}{alert.content.severity}"
    tx.audit.add(AuditEntry(at=at, actor=actor, act=act, subject=alert.id, note=note))


def refused(tx: Tx, at: datetime, actor: str, act: str, about: str, code: str) -> None:
    """Write that something was refused, and why, as a code."""
    entry = AuditEntry(
        at=at, actor=actor, act=f"alert-{act}-refused", subject=about[:64], note=code
    )
    tx.audit.add(entry)
