"""The mouth of the web chat: puts messages where the page fetches them, and wakes open pages.

A message counts as delivered when it stands durably in the mailbox. Pages served by another process
are not woken from here; they look for themselves every second.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict, defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.channels.web import NAME
from bot.domain.errors import ConflictError, SendError
from bot.domain.messages import Delivered

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from bot.domain.ids import ChannelName, LanguageTag, PersonId
    from bot.domain.messages import Outgoing
    from bot.services.ports import Clock, Store, Tx

STAYS = timedelta(hours=24)
_PSEUDONYMS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A message that stands in a mailbox."""

    ref: str
    at: datetime
    message: Outgoing = field(repr=False)


class Bells:
    """One bell an open page; rings when something changed for its address."""

    def __init__(self) -> None:
        self._bells: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    @contextmanager
    def listening(self, address: str) -> Iterator[asyncio.Event]:
        """Hold a bell for an address."""
        bell = asyncio.Event()
        self._bells[address].add(bell)
        try:
            yield bell
        finally:
            self._bells[address].discard(bell)
            if not self._bells[address]:
                del self._bells[address]

    def ring(self, address: str) -> None:
        """Wake every page of an address."""
        for bell in self._bells.get(address, ()):
            bell.set()

    def ring_all(self) -> None:
        """Wake everybody, so that they see we are stopping."""
        for address in tuple(self._bells):
            self.ring(address)

    def count(self, address: str | None = None) -> int:
        """Return how many pages are open, for an address or in all."""
        if address is not None:
            return len(self._bells.get(address, ()))
        return sum(len(bells) for bells in self._bells.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class WebChannel:
    """Implements `Channel` on the store's mailbox.

    Args:
        store: Where mailboxes are kept.
        clock: Stamps messages.
        stays: How long a message is kept when nothing deletes it earlier.
    """

    store: Store
    clock: Clock
    stays: timedelta = STAYS
    bells: Bells = field(default_factory=Bells)
    _pseudonyms: OrderedDict[str, PersonId] = field(default_factory=OrderedDict, repr=False)

    @property
    def name(self) -> ChannelName:
        """The channel's name."""
        return NAME

    async def send(self, address: str, message: Outgoing) -> Delivered:
        """Put a message into the mailbox; one with `edit_ref` replaces that message in its place.

        Raises:
            SendError: The store did not take it; it is not there.
        """
        ref = message.edit_ref or secrets.token_hex(8)
        now = self.clock.now()

        def unit(tx: Tx) -> None:
            person = self._person(tx, address)
            tx.mailbox.put(person, ref, message, at=now, until=now + self.stays)

        try:
            await self.store.write(unit)
        except ConflictError:
            raise SendError("mailbox-busy", retry_at=now + timedelta(seconds=1)) from None
        self.bells.ring(address)
        return Delivered(refs=(ref,))

    async def delete(self, address: str, refs: Sequence[str]) -> None:
        """Take messages out of the mailbox; those that are gone already do not matter.

        Raises:
            SendError: The store did not take it.
        """
        try:
            await self.store.write(lambda tx: tx.mailbox.remove(self._person(tx, address), refs))
        except ConflictError:
            retry_at = self.clock.now() + timedelta(seconds=1)
            raise SendError("mailbox-busy", retry_at=retry_at) from None
        self.bells.ring(address)

    async def shown(self, address: str) -> tuple[Shown, ...]:
        """Return what stands in the mailbox, oldest first."""
        now = self.clock.now()
        rows = await self.store.read(
            lambda tx: tx.mailbox.after(self._person(tx, address), None, now=now)
        )
        return tuple(Shown(ref=ref, at=at, message=message) for ref, at, message in rows)

    async def empty(self, address: str) -> None:
        """Take everything out: the person left."""
        now = self.clock.now()

        def unit(tx: Tx) -> None:
            person = self._person(tx, address)
            refs = [ref for ref, _, _ in tx.mailbox.after(person, None, now=now)]
            tx.mailbox.remove(person, refs)

        await self.store.write(unit)
        self._pseudonyms.pop(address, None)
        self.bells.ring(address)

    async def language_of(self, address: str) -> LanguageTag | None:
        """Return the language that the person chose; None when they have not."""

        def unit(tx: Tx) -> LanguageTag | None:
            person = tx.people.find(self._person(tx, address))
            return person.speaks if person else None

        return await self.store.read(unit)

    def _person(self, tx: Tx, address: str) -> PersonId:
        # Looking every second must not take the person's lock every second.
        known = self._pseudonyms.get(address)
        if known is None:
            known = tx.people.lock(NAME, address)
            self._pseudonyms[address] = known
            if len(self._pseudonyms) > _PSEUDONYMS:
                self._pseudonyms.popitem(last=False)
        return known
