"""Alerts as the people see them who get them: the whole house, one chat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from bot.content.place import content_root
from bot.contract.alerts import ActOnAlert, AlertText, ApproveAlert, Severity, WriteAlert
from bot.domain.broadcasts import Actor, Answer
from bot.domain.coordinators import Urgency
from bot.domain.ids import AlertId, FlowId, LanguageTag
from bot.domain.subscriptions import Subscription
from bot.services.broadcasts import attempt
from bot.services.pressed import flow_data

if TYPE_CHECKING:
    from bot.domain.ids import PersonId
    from bot.domain.messages import Outgoing
    from bot.services.ports import Tx
    from tests.services.conftest import Somebody

STOP = flow_data(FlowId("alerts_stop"))
AUTHOR = Actor(id="author", roles=frozenset({"coordinator"}))
SECOND = Actor(id="second", roles=frozenset({"lead"}))
STOPS: dict[str, list[str]] = yaml.safe_load(
    (content_root() / "flows" / "words.yaml").read_text(encoding="utf-8")
)["words"]["stop"]


async def takes_alerts(somebody: Somebody) -> PersonId:
    await somebody.says("/start")

    def unit(tx: Tx) -> PersonId:
        id_ = tx.people.lock(somebody.mouth.name, somebody.address)
        tx.subscribers.put(Subscription(person=id_, language=LanguageTag("en")))
        return id_

    return await somebody.parts.store.write(unit)


async def alerted(somebody: Somebody, **more: Any) -> Outgoing:
    """Send an alert to everybody; return what came to somebody."""
    parts, acts, at = somebody.parts, somebody.parts.broadcasts, somebody.clock.now()
    asked = WriteAlert(
        alert="alert-in-chat", severity=Severity.RED, audience="everyone", fallback="en",
        texts=(AlertText(language="en", text="Stay inside."),), hold_seconds=0, **more,
    )  # fmt: skip
    steps: list[tuple[Any, Actor, Any]] = [
        (acts.write, AUTHOR, asked),
        (acts.submit, AUTHOR, ActOnAlert(alert=asked.alert, version=1)),
        (acts.approve, SECOND, ApproveAlert(alert=asked.alert, version=2, frozen=1)),
    ]
    for act, who, what in steps:
        await attempt(parts.store, act, who, what, at=at, name="act")
    before = len(somebody.mouth.said)
    await parts.broadcasting.deliver_due()
    ((_, message),) = somebody.mouth.said[before:]
    return message


def button(message: Outgoing, label: str) -> str:
    (data,) = [one.data for row in message.buttons for one in row if one.label == label]
    return data


async def answers(somebody: Somebody) -> dict[Answer, int]:
    id_ = AlertId("alert-in-chat")
    return await somebody.parts.store.read(lambda tx: tx.ledger.answers(id_))


async def test_one_press_answers_a_roll_call(somebody: Somebody) -> None:
    await takes_alerts(somebody)
    asked = await alerted(somebody, roll_call=True)
    heard = await somebody.presses(button(asked, "I am safe"))
    assert "Your answer is counted" in heard[0].text
    assert await answers(somebody) == {Answer.SAFE: 1}


async def test_later_is_counted_and_the_question_comes_again(somebody: Somebody) -> None:
    await takes_alerts(somebody)
    asked = await alerted(somebody, roll_call=True, ladder=True)
    await somebody.presses(button(asked, "Not now, later"))
    assert await answers(somebody) == {Answer.LATER: 1}
    somebody.clock.go(minutes=10)
    before = len(somebody.mouth.said)
    await somebody.parts.broadcasting.deliver_due()
    await somebody.delivered()
    ((_, again),) = somebody.mouth.said[before:]
    assert "We have no answer from you yet." in again.text
    await somebody.presses(button(again, "I am safe"))
    assert await answers(somebody) == {Answer.SAFE: 1}


async def test_need_help_leads_to_sos_and_calls_somebody_at_once(somebody: Somebody) -> None:
    await takes_alerts(somebody)
    asked = await alerted(somebody, roll_call=True)
    heard = await somebody.presses(button(asked, "I need help"))
    assert any("What is happening?" in message.text for message in heard)
    assert await answers(somebody) == {Answer.HELP: 1}
    (page,) = await somebody.parts.store.read(lambda tx: tx.pages.waiting())
    assert (page.code, page.urgency) == ("roll-call", Urgency.RED)
    person = await somebody.parts.store.write(
        lambda tx: tx.people.lock(somebody.mouth.name, somebody.address)
    )
    assert person not in repr(page)


@pytest.mark.parametrize("language", sorted(STOPS))
async def test_stop_in_every_language_offers_to_stop_alerts_after_one(
    somebody: Somebody, language: str
) -> None:
    await takes_alerts(somebody)
    await alerted(somebody)
    for word in STOPS[language]:
        heard = await somebody.says(word)
        # Some of these words tell by their script which language to go on in.
        assert STOP in [one.data for message in heard for row in message.buttons for one in row], (
            word
        )
    assert await somebody.parts.store.read(lambda tx: tx.subscribers.how_many()) == 1


async def test_a_bare_stop_without_an_alert_speaks_of_none(somebody: Somebody) -> None:
    await takes_alerts(somebody)
    heard = await somebody.says("stop")
    assert STOP not in [one.data for message in heard for row in message.buttons for one in row]
