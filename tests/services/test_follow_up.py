"""Follow-ups: asked in time, in bland words, not too often, and gone when they should be."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.ids import ChannelName
from bot.domain.messages import InboundKind, Outgoing
from bot.services.follow_up import KIND, MOST_ASKED, DueFollowUp, due_follow_ups
from tests.services.test_letters import a_letter
from tests.services.test_receive import data, text

if TYPE_CHECKING:
    import pytest

    from bot.services.ports import Tx
    from tests.services.conftest import HandClock, Somebody

QUESTION = "Did they answer?"


async def planned(somebody: Somebody) -> None:
    await somebody.presses(data(await a_letter(somebody), "Yes, ask me"))


async def after(somebody: Somebody, **spent: float) -> list[Outgoing]:
    """Let time go by and return what is heard meanwhile."""
    before = len(somebody.mouth.said)
    somebody.clock.go(**spent)
    await somebody.parts.timers.sweep()
    await somebody.delivered()
    await somebody.parts.tidying.delete_due()
    return [message for _, message in somebody.mouth.said[before:]]


async def waiting(somebody: Somebody) -> list[DueFollowUp]:
    until = somebody.clock.now() + timedelta(days=400)
    return await somebody.parts.store.read(lambda tx: due_follow_ups(tx, until=until))


async def test_it_is_asked_on_its_day_in_words_that_tell_nothing(somebody: Somebody) -> None:
    await planned(somebody)
    assert QUESTION not in text(await after(somebody, days=6))
    heard = text(await after(somebody, days=1))
    assert QUESTION in heard
    for telling in ("UN", "appeal", "letter", "arrest", "government", "Rapporteur"):
        assert telling not in heard


async def test_it_is_asked_three_times_and_no_more(somebody: Somebody) -> None:
    await planned(somebody)
    asked = [QUESTION in text(await after(somebody, days=7, minutes=1)) for _ in range(6)]
    assert asked == [True] * MOST_ASKED + [False] * 3
    assert await waiting(somebody) == []


async def test_it_never_breaks_into_another_conversation(
    somebody: Somebody, clock: HandClock
) -> None:
    await planned(somebody)
    clock.go(days=6, hours=23, minutes=58)
    await somebody.sends(InboundKind.COMMAND, data="report")
    assert QUESTION not in text(await after(somebody, minutes=5))
    await somebody.says("stop")
    assert QUESTION in text(await after(somebody, hours=1))


async def test_an_answer_leads_on_and_ends_it_when_nothing_more_is_wanted(
    somebody: Somebody,
) -> None:
    await planned(somebody)
    heard = await after(somebody, days=7)
    heard = await somebody.presses(data(heard, "Yes"))
    heard = await somebody.presses(data(heard, "They cannot help"))
    assert "Another body may still act" in text(heard)
    heard = await somebody.presses(data(heard, "Nothing more"))
    assert await waiting(somebody) == []
    assert QUESTION not in text(await after(somebody, days=60))


async def test_asking_for_others_leads_to_the_bodies_and_asks_again_later(
    somebody: Somebody,
) -> None:
    await planned(somebody)
    heard = await somebody.presses(data(await after(somebody, days=7), "No"))
    heard = await somebody.presses(data(heard, "Who else can act"))
    assert "What is it mainly about?" in text(heard)
    (left,) = await waiting(somebody)
    assert left.due_at - somebody.clock.now() == timedelta(days=14)


async def test_coordinators_see_codes_and_nobody(somebody: Somebody) -> None:
    await planned(somebody)
    (one,) = await waiting(somebody)
    assert (one.body, one.kind, one.asked) == ("un-sr-hrd-urgent-appeal", "answer", 0)
    assert one.due_at == somebody.clock.now() + timedelta(days=7)
    assert len(one.ref) == 6
    person = await somebody.parts.store.write(
        lambda tx: tx.people.lock(ChannelName("telegram"), somebody.address)
    )
    assert person not in repr(one)
    await after(somebody, days=7)
    (again,) = await waiting(somebody)
    assert again.asked == 1


async def test_two_letters_are_two_follow_ups_and_the_same_body_is_one(somebody: Somebody) -> None:
    await planned(somebody)
    await planned(somebody)
    assert len(await waiting(somebody)) == 1


async def test_what_waits_is_seen_and_cancelled_in_the_settings(somebody: Somebody) -> None:
    await planned(somebody)
    heard = await somebody.sends(InboundKind.COMMAND, data="reminders")
    assert data(heard, "Urgent appeal")
    heard = await somebody.presses(data(heard, "Urgent appeal"))
    assert "Cancelled" in text(heard)
    assert await waiting(somebody) == []
    heard = await somebody.sends(InboundKind.COMMAND, data="reminders")
    assert not any("Urgent appeal" in button.label for one in heard for row in one.buttons
                   for button in row)  # fmt: skip


async def test_forgetting_somebody_removes_what_waits_for_them(somebody: Somebody) -> None:
    await planned(somebody)
    heard = await somebody.says("forget me")
    await somebody.presses(data(heard, "Yes"))
    await after(somebody, minutes=2)
    await after(somebody, minutes=2)
    assert await waiting(somebody) == []
    assert QUESTION not in text(await after(somebody, days=8))


async def test_whoever_blocked_us_is_not_asked(somebody: Somebody) -> None:
    await planned(somebody)
    await somebody.sends(InboundKind.BLOCKED)
    assert await after(somebody, days=8) == []


async def test_the_address_is_kept_until_then_and_not_after(somebody: Somebody) -> None:
    await planned(somebody)

    def address(tx: Tx) -> str | None:
        person = tx.people.find(tx.people.lock(ChannelName("telegram"), somebody.address))
        return person.address if person else None

    for days in (3, 3):
        await after(somebody, days=days)
        await somebody.parts.forgetting.old()
    assert QUESTION in text(await after(somebody, days=2))
    for _ in range(MOST_ASKED):
        await after(somebody, days=8)
    await somebody.parts.forgetting.old()
    await after(somebody, days=3)
    await somebody.parts.forgetting.old()
    assert not await somebody.parts.store.write(address)


async def test_a_timer_for_a_body_that_is_gone_still_asks_and_breaks_nothing(
    somebody: Somebody,
) -> None:
    await planned(somebody)

    def rename(tx: Tx) -> None:
        (due,) = tx.timers.waiting(KIND, until=somebody.clock.now() + timedelta(days=9), limit=5)
        payload = {"body": "un-moon", "kind": "answer", "asked": 0}
        tx.timers.set(type(due.timer)(kind=KIND, key=due.timer.key, due_at=due.timer.due_at,
                                      person=due.timer.person, payload=payload))  # fmt: skip

    await somebody.parts.store.write(rename)
    heard = await after(somebody, days=7)
    heard = await somebody.presses(data(heard, "No"))
    heard = await somebody.presses(data(heard, "Ask me again later"))
    assert heard


async def test_nothing_is_asked_while_a_chat_is_under_the_silence_rule(
    somebody: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    await planned(somebody)
    monkeypatch.setattr("bot.services.follow_up.is_silent", lambda _tx, _person: True)
    assert QUESTION not in text(await after(somebody, days=7, minutes=1))
    monkeypatch.undo()
    assert QUESTION in text(await after(somebody, hours=1))
