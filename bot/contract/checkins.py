"""Check-ins: the board, and what coordinators decide about somebody who does not answer.

Codes only. The words of a plan are sealed; the safe word that somebody said is compared and kept
nowhere.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from bot.contract.operations import Nothing, Operation, Reach, Role
from bot.contract.shapes import Code, Count, Id, Size, Text

LONGEST_WORD = 200
Country = Annotated[str, Text(shortest=2, longest=2, pattern=r"[A-Z]{2}")]
TierName = Annotated[str, Text(shortest=2, longest=2, pattern=r"T[1-4]")]
LARGEST_NOTE = 64 * 1024
"""Bytes of a note that a desk adds to a sheet."""


class Outcome(StrEnum):
    """What was found out."""

    SAFE = "safe"
    FALSE_ALARM = "false-alarm"
    INCIDENT = "incident"
    UNKNOWN = "unknown"


class Way(StrEnum):
    """How somebody who knows the person made sure of them."""

    NONE = "none"
    VOICE = "voice"
    VIDEO = "video"
    PROOF = "proof-of-life"


class Told(StrEnum):
    """To whom two coordinators decide to turn."""

    AUTHORITIES = "authorities"
    PUBLICITY = "publicity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """What comes by itself, and when."""

    at: datetime
    what: Code
    """remind, l1, confirm, l2 or l3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardRow:
    """Somebody under watch."""

    plan: Id
    """Random; its first four signs are what people say."""
    tier: TierName
    state: Code
    """armed, due, grace, l1, l2, l3, paused, resolved or cancelled."""
    due_at: datetime
    minutes_late: Count
    next_at: datetime | None
    rungs: tuple[Rung, ...]
    alarm: Code | None
    """duress, wrong-words, panic or asked; None while there is none."""
    alarm_taken_by: Id | None
    taken_by: Id | None
    """Who answers for the ladder."""
    contacts: Count
    contacts_read: Count
    """How many contacts said that they read it, in this cycle."""
    region: Country | None
    authorities: Code
    """no, lawyer or yes."""
    approvals: tuple[Code, ...]
    """What one coordinator is for already."""
    pause_hours: Count
    """How long a pause was asked for; 0 for none."""
    drill: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInBoard:
    """Everybody under watch: alarms first, then the highest rung, then who is due next."""

    rows: tuple[BoardRow, ...]
    cut_off: tuple[Country, ...]
    """Countries in which so many are silent that the network may be down."""
    away_from: datetime | None
    """When this service was last away."""
    away_until: datetime | None
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NamePlan:
    """One plan."""

    plan: Id


@dataclass(frozen=True, slots=True, kw_only=True)
class TakePlan:
    """Answer for a ladder, or for the alarm beside it."""

    plan: Id
    alarm: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveTelling:
    """Be one of two who are for it."""

    plan: Id
    what: Told


@dataclass(frozen=True, slots=True, kw_only=True)
class StandDown:
    """End an escalation; from the second level on with proof."""

    plan: Id
    outcome: Outcome
    word: Annotated[str, Text(longest=LONGEST_WORD)] = field(default="", repr=False)
    """The safe word as the person said it."""
    way: Way = Way.NONE
    alarm: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetItem:
    """One sealed item of a sheet, without its content."""

    sequence: Count
    kind: Code
    """plan, place or note; see `items`."""
    at: datetime
    """The hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSheet:
    """What others should know of somebody who is looked for, to be opened at the desk."""

    box: Id
    """What every item is bound to."""
    wrapped: bytes = field(repr=False)
    """The key in age's wrapper; the outer wrapper is off."""
    items: tuple[SheetItem, ...]
    next_sequence: Count
    """The place of the next item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskSheetItem:
    """One item of a sheet."""

    plan: Id
    sequence: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class AddSheetNote:
    """A note, sealed at the desk for the place `sequence`: what was done, what comes next."""

    plan: Id
    sequence: Count
    sealed: Annotated[bytes, Size(least=32, most=LARGEST_NOTE)] = field(repr=False)


_THOSE_ON_DUTY = {Role.COORDINATOR: Reach.NO_CASE, Role.LEAD: Reach.NO_CASE}

OPERATIONS = (
    Operation(
        name="checkins.board",
        method="GET",
        path="/check-ins",
        summary="Who is due, who is overdue, on which rung, and who answers for it.",
        allowed=_THOSE_ON_DUTY,
        request=Nothing,
        answer=CheckInBoard,
    ),
    Operation(
        name="checkins.take",
        method="POST",
        path="/check-ins/{plan}/take",
        summary="Answer for an escalation from now on.",
        allowed=_THOSE_ON_DUTY,
        request=TakePlan,
        answer=BoardRow,
    ),
    Operation(
        name="checkins.confirm",
        method="POST",
        path="/check-ins/{plan}/confirm",
        summary="Wake the trusted contacts without waiting for the ten minutes.",
        allowed=_THOSE_ON_DUTY,
        request=NamePlan,
        answer=BoardRow,
    ),
    Operation(
        name="checkins.pause",
        method="POST",
        path="/check-ins/{plan}/pause",
        summary="Agree to the pause that the person asked for.",
        allowed=_THOSE_ON_DUTY,
        request=NamePlan,
        answer=BoardRow,
    ),
    Operation(
        name="checkins.approve",
        method="POST",
        path="/check-ins/{plan}/approve",
        summary="Be one of two who are for telling the authorities or the public.",
        allowed=_THOSE_ON_DUTY,
        request=ApproveTelling,
        answer=BoardRow,
    ),
    Operation(
        name="checkins.stand-down",
        method="POST",
        path="/check-ins/{plan}/stand-down",
        summary="End an escalation with an outcome.",
        allowed=_THOSE_ON_DUTY,
        request=StandDown,
        weight=5,
    ),
    Operation(
        name="checkins.open",
        method="GET",
        path="/check-ins/{plan}/sheet",
        summary="What others should know of somebody who is looked for, as ciphertext.",
        allowed=_THOSE_ON_DUTY,
        request=NamePlan,
        answer=PlanSheet,
        weight=5,
        problems=frozenset({"not-yet"}),
    ),
    Operation(
        name="checkins.item",
        method="GET",
        path="/check-ins/{plan}/sheet/{sequence}",
        summary="The ciphertext of one item of it.",
        allowed=_THOSE_ON_DUTY,
        request=AskSheetItem,
        answer=bytes,
        problems=frozenset({"not-yet"}),
    ),
    Operation(
        name="checkins.note",
        method="POST",
        path="/check-ins/{plan}/sheet",
        summary="Add a note for those who look for the person, sealed at the desk.",
        allowed=_THOSE_ON_DUTY,
        request=AddSheetNote,
        problems=frozenset({"not-yet"}),
    ),
    Operation(
        name="checkins.tighten",
        method="POST",
        path="/check-ins/{plan}/tighten",
        summary="Tell humans sooner when no answer comes.",
        allowed=_THOSE_ON_DUTY,
        request=NamePlan,
        answer=BoardRow,
    ),
)
