"""The door: brings each update to reception and acknowledges it only after the commit.

By polling, the offset moves when everything before it was committed; `hook` says 200 then. What is
no update is counted and acknowledged, because it would only come again. It never logs what an
update holds.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from bot.channels.telegram.parse import MalformedUpdateError, parse, update_id
from bot.domain.errors import ConflictError, SendError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Sequence
    from datetime import datetime

    from bot.channels.telegram.client import TelegramClient
    from bot.domain.messages import Inbound
    from bot.services.ports import Clock, Receive

T = TypeVar("T")

log = structlog.get_logger()

TRIES = 3
"""How often an update that meets a bug of ours is tried before it is stepped over."""

_NOT_MINE_PAUSE = 5.0
_PRESSES_AT_ONCE = 20


@dataclass(slots=True, kw_only=True)
class Tally:
    """What came through a door since the start."""

    taken: int = 0
    ignored: int = 0
    malformed: int = 0
    failed: int = 0
    stepped_over: int = 0


async def _always() -> bool:
    return True


@dataclass(slots=True, kw_only=True)
class Door:
    """Where Telegram's updates come in.

    Args:
        receive: Reception; returns after the commit.
        client: Fetches updates and acknowledges presses.
        clock: Stamps what arrives.
        may_poll: Asked before each poll: only one process may, by a lease on the database.
        pauses: Seconds to wait after the first, second … failure in a row.
    """

    receive: Receive
    client: TelegramClient
    clock: Clock
    may_poll: Callable[[], Awaitable[bool]] = _always
    pauses: Sequence[float] = (1, 2, 5, 15, 30)
    tally: Tally = field(default_factory=Tally)
    heard_at: datetime | None = None
    """When Telegram last answered a poll or brought an update: a gap means that we were away."""
    _presses: asyncio.Queue[str] = field(default_factory=lambda: asyncio.Queue(maxsize=1_000))
    _tries: dict[int, int] = field(default_factory=dict)

    async def take(self, update: object) -> None:
        """Bring one update to reception.

        Raises:
            ConflictError: It was not taken and should come again.
        """
        self.heard_at = now = self.clock.now()
        try:
            inbound = parse(update, me=self.client.me, at=now)
        except MalformedUpdateError as error:
            self.tally.malformed += 1
            log.warning("malformed-update", channel=self.client.name, reason=str(error))
            return
        if inbound is None:
            self.tally.ignored += 1
            return
        self._acknowledge(inbound)
        await self.receive(replace(inbound, channel=self.client.name))
        self.tally.taken += 1

    async def poll(self, stop: asyncio.Event) -> None:
        """Fetch updates until told to stop; what was fetched is finished first.

        Raises:
            SettingsError: Telegram does not know the token.
        """
        offset, failures, ready = 0, 0, False
        while not stop.is_set():
            if not await self.may_poll():
                ready = False
                await _rest(stop, _NOT_MINE_PAUSE)
                continue
            try:
                if not ready:
                    await self.client.open()
                    # A webhook that was set once would have every poll refused.
                    await self.client.delete_webhook()
                    ready = True
                updates = await _unless(stop, self.client.updates(offset))
            except SendError as error:
                log.warning("no-updates", channel=self.client.name, reason=error.reason)
                await _rest(stop, self._pause(error, failures))
                failures += 1
                continue
            failures = 0
            if updates is not None:
                self.heard_at = self.clock.now()
            if updates:
                offset, whole = await self.take_all(updates, offset)
                if not whole:
                    await _rest(stop, self.pauses[0])

    async def announce(self, stop: asyncio.Event, *, url: str, secret: str) -> None:
        """Have Telegram post updates to `url`; tried again until it is reached or we stop.

        Raises:
            SettingsError: Telegram does not know the token or refuses the address.
        """
        failures = 0
        while not stop.is_set():
            try:
                await self.client.open()
                await self.client.set_webhook(url, secret)
            except SendError as error:
                log.warning("no-webhook-yet", channel=self.client.name, reason=error.reason)
                await _rest(stop, self._pause(error, failures))
                failures += 1
            else:
                return

    async def take_all(self, updates: Sequence[object], offset: int) -> tuple[int, bool]:
        """Take what one poll brought, chats beside each other and each chat in its order.

        Returns:
            The next offset, which never passes an update that was not taken, and whether all were.
        """
        chats: dict[object, list[tuple[int, object]]] = {}
        highest = offset - 1
        for update in updates:
            try:
                number = update_id(update)
            except MalformedUpdateError as error:
                self.tally.malformed += 1
                log.warning("malformed-update", channel=self.client.name, reason=str(error))
                continue
            highest = max(highest, number)
            chats.setdefault(_line(update), []).append((number, update))
        stuck = await asyncio.gather(*(self._take_chat(line) for line in chats.values()))
        waiting = [number for number in stuck if number is not None]
        return (min(waiting), False) if waiting else (highest + 1, True)

    async def acknowledge_presses(self, stop: asyncio.Event) -> None:
        """Tell Telegram of pressed buttons until told to stop; beside the work, never before it."""
        while not stop.is_set():
            first = await _unless(stop, self._presses.get())
            if first is None:
                return
            refs = [first]
            while len(refs) < _PRESSES_AT_ONCE and not self._presses.empty():
                refs.append(self._presses.get_nowait())
            await asyncio.gather(*(self.client.acknowledge(ref) for ref in refs))

    async def attempt(self, update: object) -> bool:
        """Take an update; False when it must come again.

        One that meets a bug of ours is stepped over at last: it would silence its chat for a day.
        """
        try:
            await self.take(update)
        except ConflictError:
            self.tally.failed += 1
            return False
        except Exception:
            # One chat's bug must not silence all others.
            self.tally.failed += 1
            number = update_id(update)
            tries = self._tries.pop(number, 0) + 1
            log.exception("update-failed", channel=self.client.name, attempts=tries)
            if tries < TRIES:
                self._tries[number] = tries
                return False
            self.tally.stepped_over += 1
        else:
            if self._tries:
                self._forget_tries(update)
        return True

    def _forget_tries(self, update: object) -> None:
        with suppress(MalformedUpdateError):
            self._tries.pop(update_id(update), None)

    async def _take_chat(self, line: list[tuple[int, object]]) -> int | None:
        """Take a chat's updates in order; the number of the first that must come again."""
        for number, update in line:
            if not await self.attempt(update):
                return number
        return None

    def _acknowledge(self, inbound: Inbound) -> None:
        if inbound.callback_ref is not None and not self._presses.full():
            self._presses.put_nowait(inbound.callback_ref)

    def _pause(self, error: SendError, failures: int) -> float:
        pause = float(self.pauses[min(failures, len(self.pauses) - 1)])
        if error.retry_at is None:
            return pause
        return max(pause, (error.retry_at - self.clock.now()).total_seconds())


def _line(update: object) -> object:
    """Return what keeps updates in order: the person who wrote or pressed, else the chat."""
    if isinstance(update, dict):
        for value in update.values():
            if isinstance(value, dict):
                about = value.get("chat") or value.get("from")
                found = about.get("id") if isinstance(about, dict) else None
                return found if isinstance(found, int) else None
    return None


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """Return the result of `work`, or None when told to stop before it came."""
    working, stopping = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        for waiting in (working, stopping):
            waiting.cancel()
        await asyncio.gather(working, stopping, return_exceptions=True)


async def _rest(stop: asyncio.Event, seconds: float) -> None:
    """Wait, or less when told to stop."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
