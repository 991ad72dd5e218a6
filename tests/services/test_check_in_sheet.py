"""What somebody under watch wants others to know: sealed, opened when they are missed, and then."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from bot.contract import checkins as said
from bot.contract.items import Note, PlanWords, SentPlace
from bot.desk.sheets import OpenedSheet, open_sheet
from bot.domain.cases import State as CaseState
from bot.domain.coordinators import Coordinator, Role
from bot.domain.ids import CaseId, CoordinatorId
from bot.domain.messages import Inbound, InboundKind
from bot.domain.plan_changes import quicker
from bot.domain.secret_words import Secret
from bot.domain.watch import TIMINGS, Outcome, State, Tier
from bot.services import check_in_decide as decide
from bot.services.check_in_desk import CheckInDesk
from bot.services.check_in_sheet import KEPT_FOR, NotOpenedError
from bot.services.pressed import Done, Remark
from bot.vault.phrase import digest
from tests.services.check_in_stage import (
    ALL,
    DAILY,
    DURESS,
    MINUTE,
    NOW,
    PIN,
    PROTEST,
    Stage,
    stage,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.content.library import Library
    from bot.services.ports import Tx

ROBIN = Coordinator(
    id=CoordinatorId("robin"), alias="robin", roles=frozenset({Role.COORDINATOR}), recipient="",
    on_duty=True,
)  # fmt: skip
ROUTE = "By bus to the lake, back on Friday. Ask for Marigold."
LINES = {"route": ROUTE, "life": "Which bird sat on the roof? A wren.", "publicity": "no"}
LATE = 76 * MINUTE


@pytest_asyncio.fixture
async def here(tmp_path: Path, library: Library) -> AsyncIterator[Stage]:
    async with stage(tmp_path, library) as opened:
        yield opened


def everything_in(folder: Path) -> list[bytes]:
    return [one.read_bytes() for one in folder.rglob("*") if one.is_file()]


async def writes(here: Stage, sheet: dict[str, str], *, pin: str = PIN, words: Any = None) -> str:
    """Fill in the page of a new link."""
    token = await here.store.write(
        lambda tx: here.house.setup.link(tx, here.person, None, here.clock.at)
    )
    return await here.house.setup.fill(
        token, words or dict.fromkeys(Secret, ""), harmless=False, pin=pin, sheet=sheet
    )


async def opens(here: Stage, who: Coordinator = ROBIN) -> OpenedSheet:
    """Open the sheet at a desk, with the reader's own key."""
    plan = (await here.plans())[0]
    desk = CheckInDesk(hands=here.house.hands, clock=here.clock, sheets=here.sheets, digest=digest)

    async def ask(name: str, asked: Any) -> Any:
        return await here.store.write(lambda tx: desk.acts()[name](tx, who, asked))

    return await open_sheet(ask, here.reader, plan.id)


def of(opened: OpenedSheet, kind: type[Any]) -> list[Any]:
    return [one.item for one in opened.parts if isinstance(one.item, kind)]


async def test_words_are_sealed_and_open_to_those_on_duty_once_somebody_is_missed(
    here: Stage,
) -> None:
    await here.arm(PROTEST)
    assert await writes(here, LINES) == "agreed"
    for minutes, who in ((0, ROBIN), (60, ROBIN), (16, replace(ROBIN, on_duty=False))):
        await here.goes(minutes * MINUTE)
        with pytest.raises(NotOpenedError):
            await opens(here, who)
    assert (await here.plan()).standing.cycle.state is State.L1
    (words,) = of(await opens(here), PlanWords)
    assert {line.name: line.text for line in words.lines} == LINES
    entries = await here.store.read(lambda tx: tx.audit.entries())
    assert [(entry.act, entry.actor) for entry in entries][:1] == [("plan-opened", "robin")]


async def test_an_alarm_opens_the_sheet_as_well(here: Stage) -> None:
    await here.arm(DAILY)
    assert await writes(here, LINES) == "agreed"
    await here.says(f"OK {DURESS}")
    assert of(await opens(here), PlanWords)


async def test_nothing_of_the_words_stands_in_the_database(here: Stage, tmp_path: Path) -> None:
    await here.arm(PROTEST)
    await writes(here, LINES)
    await here.sends_place("0.313611 32.581111 20")
    await here.store.scrub()
    files = everything_in(tmp_path)
    assert files
    for planted in (ROUTE, "Marigold", "wren", "0.313611", "32.581111"):
        assert not any(planted.encode() in one for one in files)


async def test_the_pin_guards_the_sheet_and_the_duress_word_only_seems_to_open_it(
    here: Stage,
) -> None:
    await here.arm(PROTEST)
    assert await writes(here, LINES) == "agreed"
    assert await writes(here, {"route": "I am at home."}, pin="9999") == "pin-wrong"
    assert await writes(here, {"route": "I am at home."}, pin=DURESS) == "agreed"
    first, forced = of(await opens(here), PlanWords)
    assert (first.forced, forced.forced) == (False, True)
    assert (await here.plan()).standing.alarm is not None


async def test_the_sheet_can_be_written_with_the_words_and_changed_without_them(
    here: Stage,
) -> None:
    await here.arm(PROTEST)
    assert await writes(here, LINES, words={**ALL, Secret.SAFE: "goshawk"}) == "agreed"
    assert await writes(here, {"route": "By train."}) == "agreed"
    await here.goes(62 * MINUTE)
    await here.says("OK goshawk")
    assert (await here.plan()).standing.cycle.number == 1
    await here.goes(LATE)
    routes = [one.lines[0].text for one in of(await opens(here), PlanWords)]
    assert routes == [ROUTE, "By train."]


async def test_without_readers_nothing_is_kept_and_the_page_says_so(
    here: Stage, tmp_path: Path
) -> None:
    await here.arm(PROTEST)
    for one in (tmp_path / "keys").rglob("*recipients*"):
        one.unlink()
    assert await writes(here, LINES) == "not-sealed"
    assert await here.sends_place("0.3 32.5") == Remark(
        phrase="checkin_place_not_kept", forgets=True
    )
    assert not await here.store.read(lambda tx: tx.sealed.ids())


async def test_a_place_is_kept_only_of_somebody_who_is_watched_and_leaves_the_chat(
    here: Stage,
) -> None:
    await here.arm(DAILY)
    assert await here.sends_place("0.313611 32.581111 20") == Remark(
        phrase="checkin_place_kept", forgets=True
    )
    for _ in range(3):
        assert await here.sends_place("0.4 32.6", live=True) == Done()
        await here.goes(4 * MINUTE)
    await here.goes(4 * 60 * MINUTE, step=30 * MINUTE)
    found = of(await opens(here), SentPlace)
    assert [(one.latitude, one.within, one.under_way) for one in found] == [
        ("0.313611", "20", False)
    ]
    await here.sends_place("0.4 32.6", live=True)
    assert [one.under_way for one in of(await opens(here), SentPlace)] == [False, True]


async def test_a_place_of_somebody_who_is_not_watched_is_not_kept(here: Stage) -> None:
    await here.arm(DAILY)
    await here.asked_for_pin("cancel")
    await here.says(PIN)
    await here.goes(15 * MINUTE)
    assert not await here.plans()
    assert await here.sends_place("0.3 32.5") is None


async def test_the_sheet_rests_for_a_week_after_the_last_plan_and_then_goes(here: Stage) -> None:
    await here.arm(DAILY)
    await writes(here, LINES)
    await here.asked_for_pin("cancel")
    await here.says(PIN)
    await here.goes(15 * MINUTE)
    (box,) = await here.store.read(lambda tx: [tx.sealed.get(one) for one in tx.sealed.ids()])
    assert box is not None
    assert box.until - here.clock.at <= KEPT_FOR
    over = await here.store.read(
        lambda tx: tx.sealed.over(here.clock.at + KEPT_FOR + timedelta(hours=1), limit=5)
    )
    assert over == [box.id]


async def test_notes_for_the_next_shift_are_sealed_beside_it_also_without_any_words(
    here: Stage,
) -> None:
    armed = await here.arm(PROTEST)
    await here.goes(LATE)
    opened = await opens(here)
    note = opened.note("Called the lawyer twice.", "robin", here.clock.at)
    desk = CheckInDesk(hands=here.house.hands, clock=here.clock, sheets=here.sheets, digest=digest)
    await here.store.write(lambda tx: desk.note(tx, ROBIN, note))
    assert [one.text for one in of(await opens(here), Note)] == ["Called the lawyer twice."]
    assert note.plan == armed.id


async def test_when_something_happened_the_sheet_becomes_a_case_with_its_words(
    here: Stage,
) -> None:
    armed = await here.arm(PROTEST)
    await writes(here, LINES)
    await here.goes(LATE)
    box = (await opens(here)).sheet.box

    def incident(tx: Tx) -> None:
        decide.stand_down(tx, here.house.hands, armed.id, "robin", Outcome.INCIDENT, here.clock.at)

    await here.store.write(incident)
    case = await here.store.read(lambda tx: tx.cases.get(CaseId(box)))
    assert case is not None
    assert (case.kind, case.state, case.assigned_to) == ("check-in", CaseState.TAKEN, "robin")
    agreed = await here.store.read(lambda tx: tx.check_words.get(here.person))
    assert agreed is not None
    assert agreed.box == ""


async def test_coordinators_may_have_it_sooner_and_never_later(here: Stage) -> None:
    armed = await here.arm(PROTEST)
    desk = CheckInDesk(hands=here.house.hands, clock=here.clock, sheets=here.sheets, digest=digest)
    for _ in range(2):
        await here.store.write(lambda tx: desk.tighten(tx, ROBIN, said.NamePlan(plan=armed.id)))
    plan = await here.plan()
    assert plan.terms.timings is not None
    assert plan.terms.timings.l1 * 4 == TIMINGS[Tier.HIGH_RISK].l1
    assert quicker(plan.terms) is None
    await here.goes(60 * MINUTE + 4 * MINUTE)
    assert (await here.plan()).standing.cycle.state is State.L1


def test_a_place_does_not_show_when_what_arrived_is_printed() -> None:
    from bot.channels.telegram.parse import parse  # noqa: PLC0415 - the one place that needs it

    update = {
        "update_id": 7,
        "message": {
            "message_id": 3, "date": 1_900_000_000, "chat": {"id": 9, "type": "private"},
            "from": {"id": 9, "is_bot": False, "first_name": "Amina"},
            "location": {"latitude": 0.313611, "longitude": 32.581111, "horizontal_accuracy": 20.4},
        },
    }  # fmt: skip
    (found,) = [one for one in [parse(update, me=None, at=NOW)] if isinstance(one, Inbound)]
    assert found.kind is InboundKind.LOCATION
    assert "0.31" not in repr(found)
    assert found.words is not None
    assert found.words.reveal() == "0.313611 32.581111 20"
