"""What is inside the sealed items of a case, as the server seals it and the desk reads it.

An item is JSON under its kind. The kind stands in the clear envelope and is bound into the seal, so
an item cannot pass for another. `write_item` and `read_item` are the only way in and out.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from bot.contract.shapes import ShapeError, Text, parse, plain

AnyText = Annotated[str, Text(longest=200_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class CodedAnswer:
    """One answer in codes."""

    step: str
    """The step of the flow that asked; with `flow` it finds question and labels in any language."""
    name: str
    """The answer's name: threat, country, urgency …"""
    values: tuple[str, ...] = field(repr=False)
    """Codes, or a country, a day, a number."""
    kind: str = "choice"
    """choice, choices, country, date, number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Coded answers of a conversation (kind `answers`)."""

    flow: str
    answers: tuple[CodedAnswer, ...] = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenWords:
    """Words as somebody wrote them (kind `words`)."""

    text: AnyText = field(repr=False)
    language: str
    """The language of the conversation; what was written may be in another."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FileHead:
    """A file (kind `file`); its bytes are in items of their own.

    The original is in items of kind `file-part`; a clean copy, where the program could make one, in
    items of kind `file-clean`.
    """

    name: str = field(repr=False)
    media_type: str
    size: int
    parts: tuple[int, ...] = ()
    """Sequences of the items that hold the original, in order."""
    clean_parts: tuple[int, ...] = ()
    """The same for the clean copy; empty when there is none."""
    clean_type: str = ""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What the person agreed to, for one recipient (kind `consent`)."""

    level: str
    """Consent id of the taxonomy: coordinator-only, trusted-ngos, un-confidential …"""
    recipient: str
    """To whom: us, or the id of a body."""
    language: str
    version: str
    """Of the text that was agreed to."""
    at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A coordinator's note (kind `note`), also the reason for a new urgency."""

    text: AnyText = field(repr=False)
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What was answered to the person (kind `answer`)."""

    text: AnyText = field(repr=False)
    language: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """One part of what others should know."""

    name: str
    """route, calls, steps, life, medical, reach, cut or publicity."""
    text: AnyText = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanWords:
    """What somebody under watch wants others to know (kind `plan`); the last one counts."""

    lines: tuple[PlanLine, ...] = field(repr=False)
    language: str
    """Of the page; what was written may be in another."""
    at: datetime
    forced: bool = False
    """It came with the duress word: the one before it counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentPlace:
    """A place that somebody under watch sent of themselves (kind `place`)."""

    latitude: str = field(repr=False)
    longitude: str = field(repr=False)
    within: str = ""
    """Metres; empty when the phone did not say."""
    at: datetime
    under_way: bool = False
    """One of many, from a phone that shares its way."""


Item = Answers | WrittenWords | FileHead | Consent | Note | Answered | PlanWords | SentPlace

KINDS: dict[str, type[Item]] = {
    "answers": Answers,
    "words": WrittenWords,
    "file": FileHead,
    "consent": Consent,
    "note": Note,
    "answer": Answered,
    "plan": PlanWords,
    "place": SentPlace,
}
RAW_KINDS = frozenset({"file-part", "file-clean"})
"""Items that are bytes of a file."""


def write_item(item: Item) -> tuple[str, bytes]:
    """Return an item's kind and its content to be sealed."""
    kind = next(name for name, cls in KINDS.items() if cls is type(item))
    return kind, json.dumps(plain(item), ensure_ascii=False, separators=(",", ":")).encode()


def read_item(kind: str, clear: bytes) -> Item:
    """Read an opened item.

    Raises:
        ShapeError: Of a kind not known here, or damaged.
    """
    cls = KINDS.get(kind)
    if cls is None:
        raise ShapeError("kind", "is not known here")
    try:
        decoded = json.loads(clear)
    except ValueError:
        raise ShapeError("", "must be JSON") from None
    return parse(cls, decoded)
