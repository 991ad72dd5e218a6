from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.domain.coordinators import Role, Urgency
from bot.domain.ids import LanguageTag
from bot.domain.messages import InboundKind
from bot.scripts import bare
from bot.services import duty
from bot.services.duty import PATIENCE

if TYPE_CHECKING:
    from tests.services.cases.conftest import House

REF = "7f3a9c0b" * 4
SECOND = timedelta(seconds=1)


async def call(house: House, urgency: Urgency = Urgency.RED, code: str = "case") -> None:
    await house.store.write(lambda tx: duty.page(tx, house.clock, code, urgency, REF))


async def told(house: House, by: timedelta = SECOND) -> dict[str, list[str]]:
    """Return what each coordinator is told meanwhile."""
    before = len(house.channel.shown)
    await house.settle(by)
    found: dict[str, list[str]] = {}
    for address, message in house.channel.shown[before:]:
        found.setdefault(address, []).append(bare(message.text))
    return found


async def watched(house: House) -> bool:
    return (await house.store.read(duty.house)).on_duty


async def test_a_page_says_a_number_an_urgency_and_nothing_else(house: House) -> None:
    await house.coordinator("kestrel", languages=(LanguageTag("fr"),))
    await house.coordinator("wren")
    await call(house)
    assert await told(house) == {
        "kestrel": ["Dossier 7F3A, rouge, en attente."],
        "wren": ["Case 7F3A, red, waiting."],
    }


async def test_while_nobody_acknowledges_the_next_is_called_after_ten_minutes(
    house: House,
) -> None:
    await house.coordinator("kestrel")
    await house.coordinator("lead", on_duty=False, roles=frozenset({Role.LEAD}))
    await house.coordinator("wren", on_duty=False)
    await call(house)
    assert set(await told(house)) == {"kestrel"}
    assert set(await told(house, PATIENCE - 2 * SECOND)) == set()
    assert set(await told(house, 2 * SECOND)) == {"lead"}
    assert set(await told(house, PATIENCE)) == {"wren"}
    assert set(await told(house, PATIENCE)) == {"kestrel"}, "it begins anew"


async def test_whoever_acknowledges_ends_the_calling_and_the_others_learn_it(
    house: House,
) -> None:
    kestrel = await house.coordinator("kestrel")
    await house.coordinator("wren")
    await call(house)
    await told(house)
    answer = await house.presses("kestrel", "I will look")
    assert [bare(one.text) for one in answer] == ["7F3A is yours now. Please look at the desk."]
    late = await house.presses("wren", "I will look")
    assert bare(late[-1].text) == "7F3A is taken by a colleague."
    assert await told(house, 3 * PATIENCE) == {}
    log = await house.store.read(lambda tx: tx.audit.entries(subject=REF))
    assert [(one.actor, one.act, one.note) for one in log] == [
        (kestrel.id, "acknowledged", "hours")
    ]


async def test_somebody_else_cannot_acknowledge(house: House) -> None:
    await house.coordinator("kestrel")
    await call(house)
    data = duty.extra_data(duty.ACKNOWLEDGE, REF)
    await told(house)
    await house.brings("stranger", InboundKind.BUTTON, data=data)
    page = await house.store.read(lambda tx: tx.pages.get(REF))
    assert page is not None
    assert page.acknowledged_by is None


async def test_what_is_not_urgent_wakes_nobody_who_is_off_duty(house: House) -> None:
    await house.coordinator("kestrel")
    await house.coordinator("wren", on_duty=False)
    await call(house, Urgency.YELLOW)
    assert set(await told(house)) == {"kestrel"}
    for _ in range(4):
        assert set(await told(house, PATIENCE)) <= {"kestrel"}


async def test_whoever_comes_on_duty_hears_of_what_waits(house: House) -> None:
    await house.coordinator("kestrel", on_duty=False)
    await call(house, Urgency.GREEN)
    assert await told(house) == {}
    await house.says("kestrel", "/duty")
    shown = await house.presses("kestrel", "Begin my duty")
    assert any("7F3A" in message.text for message in shown)


@pytest.mark.parametrize("demo", [False, True])
async def test_fewer_than_two_real_ones_on_duty_is_nobody(house: House, *, demo: bool) -> None:
    await house.coordinator("kestrel")
    assert not await watched(house)
    await house.coordinator("wren", demo=demo)
    assert await watched(house) is not demo
    await house.coordinator("kestrel", on_duty=False)
    assert not await watched(house)


async def test_an_operator_counts_for_nobody(house: House) -> None:
    await house.coordinator("kestrel")
    await house.coordinator("op", roles=frozenset({Role.OPERATOR}))
    assert not await watched(house)


async def test_whoever_blocks_the_bot_is_off_duty(house: House) -> None:
    await house.coordinator("kestrel")
    await house.coordinator("wren")
    assert await watched(house)
    await house.brings("wren", InboundKind.BLOCKED)
    assert not await watched(house)


async def test_a_page_that_nobody_can_take_waits_for_somebody(house: House) -> None:
    await call(house)
    assert await told(house, 5 * PATIENCE) == {}
    await house.coordinator("kestrel")
    assert set(await told(house, PATIENCE)) == {"kestrel"}
