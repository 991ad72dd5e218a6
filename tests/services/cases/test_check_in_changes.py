"""Drills, helpers who tell an outage, quicker ladders and other rhythms, as people meet them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.outages import Tally
from bot.domain.plans import Preset, Wish
from bot.domain.watch import TIMINGS, State, Tier
from bot.services.check_in import cut_off
from tests.services.cases.test_check_ins_in_chat import (
    DURESS,
    MINUTE,
    PIN,
    SAFE,
    copied,
    goes,
    on_duty,
    person_of,
    plans,
    protest,
    shown_to,
    texts,
)

if TYPE_CHECKING:
    from bot.services.ports import Tx
    from tests.services.cases.conftest import House

EN = "en"


async def manage(house: House, *labels: str) -> str:
    shown = await house.says("amina", "/checkin")
    for label in labels:
        shown = await house.presses("amina", label)
    return texts(shown)


async def daily(house: House, who: str = "amina", *, region: str = "UG") -> None:
    """Put a daily check-in under watch for somebody who has words already."""
    person = await person_of(house, who)
    wish = Wish(preset=Preset.DAILY, at_hour=14, zone="UTC", region=region)
    setup = house.parts.check_ins.house.setup
    armed = await house.store.write(
        lambda tx: setup.arm(tx, person, wish, EN, house.clock.now())  # type: ignore[arg-type]
    )
    assert not isinstance(armed, str), armed


async def test_a_drill_is_labelled_everywhere_calls_nobody_outside_and_ends_by_itself(
    house: House,
) -> None:
    await on_duty(house)
    await protest(house)
    assert "only a test" in await manage(house, "Try it out", "Now")
    before = len(shown_to(house, "amina"))
    await goes(house, 7 * MINUTE)
    asked = shown_to(house, "amina")[before:]
    assert asked
    assert all("only a test" in text for text in asked)
    called = shown_to(house, "ada")[-1]
    assert "only a test" in called
    await goes(house, 6 * MINUTE)
    assert "The test is over" in shown_to(house, "amina")[-1]
    (left,) = await plans(house)
    assert not left.terms.drill
    assert left.terms.false_alarms == ()


async def test_a_drill_is_answered_like_the_real_thing(house: House) -> None:
    await on_duty(house)
    await protest(house)
    await manage(house, "Try it out", "Now")
    await goes(house, 2 * MINUTE)
    assert "word" in texts(await house.says("amina", "OK") + await house.heard("amina", MINUTE))
    await house.says("amina", SAFE)
    await goes(house, 12 * MINUTE)
    assert len(await plans(house)) == 1
    assert shown_to(house, "ada") == []


async def test_the_duress_word_is_no_test_in_a_drill(house: House) -> None:
    await on_duty(house)
    await protest(house)
    await manage(house, "Try it out", "Now")
    await goes(house, 2 * MINUTE)
    await house.says("amina", f"OK {DURESS}")
    await goes(house, MINUTE)
    called = shown_to(house, "ada")
    assert called
    assert "only a test" not in called[-1]


async def test_a_drill_is_offered_every_month_until_somebody_has_enough(house: House) -> None:
    await on_duty(house)
    await protest(house)
    await daily(house)
    await manage(house, "End it")
    await house.says("amina", PIN)
    await goes(house, 12 * MINUTE)
    await protest_free(house)
    await manage(house, "Try it out", "Now, and offer")
    await goes(house, 15 * MINUTE)
    await manage(house, "Pause", "One week")
    await house.says("amina", PIN)
    await house.settle(timedelta(days=30))
    assert "a month has gone by" in shown_to(house, "amina")[-1] or any(
        "a month has gone by" in text for text in shown_to(house, "amina")[-6:]
    )
    assert "I do not offer tests" in texts(await house.presses("amina", "No more tests"))
    before = sum("a month has gone by" in text for text in shown_to(house, "amina"))
    await house.settle(timedelta(days=31))
    assert sum("a month has gone by" in text for text in shown_to(house, "amina")) == before


async def protest_free(house: House) -> None:
    """A daily check-in alone: it can be paused without a coordinator."""
    await daily(house)
    assert [one.terms.tier for one in await plans(house)] == [Tier.ROUTINE]


async def test_people_are_told_sooner_without_a_pin_and_later_again_only_with_it(
    house: House,
) -> None:
    await on_duty(house)
    await protest(house)
    assert "told sooner" in await manage(house, "Tell people sooner", "In half the time")
    (plan,) = await plans(house)
    assert plan.terms.plan.timings.l1 * 2 == TIMINGS[Tier.HIGH_RISK].l1
    await manage(house, "Tell people sooner", "In half the time")
    assert "cannot be quicker" in await manage(house, "Tell people sooner", "In half the time")
    await manage(house, "Tell people sooner", "In the usual time")
    await house.says("amina", "0000")
    assert (await plans(house))[0].terms.timings is not None
    await house.says("amina", PIN)
    assert (await plans(house))[0].terms.timings is None


async def test_another_rhythm_needs_the_pin_and_keeps_what_was_asked(house: House) -> None:
    await on_duty(house)
    await protest(house)
    await daily(house)
    assert "PIN" in await manage(house, "Another rhythm", "Twice a day", "18:00")
    await house.says("amina", PIN)
    found = {one.terms.tier: one for one in await plans(house)}
    routine, other = found[Tier.ROUTINE], found[Tier.HIGH_RISK]
    assert routine.terms.rhythm.interval == timedelta(hours=12)
    assert routine.standing.cycle.due_at.hour in {6, 18}
    assert other.terms.rhythm.interval == timedelta(hours=1)


async def test_a_helper_tells_an_outage_and_wakes_nobody(house: House) -> None:
    await on_duty(house)
    line = copied(await house.says("ada", "/canary"))
    assert line.startswith("/start y-")
    assert "when your country is cut off" in texts(await house.says("wren", line))
    await house.presses("wren", "Yes")
    shown = await house.says("wren", "Uganda")
    shown = await house.presses("wren", "\u2068Kampala") if "clock" in texts(shown) else shown
    assert "every two hours by day" in texts(shown)
    assert "no longer valid" in texts(await house.says("lark", line))

    await goes(house, timedelta(hours=2, minutes=1))
    await house.says("wren", "OK")
    counted = await house.store.read(
        lambda tx: tx.regions.lately(since=house.clock.now() - timedelta(hours=1))
    )
    assert counted == {"UG": Tally(answered=3)}
    calls = len(shown_to(house, "ada"))
    await goes(house, timedelta(hours=2, minutes=30))
    counted = await house.store.read(
        lambda tx: tx.regions.lately(since=house.clock.now() - timedelta(hours=1))
    )
    assert counted["UG"].missed == 3
    assert len(shown_to(house, "ada")) == calls
    (plan,) = await plans(house, "wren")
    assert plan.standing.cycle.state is State.ARMED

    await house.says("wren", "/checkin")
    await house.presses("wren", "End it")
    await goes(house, 11 * MINUTE)
    assert await plans(house, "wren") == []


async def test_a_silent_region_is_one_page_and_keeps_routine_plans_with_coordinators(
    house: House,
) -> None:
    await on_duty(house)
    await protest(house)
    people = [f"person{number}" for number in range(6)]
    amina = await person_of(house, "amina")

    def agree(tx: Tx, name: str) -> None:
        from bot.domain.people import Person  # noqa: PLC0415
        from tests.services.cases.conftest import CHAT  # noqa: PLC0415

        id_ = tx.people.lock(CHAT, name)
        tx.people.put(
            Person(id=id_, channel=CHAT, address=name, language=None, language_hint=None),
            at=house.clock.now(),
        )
        agreed = tx.check_words.get(amina)
        assert agreed is not None
        tx.check_words.put(id_, agreed)

    for name in people:
        await house.store.write(lambda tx, name=name: agree(tx, name))
        await daily(house, name)
    await house.store.write(
        lambda tx: tx.regions.add(
            {"UG": Tally(answered=2, missed=8)},
            at=house.clock.now() + timedelta(hours=3, minutes=45),
        )
    )
    await house.says("amina", "/checkin")
    await house.presses("amina", "End it")
    await house.says("amina", PIN)
    before = len(shown_to(house, "ada"))
    await goes(house, timedelta(hours=4, minutes=2))
    assert await house.store.read(lambda tx: cut_off(tx, house.clock.now())) == {"UG"}
    called = shown_to(house, "ada")[before:]
    assert len(called) == 1
    assert "many silent in one region" in called[0]
    for name in people:
        (plan,) = await plans(house, name)
        assert plan.standing.cycle.state is State.L1
