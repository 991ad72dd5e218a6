"""Entries of the knowledge base as cards: a few lines that fit a small phone.

Decides what of an entry is shown and in which order; sources stay with the editors. Every card says
how old its source is, and that nobody of ours has checked it where that is so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.content.asides import without_ids
from bot.content.entries import shown_channels
from bot.flow.inputs import Item
from bot.flow.model import Literal, Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from bot.content.entries import (
        Channel,
        Guide,
        Knowledge,
        Mechanism,
        Note,
        Resource,
        Story,
        Strategy,
    )

_PHONE_LIKE = frozenset({"phone", "signal", "fax"})
_FEW, _SOME = 3, 6
_COPY = 2


class Cards:
    """Makes cards; `phrases` are the short headings between the parts."""

    def __init__(self, phrases: Mapping[str, Text], today: date) -> None:
        self._phrases = phrases
        self._today = today

    def resource_row(self, entry: Resource) -> Item:
        """Return an option with a short card: what it offers and how to reach it."""
        lines = [
            _bold("resources", entry.id, "name", entry.name),
            _join("resources", entry.id, "what_they_offer", entry.what_they_offer[:2]),
            *self._contacts(entry.channels)[:2],
        ]
        return self._item(entry.id, _text("resources", entry.id, "name", entry.name), lines,
                          entry.channels)  # fmt: skip

    def resource(self, entry: Resource) -> Item:
        """Return the whole card of a resource."""
        lines = [
            _bold("resources", entry.id, "name", entry.name),
            *_list("resources", entry.id, "what_they_offer", entry.what_they_offer, _SOME),
            *self._part("card_hours", _text("resources", entry.id, "hours_and_response_time",
                                            entry.hours_and_response_time)),
            *self._several("card_apply", "resources", entry.id, "how_to_apply", entry.how_to_apply),
            *self._several("card_who", "resources", entry.id, "eligibility",
                           entry.eligibility[:_FEW]),
            *self._contact_part(entry.channels),
            self._age(entry.checked_on, entry.reviewer),
        ]  # fmt: skip
        title = _text("resources", entry.id, "name", entry.name)
        return self._item(entry.id, title, lines, entry.channels)

    def mechanism_row(self, entry: Mechanism, reasons: Sequence[Text]) -> Item:
        """Return an option with a short card: what it does, why it fits, the main risk."""
        lines = [
            _bold("mechanisms", entry.id, "name", entry.name),
            _text("mechanisms", entry.id, "what_it_does", entry.what_it_does),
            *reasons[:2],
            *self._several("card_risk", "mechanisms", entry.id, "risks", entry.risks[:1]),
        ]
        title = _text("mechanisms", entry.id, "short_name", entry.short_name)
        return self._item(entry.id, title, lines, ())

    def mechanism(
        self,
        entry: Mechanism,
        reasons: Sequence[Text],
        warnings: Sequence[Text] = (),
        limit: Sequence[Text] = (),
    ) -> Item:
        """Return the whole card of a mechanism.

        Args:
            entry: The body.
            reasons: Why it fits this case, as bullets.
            warnings: What must be said of it in this case, as bullets.
            limit: The time limit of this case, if one is counted: what it is, and its day.
        """
        kind = "mechanisms"
        lines = [
            _bold(kind, entry.id, "name", entry.name),
            _text(kind, entry.id, "what_it_does", entry.what_it_does),
            *([self._phrase("card_why"), *reasons] if reasons else []),
            *self._several("card_when", kind, entry.id, "when_to_use",
                           entry.when_to_use[:_FEW]),
            *self._several("card_not", kind, entry.id, "when_not_to_use",
                           entry.when_not_to_use[:_FEW]),
            *([self._phrase("card_deadline"), *limit] if limit else []),
            *self._several("card_risk", kind, entry.id, "risks", entry.risks[:_FEW]),
            *([self._phrase("card_warning"), *warnings] if warnings else []),
            *self._several("card_consent", kind, entry.id, "consent_questions",
                           entry.consent_questions[:_FEW]),
            *self._several("card_gather", kind, entry.id, "information_needed",
                           entry.information_needed[:8]),
            *self._several("card_next", kind, entry.id, "what_happens_next",
                           entry.what_happens_next[:_FEW]),
            *self._part("card_time", _text(kind, entry.id, "typical_timeline",
                                           entry.typical_timeline)),
            *self._contact_part(entry.channels),
            _text(kind, entry.id, "reprisals_note", without_ids(entry.reprisals_note)),
            self._age(entry.checked_on, entry.reviewer),
        ]  # fmt: skip
        title = _text(kind, entry.id, "short_name", entry.short_name)
        return self._item(entry.id, title, lines, entry.channels)

    def last_day(self, day: date, today: date) -> Text:
        """Say until which day a time limit runs, or when it passed."""
        name = "deadline_passed" if day < today else "deadline_day"
        return self._phrase(name, day=Literal(text=day.isoformat()))

    def guide(self, entry: Guide) -> Item:
        """Return the card of a guide: when, steps in order, what to be careful about."""
        kind = "guides"
        lines = [
            _bold(kind, entry.id, "title", entry.title),
            _text(kind, entry.id, "when_to_use", entry.when_to_use),
            *_list(kind, entry.id, "steps", entry.steps, 12, numbered=True),
            *self._several("card_warning", kind, entry.id, "warnings", entry.warnings[:_FEW]),
            self._age(entry.checked_on, entry.reviewer),
        ]
        title = _text(kind, entry.id, "title", entry.title)
        return Item(id=entry.id, title=title, lines=tuple(lines), public=True)

    def first_steps(self, entry: Guide, count: int) -> Item:
        """Return the opening steps of a guide: what to do before reading on."""
        lines = [
            _bold("guides", entry.id, "title", entry.title),
            *_list("guides", entry.id, "steps", entry.steps[:count], count, numbered=True),
        ]
        title = _text("guides", entry.id, "title", entry.title)
        return Item(id=entry.id, title=title, lines=tuple(lines), public=True)

    def strategy(self, entry: Strategy) -> Item:
        """Return the card of a strategy: what, when it works, first steps, risks, examples."""
        kind = "strategies"
        lines = [
            _bold(kind, entry.id, "name", entry.name),
            _text(kind, entry.id, "what_it_is", entry.what_it_is),
            *self._several("card_works", kind, entry.id, "when_it_works", entry.when_it_works),
            self._phrase("card_steps"),
            *_list(
                kind, entry.id, "first_three_steps", entry.first_three_steps, _SOME, numbered=True
            ),
            *self._several("card_risk", kind, entry.id, "risks", entry.risks[:_FEW]),
            *self._several("card_warning", kind, entry.id, "do_no_harm", entry.do_no_harm[:_FEW]),
            *self._several("card_examples", kind, entry.id, "examples", entry.examples[:_SOME]),
            self._age(entry.checked_on, entry.reviewer),
        ]
        title = _text(kind, entry.id, "name", entry.name)
        return Item(id=entry.id, title=title, lines=tuple(lines), public=True)

    def story(self, entry: Story) -> Item:
        """Return what others did, how it went and what to take from it."""
        kind = "stories"
        lines = [
            _bold(kind, entry.id, "title", entry.title),
            _text(kind, entry.id, "what_happened", entry.what_happened),
            self._phrase(f"outcome_{entry.outcome}"),
            *self._part("card_lesson", _text(kind, entry.id, "lesson", entry.lesson)),
        ]
        title = _text(kind, entry.id, "title", entry.title)
        return Item(id=entry.id, title=title, lines=tuple(lines), public=True)

    def note(self, entry: Note, knowledge: Knowledge) -> Item:
        """Return a note and the entries it belongs to, by name."""
        kind = "notes"
        related = [
            *(_text("mechanisms", id_, "short_name", knowledge.mechanisms[id_].short_name)
              for id_ in entry.related_mechanisms),
            *(_text("resources", id_, "name", knowledge.resources[id_].name)
              for id_ in entry.related_resources),
            *(_text("strategies", id_, "name", knowledge.strategies[id_].name)
              for id_ in entry.related_strategies),
        ]  # fmt: skip
        lines = [
            _bold(kind, entry.id, "title", entry.title),
            *_list(kind, entry.id, "lines", entry.lines, 12),
            *([self._phrase("card_related")] if related else []),
            *(Text(source="• {text}", context="", domain="", values=(("text", text),))
              for text in related),
        ]  # fmt: skip
        title = _text(kind, entry.id, "title", entry.title)
        return Item(id=entry.id, title=title, lines=tuple(lines), public=True)

    def note_kind(self, kind: str) -> Item:
        """Return a kind of note as an option."""
        title = self._phrase(f"notes_{kind}")
        return Item(id=kind, title=title, lines=(title,), public=True)

    def hotline(self, entry: Resource) -> Item:
        """Return a human line: name, number, hours, nothing else."""
        lines = [
            _bold("resources", entry.id, "name", entry.name),
            *self._contacts(entry.channels)[:2],
            _text("resources", entry.id, "hours_and_response_time", entry.hours_and_response_time),
        ]
        title = _text("resources", entry.id, "name", entry.name)
        return self._item(entry.id, title, lines, entry.channels)

    def _item(
        self, id_: str, title: Text, lines: Sequence[Text], channels: Sequence[Channel]
    ) -> Item:
        shown = shown_channels(list(channels), self._today)
        numbers = [one for one in shown if one.type in _PHONE_LIKE or one.type == "email"]
        pages = [one for one in shown if one.value.startswith("https://")]
        return Item(
            id=id_,
            title=title,
            lines=tuple(lines),
            copy=tuple((one.value, one.value) for one in numbers[:_COPY]),
            links=tuple((_host(one.value), one.value) for one in pages[:1]),
            public=True,
        )

    def _contact_part(self, channels: Sequence[Channel]) -> list[Text]:
        found = self._contacts(channels)
        return [self._phrase("card_contact"), *found]

    def _contacts(self, channels: Sequence[Channel]) -> list[Text]:
        shown = shown_channels(list(channels), self._today)
        if not shown:
            return [self._phrase("contact_unconfirmed")]
        order = sorted(shown, key=lambda one: (one.type not in _PHONE_LIKE, one.type == "web-page"))
        found = [
            Text(
                source="{value}",
                context="",
                domain="",
                values=(("value", Literal(text=one.value)),),
            )
            for one in order[:_FEW]
        ]
        return [*found, *([self._phrase("contact_old")] if shown[0].status == "old" else [])]

    def _age(self, checked_on: str | None, reviewer: str | None) -> Text:
        if checked_on is None:
            return self._phrase("source_undated")
        if reviewer:
            return self._phrase("source_checked", day=Literal(text=checked_on))
        return self._phrase("source_unchecked", year=Literal(text=checked_on[:4]))

    def _part(self, heading: str, text: Text) -> list[Text]:
        return [self._phrase(heading), text] if text.source else []

    def _several(
        self, heading: str, kind: str, id_: str, name: str, sources: Sequence[str]
    ) -> list[Text]:
        return [self._phrase(heading), *_list(kind, id_, name, sources, 12)] if sources else []

    def _phrase(self, name: str, **values: Literal) -> Text:
        text = self._phrases.get(name) or Text(source=name, context=f"phrases.{name}")
        return Text(
            source=text.source,
            context=text.context,
            plural=text.plural,
            values=tuple(values.items()),
        )


def _text(kind: str, id_: str, name: str, source: str) -> Text:
    return Text(source=source, context=f"{kind}.{id_}.{name}", domain="knowledge")


def _bold(kind: str, id_: str, name: str, source: str) -> Text:
    inner = _text(kind, id_, name, source)
    return Text(source="*{text}*", context="", domain="", values=(("text", inner),))


def _list(
    kind: str, id_: str, name: str, sources: Sequence[str], most: int, *, numbered: bool = False
) -> list[Text]:
    return [
        Text(
            source="{n}. {text}" if numbered else "• {text}",
            context="",
            domain="",
            values=(("n", number), ("text", _text(kind, id_, f"{name}.{number - 1}", source))),
        )
        for number, source in enumerate(sources[:most], 1)
    ]


def _join(kind: str, id_: str, name: str, sources: Sequence[str]) -> Text:
    values = tuple(
        (f"v{number}", _text(kind, id_, f"{name}.{number}", source))
        for number, source in enumerate(sources)
    )
    return Text(
        source=" · ".join(f"{{{name}}}" for name, _ in values), context="", domain="", values=values
    )


def _host(address: str) -> str:
    return address.removeprefix("https://").removeprefix("www.").split("/", maxsplit=1)[0]
