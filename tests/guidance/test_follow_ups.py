"""What to ask again, and when: from the letter and from the time limit that runs."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from bot.guidance import follow_ups
from bot.guidance.facts import Facts
from bot.guidance.follow_ups import FollowUp, plan, read_all, write_all
from tests.guidance.test_letters import ARREST, TODAY, knowledge, letters

if TYPE_CHECKING:
    from bot.content.entries import Knowledge
    from bot.content.letters import Letters

__all__ = ["knowledge", "letters"]


@pytest.mark.parametrize(
    ("body", "days"), [("un-sr-hrd-urgent-appeal", 7), ("un-wgad", 28), ("nat-embassy", 3)]
)
def test_each_body_has_its_own_patience(
    letters: Letters, knowledge: Knowledge, body: str, days: int
) -> None:
    found = plan(letters, knowledge, body, ARREST, TODAY)
    assert FollowUp(body=body, kind="answer", day=TODAY + timedelta(days=days)) in found


@pytest.mark.parametrize(("left", "asked_in"), [(60, 53), (8, 1), (5, 1), (2, 1)])
def test_a_time_limit_is_asked_about_a_week_before_it_ends(
    letters: Letters, knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch, left: int,
    asked_in: int,
) -> None:  # fmt: skip
    ends = TODAY + timedelta(days=left)
    monkeypatch.setattr(follow_ups, "time_limit", lambda *_: ends)
    (found,) = [
        one for one in plan(letters, knowledge, "reg-eacj", ARREST, TODAY) if one.kind == "deadline"
    ]
    assert found.day == TODAY + timedelta(days=asked_in)


@pytest.mark.parametrize("left", [1, 0, -3])
def test_a_time_limit_that_is_over_is_not_asked_about(
    letters: Letters, knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch, left: int
) -> None:
    monkeypatch.setattr(follow_ups, "time_limit", lambda *_: TODAY + timedelta(days=left))
    found = plan(letters, knowledge, "reg-eacj", ARREST, TODAY)
    assert [one.kind for one in found] == ["answer"]


def test_the_time_limit_is_the_adviser_s(
    knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = date(2026, 6, 1)
    ranked = SimpleNamespace(
        entry=SimpleNamespace(id="reg-eacj"), deadline=SimpleNamespace(day=day)
    )
    monkeypatch.setattr(follow_ups, "advise", lambda *_: SimpleNamespace(ranked=(ranked,)))
    assert follow_ups.time_limit(knowledge, "reg-eacj", Facts(), TODAY) == day
    assert follow_ups.time_limit(knowledge, "un-wgad", Facts(), TODAY) is None


def test_an_unknown_body_has_no_plan(letters: Letters, knowledge: Knowledge) -> None:
    assert plan(letters, knowledge, "un-moon", ARREST, TODAY) == ()


def test_what_was_written_is_read_and_garbage_is_left_out() -> None:
    waiting = [
        FollowUp(body="un-wgad", kind="answer", day=TODAY),
        FollowUp(body="reg-eacj", kind="deadline", day=date(2026, 7, 1)),
    ]
    assert read_all(write_all(waiting)) == waiting
    assert read_all(None) == read_all("") == read_all("x,~~,a~b~never,a~b~2026-01-01~c") == []
