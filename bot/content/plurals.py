# ruff: noqa: PLR2004 - the numbers are those of the plural rules
"""Plural forms per language, pinned.

Tool and standard disagree for some languages (Babel's templates against CLDR for Persian and
Burmese), and a catalogue with the wrong number of forms shows wrong sentences, so the table stands
here and a test compares it with CLDR.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def _one(n: int) -> int:
    return int(n != 1)


def _up_to_one(n: int) -> int:
    return int(n > 1)


def _none(n: int) -> int:
    del n
    return 0


def _slavic(n: int) -> int:
    if n % 10 == 1 and n % 100 != 11:
        return 0
    return 1 if n % 10 in {2, 3, 4} and n % 100 not in {12, 13, 14} else 2


def _arabic(n: int) -> int:
    if n < 3:
        return n
    if 3 <= n % 100 <= 10:
        return 3
    return 4 if n % 100 >= 11 else 5


_ONE = "nplurals=2; plural=(n != 1);"
_UP_TO_ONE = "nplurals=2; plural=(n > 1);"
_NONE = "nplurals=1; plural=0;"
_SLAVIC = (
    "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : "
    "n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);"
)
_ARABIC = (
    "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : "
    "n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);"
)

FORMS: dict[str, tuple[int, str, Callable[[int], int]]] = {
    "en": (2, _ONE, _one),
    "es": (2, _ONE, _one),
    "sw": (2, _ONE, _one),
    "tr": (2, _ONE, _one),
    "fr": (2, _UP_TO_ONE, _up_to_one),
    "pt": (2, _UP_TO_ONE, _up_to_one),
    "fa": (2, _UP_TO_ONE, _up_to_one),
    "hi": (2, _UP_TO_ONE, _up_to_one),
    "am": (2, _UP_TO_ONE, _up_to_one),
    "ru": (3, _SLAVIC, _slavic),
    "uk": (3, _SLAVIC, _slavic),
    "ar": (6, _ARABIC, _arabic),
    "zh": (1, _NONE, _none),
    "id": (1, _NONE, _none),
    "my": (1, _NONE, _none),
}


def forms(language: str) -> tuple[int, str, Callable[[int], int]]:
    """Return (number of forms, the PO header, the rule); English's for an unknown language."""
    return FORMS.get(language.split("-", maxsplit=1)[0], FORMS["en"])
