"""Teaching lines: what people write when they want something, in the form that Rasa reads too.

One file a language under flows/understanding/. A line belongs to an intent; a block may say whether
its lines are urgent and which language they are in, where that is not the language of the file.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from bot.content import marks
from bot.content.marks import Place, Problem
from bot.content.reading import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

FOLDER = "flows/understanding"
VERSION = "3.1"
URGENT = frozenset({"emergency_now", "checkin_help"})
"""Intents whose lines are urgent unless their block says otherwise."""

KNOWN_TO_ENCODER = frozenset(
    "ar de en es fr it ja ko nl pl pt ru th tr zh".split()  # noqa: SIM905 - reads as a list
)
LEAST_ENGLISH, LEAST_KNOWN, LEAST_OTHER = 10, 6, 10
"""Lines that every intent needs in English, in languages the encoder knows, in all others."""

_MARKUP = re.compile(r"\[[^\]]*\]\(|[{}]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One teaching line."""

    text: str
    intent: str
    language: str
    urgent: bool
    place: Place


def load_lines(root: Path) -> tuple[tuple[Line, ...], list[Problem]]:
    """Read every teaching line below `root`, with what is wrong in the files' shape."""
    lines: list[Line] = []
    problems: list[Problem] = []
    for path in sorted((root / FOLDER).glob("*.yml")):
        found, more = _file(path, root)
        lines += found
        problems += more
    return tuple(lines), problems


def fingerprint(lines: Iterable[Line], *more: str) -> str:
    """Return a name for exactly these lines: what is learnt from others has another name."""
    digest = sha256()
    for part in more:
        digest.update(part.encode() + b"\0")
    for line in lines:
        digest.update(f"{line.language}\t{line.intent}\t{line.urgent}\t{line.text}\n".encode())
    return digest.hexdigest()[:32]


def check_lines(lines: Iterable[Line], intents: Iterable[str]) -> Iterator[Problem]:
    """Find intents that nobody serves or too few lines teach, and lines that teach two things."""
    known = sorted(set(intents))
    lines = tuple(lines)
    yield from _unknown(lines, set(known))
    yield from _doubled(lines)
    counts = Counter((line.language, line.intent) for line in lines)
    for language in sorted({line.language for line in lines}):
        least = _least(language)
        file = f"{FOLDER}/{language}.yml"
        for intent in known:
            number = counts[language, intent]
            if number < least:
                yield Problem(
                    place=Place(file=file),
                    rule="teaching-few",
                    message=f"{intent} has {number} lines in {language}; it needs {least}",
                    remedy="Write more, as people would say it.",
                )


def _least(language: str) -> int:
    if language == "en":
        return LEAST_ENGLISH
    return LEAST_KNOWN if language in KNOWN_TO_ENCODER else LEAST_OTHER


def _unknown(lines: Iterable[Line], known: set[str]) -> Iterator[Problem]:
    for line in lines:
        if line.intent not in known:
            yield Problem(
                place=line.place,
                rule="teaching-intent",
                message=f"{line.intent!r} is no intent of flows/intents.yaml",
                remedy="Correct the name, or name a flow for it there.",
            )


def _doubled(lines: Iterable[Line]) -> Iterator[Problem]:
    first: dict[str, Line] = {}
    for line in lines:
        key = plain(line.text) or line.text
        other = first.setdefault(key, line)
        if other is line:
            continue
        if other.intent != line.intent:
            yield Problem(
                place=line.place,
                rule="teaching-two-meanings",
                message=f"{line.text!r} teaches {line.intent}; at {other.place} {other.intent}",
                remedy="Keep it where it belongs.",
            )
        elif other.language == line.language:
            yield Problem(
                place=line.place,
                rule="teaching-repeated",
                message=f"{line.text!r} stands at {other.place} too",
                remedy="Keep one of the two.",
                severity="warning",
            )


def _file(path: Path, root: Path) -> tuple[list[Line], list[Problem]]:
    document, problems = marks.load(path, root=root)
    data = document.data if document else None
    blocks = data.get("nlu") if isinstance(data, dict) else None
    if document is None or not isinstance(blocks, list):
        place = Place(file=path.relative_to(root).as_posix())
        return [], [*problems, _wrong(place, "has no list `nlu`")]
    lines: list[Line] = []
    for number, block in enumerate(blocks):
        place = document.place("nlu", number, "examples")
        if not isinstance(block, dict) or not isinstance(block.get("examples"), str):
            problems.append(_wrong(place, "is no block with `intent` and `examples`"))
            continue
        lines += _block(block, place, path.stem, problems)
    return lines, problems


def _block(
    block: Mapping[str, Any], place: Place, language: str, problems: list[Problem]
) -> Iterator[Line]:
    intent = str(block.get("intent"))
    told = block.get("metadata")
    metadata = told if isinstance(told, dict) else {}
    # The key may stand a line above its text or (in a block of its own) on the same line.
    for offset, raw in enumerate(str(block["examples"]).splitlines(), start=1):
        here = Place(file=place.file, line=place.line + offset)
        text = raw.strip().removeprefix("-").strip()
        if not text:
            continue
        if not raw.strip().startswith("-"):
            problems.append(_wrong(here, "is no line that begins with a dash"))
        elif _MARKUP.search(text):
            problems.append(_wrong(here, "holds [ ]( ) or braces, which Rasa reads as markup"))
        else:
            yield Line(
                text=text,
                intent=intent,
                language=str(metadata.get("language", language)),
                urgent=bool(metadata.get("urgent", intent in URGENT)),
                place=here,
            )


def _wrong(place: Place, message: str) -> Problem:
    return Problem(
        place=place,
        rule="teaching",
        message=message,
        remedy="Write it as docs/understanding.md shows.",
    )
