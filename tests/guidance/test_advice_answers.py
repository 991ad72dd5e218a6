"""What comes in from fact files and goes out as JSON: nothing in a file breaks the adviser."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.content.entries import Knowledge, load_knowledge
from bot.content.rules import Case, compiled
from bot.flow.conditions import holds, parse
from bot.guidance.advice import advise, answers_of
from bot.guidance.answers import advice_as_json, help_as_json
from bot.guidance.facts import Facts, parse_facts
from bot.guidance.resources import find_resources

TODAY: Final = date(2026, 11, 25)
KNOWLEDGE: Final[Knowledge] = load_knowledge(Path(__file__).parents[2])[0]
KEYS: Final = (
    "id", "threats", "country", "ongoing", "when", "who", "groups", "perpetrators", "needs",
    "company_home_country", "reported_to", "domestic_remedies", "cooperated_with_un", "consent",
    "urgency", "language", "extra", "strange",
)  # fmt: skip
EXTRA: Final = (
    "detained", "collective", "victim_age", "visibility", "registered_with", "second_country",
    "msi", "finance", "removal_in_hours", "last_decision_days_ago", "hours_ago", "strange",
    "disappearance_year", "cooperated_with_regional", "death_sentence",
)  # fmt: skip
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
    | st.sampled_from(["UG", "FR", "past", "hours", "killing", "police", "un-wgad", "rspo"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)  # fmt: skip
FILES = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(KEYS, ANYTHING),
        "extra": st.dictionaries(st.sampled_from(EXTRA), ANYTHING) | ANYTHING,
        "when": st.dictionaries(st.sampled_from(["days_ago", "in_days", "in_hours"]), ANYTHING),
    },
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(FILES)
def test_no_fact_file_breaks_the_adviser_or_the_finder(raw: dict[str, Any]) -> None:
    facts = parse_facts(raw, KNOWLEDGE).facts
    advice = advise(KNOWLEDGE, facts, TODAY)
    json.dumps(advice_as_json(KNOWLEDGE, advice, facts))
    json.dumps(help_as_json(KNOWLEDGE, find_resources(KNOWLEDGE, facts, TODAY), facts, TODAY))
    assert not {one.entry.id for one in advice.ranked} & {one.entry.id for one in advice.excluded}


@pytest.mark.parametrize(
    ("raw", "unknown"),
    [
        ({"threats": ["killing", "stolen-hat"]}, "threats=stolen-hat"),
        ({"threats": [{"a": 1}]}, "threats={'a': 1}"),
        ({"country": "XX"}, "country=XX"),
        ({"urgency": "soon"}, "urgency=soon"),
        ({"extra": {"victim_age": "young"}}, "victim_age=young"),
        ({"extra": {"victim_age": -3}}, "victim_age=-3"),
        ({"when": "yesterday"}, "when"),
    ],
)
def test_what_nobody_knows_counts_as_unknown_and_is_named(
    raw: dict[str, Any], unknown: str
) -> None:
    assert parse_facts(raw, KNOWLEDGE).unknown_values == (unknown,)


def test_norway_survives_yaml() -> None:
    assert parse_facts({"country": False}, KNOWLEDGE).facts.country == "NO"


def test_the_answer_has_the_keys_of_the_contract() -> None:
    facts = parse_facts(
        {"id": "a", "threats": ["organisation-closure"], "country": "UG", "when": {"days_ago": 40}},
        KNOWLEDGE,
    ).facts
    found = advice_as_json(KNOWLEDGE, advise(KNOWLEDGE, facts, TODAY), facts)
    assert list(found) == ["id", "ranked", "excluded", "warnings", "first_steps", "unknown"]
    court = next(one for one in found["ranked"] if one["id"] == "reg-eacj")
    assert court["deadline"] == {"date": "2026-12-16", "days_left": 21, "rule": "limit-2-months"}
    assert court["reasons"]
    assert all(isinstance(reason, str) and "{" not in reason for reason in court["reasons"])
    assert court["gather"]
    assert court["consent"]
    assert all(one["reason"] and one["reason"] != one["code"] for one in found["excluded"])


def test_compiled_conditions_agree_with_those_of_flows() -> None:
    texts = [
        str(rule["if"])
        for entry in KNOWLEDGE.mechanisms.values()
        for name in ("excludes", "warnings", "prefer", "parties")
        for rule in entry.rules.get(name) or ()
        if rule.get("if")
    ]
    for facts in (
        Facts(),
        Facts(threats=("killing",), country="HN", ongoing="past", days_ago=3, groups=("lawyer",)),
        Facts(country="TR", removal_in_hours=72, registered_with=("un-wgad",), detained=True),
        Facts(country="UG", company_home_country="FR", perpetrators=("company",), msi=("rspo",)),
    ):
        answers = answers_of(KNOWLEDGE, facts, TODAY)
        case = Case(answers)
        for text in texts:
            assert case.holds(compiled(text)) == holds(parse(text), answers), text


def test_advice_is_the_same_each_time() -> None:
    facts = Facts(threats=("death-threat",), country="MX", urgency="hours")
    assert advise(KNOWLEDGE, facts, TODAY) == advise(KNOWLEDGE, facts, TODAY)
