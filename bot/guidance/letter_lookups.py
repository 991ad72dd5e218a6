"""What flows ask about letters: whom to write to, in which language, and what to do afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.content.entries import shown_channels
from bot.content.letters import LANGUAGES
from bot.content.rendering import language_name
from bot.flow.inputs import Item
from bot.flow.model import Day, Literal, Text
from bot.guidance.advice import advise
from bot.guidance.follow_ups import plan, read_all, time_limit
from bot.guidance.letters import accepted
from bot.guidance.situation import one, situation

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from bot.content.entries import Mechanism, Resource
    from bot.content.library import Library
    from bot.domain.ids import LanguageTag
    from bot.flow.inputs import Lookup
    from bot.flow.session import Answer

_BODIES = 8
_ADDRESSES = 2
_USUAL = (
    "un-sr-hrd-urgent-appeal", "un-sp-allegation-letter", "nat-embassy", "nat-nhri",
    "un-reprisals-senior-official",
)  # fmt: skip
"""Whom one can write to about whatever it is, while nothing is known of the case."""


def letter_lookups(library: Library, language: LanguageTag, today: date) -> Mapping[str, Lookup]:
    """Return the lookups of letters, ready to be asked during one turn."""
    room = _Room(library, language, today)
    return {
        "letter_bodies": room.bodies,
        "letter_languages": lambda answers: room.languages(answers, "mechanism"),
        "letter_plan": lambda answers: room.plan(answers, "mechanism"),
        "support_languages": lambda answers: room.languages(answers, "resource"),
        "support_plan": lambda answers: room.plan(answers, "resource"),
        "follow_ups": room.waiting,
    }


class _Room:
    def __init__(self, library: Library, language: LanguageTag, today: date) -> None:
        self._library = library
        self._knowledge = library.knowledge
        self._language = language
        self._today = today

    def bodies(self, answers: Mapping[str, Answer]) -> tuple[Item, ...]:
        """Whom one can write to in this case, best first."""
        facts = situation(answers, self._knowledge)
        ranked = advise(self._knowledge, facts, self._today).ranked if facts.threats else ()
        chosen = [found.entry.id for found in ranked[:_BODIES]] or _USUAL
        return tuple(
            Item(id=id_, title=self._name(id_))
            for id_ in chosen
            if id_ in self._knowledge.mechanisms
        )

    def languages(self, answers: Mapping[str, Answer], named: str) -> tuple[Item, ...]:
        """Languages in which the body named by an answer reads letters, the person's own first."""
        entry = self._entry(one(answers.get(named)) or "")
        tags = accepted(entry.languages) if entry else ()
        order = sorted(tags or LANGUAGES, key=lambda tag: tag != self._language)
        items = []
        for tag in order:
            both = [language_name(tag, self._language), language_name(tag, tag)]
            name = " · ".join(dict.fromkeys(filter(None, both)))
            title = Text(source=name, context="", domain="")
            items.append(Item(id=str(tag), title=title, lines=(title,)))
        return tuple(items)

    def plan(self, answers: Mapping[str, Answer], named: str) -> tuple[Item, ...]:
        """What to do today, and when to ask again: one card."""
        body = one(answers.get(named)) or ""
        entry = self._entry(body)
        if entry is None:
            return ()
        facts = situation(answers, self._knowledge)
        planned = plan(self._library.letters, self._knowledge, body, facts, self._today)
        again = next((found.day for found in planned if found.kind == "answer"), None)
        limit = time_limit(self._knowledge, body, facts, self._today)
        channels = shown_channels(list(entry.channels), self._today)[:_ADDRESSES]
        lines = [self._phrase("plan_today"), self._phrase("plan_fill")]
        lines += [
            self._phrase("plan_send", address=Literal(text=channel.value)) for channel in channels
        ] or [self._phrase("contact_unconfirmed")]
        if channels and channels[0].status == "old":
            lines.append(self._phrase("contact_old"))
        if limit is not None:
            lines.append(self._phrase("plan_limit", day=Day(day=limit)))
        if again is not None:
            lines.append(self._phrase("plan_again", day=Day(day=again)))
        title = self._name(body)
        return (
            Item(
                id=body,
                title=title,
                lines=tuple(lines),
                copy=tuple((found.value, found.value) for found in channels if "@" in found.value),
                links=tuple(
                    (found.value.removeprefix("https://").split("/")[0], found.value)
                    for found in channels
                    if found.value.startswith("https://")
                ),
                public=True,
            ),
        )

    def waiting(self, answers: Mapping[str, Answer]) -> tuple[Item, ...]:
        """What the person asked to be asked, with its day."""
        found: dict[str, Item] = {}
        for follow_up in sorted(
            read_all(one(answers.get("follow_ups"))), key=lambda one_: one_.day
        ):
            if follow_up.body in found or self._entry(follow_up.body) is None:
                continue
            title = Text(
                source="{day}: {name}",
                context="",
                domain="",
                values=(("day", Day(day=follow_up.day)), ("name", self._name(follow_up.body))),
            )
            found[follow_up.body] = Item(id=follow_up.body, title=title, lines=(title,))
        return tuple(found.values())

    def _name(self, body: str) -> Text:
        entry = self._knowledge.mechanisms.get(body)
        if entry is not None:
            context = f"mechanisms.{body}.short_name"
            return Text(source=entry.short_name, context=context, domain="knowledge")
        helper = self._knowledge.resources.get(body)
        name = helper.name if helper else body
        return Text(source=name, context=f"resources.{body}.name", domain="knowledge")

    def _entry(self, body: str) -> Mechanism | Resource | None:
        return self._knowledge.mechanisms.get(body) or self._knowledge.resources.get(body)

    def _phrase(self, name: str, **values: Literal | Day) -> Text:
        text = self._library.phrases.get(name)
        if text is None:
            return Text(source=name, context=f"phrases.{name}")
        return Text(source=text.source, context=text.context, values=tuple(values.items()))
