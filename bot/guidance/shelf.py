"""What can be read without a case: ways, stories of what others did, and short notes.

Stories are found by kind of way, by country and region, and by how they went, failures included.
Some notes are for coordinators only: they are on the shelf of nobody else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.guidance.cards import Cards
from bot.guidance.situation import one

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from bot.content.entries import Knowledge, Note, Story
    from bot.content.library import Library
    from bot.flow.inputs import Item, Lookup
    from bot.flow.session import Answer

COORDINATOR = "coordinator"
NOTE_KINDS = (
    "argument", "fact", "checklist", "standard", "tool", "template", "calendar", "partners",
    "advocacy", "list", "training",
)  # fmt: skip
_DISAPPOINTING = frozenset({"failed", "partly", "unclear"})


def shelf_lookups(library: Library, today: date) -> dict[str, Lookup]:
    """Return the questions to the shelf."""
    shelf = _Shelf(library.knowledge, Cards(library.phrases, today))
    return {
        "story_ways": shelf.ways,
        "stories": shelf.stories,
        "story": shelf.story,
        "note_kinds": shelf.kinds,
        "notes": shelf.notes,
        "note": shelf.note,
    }


def stories_of(knowledge: Knowledge, answers: Mapping[str, Answer]) -> list[Story]:
    """Return stories as they were asked for: by way, by place, what did not work, or all."""
    everything = list(knowledge.stories.values())
    match one(answers.get("story_by")):
        case "way":
            way = one(answers.get("story_way"))
            return [story for story in everything if way in story.strategies]
        case "place":
            return _near(knowledge, everything, one(answers.get("story_country")))
        case "failed":
            return sorted(
                (story for story in everything if story.outcome in _DISAPPOINTING),
                key=lambda story: story.outcome != "failed",
            )
        case _:
            return everything


def notes_for(knowledge: Knowledge, role: str | None) -> list[Note]:
    """Return the notes that somebody of this role may read."""
    return [
        note
        for note in knowledge.notes.values()
        if note.shown_to == "everyone" or role == COORDINATOR
    ]


def _near(knowledge: Knowledge, stories: list[Story], country: str | None) -> list[Story]:
    """Put stories of the country first, then those of its region; none of elsewhere."""
    home = knowledge.countries.get(country or "")
    if home is None:
        return [story for story in stories if story.countries]
    region = {code for code, other in knowledge.countries.items() if other.region == home.region}
    near = [story for story in stories if region & set(story.countries)]
    return sorted(near, key=lambda story: home.code not in story.countries)


class _Shelf:
    """Answers the questions of one turn."""

    def __init__(self, knowledge: Knowledge, cards: Cards) -> None:
        self._knowledge = knowledge
        self._cards = cards

    def ways(self, answers: Mapping[str, Answer]) -> tuple[Item, ...]:
        """Kinds of ways that have a story."""
        del answers
        told = {way for story in self._knowledge.stories.values() for way in story.strategies}
        return tuple(
            self._cards.strategy(entry)
            for entry in self._knowledge.strategies.values()
            if entry.id in told
        )

    def stories(self, answers: Mapping[str, Answer]) -> tuple[Item, ...]:
        """Stories as they were asked for."""
        found = stories_of(self._knowledge, answers)
        return tuple(self._cards.story(story) for story in found)

    def story(self, answers: Mapping[str, Answer]) -> tuple[Item, ...]:
        """The chosen story."""
        found = self._knowledge.stories.get(one(answers.get("story")) or "")
        return (self._cards.story(found),) if found else ()

    def kinds(self, answers: Mapping[str, Answer]) -> tuple[Item, ...]:
        """Kinds of notes that this person may read."""
        kinds = {note.kind for note in notes_for(self._knowledge, one(answers.get("role")))}
        return tuple(self._cards.note_kind(kind) for kind in NOTE_KINDS if kind in kinds)

    def notes(self, answers: Mapping[str, Answer]) -> tuple[Item, ...]:
        """Notes of the chosen kind."""
        kind = one(answers.get("note_kind"))
        return tuple(
            self._cards.note(note, self._knowledge)
            for note in notes_for(self._knowledge, one(answers.get("role")))
            if kind in {None, note.kind}
        )

    def note(self, answers: Mapping[str, Answer]) -> tuple[Item, ...]:
        """The chosen note, when this person may read it."""
        wanted = one(answers.get("note"))
        return tuple(
            self._cards.note(note, self._knowledge)
            for note in notes_for(self._knowledge, one(answers.get("role")))
            if note.id == wanted
        )
