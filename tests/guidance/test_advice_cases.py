"""The adviser against cases that were judged by hand, from the facts of the entries."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

from bot.content.entries import load_knowledge
from bot.guidance.advice import advise
from bot.guidance.facts import parse_facts

if TYPE_CHECKING:
    from bot.content.entries import Knowledge
    from bot.guidance.advice import Advice

HERE = Path(__file__).parent
TODAY: Final = date(2026, 11, 25)
EARLY: Final = 5
CASES: Final[list[dict[str, Any]]] = yaml.safe_load(
    (HERE / "advice_cases.yaml").read_text(encoding="utf-8")
)
EXPECTATIONS: Final = frozenset(
    {"early", "ranked", "not_ranked", "excluded", "warnings", "beside", "deadline", "unknown"}
)


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    found, _ = load_knowledge(HERE.parents[1])
    return found


def advice_on(case: dict[str, Any], knowledge: Knowledge) -> Advice:
    parsed = parse_facts(case["facts"], knowledge)
    assert not parsed.unknown_keys
    assert not parsed.unknown_values
    return advise(knowledge, parsed.facts, TODAY)


def each(*expectations: str) -> pytest.MarkDecorator:
    chosen = [case for case in CASES if any(name in case for name in expectations)]
    return pytest.mark.parametrize("case", chosen, ids=[case["id"] for case in chosen])


@each("ranked", "early")
def test_who_can_act_is_ranked(case: dict[str, Any], knowledge: Knowledge) -> None:
    shown = [one.entry.id for one in advice_on(case, knowledge).ranked]
    assert not set(case.get("ranked", ())) - set(shown), shown
    assert not set(case.get("early", ())) - set(shown[:EARLY]), shown


@each("excluded", "not_ranked")
def test_who_cannot_act_is_left_out_with_the_reason_that_decides(
    case: dict[str, Any], knowledge: Knowledge
) -> None:
    advice = advice_on(case, knowledge)
    found = {one.entry.id: one.code for one in advice.excluded}
    wanted = case.get("excluded", {})
    assert {id_: found.get(id_) for id_ in wanted} == wanted
    assert not set(case.get("not_ranked", ())) & {one.entry.id for one in advice.ranked}


@each("warnings", "beside")
def test_what_must_be_said_is_said(case: dict[str, Any], knowledge: Knowledge) -> None:
    advice = advice_on(case, knowledge)
    assert not set(case.get("warnings", ())) - set(advice.warnings)
    said = {one.entry.id: set(one.warnings) for one in advice.ranked}
    for id_, codes in case.get("beside", {}).items():
        assert not set(codes) - said[id_], id_


@each("deadline")
def test_time_limits_are_counted(case: dict[str, Any], knowledge: Knowledge) -> None:
    found = {one.entry.id: one.deadline for one in advice_on(case, knowledge).ranked}
    for id_, rule in case["deadline"].items():
        limit = found[id_]
        assert limit is not None
        assert limit.rule == rule
        assert (limit.day - TODAY).days == limit.days_left


@each("unknown")
def test_what_would_change_the_answer_is_named(case: dict[str, Any], knowledge: Knowledge) -> None:
    assert not set(case["unknown"]) - set(advice_on(case, knowledge).unknown)


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_nothing_is_both_ranked_and_left_out(case: dict[str, Any], knowledge: Knowledge) -> None:
    advice = advice_on(case, knowledge)
    ranked = [one.entry.id for one in advice.ranked]
    assert not set(ranked) & {one.entry.id for one in advice.excluded}
    assert [one.score for one in advice.ranked] == sorted(
        (one.score for one in advice.ranked), reverse=True
    )
    assert len(ranked) == len(set(ranked)) <= 12


def test_every_body_is_once_right_and_once_wrong(knowledge: Knowledge) -> None:
    right = {id_ for case in CASES for name in ("early", "ranked") for id_ in case.get(name, ())}
    wrong = {
        id_ for case in CASES for name in ("excluded", "not_ranked") for id_ in case.get(name, ())
    }
    assert not knowledge.mechanisms.keys() - right
    assert not knowledge.mechanisms.keys() - wrong
    assert not (right | wrong) - knowledge.mechanisms.keys()


def test_every_code_is_spoken_in_some_case(knowledge: Knowledge) -> None:
    spoken: set[str] = set()
    left_out: set[str] = set()
    for case in CASES:
        advice = advice_on(case, knowledge)
        spoken |= {*advice.warnings, *advice.first_steps}
        for one in advice.ranked:
            spoken |= {*one.warnings, *(code for code, _ in one.reasons)}
            spoken |= {one.deadline.rule} if one.deadline else set()
        left_out |= {one.code for one in advice.excluded}
    of_the_finder = {"fits-need", "good-for-threat", "answers-fast"}
    for table in ("warning_codes", "deadline_codes", "reason_codes", "first_step_codes"):
        assert not knowledge.codes[table].keys() - spoken - of_the_finder, table
    assert knowledge.codes["mechanism_exclusion_codes"].keys() == left_out


def test_cases_are_written_as_they_should_be() -> None:
    assert len(CASES) >= 120
    assert len({case["id"] for case in CASES}) == len(CASES)
    for case in CASES:
        assert case["why"].strip()
        assert not case.keys() - EXPECTATIONS - {"id", "why", "facts"}, case["id"]
        assert case.keys() & EXPECTATIONS, case["id"]
