"""What a sentence mentions: countries by their names and days in words, in any of our languages.

Pure. Two different days are none; several countries are all told, and whoever asked lets choose.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LONGEST = 400
"""Letters of a sentence that are looked at."""

_WINDOW = 6
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u3040-\u30ff\u3400-\u9fff]")
_CYRILLIC = re.compile("[\u0400-\u04ff]")
# As plain words have them: without the sign over a short и.
_CASES = ("ыи", "ии", "ои", "ая", "ое", "ие", "ые", "іи", *"аяьоеіи")
_ENDINGS = 3
_ARABIC = "بلكفو"
_AMHARIC = "በከለየ"
_TURKISH = re.compile(r"^(.{3,}?)(?:d[ae]ki|t[ae]ki|[dt][ae]n|[dt][ae]|n[iı]n)$")
_SHORTEST = 4
_SHORT = frozenset({"usa", "uae", "drc", "rdc"})
_ELSEWHERE = frozenset({"maurice", "dominique", "مالي"})
"""Names that stand in sentences about somebody or something else."""

_ISO = re.compile(r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b")
_WRITTEN = re.compile(r"\b(\d{1,2})[./ -](\d{1,2})[./ -](\d{4})\b")
_CHINESE = re.compile(r"(?:(\d{4})年)?(\d{1,2})月(\d{1,2})[日号]")
_FILLERS = frozenset({"de", "del", "of", "the", "th", "st", "nd", "rd", "do", "da"})


def _base(word: str) -> str:
    """Return the part of a Cyrillic word that its endings leave alone."""
    if len(word) >= _SHORTEST and _CYRILLIC.search(word):
        for ending in _CASES:
            if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST - 1:
                return word[: -len(ending)]
    return word


def _forms(word: str) -> Iterator[str]:
    """Yield a word as it stands, and without what its language puts before or behind a name."""
    yield word
    if word.startswith("لل"):
        yield f"ال{word[2:]}"
    if word[0] in _ARABIC or word[0] in _AMHARIC:
        yield word[1:]
    ending = _TURKISH.match(word)
    if ending:
        yield ending[1]


@dataclass(frozen=True, slots=True)
class Countries:
    """Countries by name, ready to be found inside sentences."""

    names: Mapping[str, tuple[str, ...]]
    """Plain name to codes."""
    _bases: dict[str, list[tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]]] = field(
        default_factory=dict, repr=False
    )
    _unspaced: list[re.Pattern[str]] = field(default_factory=list, repr=False)

    @classmethod
    def of(cls, names: Mapping[str, tuple[str, ...]]) -> Countries:
        """Return an index of plain names."""
        found = cls(names)
        whole = sorted((one for one in names if _UNSPACED.search(one)), key=len, reverse=True)
        pattern = "|".join(re.escape(one) for one in whole if len(one) > 1)
        found._unspaced.append(re.compile(pattern or r"(?!)"))
        for name, codes in names.items():
            if _CYRILLIC.search(name):
                words = tuple(name.split())
                bases = tuple(_base(word) for word in words)
                found._bases.setdefault(bases[0][:3], []).append((bases, words, codes))
        for entries in found._bases.values():
            entries.sort(key=lambda entry: -len(entry[0]))
        return found

    def inside(self, said: str) -> tuple[str, ...]:
        """Return codes of the countries that a plain sentence names, in their order."""
        said = said[:LONGEST]
        found: dict[str, None] = {}
        if _UNSPACED.search(said):
            for match in self._unspaced[0].finditer(said):
                found.update(dict.fromkeys(self.names[match.group()]))
        words = said.split()
        place = 0
        while place < len(words):
            length, codes = self._longest(words, place)
            found.update(dict.fromkeys(codes))
            place += max(1, length)
        return tuple(found)

    def _longest(self, words: Sequence[str], place: int) -> tuple[int, tuple[str, ...]]:
        for length in range(min(_WINDOW, len(words) - place), 0, -1):
            rest = words[place + 1 : place + length]
            for first in _forms(words[place]):
                for last in _forms(rest[-1]) if rest else ("",):
                    name = " ".join([first, *rest[:-1], last]).strip()
                    codes = self.names.get(name)
                    if codes and _tells(name):
                        return length, codes
        for bases, whole, codes in self._bases.get(words[place][:3], ()):
            here = words[place : place + len(bases)]
            if len(here) == len(bases) and all(map(_inflected, here, bases, whole)):
                return len(bases), codes
        return 0, ()


def _tells(name: str) -> bool:
    """Tell whether a name inside a sentence is a country's: very short ones are other words."""
    shortest = _SHORTEST if name[0].isascii() else _SHORTEST - 1
    return name in _SHORT or (len(name) >= shortest and name not in _ELSEWHERE)


def _inflected(word: str, base: str, name: str) -> bool:
    """Tell whether a word is a name in another case."""
    if word == name:
        return True
    # What ends in a consonant only ever grows.
    shortest = len(name) if base == name else len(name) - 1
    return word.startswith(base) and shortest <= len(word) <= len(base) + _ENDINGS


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """Days in words, ready to be found inside sentences."""

    ago: Mapping[str, int]
    """Plain words to days ago; `#` stands for a number that is multiplied."""
    numbers: Mapping[str, int]
    months: Mapping[str, int]

    def inside(self, said: str, today: date) -> date | None:
        """Return the one day that a plain sentence mentions; None for none or several."""
        said = said[:LONGEST]
        found = {day for day in self._all(said, today) if day is not None}
        return found.pop() if len(found) == 1 else None

    def _all(self, said: str, today: date) -> Iterator[date | None]:
        for match in _ISO.finditer(said):
            yield _day(int(match[1]), int(match[2]), int(match[3]))
        for match in _WRITTEN.finditer(said):
            yield _day(int(match[3]), int(match[2]), int(match[1]))
        for match in _CHINESE.finditer(said):
            yield self._dated(int(match[3]), int(match[2]), match[1], today)
        if _UNSPACED.search(said):
            yield from self._unspaced(said, today)
        words = said.split()
        place = 0
        while place < len(words):
            length, ago = self._longest(words, place)
            if ago is not None:
                yield today - timedelta(days=ago)
            else:
                length, day = self._by_month(words, place, today)
                yield day
            place += max(1, length)

    def _longest(self, words: Sequence[str], place: int) -> tuple[int, int | None]:
        for length in range(min(_WINDOW, len(words) - place), 0, -1):
            window = list(words[place : place + length])
            ago = self.ago.get(" ".join(window))
            if ago is not None and "#" not in window:
                return length, ago
            for at, word in enumerate(window):
                number = int(word) if word.isdecimal() and len(word) < 4 else self.numbers.get(word)  # noqa: PLR2004 - a year is no number of days
                unit = self.ago.get(" ".join([*window[:at], "#", *window[at + 1 :]]))
                if number and unit:
                    return length, number * unit
        return 0, None

    def _by_month(self, words: Sequence[str], place: int, today: date) -> tuple[int, date | None]:
        """Read "3 May", "May 3rd", "3 de mayo de 2026" from here on."""
        near = [word for word in words[place : place + _WINDOW] if word not in _FILLERS]
        if len(near) < 2:  # noqa: PLR2004 - a day and a month
            return 0, None
        first, second = near[0], near[1]
        day, month = (first, second) if first[:1].isdecimal() else (second, first)
        number, named = re.match(r"\d{1,2}(?=$|\D)", day), self.months.get(month)
        if number is None or named is None or words[place] in _FILLERS:
            return 0, None
        year = near[2] if len(near) > 2 and re.fullmatch(r"\d{4}", near[2]) else None  # noqa: PLR2004 - a year follows
        return words[place:].index(second) + 1, self._dated(int(number.group()), named, year, today)

    def _unspaced(self, said: str, today: date) -> Iterator[date | None]:
        rest = said
        for word in sorted(self.ago, key=len, reverse=True):
            if "#" in word or not _UNSPACED.search(word):
                continue
            if word.replace(" ", "") in rest.replace(" ", ""):
                yield today - timedelta(days=self.ago[word])
                rest = rest.replace(" ", "").replace(word.replace(" ", ""), " ")
        for pattern, unit in self.ago.items():
            if "#" in pattern and _UNSPACED.search(pattern):
                before, after = (re.escape(part.replace(" ", "")) for part in pattern.split("#"))
                for number in re.findall(
                    f"{before}(\\d{{1,3}}|[^\\W\\d]{{1,4}}?){after}", rest.replace(" ", "")
                ):
                    count = int(number) if number.isdecimal() else self.numbers.get(number)
                    if count:
                        yield today - timedelta(days=count * unit)

    def _dated(self, day: int, month: int, year: str | None, today: date) -> date | None:
        """Return a date; without a year the last one that has passed."""
        if year is not None:
            return _day(int(year), month, day)
        this = _day(today.year, month, day)
        return this if this is None or this <= today else _day(today.year - 1, month, day)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
