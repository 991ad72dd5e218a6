"""Kill -9 in the middle of conversations: nothing acknowledged is lost, nothing happens twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from bot.content.library import open_library
from bot.domain.languages import SOURCE
from bot.flow.model import Literal
from bot.proofs.chaos import REPEAT, Verdict, judge, run
from bot.proofs.nursery import Nursery

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

FEW, MANY = 10, 200


of_one_loop = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def nursery(learnt: Path) -> AsyncIterator[Nursery]:
    async with Nursery.opened(learnt=learnt) as opened:
        yield opened


def _holds(verdict: Verdict, kills: int) -> None:
    assert verdict.good, verdict
    assert verdict.kills == kills
    assert verdict.updates > kills


@of_one_loop
async def test_kills_on_sqlite_lose_nothing(nursery: Nursery, tmp_path: Path) -> None:
    _holds(await run(tmp_path, nursery=nursery, kills=FEW, seed=7), FEW)


@of_one_loop
@pytest.mark.postgres
async def test_kills_of_two_processes_on_one_postgresql_lose_nothing(
    nursery: Nursery, tmp_path: Path, new_postgres_url: Callable[[], str]
) -> None:
    url, shred = new_postgres_url(), new_postgres_url()
    verdict = await run(
        tmp_path, nursery=nursery, kills=FEW, seed=8, database=(url, url), shred=shred
    )
    _holds(verdict, FEW)


@of_one_loop
@pytest.mark.prove
async def test_two_hundred_kills_on_sqlite_lose_nothing(nursery: Nursery, tmp_path: Path) -> None:
    _holds(await run(tmp_path, nursery=nursery, kills=MANY, seed=9), MANY)


@of_one_loop
@pytest.mark.prove
@pytest.mark.postgres
async def test_two_hundred_kills_of_two_processes_lose_nothing(
    nursery: Nursery, tmp_path: Path, new_postgres_url: Callable[[], str]
) -> None:
    url, shred = new_postgres_url(), new_postgres_url()
    verdict = await run(
        tmp_path, nursery=nursery, kills=MANY, seed=10, database=(url, url), shred=shred
    )
    _holds(verdict, MANY)


_REPEATED = "Repeat a1b2c3: this may have reached you before.\n"


@pytest.mark.parametrize(
    ("heard", "good"),
    [
        (["one", "two", "three"], True),
        (["one", f"{_REPEATED}two", "three"], True),
        (["one", "two", f"{_REPEATED}two", "three"], True),
        (["one", "two", f"{_REPEATED}one", "three"], True),
        (["one", "two", "two", "three"], False),
        (["one", "three"], False),
        (["one", "two"], False),
        (["two", "one", "three"], False),
        (["one", "two", "three", "four"], False),
    ],
)
def test_what_is_heard_is_judged(heard: list[str], *, good: bool) -> None:
    verdict = Verdict()
    judge(heard, ["one", "two", "three"], verdict)
    assert verdict.good is good


def test_the_mark_of_a_repeat_is_the_sentence_of_the_catalogue() -> None:
    said = open_library().say("uncertain_repeat", SOURCE, mark=Literal(text="a1b2c3"))
    assert REPEAT.sub("", f"{said}\ntwo") == "two"
