"""Coordinators, the keys that can read, and the record of what was done."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from bot.contract.operations import EVERYBODY, Nothing, Operation, Reach, Role
from bot.contract.shapes import Count, Id, Number, Size, Tag, Text

LONGEST_LIST = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Coordinator:
    """Somebody who works here, by code name."""

    id: Id
    alias: Annotated[str, Text(longest=64)]
    roles: tuple[Role, ...]
    languages: tuple[Tag, ...]
    on_duty: bool
    recipient: Annotated[str, Text(longest=62)]
    """Empty for an operator who reads nothing."""
    live: bool
    """Their key is on the signed list and valid now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coordinators:
    """All who work here."""

    coordinators: tuple[Coordinator, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Who can read, and what is not right about it."""

    version: Count
    signed_list: Annotated[str, Text(longest=LONGEST_LIST)]
    """The list as the offline root signed it; the desk checks the signature itself."""
    root: Annotated[str, Text(longest=64)]
    """The root's public key, hex, as the server believes; compare it with what you were told."""
    live: Count
    """Live keys of people, without the recovery key."""
    demo: bool
    endangered: tuple[Id, ...]
    """Cases that fewer than two live keys can read."""
    stale: Count
    """Cases whose key is wrapped to another list than the present one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PutKeys:
    """A new list, signed by the offline root."""

    signed_list: Annotated[str, Text(shortest=2, longest=LONGEST_LIST)]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskWrapped:
    """Wrapped case keys that are to be wrapped anew."""

    after: Annotated[str, Text(longest=64, pattern=r"[A-Za-z0-9_.-]*")] = ""
    limit: Annotated[int, Number(least=1, most=100)] = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class WrappedKey:
    """One case key in age's wrapper, without the outer one."""

    case: Id
    wrapped: Annotated[bytes, Size(least=64, most=4096)] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrappedKeys:
    """A page of them, by case; empty when all are done."""

    version: Count
    keys: tuple[WrappedKey, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PutWrapped:
    """Keys that a desk wrapped to the list of `version`."""

    version: Count
    keys: Annotated[tuple[WrappedKey, ...], Size(least=1, most=100)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrapped:
    """How many were taken, and how many are left."""

    taken: Count
    left: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class AskAudit:
    """The newest entries of the record."""

    subject: Annotated[str, Text(longest=64, pattern=r"[A-Za-z0-9_.-]*")] = ""
    """Only those about this case, coordinator or alert; empty for all."""
    limit: Annotated[int, Number(least=1, most=500)] = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One thing that was done; no content."""

    at: datetime
    who: Annotated[str, Text(longest=64)]
    """Id of a coordinator, `house` for the program, `operator` for the command line."""
    act: Annotated[str, Text(longest=64)]
    """A code: read, export, took, closed …"""
    subject: Annotated[str, Text(longest=64)]
    note: Annotated[str, Text(longest=200)]
    """A code that tells more, never words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """The record, newest first."""

    entries: tuple[AuditEntry, ...]
    count: Count
    """How many entries the whole record has."""
    head: Annotated[str, Text(longest=128)]
    """Digest of the newest entry: noted elsewhere, it shows when entries were cut off."""
    broken_at: Count | None
    """Number of the first entry that does not follow from the one before; None when whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """How people find this bot, as far as the server knows; empty where it does not."""

    name: Annotated[str, Text(longest=64)] = ""
    telegram: Annotated[str, Text(longest=64)] = ""
    """The bot's user name, without @."""
    web: Annotated[str, Text(longest=200)] = ""
    demo: bool = False


_KEEPERS = {Role.LEAD: Reach.NO_CASE}
_WATCHERS = {Role.LEAD: Reach.NO_CASE, Role.OPERATOR: Reach.NO_CASE}

OPERATIONS = (
    Operation(
        name="coordinators.list",
        method="GET",
        path="/coordinators",
        summary="Who works here, and who is there to be called.",
        allowed=EVERYBODY,
        request=Nothing,
        answer=Coordinators,
    ),
    Operation(
        name="keys.show",
        method="GET",
        path="/keys",
        summary="The signed list of readers, and cases that too few can read.",
        allowed=EVERYBODY,
        request=Nothing,
        answer=Keys,
    ),
    Operation(
        name="keys.put",
        method="PUT",
        path="/keys",
        summary="Put a new signed list in place.",
        allowed=_WATCHERS,
        request=PutKeys,
        answer=Keys,
        weight=5,
        problems=frozenset({"list-refused"}),
    ),
    Operation(
        name="keys.wrapped",
        method="GET",
        path="/keys/wrapped",
        summary="Wrapped case keys that are to be wrapped to the present list.",
        allowed=_KEEPERS,
        request=AskWrapped,
        answer=WrappedKeys,
    ),
    Operation(
        name="keys.rewrap",
        method="POST",
        path="/keys/wrapped",
        summary="Replace wrapped case keys by ones that a desk made.",
        allowed=_KEEPERS,
        request=PutWrapped,
        answer=Rewrapped,
    ),
    Operation(
        name="audit.list",
        method="GET",
        path="/audit",
        summary="What was done, by whom, when; without content.",
        allowed=_WATCHERS,
        request=AskAudit,
        answer=Audit,
    ),
    Operation(
        name="house.card",
        method="GET",
        path="/card",
        summary="How people find this bot and make sure that it is the right one.",
        allowed=EVERYBODY,
        request=Nothing,
        answer=Card,
    ),
)
