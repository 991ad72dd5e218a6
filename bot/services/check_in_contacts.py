"""Trusted contacts: the invitation, what it leads to, the test alert, and the way out.

Nothing is sent to anybody who did not accept, and nothing but what is told here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.domain.contacts import (
    ASK_BEFORE,
    CONFIRM_EVERY,
    INVITED_FOR,
    MOST_CONTACTS,
    Contact,
    ContactState,
    accept,
    tested,
    to_be_asked_again,
)
from bot.domain.ids import ContactId, FlowId, PersonId, PlanId
from bot.domain.messages import Button, Outgoing
from bot.flow.inputs import Pressed, Started, Universal
from bot.services.check_in import unreachable
from bot.services.check_in_effects import WOKEN
from bot.services.check_in_ports import PlanEvent
from bot.services.check_in_setup import contacts_changed, is_silent
from bot.services.ports import Envelope, Lane, Timer
from bot.services.pressed import Remark, extra_data

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bot.content.library import Library
    from bot.domain.ids import ChannelName, LanguageTag
    from bot.flow.inputs import Input
    from bot.services.apply import Moment
    from bot.services.check_in_effects import Hands
    from bot.services.ports import Tx

OPENING = "k"
"""The name in a link (`/start k-TOKEN`) that opens an invitation."""

FLOW = FlowId("checkcontact")
INVITED = "contact_invited"
"""The coded preference that holds which invitation somebody is reading."""

KIND = "contact"
"""The timers of contacts; they also keep a contact's address from being forgotten."""

_TEST = "t"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactBook:
    """Keeps the contacts of everybody."""

    hands: Hands
    new_id: Callable[[], str]
    links: Callable[[ChannelName, str], list[tuple[str, str]]] = lambda _channel, _opening: []
    """Addresses that open the program with an opening: (name of a phrase, address)."""

    def invite(self, tx: Tx, person: PersonId, channel: ChannelName, language: LanguageTag,
               now: datetime) -> Outgoing:  # fmt: skip
        """Make an invitation; return the message that the person passes on."""
        library = self.hands.library()
        there = [one for one in tx.contacts.of(person) if one.state is not ContactState.LEFT]
        for old in there:
            # One open invitation at a time: an older link that went astray is void.
            if old.state is ContactState.INVITED:
                tx.contacts.remove(old.id)
        if sum(one.state is not ContactState.INVITED for one in there) >= MOST_CONTACTS:
            return Outgoing(text=library.say("contact_enough", language), language=language)
        token = self.new_id()
        tx.contacts.put(
            Contact(id=ContactId(self.new_id()), owner=person, state=ContactState.INVITED,
                    since=now),
            token=token,
        )  # fmt: skip
        opening = f"{OPENING}-{token}"
        rows = [
            (Button(label=library.say(name, language), url=address),)
            for name, address in self.links(channel, opening)
        ]
        rows.append((Button(label=f"/start {opening}", copy=f"/start {opening}"),))
        text = library.say("contact_invite", language)
        return Outgoing(text=text, language=language, buttons=tuple(rows), protect=False)

    def open_invitation(self, tx: Tx, moment: Moment, token: str) -> Input | Remark:
        """Somebody followed a link: let them read what it means."""
        found = tx.contacts.invited(token)
        if found is None or found.owner == moment.person.id:
            return Remark(phrase="contact_void")
        remember(tx, moment, token)
        return Started(flow=FLOW)

    def take(self, tx: Tx, moment: Moment) -> None:
        """The contact agrees: send the test alert, which they answer with one press."""
        token = moment.person.preference(INVITED) or ""
        found = tx.contacts.invited(token) if token else None
        agreed = accept(found, moment.person.id, moment.at) if found is not None else None
        remember(tx, moment, "")
        library = self.hands.library()
        if agreed is None:
            self._tell(tx, moment, library.say("contact_void", moment.language))
            return
        tx.contacts.put(agreed)
        _hold(tx, agreed, moment.at + INVITED_FOR)
        self._test(tx, moment, agreed, "contact_test")

    def decline(self, tx: Tx, moment: Moment) -> None:
        """The contact says no: the invitation is gone, and the person learns that it is."""
        token = moment.person.preference(INVITED) or ""
        found = tx.contacts.invited(token) if token else None
        remember(tx, moment, "")
        if found is not None:
            tx.contacts.remove(found.id)
            self._owner_told(tx, found.owner, "contact_declined", moment.at)

    def go(self, tx: Tx, moment: Moment) -> None:
        """Somebody leaves everybody whose contact they were; possible at any time."""
        self.left(tx, moment.person.id, moment.at)

    def left(self, tx: Tx, person: PersonId, now: datetime) -> None:
        """Let somebody be nobody's contact any more: they left, blocked us or were forgotten."""
        for found in tx.contacts.who_is(person):
            self._end(tx, found)
            contacts_changed(tx, found.owner, now)
            self._owner_told(tx, found.owner, "contact_left", now)

    def gone(self, tx: Tx, person: PersonId, now: datetime) -> None:
        """Nothing reaches somebody any more: coordinators hear of it, and no one counts on them."""
        unreachable(tx, tx.plans.of(person, hold=True), now, self.hands)
        self.left(tx, person, now)

    def drop(self, tx: Tx, owner: PersonId, now: datetime) -> None:
        """Remove all contacts of somebody."""
        for found in tx.contacts.of(owner):
            self._end(tx, found)
        contacts_changed(tx, owner, now)

    def press(self, tx: Tx, moment: Moment, argument: str) -> Input | Remark:
        """Take the button of a test alert, or of a real one."""
        first, _, rest = argument.partition("-")
        if first == _TEST:
            return self._tested(tx, moment, rest)
        cycle, _, who = rest.partition("-")
        mine = [one for one in tx.contacts.who_is(moment.person.id) if one.id.startswith(who)]
        plans = [
            plan for one in mine for plan in tx.plans.of(one.owner) if plan.id.startswith(first)
        ]
        if not plans or not cycle.isdecimal():
            return Pressed(word=Universal.MENU)
        tx.plans.record(
            [PlanEvent(plan=PlanId(plans[0].id), cycle=int(cycle), key=f"contact-read:{who}",
                       at=moment.at, code="contact-read::0")]
        )  # fmt: skip
        return Remark(phrase="contact_wake_thanks")

    def due(self, tx: Tx, id_: ContactId, now: datetime) -> None:
        """Ask whether a contact still agrees, or count on them no more."""
        found = tx.contacts.get(id_)
        if found is None or found.person is None:
            return
        if not to_be_asked_again(found, now):
            self._end(tx, found)
            contacts_changed(tx, found.owner, now)
            self._owner_told(tx, found.owner, "contact_lapsed", now)
            return
        asked = replace(found, asked_again=True)
        tx.contacts.put(asked)
        _hold(tx, asked, found.since + CONFIRM_EVERY)
        who = tx.people.find(found.person)
        if who is None:
            return
        library = self.hands.library()
        language = library.language(who.speaks)
        self._send(
            tx, found.person, library.say("contact_again", language), language, now,
            key=f"contact-again:{found.id}:{now.date().isoformat()}",
            button=self._test_button(library, language, found),
        )  # fmt: skip

    def _tested(self, tx: Tx, moment: Moment, id_: str) -> Remark:
        found = next((one for one in tx.contacts.who_is(moment.person.id) if one.id == id_), None)
        active = tested(found, moment.at) if found is not None else None
        if found is None or active is None:
            return Remark(phrase="contact_void")
        tx.contacts.put(active)
        _hold(tx, active, moment.at + CONFIRM_EVERY - ASK_BEFORE)
        contacts_changed(tx, found.owner, moment.at)
        if found.state is ContactState.ACCEPTED:
            self._owner_told(tx, found.owner, "contact_ready", moment.at)
        return Remark(phrase="contact_tested")

    def _test(self, tx: Tx, moment: Moment, contact: Contact, phrase: str) -> None:
        library = self.hands.library()
        self._send(
            tx, moment.person.id, library.say(phrase, moment.language), moment.language,
            moment.at, key=f"{moment.key}:contact-test",
            button=self._test_button(library, moment.language, contact),
        )  # fmt: skip

    def _test_button(self, library: Library, language: LanguageTag, contact: Contact) -> Button:
        return Button(
            label=library.say("contact_wake_button", language),
            data=extra_data(WOKEN, f"{_TEST}-{contact.id}"),
        )

    def _end(self, tx: Tx, contact: Contact) -> None:
        tx.contacts.remove(contact.id)
        tx.timers.cancel(KIND, contact.id)

    def _tell(self, tx: Tx, moment: Moment, text: str) -> None:
        self._send(
            tx, moment.person.id, text, moment.language, moment.at, key=f"{moment.key}:contact"
        )

    def _owner_told(self, tx: Tx, owner: PersonId, phrase: str, now: datetime) -> None:
        who = tx.people.find(owner)
        if who is None or who.gone_since is not None or is_silent(tx, owner):
            return
        library = self.hands.library()
        language = library.language(who.speaks)
        key = f"{phrase}:{owner}:{int(now.timestamp())}"
        self._send(tx, owner, library.say(phrase, language), language, now, key=key)

    def _send(
        self, tx: Tx, person: PersonId, text: str, language: LanguageTag, now: datetime, *,
        key: str, button: Button | None = None,
    ) -> None:  # fmt: skip
        rows = ((button,),) if button is not None else ()
        message = Outgoing(text=text, language=language, buttons=rows)
        tx.outbox.add(
            [Envelope(person=person, message=message, lane=Lane.REPLY, dedup_key=key, due_at=now)]
        )


def remember(tx: Tx, moment: Moment, token: str) -> None:
    """Keep, or forget, which invitation somebody is reading."""
    kept = {name: value for name, value in moment.person.preferences if name != INVITED}
    if token:
        kept[INVITED] = token
    changed = replace(moment.person, preferences=tuple(sorted(kept.items())))
    tx.people.put(changed, at=moment.at)


def _hold(tx: Tx, contact: Contact, until: datetime) -> None:
    """Keep a contact's address while they can be woken, and look again at a time."""
    tx.timers.set(Timer(kind=KIND, key=contact.id, due_at=until, person=contact.person))
