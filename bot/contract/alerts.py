"""Alerts: writing, approving by a second person, sending, stopping, taking back, and what became.

Drills have every operation under an address of their own: what was begun as a drill can only be
sent as one, and a real alert can never be found among drills.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from bot.contract.operations import Nothing, Operation, Reach, Role
from bot.contract.shapes import Code, Count, Id, Number, Size, Tag, Text

LONGEST_TEXT = 4_000
_DAY = 24 * 60


class Severity(StrEnum):
    """How loud an alert is."""

    RED = "red"
    AMBER = "amber"
    GREEN = "green"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertText:
    """The alert in one language."""

    language: Tag
    text: Annotated[str, Text(longest=LONGEST_TEXT)] = field(repr=False)


Texts = Annotated[tuple[AlertText, ...], Size(most=40)]


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteAlert:
    """A draft, new or changed. The desk chooses the id, so that sending it twice makes one."""

    alert: Id
    version: Count = 0
    """The version that is changed; 0 for a new one."""
    severity: Severity
    audience: Annotated[str, Text(shortest=1, longest=1000)]
    texts: Texts
    fallback: Tag
    topic: Annotated[str, Text(longest=64, pattern=r"[a-z0-9-]*")] = ""
    correction: Texts = ()
    roll_call: bool = False
    ladder: bool = False
    at: datetime | None = None
    """Not before this moment."""
    own_clock: Annotated[str, Text(longest=5, pattern=r"([01][0-9]|2[0-3]):[0-5][0-9]|")] = ""
    """Each gets it when their own clock shows this; empty is at once."""
    lasts_minutes: Annotated[int, Number(least=5, most=7 * _DAY)] = _DAY
    hold_seconds: Annotated[int, Number(least=0, most=3600)] = 120
    """How long one in a hundred is watched before the others follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NameAlert:
    """One alert."""

    alert: Id


@dataclass(frozen=True, slots=True, kw_only=True)
class ActOnAlert:
    """One alert, as the one who acts saw it."""

    alert: Id
    version: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveAlert:
    """The second person's word: for this version and a list of this length, for nothing else."""

    alert: Id
    version: Count
    frozen: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallAlert:
    """Take back what was sent: delete it, or put the correction in its place."""

    alert: Id
    edits: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertCount:
    """How many rows of one language stand where."""

    language: Tag
    outcome: Code
    reason: Annotated[str, Text(longest=32)]
    number: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFault:
    """Something wrong with a text."""

    language: Annotated[str, Text(longest=35)]
    code: Code


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneScreen:
    """How a phone shows the alert in one language."""

    language: Tag
    right_to_left: bool
    text: Annotated[str, Text(longest=8_000)] = field(repr=False)
    buttons: tuple[Annotated[str, Text(longest=100)], ...]
    correction: Annotated[str, Text(longest=8_000)] = field(default="", repr=False)
    """What would stand there after a correction; empty when none was prepared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertHead:
    """An alert in a list."""

    alert: Id
    reference: Code
    state: Code
    version: Count
    severity: Severity
    roll_call: bool
    drill: bool
    frozen: Count
    created_by: Id
    created_at: datetime
    paused_for: Annotated[str, Text(longest=32)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertHeads:
    """Alerts, newest first."""

    alerts: tuple[AlertHead, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertView:
    """Everything about one alert."""

    head: AlertHead
    written: WriteAlert
    authors: tuple[Id, ...]
    submitted_by: Id | None
    approved_by: Id | None
    begun_at: datetime | None
    expires_at: datetime | None
    ended_at: datetime | None
    needs_second: bool
    may: tuple[Code, ...]
    """What the one who asks may do with it now."""
    counts: tuple[AlertCount, ...]
    """The frozen list as it stands; for a draft, whom it would go to."""
    faults: tuple[AlertFault, ...]
    screens: tuple[PhoneScreen, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """How far an alert has come. `adds_up` is read from rows."""

    state: Code
    version: Count
    frozen: Count
    counts: tuple[AlertCount, ...]
    adds_up: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswersAt:
    """Answers to a roll call within one minute."""

    at: datetime
    safe: Count
    help: Count
    later: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A roll call: who answered what, as numbers."""

    reached: Count
    safe: Count
    help: Count
    later: Count
    silent: Count
    chart: tuple[AnswersAt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VocabularyName:
    """What can be asked under one name of the audience language."""

    name: Code
    codes: tuple[Annotated[str, Text(longest=64)], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """What an audience may ask, and the languages that people are spoken to in."""

    names: tuple[VocabularyName, ...]
    languages: tuple[Tag, ...]
    subscribers: Count


_ANSWERING: Mapping[Role, Reach] = {Role.COORDINATOR: Reach.NO_CASE, Role.LEAD: Reach.NO_CASE}
_PROBLEMS = frozenset(
    {
        "role", "state", "changed", "own-alert", "not-yours", "no-text", "faulty-text",
        "bad-audience", "nobody", "no-such-alert", "time-passed",
    }
)  # fmt: skip
"""Why an act on an alert was refused; each refusal stands in the audit log."""


def _operations(kind: str, summary: str) -> tuple[Operation, ...]:
    def one(
        verb: str, method: str, path: str, tells: str, request: type, answer: type | None,
        weight: int = 1,
    ) -> Operation:  # fmt: skip
        return Operation(
            name=f"{kind}.{verb}", method=method, path=f"/{kind}{path}",
            summary=tells.format(what=summary), allowed=_ANSWERING, request=request, answer=answer,
            weight=weight, problems=_PROBLEMS, watched=True,
        )  # fmt: skip

    at = "/{alert}"
    return (
        one("list", "GET", "", "List {what}s, newest first.", Nothing, AlertHeads),
        one("write", "PUT", at, "Write or change the draft of a {what}.", WriteAlert, AlertView, 2),
        one("show", "GET", at, "Show a {what} and its frozen list.", NameAlert, AlertView, 2),
        one("discard", "DELETE", at, "Throw the draft of a {what} away.", NameAlert, None),
        one("submit", "POST", f"{at}/submit", "Freeze a {what}.", ActOnAlert, AlertView, 5),
        one("return", "POST", f"{at}/return", "Give a {what} back.", ActOnAlert, AlertView),
        one("approve", "POST", f"{at}/approve", "Let a {what} go.", ApproveAlert, AlertView, 5),
        one("pause", "POST", f"{at}/pause", "Pause a {what}.", NameAlert, Picture),
        one("resume", "POST", f"{at}/resume", "Let a paused {what} go on.", NameAlert, Picture),
        one("abort", "POST", f"{at}/abort", "Stop a {what} for good.", NameAlert, Picture),
        one("recall", "POST", f"{at}/recall", "Take a {what} back.", RecallAlert, Picture, 5),
        one("correct", "POST", f"{at}/correct", "Send the correction.", NameAlert, AlertHead, 5),
        one("picture", "GET", f"{at}/picture", "How far a {what} has come.", NameAlert, Picture),
        one("board", "GET", f"{at}/board", "The roll call of a {what}.", NameAlert, Board),
        one(
            "export", "GET", f"{at}/export", "Its numbers, small ones hidden.", NameAlert, bytes, 5
        ),
    )


OPERATIONS = (
    *_operations("alerts", "alert"),
    *_operations("drills", "drill"),
    Operation(
        name="alerts.vocabulary",
        method="GET",
        path="/alert-vocabulary",
        summary="What an audience may ask.",
        allowed=_ANSWERING,
        request=Nothing,
        answer=Vocabulary,
        watched=True,
    ),
)
