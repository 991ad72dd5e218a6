"""The coordinators' notebook: allies, States, private notes, points of advocacy.

The server keeps sheets that it cannot read. A desk seals each to all who can read cases; the place
in the seal is (sheet, version, kind), so that an old version does not pass for a new one.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from bot.contract.operations import Operation, Reach, Role
from bot.contract.shapes import Id, Number, Size, Text

LARGEST_SHEET = 64 * 1024
MOST_SHEETS = 2_000
Version = Annotated[int, Number(least=0, most=2**31 - 1)]


class SheetKind(StrEnum):
    """What a sheet is."""

    ALLY = "ally"
    """A company, investor, law firm, organisation or diplomat that may help."""
    STATE = "state"
    """Where a State stands: friend, undecided, opponent."""
    NOTE = "note"
    """Strategies and tactics that stay here."""
    POINT = "point"
    """How far a point of advocacy is."""
    CONTACT = "contact"
    """What came of checking a contact, or of writing to an office."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskSheets:
    """All sheets of a kind."""

    kind: SheetKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One sheet."""

    sheet: Id
    kind: SheetKind
    version: Version
    at: datetime
    """The hour of the last change."""
    sealed: Annotated[bytes, Size(least=64, most=LARGEST_SHEET)] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheets:
    """Sheets, oldest first."""

    sheets: tuple[Sheet, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PutSheet:
    """A new sheet (version 1), or the next version of one that is there."""

    sheet: Id
    kind: SheetKind
    version: Annotated[int, Number(least=1, most=2**31 - 1)]
    sealed: Annotated[bytes, Size(least=64, most=LARGEST_SHEET)] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NameSheet:
    """One sheet."""

    sheet: Annotated[str, Text(shortest=1, longest=64, pattern=r"[A-Za-z0-9_.-]+")]


_WORKERS = {Role.COORDINATOR: Reach.NO_CASE, Role.LEAD: Reach.NO_CASE}

OPERATIONS = (
    Operation(
        name="notebook.list",
        method="GET",
        path="/notebook",
        summary="All sheets of a kind, as ciphertext.",
        allowed=_WORKERS,
        request=AskSheets,
        answer=Sheets,
    ),
    Operation(
        name="notebook.put",
        method="PUT",
        path="/notebook/{sheet}",
        summary="Write a new sheet, or the next version of one.",
        allowed=_WORKERS,
        request=PutSheet,
        problems=frozenset({"notebook-full"}),
    ),
    Operation(
        name="notebook.remove",
        method="DELETE",
        path="/notebook/{sheet}",
        summary="Take a sheet out.",
        allowed=_WORKERS,
        request=NameSheet,
    ),
)
