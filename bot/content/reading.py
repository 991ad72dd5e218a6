"""Reading words as answers, in any of our languages: options, countries, days.

Pure and careful: what is near to two things is neither, and a cry for help is never bent into an
option. Understanding what a person wants is another room's work.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import SequenceMatcher
from functools import lru_cache
from typing import TYPE_CHECKING

from bot.content.rendering import render
from bot.domain.languages import SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bot.content.catalogues import Catalogues
    from bot.domain.ids import LanguageTag
    from bot.domain.words import Words
    from bot.flow.model import Text

NEAR = 0.84
"""Likeness from which a misspelt label is still that label."""

_SHORTEST_NEAR = 4
_LONGEST = 120
_ISO = re.compile(r"^(\d{4})-(\d{1,2})-(\d{1,2})$")
_DAY_MONTH = re.compile(r"^(\d{1,2})[./ -](\d{1,2})[./ -](\d{4})$")
_JUNK = re.compile(r"[^\w\s/+-]+")
_SPACE = re.compile(r"\s+")
_ARABIC = str.maketrans(
    {"أ": "ا", "إ": "ا", "آ": "ا", "ى": "ي", "ة": "ه", "ک": "ك", "ی": "ي", "ـ": None}
)
CUT = "…"
_AGO = re.compile(r"(\d{1,3})")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainReader:
    """Reads for a person in one language; English is read everywhere."""

    language: LanguageTag
    catalogues: Catalogues
    countries_by_name: Mapping[str, tuple[str, ...]]
    day_words: Mapping[str, int]
    """Plain word to days ago: "yesterday" is 1."""
    today: date

    def option(self, words: Words, labels: Sequence[tuple[str, Text]]) -> tuple[str, ...]:
        """Return ids of the options meant: one when clear, several when near, none when not."""
        said = plain(words.reveal())
        if not said or len(said) > _LONGEST:
            return ()
        if said.isdecimal():
            place = int(said)
            return (labels[place - 1][0],) if 0 < place <= len(labels) else ()
        shown = [(id_, name) for id_, label in labels for name in self._names(label)]
        for match in (_same, _begins, _near):
            found = tuple(dict.fromkeys(id_ for id_, name in shown if match(said, name)))
            if found:
                return found
        return ()

    def nothing_but(self, words: Words, labels: Sequence[tuple[str, Text]]) -> bool:
        """Tell whether the words are a whole label or a country's whole name, not a word more."""
        said = plain(words.reveal())
        names = [name for _, label in labels for name in self._names(label)]
        if words.reveal().rstrip().endswith(CUT):
            # A long label is shown cut.
            return any(name.startswith(said) for name in names)
        return said in self.countries_by_name or said in names

    def countries(self, words: Words) -> tuple[str, ...]:
        """Return codes of the countries meant, best first; one when clear."""
        said = plain(words.reveal())
        if not said or len(said) > _LONGEST:
            return ()
        exact = self.countries_by_name.get(said)
        if exact:
            return exact
        found: dict[str, float] = {}
        for name, codes in self.countries_by_name.items():
            if len(said) > 2 and name.startswith(said):  # noqa: PLR2004 - two letters begin anything
                likeness = 0.95
            elif abs(len(name) - len(said)) <= 3 and len(said) >= _SHORTEST_NEAR:  # noqa: PLR2004
                likeness = SequenceMatcher(None, said, name).ratio()
            else:
                continue
            if likeness >= NEAR:
                for code in codes:
                    found[code] = max(found.get(code, 0.0), likeness)
        return tuple(sorted(found, key=lambda code: -found[code]))

    def day(self, words: Words) -> date | None:
        """Return the day meant by "yesterday", "3 days ago", "2026-05-03" or "3.5.2026"."""
        said = plain(words.reveal())
        iso, written = _ISO.match(said), _DAY_MONTH.match(said)
        try:
            if iso:
                return date(int(iso[1]), int(iso[2]), int(iso[3]))
            if written:
                return date(int(written[3]), int(written[2]), int(written[1]))
        except ValueError:
            return None
        ago = self.day_words.get(said)
        if ago is None:
            counted = _AGO.search(said)
            pattern = _AGO.sub("#", said, count=1) if counted else said
            unit = self.day_words.get(pattern)
            ago = unit * int(counted[1]) if counted and unit else None
        return self.today - timedelta(days=ago) if ago is not None else None

    def _names(self, label: Text) -> Iterable[str]:
        for language in (self.language, SOURCE):
            yield _plain_name(render(label, language, self.catalogues))


def plain(text: str) -> str:
    """Fold what people write alike: case, accents left, emoji and punctuation, Arabic spellings."""
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_ARABIC)
    bare = "".join(
        letter
        for letter in unicodedata.normalize("NFD", folded)
        if unicodedata.category(letter) not in {"Mn", "Cf"} or "\u0900" <= letter <= "\u109f"
    )
    digits = "".join(
        str(unicodedata.digit(letter)) if letter.isdigit() else letter
        for letter in unicodedata.normalize("NFC", bare)
    )
    return _SPACE.sub(" ", _JUNK.sub(" ", digits)).strip()


@lru_cache(maxsize=10_000)
def _plain_name(label: str) -> str:
    # Kept for labels, which are our own sentences; never for what people write.
    return plain(label)


@lru_cache(maxsize=1)
def country_names(tags: tuple[str, ...], codes: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """Return countries by their plain names in all these languages, short forms included."""
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415 - loads much of Babel

    found: dict[str, dict[str, None]] = {}
    for tag in tags:
        try:
            names = Locale.parse(tag.replace("-", "_")).territories
        except (UnknownLocaleError, ValueError):
            continue
        for code in codes:
            for key in (code, f"{code}-alt-short", f"{code}-alt-variant"):
                name = names.get(key)
                if name:
                    found.setdefault(plain(str(name)), {})[code] = None
    return {name: tuple(known) for name, known in found.items()}


def _same(said: str, name: str) -> bool:
    return said == name


def _begins(said: str, name: str) -> bool:
    return len(said) >= _SHORTEST_NEAR and (name.startswith(said) or f" {said} " in f" {name} ")


def _near(said: str, name: str) -> bool:
    if len(said) < _SHORTEST_NEAR or abs(len(said) - len(name)) > len(name) // 3:
        return False
    return SequenceMatcher(None, said, name).ratio() >= NEAR
