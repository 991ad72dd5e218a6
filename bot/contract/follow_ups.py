"""Follow-ups that are due: codes of bodies and days, nothing that leads to a person."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from bot.contract.operations import Operation, Reach, Role
from bot.contract.shapes import Code, Count, Id, Number


@dataclass(frozen=True, slots=True, kw_only=True)
class AskFollowUps:
    """What is due within so many days."""

    days: Annotated[int, Number(least=0, most=400)] = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """Somebody wrote to a body and will be asked about it."""

    ref: Id
    body: Code
    """Id of the body in the knowledge."""
    kind: Code
    """answer: did they answer; deadline: a time limit comes."""
    due_at: datetime
    asked: Count
    """How often the person was asked without an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUps:
    """Soonest first."""

    follow_ups: tuple[FollowUp, ...]


OPERATIONS = (
    Operation(
        name="follow-ups.list",
        method="GET",
        path="/follow-ups",
        summary="Letters whose answer or time limit is due; no person.",
        allowed={Role.COORDINATOR: Reach.NO_CASE, Role.LEAD: Reach.NO_CASE},
        request=AskFollowUps,
        answer=FollowUps,
    ),
)
