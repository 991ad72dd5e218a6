"""Taking and leaving alerts, and answers to a roll call: acts of flows, facts for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.broadcasts import Answer, kinds
from bot.domain.quiet import NOBODY_KNOWS, OwnClock, hours
from bot.domain.roll_calls import puts_off
from bot.domain.subscriptions import Subscription
from bot.services.broadcast_pages import call_for_help

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from bot.domain.broadcasts import Alert
    from bot.domain.ids import PersonId
    from bot.domain.messages import Inbound
    from bot.domain.people import Person
    from bot.flow import session as flow_session
    from bot.flow.effects import Do
    from bot.services.apply import Moment
    from bot.services.ports import Tx

LATELY = timedelta(hours=24)
"""So long after an alert a bare "stop" is asked whether it meant alerts."""

ROLL_CALL = timedelta(hours=48)
"""So long it is known who was asked, and an answer belongs to a roll call."""

_NIGHTS = {"21": "21:00-08:00", "22": "22:00-07:00", "23": "23:00-06:00"}
_NAMES = {"topics": "topic", "country": "country", "regions": "region", "groups": "group"}


def take_alerts(tx: Tx, moment: Moment, do: Do) -> Person:
    """Remember what somebody wants of alerts; what they stopped earlier begins again."""
    person = moment.person
    asked = do.arguments
    wanted = Subscription(person=person.id, language=moment.language)
    for name, kept_as in {**_NAMES, "role": "role"}.items():
        wanted = wanted.choosing(kept_as, _codes(asked.get(name)))
    zone = _one(asked.get("zone")) or person.preference("zone") or NOBODY_KNOWS
    clock = OwnClock(
        zone=zone,
        # Without a zone the night is unknown: then nothing waits for its end.
        quiet=None if zone == NOBODY_KNOWS else hours(_NIGHTS.get(_one(asked.get("quiet")), "")),
        digest=_one(asked.get("digest")) == "digest",
    )
    tx.people.put(person, at=moment.at)
    tx.subscribers.put(replace(wanted, clock=clock))
    return person


def stop_alerts(tx: Tx, moment: Moment, do: Do) -> Person:
    """Stop all alerts, or the kind that the last one was of."""
    person = moment.person
    subscription = tx.subscribers.get(person.id)
    last = _last(tx, person.id, moment)
    if subscription is None or _one(do.arguments.get("what")) != "kind" or last is None:
        tx.subscribers.remove(person.id)
        return person
    stopped = subscription.stopping([_kind(last)])
    tx.subscribers.put(stopped)
    waiting = [
        alert.id for alert in tx.alerts.due(moment.at) if set(kinds(alert)) & stopped.stopped
    ]
    tx.ledger.leave(person.id, waiting)
    return person


def answer_roll_call(tx: Tx, moment: Moment, do: Do) -> Person:
    """Write down what somebody answered to the roll calls that reached them."""
    found = _one(do.arguments.get("answer"))
    if found in set(Answer) and found:
        answer, person, now = Answer(found), moment.person.id, moment.at
        last = _last_roll_call(tx, person, now)
        again_at = now + puts_off(last.content.severity) if last is not None else None
        tx.ledger.answer(person, answer, at=now, again_at=again_at)
        if answer is Answer.HELP and last is not None:
            call_for_help(tx, last, now)
    return moment.person


ALERT_FACTS = frozenset({"after_alert"})


def tell(tx: Tx, person: Person, inbound: Inbound | None) -> Mapping[str, flow_session.Answer]:
    """Tell flows whether somebody takes alerts, and whether one came lately."""
    if inbound is None:
        return {}
    lately = tx.ledger.lately(person.id, since=inbound.received_at - LATELY)
    return {"after_alert": "yes" if lately else "no"}


def _kind(alert: Alert) -> str:
    """Return the narrowest kind that an alert is of: what "those like this" means."""
    if alert.drill:
        return "drill"
    if alert.content.topic:
        return f"topic-{alert.content.topic}"
    if alert.content.roll_call:
        return "roll-call"
    return f"severity-{alert.content.severity}"


def _last(tx: Tx, person: PersonId, moment: Moment) -> Alert | None:
    for id_ in tx.ledger.lately(person, since=moment.at - LATELY):
        alert = tx.alerts.get(id_)
        if alert is not None:
            return alert
    return None


def _last_roll_call(tx: Tx, person: PersonId, now: datetime) -> Alert | None:
    for id_ in tx.ledger.lately(person, since=now - ROLL_CALL):
        alert = tx.alerts.get(id_)
        if alert is not None and alert.content.roll_call:
            return alert
    return None


def _codes(answer: object) -> tuple[str, ...]:
    if isinstance(answer, tuple):
        return tuple(str(code) for code in answer)
    return (answer,) if isinstance(answer, str) and answer else ()


def _one(answer: object) -> str:
    return answer if isinstance(answer, str) else ""


ACTS: Mapping[str, Callable[[Tx, Moment, Do], Person]] = {
    "take-alerts": take_alerts,
    "stop-alerts": stop_alerts,
    "answer-roll-call": answer_roll_call,
}
