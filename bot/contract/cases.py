"""Cases: the queue, one case as ciphertext, and everything a coordinator does with it.

Words never stand here in clear but once: an answer to the person, which the server passes on and
keeps nowhere readable. Everything else is sealed at the desk under the case's own key.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from bot.contract.operations import Operation, Reach, Role
from bot.contract.shapes import Code, Count, Id, Number, Size, Tag, Text

LARGEST_SEALED = 256 * 1024
"""Bytes of one item that a desk adds: a note or a copy of an answer."""
LONGEST_ANSWER = 3_000


class Urgency(StrEnum):
    """How soon a person must answer, highest first."""

    RED = "hours"
    AMBER = "days"
    YELLOW = "weeks"
    GREEN = "months"


class State(StrEnum):
    """Where a case stands."""

    WAITING = "waiting"
    """Nobody has taken it."""
    TAKEN = "taken"
    """Somebody works on it."""
    ANSWERED = "answered"
    """The person was answered last; it waits for them."""
    CLOSED = "closed"


class Outcome(StrEnum):
    """How a case ended."""

    SAFE = "safe"
    REFERRED = "referred"
    ADVISED = "advised"
    LETTER_SENT = "letter-sent"
    NO_ANSWER = "no-answer"
    WITHDRAWN = "withdrawn"
    DUPLICATE = "duplicate"
    NOT_FOR_US = "not-for-us"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSummary:
    """A case as the queue shows it: its clear envelope and no more."""

    case: Id
    """Random; its first four signs are what people say."""
    kind: Code
    """report, person, sos, check-in, roll-call."""
    urgency: Urgency
    state: State
    language: Tag
    created_at: datetime
    """The hour."""
    answer_by: datetime
    """When a person should have answered."""
    late: bool
    expires_at: datetime
    """When retention ends and the case is shredded."""
    size: Count
    """Padded bytes of everything."""
    assigned_to: Id | None
    readers: Count
    """Live keys that can open it, without the recovery key."""
    unread: Count
    """Items that came since the person in charge last looked."""
    mine: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AskQueue:
    """Which cases."""

    closed: bool = False
    """Also closed ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Cases that the one who asks may see, most urgent and longest waiting first."""

    cases: tuple[CaseSummary, ...]
    now: datetime
    on_duty: Count
    """How many people are there to be called."""
    endangered: Count
    """Cases that fewer than two live keys can read: an alarm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskCase:
    """One case."""

    case: Id


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemHead:
    """One sealed item, without its content."""

    sequence: Count
    kind: Code
    """See `items`."""
    at: datetime
    """The hour."""
    size: Count
    read: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSheet:
    """A case to be opened at the desk."""

    summary: CaseSummary
    wrapped: bytes = field(repr=False)
    """The case key in age's wrapper; the outer wrapper is off."""
    items: tuple[ItemHead, ...]
    next_sequence: Count
    """The place of the next item; what is sealed for another place does not open."""
    channel_open: bool
    """Whether an answer can still reach the person."""
    ways: tuple[Code, ...]
    """How they want to be reached: chat, receipt, signal, contact, none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskItem:
    """One item."""

    case: Id
    sequence: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class AddItem:
    """A note, sealed at the desk for the place `sequence`."""

    case: Id
    sequence: Count
    kind: Code
    sealed: Annotated[bytes, Size(least=32, most=LARGEST_SEALED)] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPerson:
    """An answer to the person, and a copy of it sealed into the case."""

    case: Id
    words: Annotated[str, Text(shortest=1, longest=LONGEST_ANSWER)] = field(repr=False)
    language: Tag
    sequence: Count
    sealed: Annotated[bytes, Size(least=32, most=LARGEST_SEALED)] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveCase:
    """Give a case to a coordinator."""

    case: Id
    to: Id


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUrgency:
    """Change the urgency; the reason is a sealed note of the same desk."""

    case: Id
    urgency: Urgency
    sequence: Count
    sealed: Annotated[bytes, Size(least=32, most=LARGEST_SEALED)] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseCase:
    """End a case; what was found out goes into a sealed note first."""

    case: Id
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRetention:
    """Keep a case for so many days from now; the person's own choice is never exceeded."""

    case: Id
    days: Annotated[int, Number(least=1, most=365)]


_CASE_WORK = {Role.COORDINATOR: Reach.OWN, Role.LEAD: Reach.OWN}

OPERATIONS = (
    Operation(
        name="cases.queue",
        method="GET",
        path="/cases",
        summary="The cases that wait, and one's own; for a lead all.",
        allowed={Role.COORDINATOR: Reach.NO_CASE, Role.LEAD: Reach.NO_CASE},
        request=AskQueue,
        answer=Queue,
    ),
    Operation(
        name="cases.open",
        method="GET",
        path="/cases/{case}",
        summary="A case as ciphertext, with the list of its items.",
        allowed=_CASE_WORK,
        closed=True,
        request=AskCase,
        answer=CaseSheet,
    ),
    Operation(
        name="cases.item",
        method="GET",
        path="/cases/{case}/items/{sequence}",
        summary="The ciphertext of one item.",
        allowed=_CASE_WORK,
        closed=True,
        request=AskItem,
        answer=bytes,
    ),
    Operation(
        name="cases.add",
        method="POST",
        path="/cases/{case}/items",
        summary="Add a note, sealed at the desk.",
        allowed=_CASE_WORK,
        request=AddItem,
        answer=CaseSummary,
    ),
    Operation(
        name="cases.answer",
        method="POST",
        path="/cases/{case}/answer",
        summary="Answer the person.",
        allowed=_CASE_WORK,
        request=AnswerPerson,
        answer=CaseSummary,
        weight=5,
        problems=frozenset({"not-reachable"}),
    ),
    Operation(
        name="cases.take",
        method="POST",
        path="/cases/{case}/take",
        summary="Take a case that waits.",
        allowed={Role.COORDINATOR: Reach.WAITING, Role.LEAD: Reach.ANY},
        request=AskCase,
        answer=CaseSummary,
    ),
    Operation(
        name="cases.release",
        method="POST",
        path="/cases/{case}/release",
        summary="Put a case back into the queue.",
        allowed={Role.COORDINATOR: Reach.OWN, Role.LEAD: Reach.ANY},
        request=AskCase,
        answer=CaseSummary,
    ),
    Operation(
        name="cases.assign",
        method="POST",
        path="/cases/{case}/assign",
        summary="Give any case to somebody.",
        allowed={Role.LEAD: Reach.ANY},
        request=GiveCase,
        answer=CaseSummary,
    ),
    Operation(
        name="cases.hand-over",
        method="POST",
        path="/cases/{case}/hand-over",
        summary="Give one's own case to somebody else.",
        allowed=_CASE_WORK,
        request=GiveCase,
        answer=CaseSummary,
    ),
    Operation(
        name="cases.urgency",
        method="POST",
        path="/cases/{case}/urgency",
        summary="Raise or lower the urgency, with a sealed reason.",
        allowed=_CASE_WORK,
        request=SetUrgency,
        answer=CaseSummary,
    ),
    Operation(
        name="cases.retention",
        method="POST",
        path="/cases/{case}/retention",
        summary="Shorten for how long a case is kept.",
        allowed=_CASE_WORK,
        closed=True,
        request=SetRetention,
        answer=CaseSummary,
    ),
    Operation(
        name="cases.close",
        method="POST",
        path="/cases/{case}/close",
        summary="End a case with an outcome.",
        allowed=_CASE_WORK,
        request=CloseCase,
        answer=CaseSummary,
    ),
    Operation(
        name="cases.reopen",
        method="POST",
        path="/cases/{case}/reopen",
        summary="Open a closed case again.",
        allowed={Role.COORDINATOR: Reach.OWN, Role.LEAD: Reach.ANY},
        closed=True,
        request=AskCase,
        answer=CaseSummary,
    ),
)
