"""The board and its decisions, as the desk asks for them."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from bot.contract import checkins as said
from bot.contract.operations import Nothing
from bot.contract.shapes import parse, plain
from bot.domain.coordinators import Coordinator, Role
from bot.domain.errors import RefusedError
from bot.domain.ids import CoordinatorId
from bot.domain.watch import State
from bot.services.check_in_desk import CheckInDesk
from bot.services.ports import Timer
from tests.services.check_in_stage import DAILY, DURESS, MINUTE, PROTEST, SAFE, Stage, stage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.content.library import Library

ADA = Coordinator(
    id=CoordinatorId("ada"), alias="ada", roles=frozenset({Role.COORDINATOR}), recipient=""
)


@pytest_asyncio.fixture
async def here(tmp_path: Path, library: Library) -> AsyncIterator[Stage]:
    async with stage(tmp_path, library) as opened:
        yield opened


def desk_of(here: Stage) -> CheckInDesk:
    return CheckInDesk(
        hands=here.house.hands,
        clock=here.clock,
        sheets=here.sheets,
        digest=lambda salt, text: hashlib.blake2b(salt + text.encode(), digest_size=32).digest(),
    )


async def test_the_board_shows_alarms_first_and_the_rungs_of_the_next_day(here: Stage) -> None:
    await here.arm(DAILY)
    await here.arm(PROTEST)
    await here.goes(60 * MINUTE + 16 * MINUTE)
    shown = await here.store.read(lambda tx: desk_of(here).board(tx, ADA, Nothing()))
    assert [(row.tier, row.state) for row in shown.rows] == [("T3", "l1"), ("T1", "armed")]
    # What desks read is what the contract promises, country and tier with it.
    assert parse(said.CheckInBoard, plain(shown)) == shown
    assert {row.region for row in shown.rows} == {None, "UG"}
    overdue, waiting = shown.rows
    assert overdue.minutes_late == 16
    assert [rung.what for rung in overdue.rungs] == ["confirm", "l2", "l3"] or [
        rung.what for rung in overdue.rungs
    ] == ["l2", "l3"]
    assert all(rung.at <= shown.now + timedelta(hours=24) for rung in waiting.rungs)
    await here.says(f"OK {DURESS}")
    shown = await here.store.read(lambda tx: desk_of(here).board(tx, ADA, Nothing()))
    assert {row.alarm for row in shown.rows} == {"duress"}


async def test_whoever_takes_it_answers_for_it_and_contacts_can_be_woken_at_once(
    here: Stage,
) -> None:
    armed = await here.arm(PROTEST)
    await here.goes(76 * MINUTE)
    taken = await here.store.write(
        lambda tx: desk_of(here).take(tx, ADA, said.TakePlan(plan=armed.id))
    )
    assert taken.taken_by == "ada"
    woken = await here.store.write(
        lambda tx: desk_of(here).confirm(tx, ADA, said.NamePlan(plan=armed.id))
    )
    assert woken.state == "l2"
    assert {"acknowledged", "contacts-confirmed"} <= set(here.audit)


async def test_the_safe_word_is_compared_and_a_wrong_one_stands_nothing_down(here: Stage) -> None:
    armed = await here.arm(PROTEST)
    await here.goes(95 * MINUTE)

    async def down(word: str, way: said.Way) -> None:
        asked = said.StandDown(plan=armed.id, outcome=said.Outcome.SAFE, word=word, way=way)
        await here.store.write(lambda tx: desk_of(here).stand_down(tx, ADA, asked))

    for word, way in (("wren", said.Way.VOICE), (SAFE, said.Way.NONE), (DURESS, said.Way.VIDEO)):
        with pytest.raises(RefusedError):
            await down(word, way)
    assert (await here.plan()).standing.cycle.state is State.L2
    await down("  Kestrel! ", said.Way.VOICE)
    assert (await here.plan()).standing.cycle.state is State.ARMED


async def test_a_chat_under_the_silence_rule_is_known_to_alerts(here: Stage) -> None:
    await here.arm(PROTEST)
    await here.goes(95 * MINUTE)
    due = await here.store.write(
        lambda tx: tx.timers.claim(
            worker="x", now=here.clock.at + timedelta(days=4_000), lease=MINUTE, limit=9,
            kinds=("check-in-silence",),
        )
    )  # fmt: skip
    assert [one.timer.person for one in due] == [here.person]
    assert isinstance(due[0].timer, Timer)
