"""The queue of updates that wait for the bot, and the rules of taking from it.

Updates are kept until confirmed or expired: 24 hours, presses of buttons 150 seconds. A webhook and
getUpdates take from the same store.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from bot.proofs.botapi.errors import conflict

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from bot.proofs.botapi.clock import Clock

MESSAGE_KEPT, CALLBACK_KEPT = 86_400.0, 150.0
LONGEST_POLL, MOST_AT_ONCE = 50, 100
_SAME_OFFSET_WITHIN = 0.5

KINDS = (
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "callback_query",
    "my_chat_member",
    "chat_member",
    "message_reaction",
    "message_reaction_count",
)
_OFF_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """One update in waiting."""

    update: dict[str, Any]
    line: Hashable
    """Updates of one line go to a webhook one after the other; presses stand in another line."""
    expires: float
    copies: int = 1

    @property
    def id(self) -> int:
        """The update's id."""
        return int(self.update["update_id"])


class Updates:
    """All updates that the bot has not confirmed."""

    def __init__(self, clock: Clock, *, first_id: int = 700_000_001) -> None:
        self._clock = clock
        self._next_id = first_id
        self._store: dict[int, Queued] = {}
        self._allowed: frozenset[str] | None = None
        self._poll: asyncio.Future[str] | None = None
        self._last_offset: int | None = None
        self._last_taken_at = float("-inf")
        self.expired = 0
        self.watcher: Callable[[Queued], None] | None = None
        """The webhook, when one is set."""

    def __len__(self) -> int:
        return len(self._store)

    def allow(self, kinds: list[str] | None) -> None:
        """Remember which kinds the bot wants from now on; None leaves it as it was."""
        if kinds is not None:
            self._allowed = frozenset(kinds) if kinds else None

    @property
    def allowed(self) -> list[str] | None:
        """The kinds asked for, when the bot named any."""
        return sorted(self._allowed) if self._allowed else None

    def put(
        self, kind: str, payload: dict[str, Any], *, line: Hashable, at: float, copies: int = 1
    ) -> int | None:
        """Queue an update; None when the bot did not ask for this kind."""
        wanted = kind not in _OFF_BY_DEFAULT if self._allowed is None else kind in self._allowed
        if not wanted:
            return None
        kept = CALLBACK_KEPT if kind == "callback_query" else MESSAGE_KEPT
        item = Queued(
            update={"update_id": self._next_id, kind: payload},
            line=line,
            expires=at + kept,
            copies=copies,
        )
        self._next_id += 1
        self._store[item.id] = item
        if self.watcher is not None:
            self.watcher(item)
        else:
            self._wake("updates")
        return item.id

    @property
    def polled(self) -> bool:
        """Tell whether the bot has asked for updates."""
        return self._last_offset is not None or self._poll is not None

    def holds(self, item: Queued) -> bool:
        """Tell whether an update still waits."""
        return item.id in self._store and item.expires > self._clock.now()

    def confirm(self, item: Queued) -> None:
        """Forget an update that the bot has taken."""
        self._store.pop(item.id, None)

    def waiting(self) -> list[Queued]:
        """Return all that waits, oldest first."""
        self._drop_expired()
        return list(self._store.values())

    def clear(self) -> None:
        """Forget everything that waits."""
        self._store.clear()

    def interrupt(self, why: str) -> None:
        """End a long poll that is under way."""
        self._wake(why)

    async def take(self, *, offset: int, limit: int, seconds: int) -> list[dict[str, Any]]:
        """Answer getUpdates.

        Raises:
            RefusedCall: Another poll or a webhook took over while this one waited.
        """
        self._wake("other getUpdates request; make sure that only one bot instance is running")
        self._confirm_before(offset)
        if offset == self._last_offset and self._since_last() < _SAME_OFFSET_WITHIN:
            # A bot that dies of one update gets it alone, so that it can step over it.
            limit = 1
        deadline = self._clock.now() + min(seconds, LONGEST_POLL)
        while not (found := self._first(limit)) and self._clock.now() < deadline:
            why = await self._wait(deadline - self._clock.now())
            if why not in ("updates", "timeout"):
                raise conflict(f"terminated by {why}")
        self._last_offset, self._last_taken_at = offset, asyncio.get_running_loop().time()
        return found

    def _since_last(self) -> float:
        return asyncio.get_running_loop().time() - self._last_taken_at

    def _confirm_before(self, offset: int) -> None:
        if offset > 0:
            # Ids grow, so what is confirmed stands in front.
            for known in list(takewhile(lambda known: known < offset, self._store)):
                del self._store[known]
        elif offset < 0:
            for known in list(self._store)[:offset]:
                del self._store[known]

    def _first(self, limit: int) -> list[dict[str, Any]]:
        self._drop_expired()
        found: list[dict[str, Any]] = []
        for item in self._store.values():
            found.extend([item.update] * item.copies)
            if len(found) >= limit:
                break
        return found[:limit]

    async def _wait(self, seconds: float) -> str:
        future = self._poll = asyncio.get_running_loop().create_future()
        sleeper = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait({future, sleeper}, return_when=asyncio.FIRST_COMPLETED)
            return future.result() if future.done() else "timeout"
        finally:
            sleeper.cancel()
            if self._poll is future:
                self._poll = None

    def _wake(self, why: str) -> None:
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(why)
        self._poll = None

    def _drop_expired(self) -> None:
        now = self._clock.now()
        gone = [known for known, item in self._store.items() if item.expires <= now]
        for known in gone:
            del self._store[known]
        self.expired += len(gone)
