"""Looks for canaries in bytes: as they are, coded, and inside what was compressed.

Knows nothing of where bytes come from; whoever brings them gives the place its name.
"""

from __future__ import annotations

import base64
import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.proofs.drill.canaries import forms, number_forms, number_markers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bot.proofs.drill.canaries import Canary

    Shapes = Callable[[str], Iterator[tuple[str, bytes]]]

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
        first_number: What every number begins with.
        planted: All that was planted so far.
    """

    def __init__(
        self, markers: Sequence[str], first_number: int, planted: Sequence[Canary]
    ) -> None:
        words = [one for one in planted if one.text.startswith(tuple(markers))]
        numbers = [one for one in planted if one.text.isdecimal()]
        known = [one for one in planted if one.is_id and not one.text.isdecimal()]
        self._marked = (
            (tuple(dict.fromkeys(p for one in markers for p in forms(one))), words, forms),
            (tuple(dict.fromkeys(number_markers(first_number))), numbers, number_forms),
        )
        self._tokens = [(one, pair) for one in known for pair in _plain_forms(one.text)]

    def look(self, data: bytes, place: str, *, closely: bool = True) -> list[Found]:
        """Return every canary in `data`, each once for a form.

        Args:
            data: What was taken.
            place: Where it was.
            closely: Off leaves out what is slow: what is compressed, and what has no marker.
        """
        found = list(self._plain(data, place, tokens=closely))
        for inner in _inflated(data) if closely else ():
            found += self._plain(inner, f"{place} (compressed)", tokens=closely)
        return list(dict.fromkeys(found))

    def _plain(self, data: bytes, place: str, *, tokens: bool) -> Iterator[Found]:
        for markers, canaries, shapes in self._marked:
            for form, marker in markers:
                windows = [
                    data[max(at - _BEFORE, 0) : at + _BEHIND] for at in _positions(data, marker)
                ]
                if windows:
                    among = b"\0\0".join(windows)
                    yield from _named(among, form, place, canaries, shapes)
        for canary, (form, raw) in self._tokens if tokens else ():
            if raw in data:
                yield Found(canary=canary.text, place=place, form=form, planted=canary.where)


def _named(
    windows: bytes, form: str, place: str, canaries: Sequence[Canary], shapes: Shapes
) -> Iterator[Found]:
    """Say which canaries stand behind markers that were found."""
    named = False
    for canary in canaries:
        if any(raw in windows for name, raw in shapes(canary.text) if name == form):
            named = True
            yield Found(canary=canary.text, place=place, form=form, planted=canary.where)
    if not named and shapes is forms:
        yield Found(canary="", place=place, form=form, planted="a piece of a word")


def _plain_forms(token: str) -> Iterator[tuple[str, bytes]]:
    """Give the bytes that something which others made may be kept as."""
    raw = token.encode()
    yield "utf-8", raw
    yield "utf-16-le", token.encode("utf-16-le")
    yield "hex", raw.hex().encode()
    for spare in range(3):
        coded = base64.b64encode(bytes(spare) + raw)
        yield "base64", coded[(spare * 8 + 5) // 6 : (spare + len(raw)) * 8 // 6]


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
