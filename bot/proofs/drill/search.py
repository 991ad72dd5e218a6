"""Looks for canaries in bytes: as they are, coded, and inside what was compressed.

Knows nothing of where bytes come from; whoever brings them gives the place its name.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.proofs.drill.canaries import forms, number_forms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.proofs.drill.canaries import Canary

_BEFORE, _BEHIND = 8, 512
"""Bytes around a marker in which the whole word must stand."""

_COMPRESSED = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]")
_INFLATED = 4 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A canary that stands somewhere in the clear."""

    canary: str
    """Its text; "" for a piece of one. Never shown."""
    place: str
    form: str
    planted: str

    def __str__(self) -> str:
        return f"{self.place}: {self.planted} ({self.form})"


class Search:
    """A search for all canaries of a run.

    Args:
        markers: What every word begins with.
        planted: All that was planted so far.
    """

    def __init__(self, markers: Sequence[str], planted: Sequence[Canary]) -> None:
        self._markers = dict.fromkeys(pair for marker in markers for pair in forms(marker))
        self._words = [one for one in planted if one.text.startswith(tuple(markers))]
        self._ids = [
            (one, pair)
            for one in planted
            if one not in self._words
            for pair in (number_forms(one.text) if one.text.isdecimal() else forms(one.text))
        ]

    def look(self, data: bytes, place: str) -> list[Found]:
        """Return every canary in `data`, each once for a form."""
        found = list(self._plain(data, place))
        for inner in _inflated(data):
            found += self._plain(inner, f"{place} (compressed)")
        return list(dict.fromkeys(found))

    def _plain(self, data: bytes, place: str) -> Iterator[Found]:
        for form, marker in self._markers:
            windows = [data[max(at - _BEFORE, 0) : at + _BEHIND] for at in _positions(data, marker)]
            if windows:
                yield from self._named(b"\0\0".join(windows), form, place)
        for canary, (form, raw) in self._ids:
            if raw in data:
                yield Found(canary=canary.text, place=place, form=form, planted=canary.where)

    def _named(self, windows: bytes, form: str, place: str) -> Iterator[Found]:
        """Say which words stand behind markers that were found."""
        named = False
        for canary in self._words:
            if any(raw in windows for name, raw in forms(canary.text) if name == form):
                named = True
                yield Found(canary=canary.text, place=place, form=form, planted=canary.where)
        if not named:
            yield Found(canary="", place=place, form=form, planted="a piece of a word")


def _positions(data: bytes, wanted: bytes) -> Iterator[int]:
    at = data.find(wanted)
    while at >= 0:
        yield at
        at = data.find(wanted, at + 1)


def _inflated(data: bytes) -> Iterator[bytes]:
    for start in _COMPRESSED.finditer(data):
        reader = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
        inner = b""
        try:
            # Piece by piece: a stream that was cut short still gives what came before.
            for at in range(start.start(), len(data), 4096):
                inner += reader.decompress(data[at : at + 4096], _INFLATED)
                if reader.eof or len(inner) > _INFLATED:
                    break
        except zlib.error:
            pass
        if inner:
            yield inner
