"""Words that sound like danger: lists of flows/alarms.yaml, matched whatever the language.

A loud word speaks of danger by itself; a soft one only beside other signs. Matching looks at whole
words after folding; writing systems without spaces are searched anywhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.understand.folding import for_grams

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_NO_SPACES = re.compile("[\u3400-\u9fff\u1000-\u109f\u1200-\u139f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What was heard in a text, as our own list writes it."""

    loud: tuple[str, ...] = ()
    soft: tuple[str, ...] = ()
    languages: frozenset[str] = frozenset()
    """Those that have every loud word that was heard."""
    signs: tuple[str, ...] = ()
    """Loud ones that are no letters, such as the SOS emoji."""


class Alarms:
    """All lists of all languages."""

    def __init__(self, lists: Mapping[str, object]) -> None:
        signs = lists.get("signs")
        self._signs = tuple(str(sign) for sign in signs) if isinstance(signs, list) else ()
        words = [value for value in lists.values() if isinstance(value, dict)]
        self._owners: dict[str, set[str]] = {}
        for language, found in lists.items():
            for word in found.get("loud", ()) if isinstance(found, dict) else ():
                self._owners.setdefault(_bare(word), set()).add(language)
        self._loud = _Phrases(word for found in words for word in found.get("loud", ()))
        self._soft = _Phrases(word for found in words for word in found.get("soft", ()))

    def hear(self, text: str) -> Heard:
        """Return every loud and soft word of a text."""
        folded = for_grams(text)
        words = folded.split()
        signs = tuple(sign for sign in self._signs if sign in text)
        loud = tuple(dict.fromkeys(self._loud.find(folded, words)))
        owners = [self._owners.get(phrase, set()) for phrase in loud]
        return Heard(
            loud=signs + loud,
            soft=tuple(dict.fromkeys(self._soft.find(folded, words))),
            languages=frozenset(set.intersection(*owners)) if owners else frozenset(),
            signs=signs,
        )


def _bare(phrase: object) -> str:
    """Return a phrase as it is reported when it was found."""
    return " ".join(for_grams(str(phrase).rstrip("*")).split())


class _Phrases:
    """Phrases found by their first word; a star lets the last word end in any way."""

    def __init__(self, phrases: Iterable[object]) -> None:
        self._whole: dict[str, list[tuple[str, ...]]] = {}
        self._begun: dict[str, list[str]] = {}
        anywhere: list[str] = []
        for phrase in phrases:
            raw = str(phrase)
            words = tuple(for_grams(raw.rstrip("*")).split())
            if not words:
                continue
            if _NO_SPACES.search(words[0]):
                anywhere.append(re.escape(" ".join(words)))
            elif raw.endswith("*") and len(words) == 1:
                self._begun.setdefault(words[0][:3], []).append(words[0])
            else:
                ends = (*words[:-1], words[-1] + "*") if raw.endswith("*") else words
                self._whole.setdefault(words[0], []).append(ends)
        anywhere.sort(key=len, reverse=True)
        self._anywhere = re.compile("|".join(anywhere) or r"(?!)")

    def find(self, folded: str, words: Sequence[str]) -> Iterator[str]:
        """Yield the phrases that stand in a text."""
        for place, word in enumerate(words):
            for phrase in self._whole.get(word, ()):
                if _stands(phrase, words[place : place + len(phrase)]):
                    yield " ".join(phrase).rstrip("*")
            for beginning in self._begun.get(word[:3], ()):
                if word.startswith(beginning):
                    yield beginning
        if _NO_SPACES.search(folded):
            yield from (found.group() for found in self._anywhere.finditer(folded))


def _stands(phrase: tuple[str, ...], words: Sequence[str]) -> bool:
    if len(words) < len(phrase):
        return False
    last = phrase[-1]
    ends = words[-1].startswith(last[:-1]) if last.endswith("*") else words[-1] == last
    return ends and phrase[:-1] == tuple(words[:-1])
