"""Those who answer: coordinators, their roles, and what one of them did, without any content.

Knows no names: a coordinator has an alias, a public key and, when they linked their chat, a
pseudonym. Reading a case needs the private key, which is never here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

from bot.domain.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from bot.domain.ids import CoordinatorId, LanguageTag, PersonId

FEWEST_ON_DUTY = 2
"""Fewer than two is nobody: one person alone sleeps, travels, and is arrested."""

_ALIAS = re.compile(r"[^\W_](?:[\w -]{0,30}[^\W_])?")
_AGE_KEY = re.compile(r"age1[02-9ac-hj-np-z]{58}")


class Role(StrEnum):
    """What a coordinator may do."""

    COORDINATOR = "coordinator"
    """Takes cases and answers them."""
    LEAD = "lead"
    """Also sees every case, hands over, approves what two must approve, names roles."""
    OPERATOR = "operator"
    """Keeps the machine; sees no case."""


class Urgency(IntEnum):
    """How soon somebody must look, most urgent highest: compare and raise with `max`."""

    GREEN = 0
    """Advice, training, documentation: months."""
    YELLOW = 1
    """Repeated harassment, surveillance, charges pending: weeks."""
    AMBER = 2
    """A credible threat, summons, raid, a device seized: days."""
    RED = 3
    """Life or liberty now or within a day: hours."""

    @property
    def code(self) -> str:
        """Return the word that flows and rows use."""
        return ("months", "weeks", "days", "hours")[self]

    @classmethod
    def of(cls, code: str) -> Urgency:
        """Return the urgency for hours, days, weeks or months; anything else is green."""
        found = {"hours": cls.RED, "days": cls.AMBER, "weeks": cls.YELLOW}
        return found.get(code, cls.GREEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coordinator:
    """Somebody who answers."""

    id: CoordinatorId
    alias: str = field(repr=False)
    """What colleagues call them here; never a real name."""
    roles: frozenset[Role]
    recipient: str
    """Their age public key (age1…); empty for an operator who reads nothing."""
    languages: tuple[LanguageTag, ...] = ()
    on_duty: bool = False
    person: PersonId | None = None
    """Their own chat, once they followed the invitation."""
    demo: bool = False
    """Made by the first start, with a key that everybody can have."""

    @property
    def answers(self) -> bool:
        """Tell whether cases may be given to them."""
        return bool(self.roles & {Role.COORDINATOR, Role.LEAD})


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A link that ties a chat to a coordinator, once."""

    coordinator: CoordinatorId
    token: str = field(repr=False)
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what to which, never what it said."""

    at: datetime
    actor: str
    """A coordinator's id; `house` for the program, `operator` for the command line."""
    act: str
    """A code: read, export, roles, sent, took, closed …"""
    subject: str = ""
    """The id of a case, a coordinator or an alert."""
    note: str = ""
    """A code that tells more (`red`, `lead`), never words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A call for somebody to look: an id, an urgency, and who took it."""

    ref: str
    """The id of what waits; its first four letters are shown."""
    code: str
    """What waits: `case`, `check-in`, `person`, `sos`, `alert`."""
    urgency: Urgency
    opened_at: datetime
    acknowledged_by: CoordinatorId | None = None
    acknowledged_at: datetime | None = None

    @property
    def short(self) -> str:
        """Return what is said instead of an id."""
        return self.ref[:4].upper()


def check_alias(alias: str, taken: Collection[str]) -> str:
    """Return an alias that can be used.

    Raises:
        RefusedError: Too long, odd, or somebody else's.
    """
    alias = " ".join(alias.split())
    if not _ALIAS.fullmatch(alias):
        raise RefusedError("An alias has up to 32 letters, digits, spaces or hyphens.")
    if alias.casefold() in {one.casefold() for one in taken}:
        raise RefusedError(f"Somebody is called {alias} already.")
    return alias


def check_recipient(key: str, roles: Collection[Role]) -> str:
    """Return a public key that can be used; an operator needs none.

    Raises:
        RefusedError: It is no age key, or is missing where cases are read.
    """
    key = key.strip()
    if not key and set(roles) <= {Role.OPERATOR}:
        return ""
    if not _AGE_KEY.fullmatch(key):
        raise RefusedError("A coordinator needs the public key of `vigil keys make` (age1…).")
    return key


def is_watched(coordinators: Collection[Coordinator]) -> bool:
    """Tell whether anybody may be said to watch: two on duty whose keys are real."""
    there = sum(one.on_duty and one.answers and not one.demo for one in coordinators)
    return there >= FEWEST_ON_DUTY


def next_to_page(
    coordinators: Collection[Coordinator], asked: Collection[CoordinatorId]
) -> tuple[Coordinator, ...]:
    """Return whom to page now: first all on duty, then one more at a time, leads before others.

    Only those with a chat can be paged. Nobody new is left: an empty tuple, and the caller begins
    anew.
    """
    able = sorted(
        (one for one in coordinators if one.answers and one.person is not None),
        key=lambda one: (Role.LEAD not in one.roles, one.alias),
    )
    if not asked:
        there = tuple(one for one in able if one.on_duty)
        if there:
            return there
    return tuple(one for one in able if one.id not in asked)[:1]
