"""Takes alerts back: deletes or changes every copy that a channel still lets us touch."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from bot.domain.broadcasts import State
from bot.domain.errors import BotError, SendError
from bot.services.broadcast_texts import compose_withdrawn, compose_without

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.content.library import Library
    from bot.domain.broadcasts import Alert
    from bot.domain.ids import AlertId, ChannelName
    from bot.services.broadcast_ports import StandingCopy
    from bot.services.pace import Rate
    from bot.services.ports import Channel, Clock, Store, Tx

log = structlog.get_logger()

BATCH = 50
LEASE = timedelta(seconds=60)
_AHEAD = timedelta(seconds=1)
_Batch = tuple["Alert", "list[StandingCopy]", "Mapping[AlertId, Alert]"]


@dataclass(slots=True, kw_only=True)
class Recall:
    """Empties chats of recalled alerts; of several processes one does it for each alert."""

    store: Store
    clock: Clock
    channels: Mapping[ChannelName, Channel]
    worker: str
    library: Callable[[], Library]
    rate: Rate
    _after: dict[AlertId, int] = field(default_factory=dict)

    async def turn(self) -> int:
        """Take back the next copies; return how many are gone."""
        try:
            found = await self.store.write(self._next)
        except BotError as error:
            log.error("recall-failed", error=type(error).__name__)  # noqa: TRY400 - no trace
            return 0
        taken_back = 0
        for alert, copies, others in found:
            gone = await asyncio.gather(*(self._take_back(alert, copy, others) for copy in copies))
            done = [copy for copy, away in zip(copies, gone, strict=True) if away]
            await self.store.write(_forgetting(done, edited=alert.edits))
            taken_back += len(done)
        return taken_back

    def _next(self, tx: Tx) -> list[_Batch]:
        now = self.clock.now()
        found: list[_Batch] = []
        for alert in tx.alerts.due(now):
            if alert.state is not State.RECALLING:
                continue
            if not tx.leases.take(
                f"recall-{alert.id[:32]}", worker=self.worker, now=now, until=now + LEASE
            ):
                continue
            room = min(
                (
                    tx.paces.room(
                        channel, now=now, every=self.rate.every(channel, now),
                        burst=self.rate.burst, ahead=_AHEAD,
                    )
                    for channel in self.channels
                ),
                default=0,
            )  # fmt: skip
            copies = tx.ledger.standing(
                alert.id, after=self._after.get(alert.id, 0), limit=min(BATCH, room)
            )
            for channel in self.channels:
                number = sum(copy.channel == channel for copy in copies)
                every = self.rate.every(channel, now)
                tx.paces.reserve(channel, number, now=now, every=every, burst=self.rate.burst)
            # From the beginning again after the last: some could not be taken back yet.
            self._after[alert.id] = copies[-1].seq if copies else 0
            if copies:
                others = _others(tx, copies)
                copies = [
                    replace(copy, beside=tuple(one for one in copy.beside if one in others))
                    for copy in copies
                ]
                found.append((alert, copies, others))
        return found

    async def _take_back(
        self, alert: Alert, copy: StandingCopy, known: Mapping[AlertId, Alert]
    ) -> bool:
        """Delete or change one copy; False when it is to be tried again."""
        channel = self.channels.get(copy.channel)
        if channel is None:
            return False
        if not copy.address:
            return True
        others = [known[one] for one in copy.beside]
        library, language = self.library(), copy.language
        try:
            if others:
                message = compose_without(alert, others, library, language)
                await channel.send(copy.address, replace(message, edit_ref=copy.refs[0]))
            elif alert.edits:
                message = compose_withdrawn(alert, library, language)
                await channel.send(copy.address, replace(message, edit_ref=copy.refs[0]))
                if copy.refs[1:]:
                    # A long text came in parts; what was withdrawn must not stand in the others.
                    await channel.delete(copy.address, copy.refs[1:])
            else:
                await channel.delete(copy.address, copy.refs)
        except SendError as error:
            if not (error.gone or error.rejected):
                log.warning("not-taken-back", channel=copy.channel, reason=error.reason)
                return False
        return True


def _others(tx: Tx, copies: list[StandingCopy]) -> dict[AlertId, Alert]:
    """Return alerts that stay in messages from which another is taken out."""
    named = {one for copy in copies for one in copy.beside}
    found = [tx.alerts.get(one) for one in sorted(named)]
    return {
        one.id: one
        for one in found
        if one is not None and one.state not in {State.RECALLING, State.RECALLED}
    }


def _forgetting(copies: list[StandingCopy], *, edited: bool) -> Callable[[Tx], None]:
    def unit(tx: Tx) -> None:
        tx.ledger.taken_back([copy.seq for copy in copies])
        for copy in copies:
            stands = copy.refs if copy.beside else copy.refs[:1] if edited else ()
            tx.chat.deleted(copy.person, [ref for ref in copy.refs if ref not in stands])

    return unit
