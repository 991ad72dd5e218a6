"""Safe word, duress word, PIN: how typed text is compared with what was agreed.

Knows digests only. One text gives one digest, which is compared with every agreed one in constant
time, also with those that nobody agreed on, so that neither the kind of a word nor its absence
shows in the time taken.
"""

from __future__ import annotations

import hmac
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

LONGEST = 200
"""Characters of a text that may be a word; a longer one is none, and is hashed all the same."""

SHORTEST_PIN, SHORTEST_WORD = 4, 4


class Secret(StrEnum):
    """What was agreed."""

    PIN = "pin"
    SAFE = "safe"
    DURESS = "duress"
    PANIC = "panic"
    """An innocent word that raises the alarm and clears the chat."""
    MARK = "mark"
    """A word that belongs into every OK; an OK without it is duress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A text as far as check-ins look at it."""

    ok: bool
    """It says OK, by a button or in words."""
    rest: str = field(repr=False)
    """What stands beside the OK, folded."""


def fold(text: str) -> str:
    """Return a text without what fingers and keyboards change: case, accents' form, marks."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    kept = "".join(
        sign if sign.isalnum() or unicodedata.category(sign).startswith("M") else " "
        for sign in plain
    )
    return " ".join(kept.split())[:LONGEST]


def read(text: str, ok_labels: Collection[str]) -> Typed:
    """Take an OK off the beginning or the end of a text; `ok_labels` are folded."""
    folded = fold(text)
    for label in sorted(ok_labels, key=len, reverse=True):
        if folded == label:
            return Typed(ok=True, rest="")
        if folded.startswith(f"{label} "):
            return Typed(ok=True, rest=folded[len(label) + 1 :])
        if folded.endswith(f" {label}"):
            return Typed(ok=True, rest=folded[: -len(label) - 1])
    return Typed(ok=False, rest=folded)


def matches(digest: bytes, agreed: Mapping[Secret, bytes]) -> frozenset[Secret]:
    """Return which agreed words a digest is; compares with all of them, whatever it finds."""
    nobody = bytes(len(digest))
    found = {secret: hmac.compare_digest(digest, agreed.get(secret, nobody)) for secret in Secret}
    return frozenset(secret for secret, same in found.items() if same and secret in agreed)


def refusal(words: Mapping[Secret, str]) -> str | None:
    """Return as a code why words cannot be agreed on, or None: too short, or two alike."""
    folded = {secret: fold(word) for secret, word in words.items() if word}
    if len(folded.get(Secret.PIN, "")) < SHORTEST_PIN:
        return "pin-short"
    if any(len(word) < SHORTEST_WORD for word in folded.values()):
        return "word-short"
    given = list(folded.values())
    if len(set(given)) < len(given):
        return "words-alike"
    return None
