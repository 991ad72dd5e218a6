"""When people whom a roll call reached and who stay silent are asked again, and when humans look.

Decides purely. Times count from the moment at which the roll call came to somebody.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.broadcasts import Severity

if TYPE_CHECKING:
    from bot.domain.broadcasts import Content

_MINUTE = timedelta(minutes=1)
_LOUD = (10 * _MINUTE, 20 * _MINUTE, 30 * _MINUTE)
_CALM = (30 * _MINUTE, 60 * _MINUTE, 120 * _MINUTE)
"""Two reminders, then coordinators: as a check-in on the road, or in daily life."""


def rungs(severity: Severity) -> tuple[timedelta, ...]:
    """Return when somebody silent is asked again; at the last one coordinators are called."""
    return _LOUD if severity is Severity.RED else _CALM


def first_ask(content: Content) -> timedelta | None:
    """Return how long after its coming a roll call is repeated; None when it asks once only."""
    return rungs(content.severity)[0] if content.roll_call and content.ladder else None


def climbs(severity: Severity, asked: int) -> timedelta | None:
    """Return the time from this rung to the next; None on the last, where humans are called."""
    found = rungs(severity)
    return found[asked + 1] - found[asked] if asked + 1 < len(found) else None


def puts_off(severity: Severity) -> timedelta:
    """Return how long "later" lets somebody be."""
    return rungs(severity)[0]
