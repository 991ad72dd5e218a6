"""The simulators find nothing, and would find something; the guide shows the table as it is."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bot.content.library import open_library
from bot.domain import climbing
from bot.proofs.simulation import real
from bot.proofs.simulation.diagram import draw
from bot.proofs.simulation.pure import simulate as pure

if TYPE_CHECKING:
    from bot.content.library import Library

ROOT = Path(__file__).parents[2]
PROMISED = {
    "missed": 0, "duplicates": 0, "early": 0, "later_than_60s": 0, "silence_broken": 0,
    "out_of_step": 0,
}  # fmt: skip


ROUGH = real.Rough(kills=1 / 40, silent=0.4)
"""So rough that a day of a few lives meets what a month of many does."""


@pytest.fixture(scope="module")
def library() -> Library:
    return open_library(None)


def held(figures: dict[str, Any]) -> dict[str, Any]:
    return {name: figures[name] for name in PROMISED}


def test_the_picture_in_the_guide_is_drawn_from_the_table() -> None:
    assert draw() in (ROOT / "docs" / "checkins.md").read_text(encoding="utf-8")


def test_lives_on_the_table_alone_break_no_promise() -> None:
    figures = pure(plans=60, days=30, seed=3)
    assert (figures["missed"], figures["duplicates"], figures["early"]) == (0, 0, 0)
    assert figures["silence_broken"] == 0
    assert figures["lateness_p99_s"] <= 60
    assert figures["escalations"] > 0


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def test_lives_on_the_real_services_break_no_promise(engine: str, library: Library) -> None:
    figures = await real.simulate(engine, plans=8, days=2, seed=5, library=library, rough=ROUGH)
    assert held(figures) == PROMISED
    assert figures["cycles"] > 15
    assert min(figures["escalations"], figures["kills"]) > 3


async def test_the_auditor_finds_a_rung_that_never_comes(
    monkeypatch: pytest.MonkeyPatch, library: Library
) -> None:
    agenda = climbing.agenda
    monkeypatch.setattr(
        climbing,
        "agenda",
        lambda plan, cycle: [rung for rung in agenda(plan, cycle) if rung[1] != "l1"],
    )
    figures = await real.simulate("sqlite", plans=6, days=1, seed=5, library=library, rough=ROUGH)
    assert figures["missed"] > 0


async def test_the_auditor_finds_a_rung_that_comes_too_early(
    monkeypatch: pytest.MonkeyPatch, library: Library
) -> None:
    agenda = climbing.agenda
    monkeypatch.setattr(
        climbing,
        "agenda",
        lambda plan, cycle: [
            (at - timedelta(minutes=7) if what == "l1" else at, what)
            for at, what in agenda(plan, cycle)
        ],
    )
    figures = await real.simulate("sqlite", plans=6, days=1, seed=5, library=library, rough=ROUGH)
    assert figures["early"] > 0


def test_the_command_gives_one_document_with_the_promised_keys() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "simulate", "checkins", "--engine", "pure", "--plans", "20",
         "--days", "3", "--seed", "2", "--json"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    figures = json.loads(done.stdout)
    wanted = {
        "missed", "duplicates", "lateness_p99_s", "false_alarms", "escalations", "seconds",
    }  # fmt: skip
    assert wanted <= set(figures)


@pytest.mark.prove
def test_ten_thousand_plans_for_a_year_on_the_table() -> None:
    figures = pure(plans=10_000, days=365, seed=1)
    assert (figures["missed"], figures["duplicates"], figures["early"]) == (0, 0, 0)
    assert figures["silence_broken"] == 0
    assert figures["lateness_p99_s"] <= 60


@pytest.mark.prove
@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def test_a_thousand_plans_for_a_month_on_the_real_services(engine: str) -> None:
    figures = await real.simulate(engine, plans=1_000, days=30, seed=1)
    assert held(figures) == PROMISED
    assert figures["kills"] > 0
    assert figures["outages"] > 0
