"""What search reads of every entry: its name, questions that people ask, and its first sentences.

Questions are written by editors in knowledge/questions/<language>.yaml: for an entry, three to
eight things that somebody might really write. They are never shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.content import marks
from bot.content.marks import Place, Problem
from bot.domain.languages import SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from bot.content.catalogues import Catalogues
    from bot.content.entries import Knowledge
    from bot.domain.ids import LanguageTag

FOLDER = "questions"
_FEW = 6
_FIELDS = {
    "guides": ("title", "when_to_use", "steps", "warnings"),
    "strategies": ("name", "what_it_is", "when_it_works", "first_three_steps"),
    "resources": ("name", "what_they_offer", "who_for"),
    "mechanisms": ("name", "short_name", "what_it_does", "when_to_use", "who_can_submit"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One sentence that an entry can be found by."""

    entry: str
    text: str
    telling: bool
    """A name or a question: says what the entry is about, not only something in it."""


def load_questions(
    root: Path, known: Mapping[str, Any]
) -> tuple[dict[str, dict[str, tuple[str, ...]]], list[Problem]]:
    """Read knowledge/questions below `root`; an entry that does not exist is a problem."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    problems: list[Problem] = []
    for path in sorted((root / "knowledge" / FOLDER).glob("*.yaml")):
        document, more = marks.load(path, root=root)
        problems += more
        data = document.data if document else None
        if document is None or not isinstance(data, dict):
            continue
        mine = found.setdefault(path.stem, {})
        for entry, questions in data.items():
            place = document.place(entry)
            if entry not in known:
                problems.append(_wrong(place, f"there is no entry {entry!r}"))
            elif not isinstance(questions, list) or not all(
                isinstance(one, str) and one.strip() for one in questions
            ):
                problems.append(_wrong(place, f"{entry} has no list of questions"))
            else:
                mine[entry] = tuple(questions)
    return found, problems


def entry_ids(knowledge: Knowledge) -> dict[str, str]:
    """Return every entry that search can find, and its kind."""
    return {id_: kind for kind in _FIELDS for id_ in getattr(knowledge, kind)}


def passages(
    knowledge: Knowledge,
    questions: Mapping[str, Mapping[str, tuple[str, ...]]],
    catalogues: Catalogues | None = None,
    language: LanguageTag = SOURCE,
) -> Iterator[Passage]:
    """Yield what entries can be found by in a language.

    Args:
        knowledge: The entries.
        questions: What people ask, by language and entry.
        catalogues: Where translations are; None for English.
        language: Only sentences that exist in it are yielded.
    """
    asked = questions.get(language, {})
    for kind, fields in _FIELDS.items():
        for id_, entry in getattr(knowledge, kind).items():
            for text in asked.get(id_, ()):
                yield Passage(entry=id_, text=text, telling=True)
            for name in fields:
                value = getattr(entry, name)
                told = [value] if isinstance(value, str) else list(value)[:_FEW]
                for number, source in enumerate(told):
                    context = f"{kind}.{id_}.{name}"
                    context += "" if isinstance(value, str) else f".{number}"
                    said = _said(catalogues, language, context, source)
                    if said:
                        yield Passage(entry=id_, text=said, telling=name in _NAMES)
            if language == SOURCE:
                yield from _threats(knowledge, id_, entry)


_NAMES = frozenset({"title", "name", "short_name", "when_to_use"})


def _threats(knowledge: Knowledge, id_: str, entry: Any) -> Iterator[Passage]:
    """Name the threats that an entry covers, in one sentence."""
    threats = getattr(entry, "threats_covered", None) or getattr(entry, "good_for_threats", None)
    terms: Mapping[str, Mapping[str, Any]] = knowledge.terms.get("threat_types", {})
    names = [str(terms[threat]["name"]) for threat in (threats or ())[:_FEW] if threat in terms]
    if names:
        yield Passage(entry=id_, text=", ".join(names), telling=False)


def _said(
    catalogues: Catalogues | None, language: LanguageTag, context: str, source: str
) -> str | None:
    if language == SOURCE or catalogues is None:
        return source
    text, found = catalogues.find(language, "knowledge", context, source)
    return text if found == language else None


def _wrong(place: Place, message: str) -> Problem:
    return Problem(
        place=place,
        rule="questions",
        message=message,
        remedy="Write `entry-id: [first question, second question]`.",
    )
