"""An editor who writes a wrong rule is told the file, the line and what to do."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.content.entries import load_knowledge
from bot.content.entry_checks import check_knowledge
from bot.guidance.advice import advise
from bot.guidance.examples import check_examples
from bot.guidance.facts import Facts

if TYPE_CHECKING:
    from bot.content.entries import Knowledge
    from bot.content.marks import Problem

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 11, 25)
MECHANISMS = "mechanisms/"
WRONG = [
    ("reg-eacj", "code: lawyer-needed", "code: lawyer-wanted", "unknown-code", "lawyer-wanted"),
    ("reg-eacj", "any of [restrictive-law", "any of [bad-law", "unknown-id", "bad-law"),
    ("reg-eacj", "from: event", "from: somewhen", "rule-deadline", "somewhen"),
    ("un-wgad", "held is no", "jailed is no", "condition", "jailed"),
    ("un-wgad", "  weight: 12", "  wieght: 12", "rule-key", "wieght"),
    ("un-wgad", "like: [special-procedure", "like: [special", "unknown-id", "special"),
    ("un-wgad", "core: [arbitrary-arrest-detention]", "core: [arrest]", "unknown-id", "arrest"),
    ("un-wgad", "code: one-body-only", "cod: one-body-only", "unknown-code", "None"),
    ("un-upr", "expect: single-case", "expect: past", "example", "expects past"),
    ("un-wgeid", "{code: no-disappearance, if", "{code: past, if", "rule-example", "past"),
    ("reg-cjeu", "{threats: [restrictive-law], country: CH}", "{threat: [x]}", "example-facts",
     "threat"),
    ("reg-escazu", "environment is no'", "environment is'", "condition", "reg-escazu"),
    ("un-sr-hrd", "score: 4", "score: four", "rule-score", "un-sr-hrd"),
]  # fmt: skip


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Knowledge, list[Problem]]:
    """All of it wrong at once: every problem must still be found."""
    root = tmp_path_factory.mktemp("content")
    shutil.copytree(ROOT / "knowledge", root / "knowledge")
    for name, old, new, _, _ in WRONG:
        path = root / "knowledge" / "mechanisms" / f"{name}.yaml"
        text = path.read_text(encoding="utf-8")
        assert old in text, (name, old)
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
    general = root / "knowledge" / "rules.yaml"
    text = general.read_text(encoding="utf-8")
    text = text.replace("detained is yes", "detaind is yes", 1)
    general.write_text(text.replace("step-safe-place", "step-far-away", 1), encoding="utf-8")
    knowledge, problems = load_knowledge(root)
    problems += [*check_knowledge(knowledge, TODAY), *check_examples(knowledge, TODAY)]
    return knowledge, [one for one in problems if one.severity == "error"]


@pytest.mark.parametrize(("name", "old", "new", "rule", "words"), WRONG)
def test_a_wrong_rule_is_named_with_its_line(
    broken: tuple[Knowledge, list[Problem]], name: str, old: str, new: str, rule: str, words: str
) -> None:
    del old, new
    found = [
        one
        for one in broken[1]
        if one.rule == rule and one.place.file == f"knowledge/mechanisms/{name}.yaml"
    ]
    assert any(words in one.message for one in found), (rule, broken[1])
    assert all(one.place.line > 1 and one.remedy for one in found)


@pytest.mark.parametrize(
    ("rule", "words"), [("condition", "detaind"), ("unknown-code", "far-away")]
)
def test_a_wrong_rule_of_every_case_is_named(
    broken: tuple[Knowledge, list[Problem]], rule: str, words: str
) -> None:
    found = [one for one in broken[1] if one.rule == rule and words in one.message]
    assert [one.place.file for one in found] == ["knowledge/rules.yaml"]


def test_wrong_rules_break_no_advice(broken: tuple[Knowledge, list[Problem]]) -> None:
    facts = Facts(threats=("arbitrary-arrest-detention",), country="UG", days_ago=3)
    assert advise(broken[0], facts, TODAY).ranked


def test_the_rules_that_stand_are_clean() -> None:
    knowledge, problems = load_knowledge(ROOT)
    problems += [*check_knowledge(knowledge, TODAY), *check_examples(knowledge, TODAY)]
    assert [one for one in problems if one.severity == "error"] == []
