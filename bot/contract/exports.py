"""Taking cases out: each is recorded, and a set of cases needs a second person.

The desk writes the file from what it decrypted; the server only gives leave and remembers it.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from bot.contract.operations import Nothing, Operation, Reach, Role
from bot.contract.shapes import Id, Size


class Form(StrEnum):
    """As what a case is taken out."""

    DOCX = "docx"
    JSON = "json"


class ExportState(StrEnum):
    """Where the leave for a set of cases stands."""

    ASKED = "asked"
    APPROVED = "approved"
    USED = "used"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportCase:
    """One case that is about to be written to a file."""

    case: Id
    form: Form


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportMark:
    """What stands on every page of the file: who took it out, and the entry that records it."""

    mark: Id
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AskExport:
    """A set of one's own cases that is to be taken out."""

    cases: Annotated[tuple[Id, ...], Size(least=2, most=200)]
    form: Form


@dataclass(frozen=True, slots=True, kw_only=True)
class NameExport:
    """One leave."""

    export: Id


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """The leave for a set of cases."""

    export: Id
    asked_by: Id
    approved_by: Id | None
    state: ExportState
    form: Form
    cases: tuple[Id, ...]
    asked_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Exports:
    """Leaves that are not expired: one's own, and those one may approve."""

    exports: tuple[Export, ...]


_WORKERS = {Role.COORDINATOR: Reach.NO_CASE, Role.LEAD: Reach.NO_CASE}

OPERATIONS = (
    Operation(
        name="exports.case",
        method="POST",
        path="/cases/{case}/export",
        summary="Record that a case is taken out, and get the mark for its file.",
        allowed={Role.COORDINATOR: Reach.OWN, Role.LEAD: Reach.OWN},
        closed=True,
        request=ExportCase,
        answer=ExportMark,
        weight=5,
    ),
    Operation(
        name="exports.list",
        method="GET",
        path="/exports",
        summary="Leaves for sets of cases: one's own, and those one may approve.",
        allowed=_WORKERS,
        request=Nothing,
        answer=Exports,
    ),
    Operation(
        name="exports.ask",
        method="POST",
        path="/exports",
        summary="Ask for leave to take out a set of one's own cases.",
        allowed=_WORKERS,
        request=AskExport,
        answer=Export,
        weight=5,
        problems=frozenset({"not-own", "named-twice"}),
    ),
    Operation(
        name="exports.approve",
        method="POST",
        path="/exports/{export}/approve",
        summary="Give leave; never to oneself.",
        allowed=_WORKERS,
        request=NameExport,
        answer=Export,
        problems=frozenset({"second-person", "not-asked", "not-approved"}),
    ),
    Operation(
        name="exports.use",
        method="POST",
        path="/exports/{export}/use",
        summary="Use a leave, once, and get the mark for the file.",
        allowed=_WORKERS,
        request=NameExport,
        answer=ExportMark,
        weight=5,
        problems=frozenset({"not-approved", "not-own"}),
    ),
)
