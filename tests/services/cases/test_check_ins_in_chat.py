"""Check-ins as two people live them in their chats, with coordinators on duty: nothing is played
but time and the messaging app."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.messages import InboundKind
from bot.domain.secret_words import Secret
from bot.domain.watch import State
from bot.domain.words import Words
from tests.services.cases.conftest import CHAT, House

if TYPE_CHECKING:
    from bot.domain.ids import PersonId
    from bot.domain.messages import Outgoing
    from bot.domain.plans import Watched
    from bot.services.ports import Tx

PIN, SAFE, DURESS = "2468", "kestrel", "harrier"
MINUTE = timedelta(minutes=1)
WORDS = {Secret.PIN: PIN, Secret.SAFE: SAFE, Secret.DURESS: DURESS}


def texts(shown: list[Outgoing]) -> str:
    return "\n".join(one.text for one in shown)


def copied(shown: list[Outgoing]) -> str:
    """The line that a person passes on to whom they invite."""
    found = [one.copy for message in shown for row in message.buttons for one in row if one.copy]
    return found[-1] if found else ""


async def person_of(house: House, address: str) -> PersonId:
    return await house.store.write(lambda tx: tx.people.lock(CHAT, address))


async def plans(house: House, address: str = "amina") -> list[Watched]:
    person = await person_of(house, address)
    return await house.store.read(lambda tx: tx.plans.of(person))


async def on_duty(house: House) -> None:
    for alias in ("ada", "ben"):
        await house.coordinator(alias)


async def protest(house: House) -> list[Outgoing]:
    """Set up an hourly check-in, choosing words on the page of the link."""
    await house.says("amina", "/checkin")
    await house.presses("amina", "A protest")
    await house.presses("amina", "Every hour")
    shown = await house.presses("amina", "No")
    token = next(
        one.url.rsplit("/", 1)[1]
        for message in shown for row in message.buttons for one in row if one.url
    )  # fmt: skip
    assert await house.parts.check_ins.house.setup.fill(token, WORDS, harmless=False) == "armed"
    return await house.heard("amina")


async def invite(house: House) -> str:
    """Invite a contact, with the PIN; return the line that opens the invitation."""
    await house.says("amina", "/checkcontacts")
    asked = await house.presses("amina", "Invite somebody")
    if "PIN" in texts(asked):
        asked = await house.says("amina", PIN)
    return copied(asked)


async def agrees(house: House, line: str, who: str = "uncle") -> None:
    await house.says(who, line)
    await house.presses(who, "Yes, I agree")
    await house.presses(who, "I have read this")


async def goes(house: House, by: timedelta) -> None:
    for _ in range(by // MINUTE):
        await house.settle(MINUTE)


def shown_to(house: House, who: str) -> list[str]:
    return [message.text for to, message in house.channel.shown if to == who]


async def test_a_contact_reads_agrees_is_tested_is_woken_acknowledges_and_leaves(
    house: House,
) -> None:
    await on_duty(house)
    await protest(house)
    line = await invite(house)
    assert line.startswith("/start k-")
    assert shown_to(house, "uncle") == []

    role = await house.says("uncle", line)
    assert "may I tell you when they do not answer" in texts(role)
    test = await house.presses("uncle", "Yes, I agree")
    assert "This is only a test" in texts(test)
    assert (await plans(house))[0].terms.contacts == 0
    thanks = await house.presses("uncle", "I have read this")
    assert "From now on you are a trusted contact" in texts(thanks)
    assert shown_to(house, "amina")[-1] == "A trusted contact has agreed and can be reached."
    assert (await plans(house))[0].terms.contacts == 1

    before = len(shown_to(house, "uncle"))
    await goes(house, timedelta(minutes=60 + 29))
    assert len(shown_to(house, "uncle")) == before
    assert any("check-in" in text.casefold() for text in shown_to(house, "ada"))
    await goes(house, 2 * MINUTE)
    woken = shown_to(house, "uncle")[before:]
    assert len(woken) == 1
    assert "did not answer a check-in" in woken[0]
    for kept_back in ("amina", SAFE, "protest", "T3"):
        assert kept_back not in woken[0].casefold()

    quiet = len(shown_to(house, "amina"))
    assert "It is noted that you know" in texts(await house.presses("uncle", "I have read this"))
    board = await house.store.read(lambda tx: _board(house, tx))
    assert [(row.contacts, row.contacts_read) for row in board.rows] == [(1, 1)]
    await house.says("uncle", "/checkcontact")
    assert "You have left" in texts(await house.presses("uncle", "Leave"))
    await goes(house, timedelta(hours=2))
    # From L2 on nothing of our own accord goes to the chat, not even that the contact left.
    assert len(shown_to(house, "amina")) == quiet
    assert (await plans(house))[0].standing.cycle.state is State.L3
    assert len(shown_to(house, "uncle")) == before + 4


def _board(house: House, tx: Tx) -> Any:
    ada = tx.coordinators.all()[0]
    return house.parts.check_ins.desk.board(tx, ada, None)  # type: ignore[arg-type]


async def test_whoever_did_not_agree_or_did_not_answer_the_test_is_never_woken(
    house: House,
) -> None:
    await on_duty(house)
    await protest(house)
    await house.says("uncle", await invite(house))
    await house.presses("uncle", "No")
    line = await invite(house)
    await house.says("aunt", line)
    await house.presses("aunt", "Yes, I agree")
    before = {who: len(shown_to(house, who)) for who in ("uncle", "aunt")}
    await goes(house, timedelta(hours=3))
    assert (await plans(house))[0].standing.cycle.state is State.L3
    assert {who: len(shown_to(house, who)) for who in before} == before


async def test_an_invitation_is_for_one_other_person_and_the_newest_only(house: House) -> None:
    await on_duty(house)
    await protest(house)
    first = await invite(house)
    second = await invite(house)
    assert "no longer valid" in texts(await house.says("uncle", first))
    assert "no longer valid" in texts(await house.says("amina", second))
    await agrees(house, second)
    assert "no longer valid" in texts(await house.says("aunt", second))
    assert "no longer valid" in texts(await house.says("aunt", "/start k-0000"))


async def test_a_contact_confirms_every_ninety_days_or_is_counted_on_no_more(
    house: House,
) -> None:
    await on_duty(house)
    await protest(house)
    await agrees(house, await invite(house))
    await house.says("amina", "/checkin")
    await house.presses("amina", "End it")
    await house.says("amina", PIN)
    await house.settle(timedelta(days=83, minutes=1))
    assert "Do you still agree" in shown_to(house, "uncle")[-1]
    await house.presses("uncle", "I have read this")
    await house.settle(timedelta(days=83, minutes=1))
    assert "Do you still agree" in shown_to(house, "uncle")[-1]
    await house.settle(timedelta(days=7, minutes=1))
    person = await person_of(house, "amina")
    assert await house.store.read(lambda tx: tx.contacts.of(person)) == []


GUESSES = ("0000", "1234", "kestrel")


@pytest.mark.parametrize(
    "way",
    [
        ("/checkin", "End it"),
        ("/checkin", "Pause", "One week"),
        ("/checkin", "More time", "One hour"),
        ("/checkcontacts", "Invite somebody"),
        ("/checkcontacts", "Remove all contacts"),
    ],
)
async def test_a_hijacked_chat_without_the_pin_takes_nothing_away(
    house: House, way: tuple[str, ...]
) -> None:
    await on_duty(house)
    await protest(house)
    await agrees(house, await invite(house))
    (before,) = await plans(house)
    for guess in GUESSES:
        command, *labels = way
        await house.says("amina", command)
        for label in labels:
            await house.presses("amina", label)
        shown = await house.says("amina", guess)
        shown += await house.heard("amina", 3 * MINUTE / 60)
        assert copied(shown) == ""
    (after,) = await plans(house)
    assert after.standing.cycle.state is before.standing.cycle.state is State.ARMED
    assert after.standing.cycle.due_at == before.standing.cycle.due_at
    assert after.terms == before.terms
    assert after.standing.wrong_pins == len(GUESSES)
    person = await person_of(house, "amina")
    assert len(await house.store.read(lambda tx: tx.contacts.of(person))) == 1


async def test_a_hijacked_chat_cannot_choose_new_words_or_stand_anything_down(
    house: House,
) -> None:
    await on_duty(house)
    await protest(house)
    await house.says("amina", "/checkin")
    shown = await house.presses("amina", "PIN and words")
    token = next(
        one.url.rsplit("/", 1)[1]
        for message in shown for row in message.buttons for one in row if one.url
    )  # fmt: skip
    stolen = {Secret.PIN: "1111", Secret.SAFE: "ostrich"}
    fill = house.parts.check_ins.house.setup.fill
    assert await fill(token, stolen, harmless=False, pin="0000") == "pin-wrong"
    assert await fill(token, stolen, harmless=False, pin=PIN) == "link-over"
    await goes(house, timedelta(minutes=60 + 95))
    (plan,) = await plans(house)
    assert plan.standing.cycle.state is State.L3
    for data in ("confirm", "take", "pause"):
        forged = f"x.cd.{data}-{plan.id[:16]}"
        await house.brings("amina", InboundKind.BUTTON, data=forged)
    await house.says("amina", f"OK {SAFE}")
    await house.settle(MINUTE)
    (after,) = await plans(house)
    assert after.standing.cycle.state is State.L3
    assert after.standing.cycle.ladder == plan.standing.cycle.ladder


async def test_a_place_that_somebody_under_watch_sends_leaves_the_chat(house: House) -> None:
    await on_duty(house)
    await protest(house)
    house.channel.gone.clear()
    shown = await house.brings("amina", InboundKind.LOCATION, words=Words("0.313611 32.581111"))
    assert "I could not seal your place" in texts(shown)
    await house.settle(MINUTE)
    assert f"m{house.updates}" in house.channel.gone
    shown = await house.brings("uncle", InboundKind.LOCATION, words=Words("0.313611 32.581111"))
    assert "I did not keep your location" in texts(shown)
