"""Canaries: helpers of ours who answer by habit, so that an outage is told from silence.

A coordinator gives a link; whoever follows it is asked by day and wakes nobody. Only the count of
their region ever speaks of them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.ids import FlowId
from bot.domain.messages import Button, Outgoing
from bot.flow.inputs import Started
from bot.services.check_in_ports import Ticket
from bot.services.pressed import Remark

if TYPE_CHECKING:
    from bot.domain.people import Person
    from bot.flow.inputs import Input
    from bot.services.apply import Moment
    from bot.services.check_in_contacts import ContactBook
    from bot.services.check_in_house import CheckIns
    from bot.services.ports import Tx

OPENING = "y"
"""The name in a link (`/start y-TOKEN`) that opens the invitation of a helper."""

FLOW = FlowId("canary")
CANARY = "canary_invited"
"""The coded preference that holds which invitation somebody is reading."""

PURPOSE = "canary"
LINK_FOR = timedelta(days=7)


def invite(tx: Tx, house: CheckIns, book: ContactBook, moment: Moment) -> Outgoing:
    """Return what a coordinator passes on to a helper."""
    library, token = house.hands.library(), book.new_id()
    tx.check_words.give(
        Ticket(token=token, person=moment.person.id, purpose=PURPOSE, until=moment.at + LINK_FOR)
    )
    opening = f"{OPENING}-{token}"
    rows = [
        (Button(label=library.say(name, moment.language), url=address),)
        for name, address in book.links(moment.person.channel, opening)
    ]
    rows.append((Button(label=f"/start {opening}", copy=f"/start {opening}"),))
    return Outgoing(
        text=library.say("checkin_canary_invite", moment.language),
        language=moment.language,
        buttons=tuple(rows),
        protect=False,
    )


def open_invitation(tx: Tx, moment: Moment, token: str) -> Input | Remark:
    """Somebody followed the link: let them read what it means."""
    found = tx.check_words.ticket(token, now=moment.at)
    if found is None or found.purpose != PURPOSE:
        return Remark(phrase="contact_void")
    remember(tx, moment, token)
    return Started(flow=FLOW)


def remember(tx: Tx, moment: Moment, token: str) -> Person:
    """Keep, or forget, which invitation somebody is reading."""
    kept = {name: value for name, value in moment.person.preferences if name != CANARY}
    if token:
        kept[CANARY] = token
    changed = replace(moment.person, preferences=tuple(sorted(kept.items())))
    tx.people.put(changed, at=moment.at)
    return changed
