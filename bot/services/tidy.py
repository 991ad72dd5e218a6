"""Chat hygiene: what was said leaves the chat again, on both sides, before anybody can replay it.

A sensitive exchange goes when its matter ends or after fifteen idle minutes, its last screen within
the hour, everything else within `VIGIL_CHAT_TTL`. Nothing is tried after 47 hours: it would fail.
Whoever keeps us out keeps their messages meanwhile; they go when the person is back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from bot.domain.errors import SendError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from bot.domain.ids import ChannelName, PersonId
    from bot.services.ports import Channel, Clock, Store, Timer, Tx

log = structlog.get_logger()

LEASE = timedelta(seconds=60)
BATCH = 200
KEPT = timedelta(minutes=60)
KEPT_OUT = timedelta(hours=6)
"""Until deleting is tried again in the chat of somebody who blocked us; sooner if they return."""
ENDED = "everything"
"""What the timer of an ended matter says: whether the last screen goes, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tidying:
    """Deletes messages from chats."""

    store: Store
    clock: Clock
    channels: Mapping[ChannelName, Channel]
    worker: str

    async def delete_due(self) -> int:
        """Delete what is due; return how many messages are gone."""
        now = self.clock.now()
        chats = await self.store.write(
            lambda tx: tx.chat.claim_due(worker=self.worker, now=now, lease=LEASE, limit=BATCH)
        )
        gone = 0
        for person, channel_name, address, refs in chats:
            channel = self.channels.get(channel_name)
            if channel is None:
                continue
            try:
                await channel.delete(address, refs)
            except SendError as error:
                if error.gone:
                    await self.store.write(_putting_off(person, refs, now + KEPT_OUT))
                    continue
                if not error.rejected:
                    # The lease runs out and the deletion is tried again.
                    log.warning("not-deleted", channel=channel_name, reason=error.reason)
                    continue
            await self.store.write(_forgetting(person, refs))
            gone += len(refs)
        return gone


def tidy(tx: Tx, timer: Timer, now: datetime) -> None:
    """Bring forward the deletion of what a person who fell silent, or ended a matter, leaves.

    Whoever began something new since the end keeps the question that waits for them.
    """
    person = timer.person
    if person is None:
        return
    ended = ENDED in timer.payload
    session = tx.sessions.load(person) if ended else None
    begun = session is not None and session.top is not None
    tx.chat.hasten(
        person,
        to=now,
        everything=bool(timer.payload.get(ENDED)),
        kept=now + KEPT,
        before=tx.sessions.turned_at(person) if begun else None,
    )


def _putting_off(person: PersonId, refs: tuple[str, ...], to: datetime) -> Callable[[Tx], None]:
    return lambda tx: tx.chat.put_off(person, refs, to=to)


def _forgetting(person: PersonId, refs: tuple[str, ...]) -> Callable[[Tx], None]:
    return lambda tx: tx.chat.deleted(person, refs)
