"""Alerts in a coordinator's chat: two people or nothing, and what was seen or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from bot.content.library import open_library
from bot.contract.alerts import ActOnAlert, AlertText, NameAlert, Severity, WriteAlert
from bot.domain.broadcasts import Actor, Alert, State
from bot.domain.coordinators import Coordinator, Role
from bot.domain.ids import AlertId, ChannelName, CoordinatorId, LanguageTag
from bot.domain.people import Person
from bot.domain.subscriptions import Subscription
from bot.scripts import NoButtonError, TerminalSurface, on_terminal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.content.library import Library

EN = LanguageTag("en")
OTHER = Actor(id="talk-other", roles=frozenset({"coordinator"}))
ME = CoordinatorId("talk-me")
PHONES = ChannelName("telegram")
TEXT = "Stay away from *Kestrel Square*. Call +000 555 0100."


@dataclass
class Room:
    """One coordinator's chat, in a house with eight people who take alerts."""

    chat: TerminalSurface

    async def all(self, *lines: str) -> list[str]:
        shown: list[str] = []
        for line in lines:
            shown = await self.chat.says(line)
        return shown

    async def write(self) -> list[str]:
        """Write a red alert to everybody; return what is shown then."""
        return await self.all("/alert_write", "1", "1", "1", "7", "2", "1", TEXT)

    async def of_another(self, kind: str = "alerts", **more: Any) -> Alert:
        """Let somebody else, at the desk, write and freeze an alert."""
        acts = self.chat.parts.drills if kind == "drills" else self.chat.parts.broadcasts
        asked = WriteAlert(
            alert="0123456789abcdef", severity=Severity.RED, audience="everyone", fallback="en",
            texts=(AlertText(language="en", text=TEXT),), **more,
        )  # fmt: skip
        store = self.chat.parts.store
        await store.write(lambda tx: acts.write(tx, OTHER, asked))
        seen = ActOnAlert(alert=asked.alert, version=1)
        return await store.write(lambda tx: acts.submit(tx, OTHER, seen))

    async def alerts(self) -> list[Alert]:
        return await self.chat.parts.store.read(lambda tx: tx.alerts.all())

    async def alert(self) -> Alert:
        return (await self.alerts())[0]

    async def refusals(self) -> list[tuple[str, str, str]]:
        entries = await self.chat.parts.store.read(lambda tx: tx.audit.entries())
        return [(one.actor, one.act, one.note) for one in entries if one.act.endswith("-refused")]


@pytest.fixture(scope="module")
def library() -> Library:
    return open_library()


@pytest.fixture
async def room(library: Library) -> AsyncIterator[Room]:
    async with on_terminal(EN, library=library, role="coordinator") as chat:
        await chat.parts.store.write(_settle)
        yield Room(chat)


def _settle(tx: Any) -> None:
    for place in range(8):
        id_ = tx.people.lock(PHONES, str(place))
        person = Person(id=id_, channel=PHONES, address=str(place), language=EN, language_hint=None)
        tx.people.put(person, at=person_at())
        tx.subscribers.put(Subscription(person=id_, language=EN))


def person_at() -> Any:
    from bot.scripts import START  # noqa: PLC0415

    return START


async def test_an_alert_written_in_a_chat_is_frozen_and_does_not_go(room: Room) -> None:
    shown = await room.write()
    assert any("Stay away from" in text for text in shown)
    assert any("People: 8" in text for text in shown)
    done = await room.chat.presses("Ask for approval")
    alert = await room.alert()
    assert (alert.state, alert.frozen, alert.created_by) == (State.SUBMITTED, 8, ME)
    assert alert.content.texts == {EN: TEXT}
    assert any(alert.reference in text for text in done)
    board = await room.chat.says("/alert_board")
    assert any("It waits for somebody who wrote none of it." in text for text in board)
    with pytest.raises(NoButtonError):
        await room.chat.presses("Let it go")


async def test_a_forged_button_does_not_approve_ones_own_alert(room: Room) -> None:
    await room.write()
    await room.chat.presses("Ask for approval")
    alert = await room.alert()
    press = room.chat.parts.alert_chat.press

    def forge(tx: Any) -> str:
        moment = _moment(tx, room)
        return press(tx, moment, f"approve-{alert.version}_{alert.frozen}-{alert.id}").phrase

    said = await room.chat.parts.store.write(forge)
    assert said == "alerting_refused_own_alert"
    assert (await room.alert()).state is State.SUBMITTED
    assert await room.refusals() == [(ME, "alert-approve-refused", "own-alert")]


def _moment(tx: Any, room: Room) -> Any:
    from bot.services.apply import Moment  # noqa: PLC0415
    from bot.talking import ADDRESS  # noqa: PLC0415

    person = tx.people.find(tx.people.lock(room.chat.terminal.name, ADDRESS))
    at = room.chat.clock.now()
    return Moment(person=person, language=EN, at=at, key="forged", inbound=None)


@pytest.mark.parametrize("argument", ["", "approve", "approve-1_2", "send-2_8-x", "approve-x_8-y"])
async def test_nonsense_in_a_button_is_an_old_button(room: Room, argument: str) -> None:
    await room.chat.says("/alert_board")
    press = room.chat.parts.alert_chat.press
    said = await room.chat.parts.store.write(
        lambda tx: press(tx, _moment(tx, room), argument).phrase
    )
    assert said == "stale_button"


async def test_the_alert_of_somebody_else_is_seen_and_let_go(room: Room) -> None:
    await room.of_another()
    board = await room.chat.says("/alert_board")
    assert any("Stay away from" in text for text in board)
    done = await room.chat.presses("Let it go")
    assert any("is approved" in text for text in done)
    alert = await room.alert()
    assert (alert.state, alert.approved_by) == (State.SCHEDULED, ME)


async def test_what_changed_since_it_was_shown_is_not_let_go(room: Room) -> None:
    alert = await room.of_another()
    await room.chat.says("/alert_board")
    acts, store = room.chat.parts.broadcasts, room.chat.parts.store
    seen = ActOnAlert(alert=alert.id, version=alert.version)
    await store.write(lambda tx: acts.give_back(tx, OTHER, seen))
    other = WriteAlert(
        alert=alert.id, version=alert.version + 1, severity=Severity.RED, audience="everyone",
        fallback="en", texts=(AlertText(language="en", text="Come to Kestrel Square."),),
    )  # fmt: skip
    changed = await store.write(lambda tx: acts.write(tx, OTHER, other))
    again = ActOnAlert(alert=alert.id, version=changed.version)
    await store.write(lambda tx: acts.submit(tx, OTHER, again))
    said = await room.chat.presses("Let it go")
    assert any("It was changed meanwhile." in text for text in said)
    assert (await room.alert()).state is State.SUBMITTED
    assert await room.refusals() == [(ME, "alert-approve-refused", "changed")]


async def test_what_runs_is_paused_and_stopped_from_a_chat(room: Room) -> None:
    alert = await room.of_another()
    await room.chat.says("/alert_board")
    await room.chat.presses("Let it go")
    await room.chat.says("/alert_board")
    await room.chat.presses("Stop for good")
    assert (await room.alert()).state is State.ABORTED
    assert await room.refusals() == []
    await room.chat.presses("Stop for good")
    assert (await room.alert()).id == alert.id


async def test_a_drill_in_a_chat_is_on_the_drills_path_and_says_so(room: Room) -> None:
    await room.all("/alert_write", "2", "1", "1", "7", "2", "1")
    shown = await room.chat.says(TEXT)
    assert sum("DRILL. This is practice only." in text for text in shown) == 2
    await room.chat.presses("Ask for approval")
    assert (await room.alert()).drill
    drills = room.chat.parts.drills
    found = await room.chat.parts.store.read(lambda tx: [one.id for one in drills.all(tx)])
    assert found == [(await room.alert()).id]


async def test_texts_that_do_not_fit_are_told_and_not_frozen(room: Room) -> None:
    await room.write()
    await room.chat.presses("Another language")
    shown = await room.all("3", "N’allez pas sur la place.")
    assert any("another number than in the first language" in text for text in shown)
    await room.chat.presses("Ask for approval")
    assert (await room.alert()).state is State.DRAFT
    await room.all("3", "N’allez pas *place*. +000 555 0100")
    await room.chat.presses("Ask for approval")
    assert (await room.alert()).state is State.SUBMITTED


async def test_a_correction_is_prepared_with_it(room: Room) -> None:
    await room.write()
    await room.chat.presses("Prepare a correction")
    await room.all("1", "It is over.")
    await room.chat.presses("Ask for approval")
    alert = await room.alert()
    assert (alert.content.correction, alert.state) == ({EN: "It is over."}, State.SUBMITTED)


async def test_the_words_wait_in_no_draft_once_they_stand_in_the_alert(room: Room) -> None:
    await room.write()

    def left(tx: Any) -> Any:
        person = _moment(tx, room).person
        return tx.drafts.read(person.id, "alert_write.alert_text", now=room.chat.clock.now())

    assert await room.chat.parts.store.read(left) is None


async def test_a_defender_writes_sees_and_decides_nothing(library: Library) -> None:
    async with on_terminal(EN, library=library) as chat:
        room = Room(chat)
        await chat.parts.store.write(_settle)
        alert = await room.of_another()
        for command in ("/alert_write", "/alert_board"):
            assert await chat.says(command) == ["This is only for people on duty."]
        press = chat.parts.alert_chat.press
        forged = f"approve-{alert.version}_{alert.frozen}-{alert.id}"
        said = await chat.parts.store.write(lambda tx: press(tx, _moment(tx, room), forged).phrase)
        assert (said, (await room.alert()).state) == ("stale_button", State.SUBMITTED)


async def test_an_operator_is_refused_and_written_down(room: Room) -> None:
    alert = await room.of_another()

    def demote(tx: Any) -> None:
        me = tx.coordinators.get(ME)
        tx.coordinators.put(
            Coordinator(
                id=me.id, alias=me.alias, roles=frozenset({Role.OPERATOR}), recipient="",
                on_duty=True, person=me.person,
            )
        )  # fmt: skip

    await room.chat.says("/alert_board")
    await room.chat.parts.store.write(demote)
    assert await room.chat.says("/alert_write") == ["This is only for people on duty."]
    assert any("Your role does not allow" in text for text in await room.chat.presses("Let it go"))
    assert await room.refusals() == [(ME, "alert-approve-refused", "role")]
    assert (await room.alert()).id == alert.id


async def test_those_on_duty_hear_that_an_alert_waits_and_its_authors_do_not(
    room: Room,
) -> None:
    alert = await room.of_another()

    def on_duty(tx: Any) -> None:
        from dataclasses import replace  # noqa: PLC0415

        tx.coordinators.put(replace(tx.coordinators.get(ME), on_duty=True))
        room.chat.parts.alert_chat.call_second(tx, OTHER, alert)
        mine = replace(alert, created_by=ME)
        room.chat.parts.alert_chat.call_second(tx, OTHER, mine)

    await room.chat.says("/start")
    await room.chat.parts.store.write(on_duty)
    shown = await room.chat._answers(len(room.chat.terminal.shown))
    assert [text for text in shown if alert.reference in text and "second person" in text]
    assert len(shown) == 1
    assert "Kestrel" not in shown[0]


async def test_an_alert_may_be_taken_back_from_a_chat(room: Room) -> None:
    alert = await room.of_another()
    parts = room.chat.parts
    await room.chat.says("/alert_board")
    await room.chat.presses("Let it go")
    stop = NameAlert(alert=alert.id)
    await parts.store.write(lambda tx: parts.broadcasts.abort(tx, OTHER, stop))
    found = await parts.store.read(lambda tx: tx.alerts.get(AlertId(alert.id)))
    assert found is not None
    await parts.broadcasting.deliver_due()
    board = await room.chat.says("/alert_board")
    assert any("stopped" in text for text in board)
    await room.chat.presses("Delete every copy")
    assert (await room.alert()).state in {State.RECALLING, State.RECALLED}


async def test_the_program_serves_every_operation_of_alerts_and_drills(room: Room) -> None:
    from bot.app import _alerts  # noqa: PLC0415
    from bot.contract.registry import OPERATIONS  # noqa: PLC0415

    wanted = {name for name in OPERATIONS if name.startswith(("alerts.", "drills."))}
    assert set(_alerts(room.chat.parts)) == wanted
