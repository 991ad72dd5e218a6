"""Kill -9 in the middle of an alert: rows add up, nobody is missed, repeats say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from bot.content.library import open_library
from bot.domain.ids import LanguageTag
from bot.flow.model import Literal
from bot.proofs.chaos_alert import Verdict, run
from bot.proofs.crowd import LANGUAGES, MARKS
from bot.proofs.nursery import Nursery

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

FEW, MANY = 10, 200
A_FEW_PEOPLE, MANY_PEOPLE = 400, 5_000

of_one_loop = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def nursery() -> AsyncIterator[Nursery]:
    async with Nursery.opened() as opened:
        yield opened


def _holds(verdict: Verdict, kills: int) -> None:
    assert verdict.good, verdict
    assert verdict.kills == kills


@of_one_loop
@pytest.mark.parametrize(
    ("kills", "people"),
    [(FEW, A_FEW_PEOPLE), pytest.param(MANY, MANY_PEOPLE, marks=pytest.mark.prove)],
)
async def test_kills_during_an_alert_on_sqlite_miss_nobody(
    kills: int, people: int, nursery: Nursery, tmp_path: Path
) -> None:
    _holds(await run(tmp_path, nursery=nursery, kills=kills, people=people, rate=30, seed=7), kills)


@of_one_loop
@pytest.mark.postgres
@pytest.mark.parametrize(
    ("kills", "people"),
    [(FEW, A_FEW_PEOPLE), pytest.param(MANY, MANY_PEOPLE, marks=pytest.mark.prove)],
)
async def test_kills_of_three_senders_on_one_postgresql_miss_nobody(
    kills: int, people: int, nursery: Nursery, tmp_path: Path, new_postgres_url: Callable[[], str]
) -> None:
    url, shred = new_postgres_url(), new_postgres_url()
    verdict = await run(
        tmp_path, nursery=nursery, kills=kills, people=people, rate=30, seed=8,
        database=(url, url, url), shred=shred,
    )  # fmt: skip
    _holds(verdict, kills)


def test_repeats_are_known_by_the_sentences_of_the_catalogues() -> None:
    library = open_library(None)
    for tag, mark in zip(LANGUAGES, MARKS, strict=True):
        said = library.say("uncertain_repeat", LanguageTag(tag), mark=Literal(text="K7QF"))
        assert mark in said


GOOD = {
    "kills": 1, "people": 3, "rows": 3, "unfinished": 0, "missing": 0, "doubled_unmarked": 0,
    "marked": 1, "twice": 1, "refused": 0, "complete": True,
    "outcomes": {"delivered": 2, "uncertain": 1},
}  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        {"rows": 2}, {"refused": 1}, {"unfinished": 1}, {"missing": 1}, {"doubled_unmarked": 1},
        {"complete": False}, {"outcomes": {"delivered": 2, "expired": 1}},
    ],
)  # fmt: skip
def test_a_run_with_anything_wrong_is_not_good(wrong: dict[str, object]) -> None:
    assert Verdict(**GOOD).good  # type: ignore[arg-type]
    assert not Verdict(**{**GOOD, **wrong}).good  # type: ignore[arg-type]
