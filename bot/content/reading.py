"""Reading words as answers, in any of our languages: options, countries, days.

Pure and careful: what is near to two things is neither, and a cry for help is never bent into an
option. Understanding what a person wants is another room's work.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import TYPE_CHECKING

from bot.content.mentions import Countries
from bot.content.rendering import render
from bot.domain.languages import SOURCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date

    from bot.content.catalogues import Catalogues
    from bot.content.mentions import Days
    from bot.domain.ids import LanguageTag
    from bot.domain.words import Words
    from bot.flow.model import Text

NEAR = 0.84
"""Likeness from which a misspelt label is still that label."""

_SHORTEST_NEAR = 4
_SHORTEST_JOINED = 2
_LONGEST = 120
# Marks that are letters in Indian and Burmese scripts stay; their full stops go.
_JUNK = re.compile(r"[^\w\s/+\-\u0900-\u0963\u0966-\u0dff\u1000-\u1049\u1050-\u109f]+")
_SPACE = re.compile(r"\s+")
_COMMA = re.compile("[,،，、]")
_ARABIC = str.maketrans(
    {"أ": "ا", "إ": "ا", "آ": "ا", "ى": "ي", "ة": "ه", "ک": "ك", "ی": "ي", "ـ": None}
)
CUT = "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """Numbers in words, plain, in all our languages."""

    words: Mapping[str, int]
    before: frozenset[str]
    """Words that stand before a number: "option 2"."""
    articles: frozenset[str] = frozenset()
    """Words that stand before a name and change nothing: "the police"."""
    joined: tuple[str, ...] = ()
    """The same where they are written together with it."""

    def read(self, said: str) -> int | None:
        """Return the number that a whole plain message is."""
        words = said.split()
        while len(words) > 1 and words[0] in self.before and said not in self.words:
            words = words[1:]
        bare = " ".join(words)
        return int(bare) if bare.isdecimal() else self.words.get(said, self.words.get(bare))

    def bare(self, name: str) -> str:
        """Return a plain name without the article that it begins with."""
        first, _, rest = name.partition(" ")
        if rest and first in self.articles:
            return rest
        for article in self.joined:
            if name.startswith(article) and len(first) > len(article) + _SHORTEST_JOINED:
                return name.removeprefix(article)
        return name


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainReader:
    """Reads for a person in one language; English is read everywhere."""

    language: LanguageTag
    catalogues: Catalogues
    named: Countries
    days: Days
    numbers: Numbers
    yes_no: Mapping[str, str]
    """What means "yes" or "no" as a whole answer, plain."""
    today: date

    def option(self, words: Words, labels: Sequence[tuple[str, Text]]) -> tuple[str, ...]:
        """Return ids of the options meant: one when clear, several when near, none when not."""
        said = plain(words.reveal())
        if not said or len(said) > _LONGEST:
            return ()
        shown = [(id_, name) for id_, label in labels for name in self._names(label)]
        place = self.numbers.read(said)
        if place is not None and said not in {name for _, name in shown}:
            return (labels[place - 1][0],) if 0 < place <= len(labels) else ()
        whole = _matched(said, shown, _same, self._same_but_for_articles)
        answer = None if whole else self._yes_or_no(said)
        if answer is not None:
            return self._pressed_by(answer, labels)
        return whole or _matched(said, shown, _begins, _near)

    def nothing_but(self, words: Words, labels: Sequence[tuple[str, Text]]) -> bool:
        """Tell whether the words are a whole label or a country's whole name, not a word more."""
        said = plain(words.reveal())
        names = [name for _, label in labels for name in self._names(label)]
        if words.reveal().rstrip().endswith(CUT):
            # A long label is shown cut.
            return any(name.startswith(said) for name in names)
        return said in self.named.names or any(self._same_but_for_articles(said, n) for n in names)

    def countries(self, words: Words) -> tuple[str, ...]:
        """Return codes of the countries meant, best first; one when clear."""
        said = plain(words.reveal())
        if not said:
            return ()
        exact = self.named.names.get(said)
        return exact or self.named.inside(said) or self._near_countries(said)

    def _near_countries(self, said: str) -> tuple[str, ...]:
        if len(said) > _LONGEST:
            return ()
        found: dict[str, float] = {}
        for name, codes in self.named.names.items():
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
        """Return the one day that is meant: "yesterday", "two days ago", "3 May", 2026-05-03."""
        # Signs part the numbers of a date, so they stay where plain words lose them.
        said = plain(words.reveal())
        dotted = plain(words.reveal().replace(".", "-").replace("/", "-"))
        return self.days.inside(said, self.today) or self.days.inside(dotted, self.today)

    def _same_but_for_articles(self, said: str, name: str) -> bool:
        return self.numbers.bare(said) == self.numbers.bare(name)

    def _yes_or_no(self, said: str) -> str | None:
        """Return what a whole message means; "yes yes" is yes."""
        words = said.split()
        return self.yes_no.get(words[0] if len(set(words)) == 1 else said)

    def _pressed_by(self, answer: str, labels: Sequence[tuple[str, Text]]) -> tuple[str, ...]:
        """Return the options that "yes" or "no" presses.

        The ones with that very id where a question has both, else those whose label is that word,
        up to its comma: "No, thank you", but not "No more tests".
        """
        if {"yes", "no"} <= {id_ for id_, _ in labels}:
            return (answer,)
        return tuple(
            id_
            for id_, label in labels
            if any(self.yes_no.get(name) == answer for name in self._beginnings(label))
        )

    def _beginnings(self, label: Text) -> Iterable[str]:
        for language in dict.fromkeys((self.language, SOURCE)):
            yield _plain_name(_COMMA.split(render(label, language, self.catalogues))[0])

    def _names(self, label: Text) -> Iterable[str]:
        for language in dict.fromkeys((self.language, SOURCE)):
            yield _plain_name(render(label, language, self.catalogues))


def plain(text: str) -> str:
    """Fold what people write alike: case, accents left, emoji and punctuation, Arabic spellings."""
    if text.isascii():
        return _SPACE.sub(" ", _JUNK.sub(" ", text.lower())).strip()
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
def countries(
    tags: tuple[str, ...], codes: tuple[str, ...], more: tuple[tuple[str, str], ...] = ()
) -> Countries:
    """Return countries by their plain names in all these languages, to be found in sentences.

    Args:
        tags: The languages.
        codes: The countries.
        more: (name, code) that lists of countries do not have.
    """
    found = {name: dict.fromkeys(known) for name, known in country_names(tags, codes).items()}
    for name, code in more:
        if code in codes:
            found.setdefault(plain(name), {})[code] = None
    return Countries.of({name: tuple(known) for name, known in found.items()})


@lru_cache(maxsize=1)
def month_names(tags: tuple[str, ...]) -> Mapping[str, int]:
    """Return months by their plain names in all these languages."""
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415 - loads much of Babel

    found: dict[str, int] = {}
    for tag in tags:
        try:
            months = Locale.parse(tag.replace("-", "_")).months
        except (UnknownLocaleError, ValueError):
            continue
        for use in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in months[use][width].items():
                    if not plain(str(name))[:1].isdecimal():
                        found.setdefault(plain(str(name)), number)
    return found


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


def _matched(
    said: str, shown: Sequence[tuple[str, str]], *ways: Callable[[str, str], bool]
) -> tuple[str, ...]:
    """Return the options that match in the first way in which any does."""
    for match in ways:
        found = tuple(dict.fromkeys(id_ for id_, name in shown if match(said, name)))
        if found:
            return found
    return ()


def _same(said: str, name: str) -> bool:
    return said == name


def _begins(said: str, name: str) -> bool:
    return len(said) >= _SHORTEST_NEAR and (name.startswith(said) or f" {said} " in f" {name} ")


def _near(said: str, name: str) -> bool:
    if len(said) < _SHORTEST_NEAR or abs(len(said) - len(name)) > len(name) // 3:
        return False
    return SequenceMatcher(None, said, name).ratio() >= NEAR
