"""Leave to take a set of cases out: asked by one, given by another, used once, within a day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.domain.errors import RefusedError

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.ids import CaseId, CoordinatorId

VALID_FOR = timedelta(hours=24)


class LeaveState(StrEnum):
    """Where a leave stands."""

    ASKED = "asked"
    APPROVED = "approved"
    USED = "used"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """One leave."""

    id: str
    asked_by: CoordinatorId
    form: str
    cases: tuple[CaseId, ...]
    asked_at: datetime
    expires_at: datetime
    state: LeaveState = LeaveState.ASKED
    approved_by: CoordinatorId | None = None


def approved(leave: Leave, by: CoordinatorId, now: datetime) -> Leave:
    """Give a leave.

    Raises:
        RefusedError: To oneself, twice, or too late; the message is a code.
    """
    if by == leave.asked_by:
        raise RefusedError("second-person")
    if leave.state is not LeaveState.ASKED or now >= leave.expires_at:
        raise RefusedError("not-asked")
    return replace(leave, state=LeaveState.APPROVED, approved_by=by)


def used(leave: Leave, by: CoordinatorId, now: datetime) -> Leave:
    """Use a leave, once.

    Raises:
        RefusedError: Somebody else's, not given, used, or too late; the message is a code.
    """
    given = leave.state is LeaveState.APPROVED and leave.approved_by not in {None, leave.asked_by}
    if by != leave.asked_by or not given or now >= leave.expires_at:
        raise RefusedError("not-approved")
    return replace(leave, state=LeaveState.USED)
