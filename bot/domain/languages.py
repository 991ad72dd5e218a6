"""Languages as the program uses them: direction, fallback and script marks.

The list itself is content (locales/languages.yaml); this module decides what follows from a tag.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from bot.domain.ids import LanguageTag

if TYPE_CHECKING:
    from collections.abc import Collection

SOURCE = LanguageTag("en")
"""The language that sentences are written in first."""

RIGHT_TO_LEFT = frozenset({"ar", "fa", "ur", "he", "ckb", "ps"})

_SCRIPTS = {
    "ar": "arabic", "fa": "arabic", "ur": "arabic", "ckb": "arabic", "ps": "arabic",
    "ru": "cyrillic", "uk": "cyrillic", "zh": "chinese", "hi": "devanagari", "my": "burmese",
    "am": "ethiopic", "he": "hebrew",
}  # fmt: skip

LATIN = "latin"

FSI, PDI, RLM = "\u2068", "\u2069", "\u200f"


@lru_cache(maxsize=256)
def is_right_to_left(tag: str) -> bool:
    """Tell whether the language of `tag` is written from right to left."""
    return tag.split("-", maxsplit=1)[0] in RIGHT_TO_LEFT


def script(tag: str) -> str:
    """Return the script that the language of `tag` is written in."""
    return _SCRIPTS.get(tag.replace("_", "-").split("-", maxsplit=1)[0].lower(), LATIN)


def isolate(text: str) -> str:
    """Wrap a name, number, address or code so that it keeps its own direction inside a sentence."""
    return f"{FSI}{text}{PDI}"


def best_match(tag: str | None, offered: Collection[LanguageTag]) -> LanguageTag | None:
    """Return the offered language for a tag such as `pt-BR` or `zh_Hant`, or None."""
    if not tag:
        return None
    wanted = tag.replace("_", "-")
    for candidate in (wanted, wanted.split("-", maxsplit=1)[0].lower()):
        for language in offered:
            if language.lower() == candidate.lower():
                return language
    return None
