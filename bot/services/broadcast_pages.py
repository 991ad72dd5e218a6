"""Calls coordinators about alerts: one that stopped itself, a roll call that stays unanswered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.broadcasts import Severity
from bot.domain.coordinators import Urgency
from bot.services.duty import page, stop_paging

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.broadcasts import Alert
    from bot.services.ports import Tx

QUIET = timedelta(hours=1)
"""So long after somebody took a call about silence, more silence calls nobody again."""

_ID_SIGNS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class _At:
    at: datetime

    def now(self) -> datetime:
        return self.at


def call_for(tx: Tx, alert: Alert, now: datetime) -> None:
    """Call somebody to look at an alert that the house has stopped."""
    loud = alert.content.severity is Severity.RED and not alert.drill
    page(tx, _At(at=now), "alert", Urgency.RED if loud else Urgency.AMBER, _ref(alert, "stop"))


def call_off(tx: Tx, alert: Alert) -> None:
    """Call nobody any more: somebody has decided about it."""
    stop_paging(tx, _ref(alert, "stop"))


def call_for_help(tx: Tx, alert: Alert, now: datetime) -> None:
    """Call somebody: one who was asked needs help. Again for each, once the last was taken."""
    page(tx, _At(at=now), _code(alert), _urgency(alert, Urgency.RED), _ref(alert, "call"))


def call_for_silence(tx: Tx, alert: Alert, now: datetime) -> None:
    """Call somebody: people who were asked twice have not answered."""
    ref = _ref(alert, "call")
    before = tx.pages.get(ref)
    taken = before.acknowledged_at if before is not None else None
    if taken is not None and now - taken < QUIET:
        return
    urgency = Urgency.RED if alert.content.severity is Severity.RED else Urgency.AMBER
    page(tx, _At(at=now), _code(alert), _urgency(alert, urgency), ref)


def _code(alert: Alert) -> str:
    return "roll-call-drill" if alert.drill else "roll-call"


def _urgency(alert: Alert, urgency: Urgency) -> Urgency:
    """A drill wakes nobody who is off duty."""
    return Urgency.YELLOW if alert.drill else urgency


def _ref(alert: Alert, about: str) -> str:
    """Return the page's id; its first four signs are the reference that coordinators know."""
    return f"{alert.reference}-{about}-{alert.id[:_ID_SIGNS]}"
