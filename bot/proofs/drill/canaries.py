"""Canaries: words, names and ids that nobody but the drill ever wrote, and the forms they may take.

Every word of one run begins with one of three markers (a word in Latin, Cyrillic and Arabic
letters) and every number of an account with the same five digits, so that a search looks for a
handful of markers and not for thousands of words; what stands behind a marker then tells which it
was. What others made (cookies, receipts) is looked for one by one.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote_from_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

_SCRIPTS = ("bcdfghjklmnpqrstvwxz", "бвгджзклмнпрстфхцчшщ", "بتثجحخدذرزسشصضطظعغفق")
_MARKER = (8, 6, 6)
_TAIL = 8
_FIRST_ID, _ID_RANGE = 7_000_000_000, 10**5
"""Numbers of one run share all but their last five digits."""
_LOW = 1 << 16
"""Two bytes of a number, kept in binary, that tell nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """Something planted."""

    text: str = field(repr=False)
    where: str
    """The surface and the question, or what else carried it: safe to show."""
    is_id: bool = False
    """A number, a name or a token that tells who somebody is, and no words of theirs."""


@dataclass
class Cage:
    """Makes canaries and remembers each."""

    chance: Random
    planted: list[Canary] = field(default_factory=list)
    _numbers: set[int] = field(default_factory=set)

    @cached_property
    def markers(self) -> tuple[str, ...]:
        """The beginnings of all words of this run."""
        sizes = zip(_SCRIPTS, _MARKER, strict=True)
        return tuple("".join(self.chance.choices(letters, k=size)) for letters, size in sizes)

    @cached_property
    def first_number(self) -> int:
        """The number that all numbers of this run begin with."""
        return _FIRST_ID + self.chance.randrange(10**4) * _ID_RANGE

    def word(self, where: str) -> str:
        """Return a new word."""
        script = self.chance.choices((0, 1, 2), weights=(4, 1, 1))[0]
        tail = "".join(self.chance.choices(_SCRIPTS[script], k=_TAIL))
        return self._keep(Canary(text=self.markers[script] + tail, where=where))

    def name(self, where: str) -> str:
        """Return a new name that a messaging app would show us: Latin letters only."""
        tail = "".join(self.chance.choices(_SCRIPTS[0], k=_TAIL))
        return self._keep(Canary(text=self.markers[0] + tail, where=where))

    def number(self, where: str) -> int:
        """Return a new number of an account."""
        number = self.first_number
        while number in self._numbers or number == self.first_number:
            number = self.first_number + self.chance.randrange(_ID_RANGE)
        self._numbers.add(number)
        self._keep(Canary(text=str(number), where=where, is_id=True))
        return number

    def known(self, token: str, where: str) -> str:
        """Count something that somebody else made as a canary."""
        return self._keep(Canary(text=token, where=where, is_id=True))

    def _keep(self, canary: Canary) -> str:
        self.planted.append(canary)
        return canary.text


def forms(text: str) -> Iterator[tuple[str, bytes]]:
    """Give the bytes that a text may be kept as, each with the form's name."""
    for shown in dict.fromkeys((text, text.upper(), text.capitalize())):
        raw = shown.encode()
        yield "utf-8", raw
        for code in ("utf-16-le", "utf-16-be", "utf-32-le"):
            yield code, shown.encode(code)
        yield "hex", raw.hex().encode()
        yield "hex", raw.hex().upper().encode()
        for spare in range(3):
            # Where the text begins within three bytes decides what the base64 looks like.
            coded = base64.b64encode(bytes(spare) + raw)
            first, last = (spare * 8 + 5) // 6, (spare + len(raw)) * 8 // 6
            yield "base64", coded[first:last]
            yield "base64", coded[first:last].translate(bytes.maketrans(b"+/", b"-_"))
        if not shown.isascii():
            yield "url", quote_from_bytes(raw).encode()
            yield "url", quote_from_bytes(raw).lower().encode()
            yield "json", shown.encode("unicode-escape")
            yield "quoted-printable", quote_from_bytes(raw).replace("%", "=").encode()


def number_forms(number: str) -> Iterator[tuple[str, bytes]]:
    """Give the bytes that a number may be kept as."""
    yield from forms(number)
    for order in ("big", "little"):
        # Six bytes is how SQLite keeps a number of this size.
        yield "binary", int(number).to_bytes(6, order)


def number_markers(first: int) -> Iterator[tuple[str, bytes]]:
    """Give what every number that begins as `first` does has in common, in each form."""
    digits = len(str(first)) - len(str(_ID_RANGE)) + 1
    yield from forms(str(first)[:digits])
    for number in range(first, first + _ID_RANGE + _LOW, _LOW):
        big = number.to_bytes(6, "big")[:4]
        yield "binary", big
        yield "binary", big[::-1]
