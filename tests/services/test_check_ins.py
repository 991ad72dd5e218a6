"""Check-ins through services and storage: what the chat, the rows and the humans get."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from sqlalchemy import select

from bot.domain.errors import RefusedError
from bot.domain.secret_words import Secret
from bot.domain.watch import Outcome, State
from bot.flow.inputs import Pressed, Universal
from bot.services import check_in_decide as decide
from bot.services.check_in import unreachable
from bot.services.check_in_setup import contacts_changed, is_silent
from bot.services.ports import Lane
from bot.services.pressed import Done
from bot.storage.tables import metadata
from tests.services.check_in_stage import (
    ALL,
    DAILY,
    DURESS,
    MINUTE,
    PANIC,
    PIN,
    PROTEST,
    TRIP,
    Stage,
    stage,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.content.library import Library
    from bot.services.ports import Tx

HOUR = timedelta(hours=1)
ASKED = "How are you?"


@pytest_asyncio.fixture
async def here(tmp_path: Path, library: Library) -> AsyncIterator[Stage]:
    async with stage(tmp_path, library) as opened:
        yield opened


def shape(tx: Tx) -> dict[str, list[Any]]:
    """Every row of every table as an observer without the key sees it: sizes and clear numbers."""
    conn = tx.plans.conn  # type: ignore[attr-defined]
    seen = {}
    for table in metadata.sorted_tables:
        rows = [
            tuple(
                (name, len(value) if isinstance(value, bytes | str) else value)
                for name, value in row._mapping.items()
            )
            for row in conn.execute(select(table))
        ]
        seen[table.name] = sorted(rows, key=str)
    return seen


def hushed(tx: Tx) -> list[str]:
    """Whom alerts leave out."""
    conn, table = tx.plans.conn, metadata.tables["timer"]  # type: ignore[attr-defined]
    rows = conn.execute(select(table.c.person).where(table.c.kind == "check-in-silence"))
    return list(rows.scalars())


ANSWERS = {
    "typed": (["OK kestrel"], ["OK harrier"], ALL, TRIP),
    "tap, then the word": (["OK", "kestrel"], ["OK", "harrier"], ALL, TRIP),
    "routine": (["OK"], ["harrier"], {Secret.PIN: PIN, Secret.DURESS: DURESS}, DAILY),
    "routine, in free text": (["OK"], ["OK harrier"], {Secret.PIN: PIN, Secret.DURESS: DURESS},
                              DAILY),
    "missing mark": (["ok marigold"], ["ok"], {Secret.PIN: PIN, Secret.MARK: "marigold"}, DAILY),
}  # fmt: skip


@pytest.mark.parametrize("case", ANSWERS)
async def test_ok_and_duress_cannot_be_told_apart_in_chat_or_rows(
    case: str, tmp_path: Path, library: Library
) -> None:
    free, forced, words, wish = ANSWERS[case]
    seen = []
    for number, texts in enumerate((free, forced)):
        folder = tmp_path / str(number)
        folder.mkdir()
        async with stage(folder, library) as here:
            await here.arm(wish, words)
            await here.goes(2 * HOUR + MINUTE, step=MINUTE)
            transcript: list[Any] = []
            for text in texts:
                assert isinstance(await here.says(text), Done)
                rows = await here.store.read(shape)
                transcript.append((rows, await here.deliver()))
            alarm = (await here.plans())[0].standing.alarm if await here.plans() else None
            seen.append((transcript, alarm is not None))
            await here.sweeper.sweep()
            assert bool(here.pages) is (texts is forced)
    (plain, not_raised), (bound, raised) = seen
    assert plain == bound
    assert (not_raised, raised) == (False, True)


async def test_the_harmless_button_means_duress_to_those_who_chose_it(here: Stage) -> None:
    await here.arm(DAILY)
    await here.goes(2 * HOUR + MINUTE)
    await here.presses("fine")
    assert (await here.plan()).standing.alarm is None
    await here.goes(24 * HOUR, step=5 * MINUTE)
    agreed = await here.store.read(lambda tx: tx.check_words.get(here.person))
    assert agreed is not None
    await here.store.write(
        lambda tx: tx.check_words.put(here.person, replace(agreed, harmless=True))
    )
    await here.presses("fine")
    assert (await here.plan()).standing.alarm is not None


async def test_silence_climbs_to_contacts_and_then_nothing_is_said_to_the_person(
    here: Stage,
) -> None:
    await here.arm(PROTEST, contacts=2)
    await here.goes(60 * MINUTE + 29 * MINUTE)
    assert (await here.plan()).standing.cycle.state is State.L1
    before = len([1 for to, _, _ in here.shown if to == "amina"])
    assert before == 3
    await here.goes(5 * HOUR)
    assert (await here.plan()).standing.cycle.state is State.L3
    assert len([1 for to, _, _ in here.shown if to == "amina"]) == before
    woken = [to for to, text, lane in here.shown if lane is Lane.ESCALATION]
    assert sorted(woken) == ["helper0", "helper1"]
    assert "key-released" in here.audit
    assert await here.store.read(lambda tx: is_silent(tx, here.person))
    assert await here.store.read(hushed) == [here.person]


async def test_with_a_hijacked_chat_and_no_pin_nothing_that_protects_is_taken_away(
    here: Stage,
) -> None:
    armed = await here.arm(PROTEST)
    for what in ("cancel", "pause:24", "extend:60"):
        for guess in ("0000", "1234"):
            await here.asked_for_pin(what)
            assert isinstance(await here.says(guess), Done)
    plan = await here.plan()
    assert plan.standing.cycle.state is State.ARMED
    assert plan.standing.cycle.due_at == armed.standing.cycle.due_at
    # Six wrong ones: it looks accepted by now, and coordinators were called.
    assert plan.standing.alarm is not None
    said = await here.deliver()
    assert said.count("That did not work. Please try again.") == 4
    await here.goes(4 * HOUR)
    assert (await here.plan()).standing.cycle.state is State.L3
    shown = len([1 for to, _, _ in here.shown if to == "amina"])
    await here.says("OK kestrel")
    assert (await here.plan()).standing.cycle.state is State.L3
    await here.deliver()
    await here.goes(2 * HOUR)
    # The one answer to what was written, and nothing of our own accord.
    assert len([1 for to, _, _ in here.shown if to == "amina"]) == shown + 1


async def test_the_right_pin_ends_it_and_the_duress_word_only_seems_to(here: Stage) -> None:
    await here.arm(PROTEST)
    await here.asked_for_pin("cancel")
    await here.says(DURESS)
    plan = await here.plan()
    assert plan.standing.cycle.state is State.CANCELLED
    assert plan.standing.alarm is not None
    await here.arm(DAILY)
    await here.asked_for_pin("cancel")
    await here.says(PIN)
    await here.goes(30 * MINUTE)
    assert [one.standing.alarm is None for one in await here.plans()] == [False]


async def test_sos_is_heard_while_a_pin_is_waited_for(here: Stage) -> None:
    await here.arm(DAILY)
    await here.asked_for_pin("cancel")
    assert await here.says("sos") is None
    assert (await here.plan()).standing.wrong_pins == 0


async def test_help_raises_the_alarm_and_goes_on_to_what_helps(here: Stage) -> None:
    await here.arm(DAILY)
    assert await here.says("I need help") == Pressed(word=Universal.SOS)
    await here.sweeper.sweep()
    assert [urgency for _, urgency, _ in here.pages] == [3]


async def test_the_panic_word_raises_the_alarm_and_says_something_innocent(here: Stage) -> None:
    await here.arm(DAILY)
    assert isinstance(await here.says(PANIC), Done)
    assert await here.deliver() == ["Have a good day."]
    assert (await here.plan()).standing.alarm is not None


async def test_the_wrong_word_twice_reads_ok_and_calls_coordinators(here: Stage) -> None:
    await here.arm(TRIP)
    await here.goes(2 * HOUR + MINUTE)
    await here.deliver()
    await here.says("OK wren")
    await here.says("wren")
    first, second = await here.deliver()
    assert first == "And the word?"
    assert second == "Thank you."
    await here.sweeper.sweep()
    assert [urgency for _, urgency, _ in here.pages] == [3]


async def test_ordinary_words_stay_with_the_conversation(here: Stage) -> None:
    await here.arm(DAILY)
    assert await here.says("What can the UN do about a land conflict?") is None
    assert await here.deliver() == []


async def test_our_own_outage_fires_l1_at_once_marked_and_asks_again(here: Stage) -> None:
    await here.arm(PROTEST)
    here.clock.at += 3 * HOUR
    await here.sweeper.sweep()
    assert await here.deliver() == [ASKED]
    await here.sweeper.sweep()
    assert {what for what, _, _ in here.pages} == {"check-in-ours"}
    assert (await here.plan()).standing.cycle.state is State.L1
    await here.goes(5 * MINUTE)
    assert (await here.plan()).standing.cycle.state is State.L3


async def test_a_blocked_bot_is_told_to_coordinators(here: Stage) -> None:
    await here.arm(DAILY)
    for _ in range(2):
        await here.store.write(
            lambda tx: unreachable(
                tx, tx.plans.of(here.person, hold=True), here.clock.at, here.house.hands
            )
        )
    await here.sweeper.sweep()
    assert len(here.pages) == 1


async def test_a_late_answer_stands_l1_down_and_asks_what_it_was_without_blame(
    here: Stage,
) -> None:
    await here.arm(DAILY)
    await here.goes(4 * HOUR + 2 * MINUTE)
    assert (await here.plan()).standing.cycle.state is State.L1
    await here.says("OK")
    said = await here.deliver()
    assert said[0].startswith("Thank you. Next") or said[0].startswith("Thank you.")
    assert any("What was it?" in text for text in said)
    assert here.over
    await here.presses("why-battery")
    assert (await here.plan()).terms.causes[-1].endswith("battery")


async def test_after_three_false_alarms_another_rhythm_is_proposed(here: Stage) -> None:
    await here.arm(DAILY)
    said: list[str] = []
    for _ in range(3):
        while (await here.plan()).standing.cycle.state is not State.L1:
            await here.goes(30 * MINUTE, step=30 * MINUTE)
        await here.says("OK")
        said = await here.deliver()
    assert any("another rhythm" in text for text in said)


async def test_standing_down_from_l2_needs_word_and_proof_and_tells_whoever_was_woken(
    here: Stage,
) -> None:
    armed = await here.arm(PROTEST)
    await here.goes(95 * MINUTE)

    async def down(*, safe_word: bool, way: str) -> None:
        await here.store.write(
            lambda tx: decide.stand_down(
                tx,
                here.house.hands,
                armed.id,
                "ada",
                Outcome.SAFE,
                here.clock.at,
                safe_word=safe_word,
                way=way,
            )
        )

    for safe_word, way in ((False, "voice"), (True, ""), (True, "a chat message")):
        with pytest.raises(RefusedError):
            await down(safe_word=safe_word, way=way)
    assert (await here.plan()).standing.cycle.state is State.L2
    await down(safe_word=True, way="voice")
    await here.deliver()
    assert ("helper0", "All clear. The person is safe. Thank you for being there.") in [
        (to, text) for to, text, _ in here.shown
    ]
    assert (await here.plan()).standing.cycle.state is State.ARMED
    assert await here.store.read(hushed) == []


async def test_authorities_are_told_by_two_and_never_against_the_persons_will(
    here: Stage,
) -> None:
    armed = await here.arm(PROTEST)
    await here.goes(80 * MINUTE)
    with pytest.raises(RefusedError, match="does not want"):
        await here.store.write(
            lambda tx: decide.approve(
                tx, here.house.hands, armed.id, "ada", "authorities", here.clock.at
            )
        )


async def test_nothing_is_armed_that_nobody_would_hear(here: Stage) -> None:
    here.on_duty[0] = 1
    await here.arm(DAILY, contacts=1)

    def refused(tx: Tx) -> list[object]:
        arm = here.house.setup.arm
        return [
            arm(tx, here.person, TRIP, "en", here.clock.at),  # type: ignore[arg-type]
            arm(tx, here.person, PROTEST, "en", here.clock.at),  # type: ignore[arg-type]
        ]

    assert await here.store.write(refused) == ["nobody-on-duty", "nobody-on-duty"]

    def alone(tx: Tx) -> object:
        for contact in tx.contacts.of(here.person):
            tx.contacts.remove(contact.id)
        contacts_changed(tx, here.person, here.clock.at)
        return here.house.setup.arm(tx, here.person, DAILY, "en", here.clock.at)  # type: ignore[arg-type]

    assert await here.store.write(alone) == "no-contact"
    assert (await here.plan()).terms.contacts == 0


async def test_with_nobody_on_duty_contacts_are_told_that_they_are_alone(here: Stage) -> None:
    here.on_duty[0] = 0
    await here.arm(DAILY, contacts=1)
    await here.goes(7 * HOUR, step=5 * MINUTE)
    (text,) = [text for to, text, _ in here.shown if to == "helper0"]
    assert "Nobody of our team is on duty" in text


async def test_words_are_chosen_on_a_link_that_works_once_and_then_the_plan_is_armed(
    here: Stage,
) -> None:
    await here.arm(DAILY, {Secret.PIN: "0000"})
    await here.asked_for_pin("cancel")
    await here.says("0000")
    await here.goes(12 * MINUTE)
    fill = here.house.setup.fill

    async def link() -> str:
        return await here.store.write(
            lambda tx: here.house.setup.link(tx, here.person, TRIP, here.clock.at)
        )

    token = await link()
    assert await fill(token, {Secret.PIN: "12"}, harmless=False) == "pin-short"
    alike = {Secret.PIN: "1234", Secret.SAFE: "wren", Secret.DURESS: "Wren "}
    assert await fill(token, alike, harmless=False) == "words-alike"
    assert await fill(token, ALL, harmless=False) == "armed"
    assert await fill(token, ALL, harmless=False) == "link-over"
    assert await fill("nonsense", ALL, harmless=False) == "link-over"
    # From now on a change needs the PIN, and a wrong one uses the link up.
    token = await link()
    assert await fill(token, ALL, harmless=False, pin="9999") == "pin-wrong"
    assert await fill(token, ALL, harmless=False, pin=PIN) == "link-over"
    token = await link()
    assert await fill(token, {**ALL, Secret.SAFE: "goshawk"}, harmless=False, pin=PIN) == "armed"
    token = await link()
    assert await fill(token, ALL, harmless=False, pin=DURESS) == "agreed"
    assert all(one.standing.alarm for one in await here.plans())


async def test_somebody_who_crosses_zones_is_asked_at_the_same_hour_there(here: Stage) -> None:
    await here.arm(DAILY)
    await here.store.write(
        lambda tx: here.house.setup.cross(tx, here.person, "Asia/Tokyo", here.clock.at)
    )
    plan = await here.plan()
    await here.goes(HOUR, step=MINUTE)
    assert plan.terms.zone == "Asia/Tokyo"
    await here.says("OK")
    due = (await here.plan()).standing.cycle.due_at
    assert due.astimezone(ZoneInfo("Asia/Tokyo")).hour == 14


async def test_a_bug_in_one_plan_holds_up_no_other(here: Stage) -> None:
    first = await here.arm(PROTEST)
    await here.arm(DAILY)

    def broken(tx: Tx) -> None:
        conn = tx.plans.conn  # type: ignore[attr-defined]
        table = metadata.tables["check_plan"]
        conn.execute(table.update().where(table.c.id == first.id).values(standing=b"broken"))

    await here.store.write(broken)
    await here.goes(3 * HOUR, step=5 * MINUTE)
    assert ASKED in [text for to, text, _ in here.shown if to == "amina"]
