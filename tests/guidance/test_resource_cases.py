"""The resource finder against cases that were judged by hand, from the entries."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

from bot.content.entries import load_knowledge
from bot.guidance.facts import parse_facts
from bot.guidance.resources import find_resources

if TYPE_CHECKING:
    from bot.content.entries import Knowledge
    from bot.guidance.resources import Help

HERE = Path(__file__).parent
TODAY: Final = date(2026, 11, 24)
EARLY: Final = 4
CASES: Final[list[dict[str, Any]]] = yaml.safe_load(
    (HERE / "resource_cases.yaml").read_text(encoding="utf-8")
)
EXPECTATIONS: Final = frozenset(
    {"early", "ranked", "not_ranked", "not_early", "excluded", "caveats", "caveats_if_ranked"}
)


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    found, _ = load_knowledge(HERE.parents[1])
    return found


def help_for(case: dict[str, Any], knowledge: Knowledge) -> Help:
    parsed = parse_facts(case["facts"], knowledge)
    assert not parsed.unknown_keys
    assert not parsed.unknown_values
    return find_resources(knowledge, parsed.facts, TODAY)


def each(*expectations: str) -> pytest.MarkDecorator:
    chosen = [case for case in CASES if any(name in case for name in expectations)]
    return pytest.mark.parametrize("case", chosen, ids=[case["id"] for case in chosen])


@each("ranked", "early")
def test_who_can_help_is_offered(case: dict[str, Any], knowledge: Knowledge) -> None:
    shown = [found.entry.id for found in help_for(case, knowledge).ranked]
    assert not set(case.get("ranked", ())) - set(shown), shown
    assert not set(case.get("early", ())) - set(shown[:EARLY]), shown


@each("not_ranked", "not_early")
def test_who_cannot_help_is_not_offered(case: dict[str, Any], knowledge: Knowledge) -> None:
    shown = [found.entry.id for found in help_for(case, knowledge).ranked]
    assert not set(case.get("not_ranked", ())) & set(shown), shown
    assert not set(case.get("not_early", ())) & set(shown[:EARLY]), shown


@each("excluded")
def test_who_is_left_out_is_named_with_the_reason_that_decides(
    case: dict[str, Any], knowledge: Knowledge
) -> None:
    found = dict(help_for(case, knowledge).excluded)
    assert {id_: found.get(id_) for id_ in case["excluded"]} == case["excluded"]


@each("caveats", "caveats_if_ranked")
def test_what_must_be_said_with_an_offer_is_said(
    case: dict[str, Any], knowledge: Knowledge
) -> None:
    said = {found.entry.id: found.caveats for found in help_for(case, knowledge).ranked}
    for id_, caveat in case.get("caveats", {}).items():
        assert caveat in said[id_]
    for id_, caveat in case.get("caveats_if_ranked", {}).items():
        assert caveat in said.get(id_, (caveat,))


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_nobody_is_both_offered_and_left_out(case: dict[str, Any], knowledge: Knowledge) -> None:
    found = help_for(case, knowledge)
    assert not {one.entry.id for one in found.ranked} & dict(found.excluded).keys()


def test_cases_name_entries_that_exist(knowledge: Knowledge) -> None:
    named = {
        id_ for case in CASES for name in EXPECTATIONS & case.keys() for id_ in list(case[name])
    }
    assert not named - knowledge.resources.keys()
    assert not set().union(*CASES) - EXPECTATIONS - {"id", "why", "facts"}
    assert len({case["id"] for case in CASES}) == len(CASES)
