"""The questions to the Library that flows may ask, by the names that flows use.

Each is pure: the same coded answers on the same day find the same items. A flow shows them as cards
or offers them as choices; this module decides which, `cards` how they look.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.languages import SOURCE
from bot.flow.inputs import Item
from bot.flow.model import CountryName, Text
from bot.guidance.advice import advise
from bot.guidance.cards import Cards
from bot.guidance.resources import areas, find_resources
from bot.guidance.shelf import shelf_lookups
from bot.guidance.situation import one, situation
from bot.guidance.untranslated import labelled
from bot.guidance.zones import zones

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from bot.content.entries import Knowledge, Resource
    from bot.content.library import Library
    from bot.domain.ids import LanguageTag
    from bot.flow.inputs import Lookup
    from bot.flow.session import Answer
    from bot.guidance.advice import Ranked

LINES = 6
EXCLUDED = 5
WARNINGS = 5
_HOTLINE = "emergency-hotline"
_STEPS = 3


def lookups(library: Library, language: LanguageTag, today: date) -> Mapping[str, Lookup]:
    """Return every lookup, ready to be asked during one turn."""
    desk = _Desk(library, language, today)
    found: dict[str, Lookup] = {
        "hotlines": desk.hotlines,
        "resources": desk.resources,
        "resource": desk.resource,
        "mechanisms": desk.mechanisms,
        "mechanism": desk.mechanism,
        "mechanisms_excluded": desk.excluded,
        "guides": desk.guides,
        "guide": desk.guide,
        "strategies": desk.strategies,
        "strategy": desk.strategy,
        "safety_steps": desk.safety_steps,
        "languages": desk.languages,
        **shelf_lookups(library, today),
        "zones": lambda answers: zones(language, answers),
        "found": desk.found,
    }
    return {name: _labelled(ask, library, language) for name, ask in found.items()}


class _Desk:
    """Answers the questions of one turn."""

    def __init__(self, library: Library, language: LanguageTag, today: date) -> None:
        self._library = library
        self._knowledge: Knowledge = library.knowledge
        self._language = language
        self._today = today
        self._cards = Cards(library.phrases, today)

    def hotlines(self, answers: Mapping[str, Answer]) -> tuple[Item, ...]:
        """Human lines that answer fast: those of the country first, then for everybody."""
        country = one(answers.get("country"))
        here = areas(self._knowledge, country)
        lines = [
            entry
            for entry in self._knowledge.resources.values()
            if _HOTLINE in entry.kind
            and ("global" in entry.regions or set(entry.regions) & set(here))
        ]
        lines.sort(key=lambda entry: self._line_order(entry, answers))
        return tuple(self._cards.hotline(entry) for entry in lines[:LINES])

    def resources(self, answers: Mapping[str, Answer]) -> tuple[Item, ...]:
        """Who can protect or help, best first."""
        facts = situation(answers, self._knowledge)
        found = find_resources(self._knowledge, facts, self._today).ranked
        return tuple(self._cards.resource_row(one_.entry) for one_ in found[:8])

    def resource(self, answers: Mapping[str, Answer]) -> tuple[Item, ...]:
        """The whole card of the chosen resource."""
        entry = self._knowledge.resources.get(one(answers.get("resource")) or "")
        return (self._cards.resource(entry),) if entry else ()

    def mechanisms(self, answers: Mapping[str, Answer]) -> tuple[Item, ...]:
        """Which bodies can act, best first."""
        return tuple(
            self._cards.mechanism_row(found.entry, self._reasons(found))
            for found in self._ranked(answers)[:8]
        )

    def mechanism(self, answers: Mapping[str, Answer]) -> tuple[Item, ...]:
        """The whole card of the chosen body."""
        wanted = one(answers.get("mechanism"))
        for found in self._ranked(answers):
            if found.entry.id == wanted:
                return (self._whole(found),)
        entry = self._knowledge.mechanisms.get(wanted or "")
        return (self._cards.mechanism(entry, ()),) if entry else ()

    def excluded(self, answers: Mapping[str, Answer]) -> tuple[Item, ...]:
        """Bodies that look right but are not, each with its reason, in one card."""
        facts = situation(answers, self._knowledge)
        found = advise(self._knowledge, facts, self._today).excluded[:EXCLUDED]
        if not found:
            return ()
        table = self._knowledge.codes.get("mechanism_exclusion_codes", {})
        lines = [
            Text(
                source="• *{name}*: {reason}",
                context="",
                domain="",
                values=(
                    ("name", _entry("mechanisms", one_.entry.id, "name", one_.entry.name)),
                    ("reason", _code(one_.code, table.get(one_.code, one_.code))),
                ),
            )
            for one_ in found
        ]
        return (Item(id="excluded", title=lines[0], lines=tuple(lines), public=True),)

    def guides(self, answers: Mapping[str, Answer]) -> tuple[Item, ...]:
        """All guides, those for the person's threat first."""
        threats = set(situation(answers, self._knowledge).threats)
        order = sorted(
            self._knowledge.guides.values(),
            key=lambda entry: not threats & set(entry.threats_covered),
        )
        return tuple(self._cards.guide(entry) for entry in order)

    def guide(self, answers: Mapping[str, Answer]) -> tuple[Item, ...]:
        """The chosen guide."""
        entry = self._knowledge.guides.get(one(answers.get("guide")) or "")
        return (self._cards.guide(entry),) if entry else ()

    def strategies(self, answers: Mapping[str, Answer]) -> tuple[Item, ...]:
        """All strategies."""
        del answers
        return tuple(self._cards.strategy(entry) for entry in self._knowledge.strategies.values())

    def strategy(self, answers: Mapping[str, Answer]) -> tuple[Item, ...]:
        """The chosen strategy."""
        entry = self._knowledge.strategies.get(one(answers.get("strategy")) or "")
        return (self._cards.strategy(entry),) if entry else ()

    def safety_steps(self, answers: Mapping[str, Answer]) -> tuple[Item, ...]:
        """First steps for the person's threat: the opening of the guide that fits best."""
        threats = situation(answers, self._knowledge).threats
        chosen = self._knowledge.steps_for.get("default", "")
        for threat in threats:
            if threat in self._knowledge.steps_for:
                chosen = self._knowledge.steps_for[threat]
                break
        entry = self._knowledge.guides.get(chosen)
        return (self._cards.first_steps(entry, _STEPS),) if entry else ()

    def found(self, answers: Mapping[str, Answer]) -> tuple[Item, ...]:
        """What search found for somebody's own words, as whole cards, best first."""
        ids = answers.get("found")
        cards = [self._card(id_) for id_ in (ids if isinstance(ids, tuple) else ())]
        return tuple(card for card in cards if card is not None)

    def _card(self, id_: str) -> Item | None:
        knowledge = self._knowledge
        if id_ in knowledge.guides:
            return self._cards.guide(knowledge.guides[id_])
        if id_ in knowledge.strategies:
            return self._cards.strategy(knowledge.strategies[id_])
        if id_ in knowledge.resources:
            return self._cards.resource(knowledge.resources[id_])
        if id_ in knowledge.mechanisms:
            return self._cards.mechanism(knowledge.mechanisms[id_], ())
        return None

    def languages(self, answers: Mapping[str, Answer]) -> tuple[Item, ...]:
        """Languages that are offered, by what their speakers call them, with their status."""
        del answers
        items = []
        for language in self._library.catalogues.languages:
            if language.tag not in self._library.offered:
                continue
            status = self._library.catalogues.status(language.tag)
            first = language.tag != SOURCE and "flows" not in language.complete
            draft = language.tag != SOURCE and status.startswith("draft")
            told = "status_first" if first else "status_draft" if draft else "status_reviewed"
            phrase = self._library.phrases.get(told)
            name = (("name", language.name),)
            title = (
                Text(source=phrase.source, context=phrase.context, values=name)
                if phrase
                else Text(source=language.name, context="", domain="")
            )
            items.append(Item(id=language.tag, title=title, lines=(title,)))
        return tuple(items)

    def _whole(self, found: Ranked) -> Item:
        """The whole card of a body, with what must be said of it and its limit in this case."""
        said = {
            code: text
            for table in ("warning_codes", "deadline_codes")
            for code, text in self._knowledge.codes.get(table, {}).items()
        }
        limit: tuple[Text, ...] = ()
        if found.deadline is not None:
            rule = found.deadline.rule
            last = self._cards.last_day(found.deadline.day, self._today)
            limit = (_code(rule, said.get(rule, rule)), last)
        shown = [code for code in found.warnings if code != found.deadline_rule]
        warnings = [
            Text(source="• {text}", context="", domain="",
                 values=(("text", _code(code, said.get(code, code))),))
            for code in shown[:WARNINGS]
        ]  # fmt: skip
        return self._cards.mechanism(found.entry, self._reasons(found), warnings, limit)

    def _ranked(self, answers: Mapping[str, Answer]) -> tuple[Ranked, ...]:
        return advise(self._knowledge, situation(answers, self._knowledge), self._today).ranked

    def _reasons(self, found: Ranked) -> tuple[Text, ...]:
        table = self._knowledge.codes.get("reason_codes", {})
        return tuple(
            Text(
                source="• {reason}",
                context="",
                domain="",
                values=(("reason", _reason(code, table.get(code, code), value, self._knowledge)),),
            )
            for code, value in found.reasons
        )

    def _line_order(self, entry: Resource, answers: Mapping[str, Answer]) -> tuple[bool, bool, str]:
        digital = {one(answers.get("danger")), one(answers.get("threat"))} & {"device", "digital"}
        fits = bool(digital) == ("digital-security" in entry.kind and len(entry.kind) <= _STEPS)
        return ("global" in entry.regions, not fits, entry.id)


def _labelled(ask: Lookup, library: Library, language: LanguageTag) -> Lookup:
    label = library.phrases.get("english_only")

    def asked(answers: Mapping[str, Answer]) -> tuple[Item, ...]:
        return tuple(labelled(item, language, library.catalogues, label) for item in ask(answers))

    return asked


def _entry(kind: str, id_: str, name: str, source: str) -> Text:
    return Text(source=source, context=f"{kind}.{id_}.{name}", domain="knowledge")


def _code(code: str, source: str) -> Text:
    return Text(source=source, context=f"codes.{code}", domain="knowledge")


def _reason(code: str, source: str, value: str, knowledge: Knowledge) -> Text:
    """Put a reason into words; its value is a term, a country or an urgency."""
    shown: Text | CountryName | str = value
    for name in ("threat_types", "defender_groups", "resource_kinds"):
        term = knowledge.terms[name].get(value)
        if term:
            shown = _entry(name, value, "name", str(term["name"]))
    if value in knowledge.countries:
        shown = CountryName(code=value)
    elif value in knowledge.terms["urgency_scale"]:
        shown = Text(source=value, context=f"urgency.{value}", domain="knowledge")
    return Text(
        source=source, context=f"codes.{code}", domain="knowledge", values=(("value", shown),)
    )
