"""Trusted contacts: asked, accepted, tested, and free to leave; nobody is woken who did not agree.

INVITED → ACCEPTED → ACTIVE → (90 days) → ACCEPTED again … LEFT
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.ids import ContactId, PersonId

MOST_CONTACTS = 3
INVITED_FOR = timedelta(days=7)
"""An invitation that nobody followed for so long is void."""

CONFIRM_EVERY = timedelta(days=90)
ASK_BEFORE = timedelta(days=7)
"""How long before it runs out a contact is asked to confirm again."""


class ContactState(StrEnum):
    """Where a contact stands."""

    INVITED = "invited"
    """The link was made; we do not know who will follow it."""
    ACCEPTED = "accepted"
    """They read what it means and said yes; the test alert is under way."""
    ACTIVE = "active"
    """They acknowledged the test alert: they can be woken."""
    LEFT = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Somebody who agreed to be woken for a defender."""

    id: ContactId
    owner: PersonId = field(repr=False)
    state: ContactState
    since: datetime
    """When the state was reached."""
    person: PersonId | None = field(default=None, repr=False)
    """Their own chat, from acceptance on."""
    asked_again: bool = False

    def can_be_woken(self, now: datetime) -> bool:
        """Tell whether a message may go to them: active and confirmed within 90 days."""
        return self.state is ContactState.ACTIVE and now - self.since < CONFIRM_EVERY


def accept(contact: Contact, person: PersonId, now: datetime) -> Contact | None:
    """Return the contact after a yes; None when the invitation is void or is one's own."""
    if contact.state is not ContactState.INVITED or now - contact.since > INVITED_FOR:
        return None
    if person == contact.owner:
        return None
    return replace(contact, state=ContactState.ACCEPTED, since=now, person=person)


def tested(contact: Contact, now: datetime) -> Contact | None:
    """Return the contact after an acknowledged test alert; None when it is too late for one."""
    if contact.state not in {ContactState.ACCEPTED, ContactState.ACTIVE}:
        return None
    return replace(contact, state=ContactState.ACTIVE, since=now, asked_again=False)


def to_be_asked_again(contact: Contact, now: datetime) -> bool:
    """Tell whether a contact must confirm soon and was not asked yet."""
    old = now - contact.since >= CONFIRM_EVERY - ASK_BEFORE
    return contact.state is ContactState.ACTIVE and old and not contact.asked_again
