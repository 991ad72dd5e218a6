"""Sealed boxes as the server may know them: an envelope in clear, items that it cannot read.

A box is a case, a check-in plan or a page that must not be told from nothing. Knows no keys.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.ids import CaseId


class Intake(StrEnum):
    """Whether anything can be sealed, and for whom."""

    OPEN = "open"
    DEMO = "demo"
    """Only for a demo key: nothing true may be written."""
    CLOSED = "closed"
    """Nobody who could read is named, or the signed list is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """Who can open what is sealed now, as the signed list says."""

    version: int
    keys: tuple[str, ...] = field(repr=False)
    """Every live age recipient, the recovery key with them."""
    people_keys: tuple[str, ...] = field(repr=False)
    """Those of people at work: without the recovery key."""
    demo: bool

    @property
    def people(self) -> int:
        """Count the live keys of people at work."""
        return len(self.people_keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedBox:
    """A box that can be added to; nothing in it can be read here."""

    id: CaseId
    kind: str
    """case, plan, duress."""
    public: str
    """age recipient that later items are sealed to; only the box's own key opens it."""
    version: int
    """Of the list that the key is wrapped to."""
    until: datetime
    """When it is shredded."""
    size: int = 0
    """Padded bytes of all items."""
    count: int = 0
    """Items, and the sequence of the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedItem:
    """One item: its place in clear, its content sealed."""

    box: CaseId
    sequence: int
    kind: str
    at: datetime
    """The hour."""
    size: int
    body: bytes = field(repr=False)
    by: str = ""
    """Id of the coordinator whose desk sealed it; empty when the person or the program did."""
