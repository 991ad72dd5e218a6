"""What a test or a proof may ask of the server beside the acts of people.

Like them, every control takes and gives plain JSON values, so that it works over HTTP as well.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from bot.proofs.botapi.clock import MovableClock
from bot.proofs.botapi.faults import Fault, FaultKind

if TYPE_CHECKING:
    from bot.proofs.botapi.acts import Acts
    from bot.proofs.botapi.chats import Entry, Stored


class Controls:
    """Waiting, looking, breaking things, moving the clock."""

    def __init__(self, people: Acts) -> None:
        self.people = people
        self.world = people.world

    async def send_raw(self, *, update: dict[str, Any], chat_id: int) -> None:
        """Queue an update as it is given, right or wrong."""
        kind = next((name for name in update if name != "update_id"), "message")
        line, at = chat_id, self.world.clock.now()
        self.world.updates.put(kind, update.get(kind, {}), line=line, at=at)

    async def crowd(self, *, first: int, count: int, marks: list[str]) -> None:
        """Make many people of whom only numbers are kept; a repeat contains one of `marks`."""
        self.world.add_crowd(first, count, tuple(marks))

    async def tally(self) -> dict[str, int]:
        """Count what a crowd got: people without a copy, with one, and with an unmarked double."""
        crowd = [chat for chat in self.world.chats.values() if chat.crowd]
        return {
            "people": len(crowd),
            "without": sum(not chat.marked + chat.unmarked for chat in crowd),
            "copies": sum(chat.marked + chat.unmarked for chat in crowd),
            "twice": sum(chat.marked + chat.unmarked > 1 for chat in crowd),
            "doubled_unmarked": sum(chat.unmarked > 1 for chat in crowd),
            "marked": sum(chat.marked for chat in crowd),
        }

    async def flood(self, *, chat_ids: list[int], count: int, text: str) -> None:
        """Let people write `count` messages in turns, as fast as the server can take them."""
        for number in range(count):
            await self.people.say(chat_id=chat_ids[number % len(chat_ids)], text=text)

    async def settle(self, *, what: str, count: int, within: float) -> float | None:
        """Wait until something was counted so often; the seconds it took, None if it never was.

        `what` is a method's name, or a word of the record: sent, edited, deleted, answered.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        while self.world.counts.get(what, 0) < count:
            if loop.time() - began > within:
                return None
            await asyncio.sleep(0.002)
        return loop.time() - began

    async def run(
        self, *, chat_ids: list[int], count: int, text: str, sent: int, within: float
    ) -> float | None:
        """Flood and settle as one measurement; seconds from first message to last answer."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        await self.flood(chat_ids=chat_ids, count=count, text=text)
        done = await self.settle(what="sent", count=sent, within=within)
        return None if done is None else loop.time() - began

    async def hear(self, *, chat_id: int, after: int, within: float) -> dict[str, Any] | None:
        """Wait for what the bot shows next in a chat, after an entry of the record."""
        entry = await self.world.hear(chat_id, after=after, within=within)
        return None if entry is None else _show(entry)

    async def standing(self, *, chat_id: int) -> list[dict[str, Any]]:
        """Return every message that stands in a chat now, both sides, oldest first."""
        return [_standing(stored) for stored in self.world.chats[chat_id].messages.values()]

    async def last(self, *, chat_id: int) -> int:
        """Return the number of the newest thing shown in a chat."""
        shown = self.world.chats[chat_id].shown
        return shown[-1].number if shown else 0

    async def record(self, *, after: int = 0) -> list[dict[str, Any]]:
        """Return the record from an entry on."""
        return [_show(entry) for entry in self.world.record if entry.number > after]

    async def replayable(self) -> list[dict[str, Any]]:
        """Return what a thief of the token could still read."""
        return [_standing(stored) for stored in self.world.replayable()]

    async def fault(self, **what: Any) -> None:
        """Let something go wrong; the fields of `Fault`."""
        self.world.faults.add(Fault(**{**what, "kind": FaultKind(what["kind"])}))

    async def clear_faults(self) -> None:
        """Let nothing go wrong any more."""
        self.world.faults.clear()

    async def advance(self, *, seconds: float) -> None:
        """Move the clock, when it is one that can be moved."""
        clock = self.world.clock
        if not isinstance(clock, MovableClock):
            raise TypeError("this server runs on the machine's clock")
        clock.advance(seconds)

    async def state(self) -> dict[str, Any]:
        """Return counts, violations and what waits."""
        world = self.world
        return {
            "counts": dict(world.counts),
            "violations": list(world.violations),
            "waiting": len(world.updates),
            "expired": world.updates.expired,
            "struck": [[kind.value, on] for kind, on in world.faults.struck],
        }


def _show(entry: Entry) -> dict[str, Any]:
    return {
        "number": entry.number,
        "at": entry.at,
        "what": entry.what,
        "chat_id": entry.chat_id,
        "message_id": entry.message_id,
        "message": entry.message,
        "protected": entry.protected,
        "silent": entry.silent,
    }


def _standing(stored: Stored) -> dict[str, Any]:
    return {
        "message": stored.message,
        "from_bot": stored.from_bot,
        "at": stored.at,
        "protected": stored.protected,
    }
