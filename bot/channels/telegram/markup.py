r"""Our markup made into Telegram's, in parts that Telegram takes.

`*bold*` alone is markup, `\*` is an asterisk. Cutting counts what Telegram counts (UTF-16 units
after markup) and never falls inside a word, a bold run's tag or an isolated name, unless that alone
is longer than a message may be.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.languages import FSI, PDI

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIGN = re.compile(r"\\\*|\*|[^\\*]+|\\")
_ATOM = re.compile(rf"{FSI}[^{PDI}]*{PDI}|\s+|[^\s{FSI}]+|{FSI}")
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text that is bold or is not."""

    text: str
    bold: bool


def utf16_length(text: str) -> int:
    """Count as Telegram counts: characters beyond the basic plane are two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def read(text: str) -> list[Run]:
    """Return the runs of a text in our markup; an asterisk without a partner is an asterisk."""
    if "*" not in text:
        return [Run(text, bold=False)]
    runs: list[Run] = []
    pieces: list[str] = []
    bold = False
    signs = _SIGN.findall(text)
    partners = signs.count("*")
    for sign in signs:
        if sign == "*" and (bold or partners > 1):
            partners -= 1
            if pieces:
                runs.append(Run("".join(pieces), bold=bold))
                pieces = []
            bold = not bold
        else:
            pieces.append("*" if sign == r"\*" else sign)
    if pieces:
        runs.append(Run("".join(pieces), bold=bold))
    return runs


def to_html(runs: list[Run]) -> str:
    """Write runs as Telegram's HTML."""
    return "".join(
        f"<b>{run.text.translate(_ESCAPES)}</b>" if run.bold else run.text.translate(_ESCAPES)
        for run in runs
    )


def length(runs: list[Run]) -> int:
    """Return how long the text is for Telegram."""
    return sum(utf16_length(run.text) for run in runs)


def cut(runs: list[Run], most: int) -> Iterator[list[Run]]:
    """Give the runs in parts of at most `most` units each; white space at a cut is dropped."""
    if length(runs) <= most:
        yield runs
        return
    part: list[Run] = []
    used = 0
    for word in _words(runs, most):
        size = length(word)
        if used + size > most:
            yield _trimmed(part)
            part, used = [], 0
        if not part and word[0].text.isspace():
            continue
        for run in word:
            if part and part[-1].bold == run.bold:
                part[-1] = Run(part[-1].text + run.text, bold=run.bold)
            else:
                part.append(run)
        used += size
    if part:
        yield _trimmed(part)


def _words(runs: list[Run], most: int) -> Iterator[list[Run]]:
    """Give what must stay together: white space, or a word with all its runs, if it fits."""
    word: list[Run] = []
    for run in runs:
        for found in _ATOM.finditer(run.text):
            atom = Run(found.group(), bold=run.bold)
            if atom.text.isspace():
                if word:
                    yield word
                yield [Run(atom.text[:most], bold=run.bold)]
                word = []
                continue
            if word and length(word) + utf16_length(atom.text) > most:
                yield word
                word = []
            *whole, rest = _force(atom.text, most)
            yield from ([Run(piece, bold=run.bold)] for piece in whole)
            word.append(Run(rest, bold=run.bold))
    if word:
        yield word


def _force(text: str, most: int) -> Iterator[str]:
    """Cut what has no place to cut; never inside a character."""
    if utf16_length(text) <= most:
        yield text
        return
    start = used = 0
    for index, character in enumerate(text):
        size = 2 if ord(character) > 0xFFFF else 1  # noqa: PLR2004 -- end of the basic plane
        if used + size > most:
            yield text[start:index]
            start, used = index, 0
        used += size
    yield text[start:]


def _trimmed(part: list[Run]) -> list[Run]:
    if part:
        last = part[-1]
        part[-1] = Run(last.text.rstrip(), bold=last.bold)
    return [run for run in part if run.text]
