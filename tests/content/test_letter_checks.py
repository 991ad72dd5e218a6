"""Each mistake that an editor can make in a letter is named with its file and line."""

from __future__ import annotations

import shutil
from functools import lru_cache
from pathlib import Path

import pytest

from bot.content.entries import Knowledge, load_knowledge
from bot.content.letter_checks import check_letters
from bot.content.letters import load_letters

ROOT = Path(__file__).parents[2]


@lru_cache(maxsize=1)
def knowledge() -> Knowledge:
    return load_knowledge(ROOT)[0]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "knowledge" / "letters", tmp_path / "knowledge" / "letters")
    return tmp_path


def problems(root: Path) -> list[tuple[str, str]]:
    letters, shape = load_letters(root)
    found = list(shape)
    if letters is not None:
        found += check_letters(letters, knowledge())
    return [(one.rule, str(one.place)) for one in found]


def change(root: Path, name: str, old: str, new: str) -> str:
    path = root / "knowledge" / "letters" / f"{name}.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text, "the test speaks of what stands there"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    line = text[: text.index(old)].count("\n") + 1
    return f"knowledge/letters/{name}.yaml:{line}"


def test_the_letters_that_are_there_have_no_mistake(root: Path) -> None:
    assert problems(root) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "rule"),
    [
        ("un-wgad", 'fr: "Prénom", ', "", "letter"),
        ("un-wgad", "for: [un-wgad]", "for: [un-wgad, un-moon]", "unknown-id"),
        ("un-wgad", "for: [un-wgad]", "for: [un-wgad, un-wgeid]", "letter-twice"),
        ("un-wgad", "for: [un-wgad]", "for: []", "letter-missing"),
        ("un-wgad", "public: un", "public: moon", "unknown-code"),
        ("un-wgad", 'value: "{when}"', 'value: "{name}"', "placeholders"),
        ("un-wgad", 'es: "Caso individual – {country}', 'es: "Caso individual', "placeholders"),
        ("un-wgad", "[[pourquoi]]", "pourquoi", "blanks"),
        ("un-wgad", "[[pourquoi]]", "[[pourquoi]", "blanks"),
        ("un-wgad", "use: annexes", "use: annexe", "unknown-part"),
        ("un-wgad", "if: not ongoing is past", "if: ongoing past", "condition"),
        ("un-wgad", "if: not ongoing is past", "if: weather is bad", "condition"),
        ("un-urgent-appeal", "if: threats has enforced-disappearance", "if: threats has moon",
         "unknown-code"),
        ("un-wgad", "- words: true", '- words: true\n        value: "{when}"', "letter-line"),
        ("un-wgad", "ask_again: 28", "ask_again: 0", "letter"),
        ("terms", "  slapp: {", "  slap: {", "unknown-code"),
        ("terms", "mandates: [un-sr-hrd, un-sr-executions]", "mandates: [un-sr-hrdx]",
         "unknown-code"),
        ("terms", "  reg-escazu: {", "  reg-escaz: {", "missing-language"),
        ("parts", "  annexes:\n", "  annex:\n", "unknown-part"),
    ],
)  # fmt: skip
def test_a_mistake_is_found(root: Path, name: str, old: str, new: str, rule: str) -> None:
    place = change(root, name, old, new)
    found = problems(root)
    assert rule in {one for one, _ in found}, found
    if rule not in {"letter-missing", "missing-language", "unknown-part"} and name != "terms":
        line = int(place.rpartition(":")[2])
        lines = {int(at.rpartition(":")[2]) for _, at in found if at.startswith(place[:-3])}
        assert any(abs(one - line) <= 2 for one in lines), found


def test_a_letter_without_blanks_is_refused(root: Path) -> None:
    path = root / "knowledge" / "letters" / "law-brief.yaml"
    head = path.read_text(encoding="utf-8").split("sections:")[0]
    path.write_text(head + "sections:\n  - use: rights\n", encoding="utf-8")
    assert [rule for rule, _ in problems(root)] == ["blanks"]


@pytest.mark.parametrize("name", ["parts", "terms"])
def test_what_all_letters_share_cannot_be_missing(root: Path, name: str) -> None:
    (root / "knowledge" / "letters" / f"{name}.yaml").unlink()
    letters, found = load_letters(root)
    assert letters is None
    assert [one.rule for one in found] == ["letter"]
