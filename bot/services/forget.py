"""Forgetting: what a person asked for, and what time asks for.

Empties the chat, then deletes rows; the store's `scrub` then takes the deleted bytes out of the
files as well.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from bot.domain.errors import ConflictError
from bot.services.check_in_setup import contacts_changed
from bot.services.check_in_sheet import rests

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.ids import PersonId
    from bot.services.ports import Clock, DueTimer, Store, Timer, Tx
    from bot.services.tidy import Tidying

log = structlog.get_logger()

SEEN_FOR = timedelta(hours=49)
"""Telegram repeats an update for at most 24 hours; twice that costs nothing."""

IDLE_SESSION = timedelta(hours=47)
"""A conversation left alone for so long is over; its coded answers go."""

IDLE_ADDRESS = timedelta(hours=1)
"""When nothing is scheduled for somebody and they are gone for so long, their address goes."""

AGAIN = timedelta(seconds=30)
"""While a chat cannot be emptied, its person is not forgotten: nobody would know what to delete."""

OLD_PAGES = timedelta(days=30)
"""A page that old is answered or pointless; the audit log remembers who took it."""

OLD_PLANS = timedelta(days=30)
"""Of a check-in that ended nothing is left but that it was; that goes, too."""

OLD_COUNTS = timedelta(days=2)

KEPT_FLOWS = timedelta(days=7)
"""Definitions outlive the longest session that can stand in them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgetting:
    """Deletes what is over."""

    store: Store
    clock: Clock
    tidying: Tidying

    async def person(self, due: DueTimer) -> None:
        """Delete everything that belongs to a person who asked for it, in the chat first."""
        person, now = due.timer.person, self.clock.now()
        if person is None:
            return
        await self.store.write(lambda tx: tx.chat.clear(person, to=now))
        await self.tidying.delete_due()
        if await self.store.write(lambda tx: _forget(tx, person, due.timer, now)):
            await self.scrub()

    async def drafts(self) -> int:
        """Delete words whose time is over."""
        now = self.clock.now()
        gone = await self.store.write(lambda tx: _short_lived(tx, now))
        if gone:
            await self.scrub()
        return gone

    async def old(self) -> None:
        """Delete what no one can need any more."""
        now = self.clock.now()
        await self.store.write(lambda tx: _old(tx, now))
        await self.scrub()

    async def scrub(self) -> None:
        """Take the bytes of deleted rows out of the files; busy readers only put it off."""
        try:
            await self.store.scrub()
        except ConflictError:
            log.info("scrub-later")


def _forget(tx: Tx, person: PersonId, timer: Timer, now: datetime) -> bool:
    """Forget a person whose chat is empty; ask again later when it is not."""
    if tx.chat.stands(person):
        tx.timers.set(replace(timer, due_at=now + AGAIN))
        return False
    if tx.plans.of(person):
        # Ending a check-in is an act of its own, with the PIN: whoever holds the phone could say
        # "forget me". The rest goes; what the check-in needs stays until it ends.
        tx.people.forget_rest(person)
        return True
    for contact in tx.contacts.of(person):
        tx.contacts.remove(contact.id)
        tx.timers.cancel("contact", contact.id)
    for contact in tx.contacts.who_is(person):
        tx.contacts.remove(contact.id)
        contacts_changed(tx, contact.owner, now)
    rests(tx, person, now, kept=timedelta())
    tx.check_words.forget(person)
    tx.people.forget(person)
    return True


def _short_lived(tx: Tx, now: datetime) -> int:
    gone = tx.drafts.forget_before(now) + tx.mailbox.forget_before(now)
    return gone + tx.cases.forget_opened(now)


def _old(tx: Tx, now: datetime) -> None:
    tx.seen.forget_before(now - SEEN_FOR)
    tx.sessions.forget_before(now - IDLE_SESSION, limit=1_000)
    tx.flows.forget_before(now - KEPT_FLOWS)
    tx.pages.forget_before(now - OLD_PAGES)
    tx.plans.forget_before(now - OLD_PLANS)
    tx.regions.forget_before(now - OLD_COUNTS)
    tx.check_words.forget_before(now)
    tx.people.forget_addresses(idle_before=now - IDLE_ADDRESS, limit=1_000)
