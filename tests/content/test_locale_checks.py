"""Translations of entries are held to what their English sentence has."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from bot.content.catalogues import Catalogue, Catalogues, Entry
from bot.content.extraction import messages
from bot.content.library import load
from bot.content.locale_checks import check_locales
from bot.content.place import content_root
from bot.domain.ids import LanguageTag

if TYPE_CHECKING:
    from bot.content.library import Library

SPANISH: Final = LanguageTag("es")
REASON: Final = ("codes.acts-fast", "It can react within {value}.")


@pytest.fixture(scope="module")
def library() -> Library:
    found, _ = load(content_root(), thorough=False)
    assert found is not None
    return found


def problems_with(library: Library, key: tuple[str, str], translated: str) -> set[str]:
    """Return the rules that a Spanish catalogue of entries with one sentence breaks."""
    catalogue = Catalogue(
        language=SPANISH,
        domain="knowledge",
        file="invented.po",
        status="draft",
        plural_forms="",
        entries={key: Entry(strings=(translated,), fuzzy=False, line=7)},
    )
    by_name = {**library.catalogues.by_name, (SPANISH, "knowledge"): catalogue}
    catalogues = Catalogues(languages=library.catalogues.languages, by_name=by_name)
    found = check_locales(replace(library, catalogues=catalogues), content_root())
    return {one.rule for one in found if one.place.file == "invented.po" and one.place.line == 7}


def test_the_reason_of_these_tests_exists() -> None:
    assert REASON in {
        (context, source) for context, source, *_ in messages(content_root(), "knowledge")
    }


@pytest.mark.parametrize(
    ("translated", "rules"),
    [
        ("Puede reaccionar en {value}.", set()),
        ("Puede reaccionar pronto.", {"placeholders"}),
        ("Puede reaccionar en {valor}.", {"placeholders"}),
        ("Puede *reaccionar* en {value}.", {"markup"}),
        ("Puede reaccionar en {value}: https://example.org", {"links"}),
        ("Puede reaccionar en {value}. " + "x" * 5_000, {"too-long"}),
    ],
)
def test_a_translation_keeps_what_its_english_has(
    library: Library, translated: str, rules: set[str]
) -> None:
    assert problems_with(library, REASON, translated) == rules


def test_a_translation_of_a_sentence_that_is_gone_is_named(library: Library) -> None:
    assert problems_with(library, ("codes.nothing", "Said nowhere."), "Nada.") == {"left-over"}
