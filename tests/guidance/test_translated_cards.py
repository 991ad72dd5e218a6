"""What people read of an entry: its translation when there is one, else English that says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Final

import pytest

from bot.content.catalogues import Catalogue, Catalogues, Entry
from bot.content.extraction import messages
from bot.content.library import load
from bot.content.place import content_root
from bot.domain.ids import LanguageTag
from bot.flow.model import Text
from bot.guidance.cards import Cards
from bot.guidance.lookups import lookups
from bot.guidance.untranslated import labelled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.content.library import Library
    from bot.flow.inputs import Item

TODAY: Final = date(2026, 11, 24)
SPANISH: Final = LanguageTag("es")
LABEL: Final = "Este texto por ahora solo está en inglés."
HELPLINE: Final = "access-now-helpline"


@pytest.fixture(scope="module")
def library() -> Library:
    found, _ = load(content_root(), thorough=False)
    assert found is not None
    return found


def with_translations(library: Library, sentences: Mapping[tuple[str, str], str]) -> Library:
    """Return the Library with exactly these sentences of entries in Spanish."""
    catalogue = Catalogue(
        language=SPANISH,
        domain="knowledge",
        file="invented.po",
        status="draft",
        plural_forms="",
        entries={
            key: Entry(strings=(translated,), fuzzy=False, line=1)
            for key, translated in sentences.items()
        },
    )
    by_name = {**library.catalogues.by_name, (SPANISH, "knowledge"): catalogue}
    kept = Catalogues(languages=library.catalogues.languages, by_name=by_name)
    return replace(library, catalogues=kept)


def of_entries(text: Text) -> Iterator[Text]:
    if text.domain == "knowledge" and text.source:
        yield text
    for _, value in text.values:
        if isinstance(value, Text):
            yield from of_entries(value)


def sentences_of(item: Item) -> set[tuple[str, str]]:
    return {
        (text.context, text.source)
        for line in (item.title, *item.lines)
        for text in of_entries(line)
    }


def every_card(library: Library) -> list[Item]:
    cards, knowledge = Cards(library.phrases, TODAY), library.knowledge
    found: list[Item] = []
    for resource in knowledge.resources.values():
        found += [cards.resource_row(resource), cards.resource(resource), cards.hotline(resource)]
    for mechanism in knowledge.mechanisms.values():
        found += [cards.mechanism_row(mechanism, ()), cards.mechanism(mechanism, ())]
    for guide in knowledge.guides.values():
        found += [cards.guide(guide), cards.first_steps(guide, 3)]
    found += [cards.strategy(strategy) for strategy in knowledge.strategies.values()]
    return found


def shown(item: Item, library: Library, language: LanguageTag = SPANISH) -> list[str]:
    return [library.render(line, language) for line in item.lines]


def helpline(library: Library, language: LanguageTag = SPANISH) -> Item:
    ask = lookups(library, language, TODAY)["resource"]
    return ask({"resource": HELPLINE})[0]


def test_whatever_a_card_says_of_an_entry_is_what_translators_get(library: Library) -> None:
    known = {(context, source) for context, source, *_ in messages(content_root(), "knowledge")}
    asked = set().union(*(sentences_of(item) for item in every_card(library)))
    assert not asked - known


@pytest.mark.parametrize(
    "answers",
    [
        {"threat": "arrest", "country": "UG", "ongoing": "ongoing", "perpetrators": ("police",)},
        {"threat": "land", "country": "BR", "ongoing": "past", "perpetrators": ("company",)},
        {"threat": "digital", "country": "DE", "ongoing": "imminent", "groups": ("journalist",)},
    ],
)
def test_reasons_and_exclusions_are_what_translators_get(
    library: Library, answers: dict[str, str | tuple[str, ...]]
) -> None:
    known = {(context, source) for context, source, *_ in messages(content_root(), "knowledge")}
    found = lookups(library, SPANISH, TODAY)
    for name in ("mechanisms", "mechanisms_excluded", "resources", "hotlines", "safety_steps"):
        for item in found[name](answers):
            assert not sentences_of(item) - known


def test_a_translated_sentence_is_shown_and_needs_no_label(library: Library) -> None:
    bare = helpline(library, LanguageTag("en"))
    translated = with_translations(
        library, {key: f"traducido {number}" for number, key in enumerate(sentences_of(bare))}
    )
    lines = shown(helpline(translated), translated)
    assert sum("traducido" in line for line in lines) == len(
        [line for line in bare.lines if list(of_entries(line))]
    )
    assert LABEL not in lines


def test_a_missing_sentence_stays_english_with_its_label_before_it(library: Library) -> None:
    entry = library.knowledge.resources[HELPLINE]
    name = {(f"resources.{HELPLINE}.name", entry.name): "Línea inventada"}
    partly = with_translations(library, name)
    lines = shown(helpline(partly), partly)
    assert lines[0] == "*Línea inventada*"
    assert lines[1] == LABEL
    assert entry.what_they_offer[0] in lines[2]
    assert lines.count(LABEL) == 1


def test_an_entry_without_any_translation_begins_with_the_label(library: Library) -> None:
    nothing = with_translations(library, {})
    assert shown(helpline(nothing), nothing)[0] == LABEL


def test_a_sentence_in_doubt_counts_as_missing(library: Library) -> None:
    entry = library.knowledge.resources[HELPLINE]
    key = (f"resources.{HELPLINE}.name", entry.name)
    doubtful = with_translations(library, {key: "Dudosa"})
    catalogue = doubtful.catalogues.by_name[SPANISH, "knowledge"]
    catalogue.entries[key] = replace(catalogue.entries[key], fuzzy=True)  # type: ignore[index]
    assert shown(helpline(doubtful), doubtful)[:2] == [LABEL, f"*{entry.name}*"]


def test_english_is_never_labelled(library: Library) -> None:
    english = LanguageTag("en")
    item = helpline(library, english)
    assert all("only in English" not in line for line in shown(item, library, english))


@pytest.mark.parametrize("tag", ["es", "fr", "ar", "ru"])
def test_what_is_shown_first_of_every_entry_is_translated(library: Library, tag: str) -> None:
    if (LanguageTag(tag), "knowledge") not in library.catalogues.by_name:
        pytest.skip(f"nobody has begun to translate entries into {tag}")
    cards, knowledge = Cards(library.phrases, TODAY), library.knowledge
    first = [
        *(cards.resource_row(entry) for entry in knowledge.resources.values()),
        *(cards.hotline(entry) for entry in knowledge.resources.values()),
        *(cards.mechanism_row(entry, ()) for entry in knowledge.mechanisms.values()),
        *(cards.first_steps(entry, 3) for entry in knowledge.guides.values()),
    ]
    label = Text(source="in English", context="")
    missing = [
        item.id
        for item in first
        if labelled(item, LanguageTag(tag), library.catalogues, label) is not item
    ]
    # Entries change faster than their translations: what is new may wait, in English.
    assert len(missing) <= len(first) // 10, missing


def test_a_body_says_when_to_use_it_and_when_not(library: Library) -> None:
    entry = library.knowledge.mechanisms["un-wgad"]
    lines = shown(Cards(library.phrases, TODAY).mechanism(entry, ()), library, LanguageTag("en"))
    use, avoid = lines.index("*When to use it*"), lines.index("*When not to use it*")
    assert entry.when_to_use[0] in lines[use + 1]
    assert entry.when_not_to_use[0] in lines[avoid + 1]


@pytest.mark.parametrize("tag", ["es", "fr", "ar", "ru"])
def test_every_code_and_term_has_a_sentence_in_every_language(library: Library, tag: str) -> None:
    said = [
        (context, source)
        for context, source, *_ in messages(content_root(), "knowledge")
        if context.split(".")[0] not in {"mechanisms", "resources", "strategies", "guides"}
    ]
    assert len(said) > len(library.knowledge.codes["reason_codes"])
    missing = [
        context
        for context, source in said
        if library.catalogues.find(LanguageTag(tag), "knowledge", context, source)[0] is None
    ]
    assert not missing
