"""Receipts on their way in and out: made ahead, looked up slowly, a few at a time.

Argon2id takes a tenth of a second of a core, so that it never runs on the event loop, in the
writer's thread or more than once at a time; whoever tries many is not heard.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.domain.messages import InboundKind
from bot.services.floods import Floods

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from bot.domain.messages import Inbound, ReceiptKey
    from bot.domain.words import Words
    from bot.services.ports import Store, Tx

SALT_FACT = "receipt-salt"
AHEAD = 2
"""Receipts of a language that lie ready, in memory alone."""
TRIES, TRIES_EACH = 5, 1 / 120
"""Of one sender: five at once, then one in two minutes."""
IN_ALL, IN_ALL_EACH = 30, 0.5
"""Of everybody together."""


@dataclass(slots=True, kw_only=True)
class Receipts:
    """Makes and recognises receipts.

    Args:
        store: Keeps the salt of the installation.
        new: Returns six random words of a language.
        looks: Tells whether words could be a receipt.
        key_of: What words stand for, with a salt; slow.
        new_salt: A random salt, for the first start.
        lists: Languages with words of their own, of those that are offered.
    """

    store: Store
    new: Callable[[str], str]
    looks: Callable[[str], bool]
    key_of: Callable[[str, bytes], ReceiptKey]
    new_salt: Callable[[], bytes]
    lists: Collection[str]
    floods: Floods = field(default_factory=lambda: Floods(burst=TRIES, per_second=TRIES_EACH))
    everybody: Floods = field(default_factory=lambda: Floods(burst=IN_ALL, per_second=IN_ALL_EACH))
    _ready: dict[str, deque[tuple[str, ReceiptKey]]] = field(default_factory=dict)
    _salt: bytes = b""
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def prepare(self) -> None:
        """Make one receipt ahead, so that sending a report waits for nothing; called often."""
        salt = await self._salted()
        for language in ("en", *self.lists):
            ready = self._ready.setdefault(language, deque())
            if len(ready) < AHEAD:
                words = self.new(language)
                async with self._one:
                    key = await asyncio.to_thread(self.key_of, words, salt)
                ready.append((words, key))
                return

    def take(self, tx: Tx, language: str) -> tuple[str, ReceiptKey]:
        """Return words and what they stand for; each pair once."""
        base = language.split("-", maxsplit=1)[0]
        ready = self._ready.get(base if base in self.lists else "en")
        if ready:
            return ready.popleft()
        # More reports at once than lie ready: this one waits for its own.
        words = self.new(base)
        salt = self._salt or bytes.fromhex(_salt(tx, self.new_salt().hex()))
        return words, self.key_of(words, salt)

    async def recognise(self, inbound: Inbound) -> ReceiptKey | None:
        """Return what typed words stand for when they look like a receipt; None when they do not.

        None as well for whoever has tried too often.
        """
        words = _typed(inbound)
        if words is None or not self.looks(words.reveal()):
            return None
        sender, at = f"{inbound.channel}:{inbound.address}", inbound.received_at
        if not self._may_try(sender, at):
            return None
        salt = await self._salted()
        async with self._one:
            return await asyncio.to_thread(self.key_of, words.reveal(), salt)

    def _may_try(self, sender: str, at: datetime) -> bool:
        return self.floods.calm(sender, at) and self.everybody.calm("all", at)

    async def _salted(self) -> bytes:
        if not self._salt:
            fresh = self.new_salt().hex()
            self._salt = bytes.fromhex(await self.store.write(lambda tx: _salt(tx, fresh)))
        return self._salt


def _salt(tx: Tx, fresh: str) -> str:
    kept = tx.leases.noted(SALT_FACT)
    if kept is None:
        tx.leases.note(SALT_FACT, fresh)
        return fresh
    return kept


def _typed(inbound: Inbound) -> Words | None:
    if inbound.forwarded or inbound.kind not in {InboundKind.TEXT, InboundKind.COMMAND}:
        return None
    return inbound.words
