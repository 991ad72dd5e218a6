"""What is to be checked is listed; an operator's review in a file clears it, until it runs out."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from bot.content.entries import load_knowledge
from bot.content.entry_checks import check_knowledge, due

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 11, 25)


def line(id_: str, day: str, until: str, kind: str = "mechanisms") -> str:
    return (
        f"- {{kind: {kind}, id: {id_}, checked_on: {day}, reviewer: Desk A, review_by: {until}}}\n"
    )


def reviewed(tmp_path: Path, text: str) -> Path:
    shutil.copytree(ROOT / "knowledge", tmp_path / "knowledge")
    (tmp_path / "knowledge" / "reviews.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def listed(root: Path) -> set[str]:
    knowledge, _ = load_knowledge(root)
    found = [*due(knowledge, TODAY, 60), *check_knowledge(knowledge, TODAY)]
    return {
        Path(one.place.file).stem for one in found if one.rule in {"review-due", "review-overdue"}
    }


def test_a_review_in_a_file_clears_what_was_due(tmp_path: Path) -> None:
    waiting = listed(ROOT)
    assert {"un-wgad", "ishr", "coalitions"} <= waiting
    root = reviewed(
        tmp_path,
        "reviews:\n"
        + line("un-wgad", "2026-11-20", "2027-06-01")
        + line("ishr", "2026-11-20", "2027-06-01", "resources"),
    )
    assert waiting - listed(root) == {"un-wgad", "ishr"}
    knowledge, _ = load_knowledge(root)
    assert knowledge.mechanisms["un-wgad"].reviewer == "Desk A"
    assert knowledge.mechanisms["un-wgad"].checked_on == "2026-11-20"


def test_a_review_that_runs_out_is_listed_again(tmp_path: Path) -> None:
    root = reviewed(
        tmp_path,
        "reviews:\n" + line("un-wgad", "2026-01-02", "2026-12-10"),
    )
    assert "un-wgad" in listed(root)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("reviews:\n" + line("un-nothing", "2026-11-20", "2027-01-01"),
         "review-unknown"),
        ("reviews:\n" + line("un-wgad", "soon", "2027-01-01"),
         "review"),
        ("reviews:\n" + line("un-wgad", "2026-11-20", "2027-01-01", "people"),
         "review"),
        ("reviews:\n- {kind: mechanisms, id: un-wgad}\n", "review"),
        ("reviews: [", "yaml"),
    ],
)  # fmt: skip
def test_a_review_that_cannot_be_read_is_named_and_breaks_nothing(
    tmp_path: Path, text: str, rule: str
) -> None:
    knowledge, problems = load_knowledge(reviewed(tmp_path, text))
    assert [one for one in problems if "reviews.yaml" in one.place.file]
    assert any(one.rule.startswith(rule) for one in problems if "reviews" in one.place.file)
    assert knowledge.mechanisms["un-wgad"].reviewer is None


def test_a_review_of_a_day_to_come_is_an_error(tmp_path: Path) -> None:
    root = reviewed(
        tmp_path,
        "reviews:\n" + line("un-wgad", "2031-11-20", "2032-01-01"),
    )
    knowledge, _ = load_knowledge(root)
    assert any(one.rule == "checked-on" for one in check_knowledge(knowledge, TODAY))
