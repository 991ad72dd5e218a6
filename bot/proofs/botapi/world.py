"""What the server knows: one bot, its chats, files, queue and record.

Persons act on it through `acts`, the bot through `methods`; neither decides anything here.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import TYPE_CHECKING, Any

from bot.proofs.botapi.chats import Chat, Entry, Standing, Stored
from bot.proofs.botapi.clock import Clock, RealClock
from bot.proofs.botapi.errors import bad_request
from bot.proofs.botapi.faults import FaultKind, Faults
from bot.proofs.botapi.pace import Limits, Pace
from bot.proofs.botapi.schema import load
from bot.proofs.botapi.updates import Updates

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Hashable

QUERY_ANSWERED_WITHIN = 15.0
"""Telegram's window is undocumented; people report 10 to 20 seconds."""

_FIRST_USER, _FIRST_GROUP = 5_500_000_001, -1_001_900_000_001


@dataclass(slots=True, kw_only=True)
class Query:
    """A press of a button that waits for its acknowledgement."""

    at: float
    chat_id: int
    answered: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file that the server holds."""

    id: str
    name: str
    media_type: str
    content: bytes


class World:
    """All state behind one bot's token.

    Args:
        token: The bot's token.
        clock: Where time comes from.
        limits: Flood limits, or None for none.
        chance: Seeded source for faults and back-off.
        check_answers: Hold every update and answer that the server makes against the schema.
        keep_record: Keep the whole record; off for long benchmarks.
    """

    def __init__(
        self,
        *,
        token: str,
        clock: Clock | None = None,
        limits: Limits | None = None,
        chance: Random | None = None,
        check_answers: bool = True,
        keep_record: bool = True,
    ) -> None:
        self.token = token
        self.clock: Clock = clock or RealClock()
        self.schema = load()
        self.chance = chance or Random(7)
        self.pace = Pace(limits)
        self.faults = Faults(self.chance)
        self.updates = Updates(self.clock)
        self.check_answers = check_answers
        self.keep_record = keep_record
        self.chats: dict[int, Chat] = {}
        self.files: dict[str, StoredFile] = {}
        self.queries: dict[str, Query] = {}
        self.commands: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.profile: dict[tuple[str, str], str] = {}
        self.menu_button: dict[str, Any] = {"type": "commands"}
        self.record: list[Entry] = []
        self.update_record: list[dict[str, Any]] = []
        """Every update that was made, whether the bot wanted it or not."""
        self.violations: list[str] = []
        self.counts: dict[str, int] = {}
        self.repeat_marks: tuple[str, ...] = ()
        self.me: dict[str, Any] = {
            "id": int(token.split(":", maxsplit=1)[0]),
            "is_bot": True,
            "first_name": "Neighbour",
            "username": "neighbour_notes_bot",
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
            "can_connect_to_business": False,
            "has_main_web_app": False,
        }
        self.spawn: Callable[[Coroutine[Any, Any, None], str], None] | None = None
        """Runs something beside the calls; the server sets it."""
        self._user_ids = count(_FIRST_USER, 104_729)
        self._group_ids = count(_FIRST_GROUP, -7_919)
        self._message_ids = count(1)
        self._numbers = count(1)
        self._names = count(1)
        self._listeners: dict[int, list[asyncio.Future[None]]] = {}

    def add_person(self, name: str, language: str | None, user_id: int | None = None) -> Chat:
        """Make a person with a private chat in which nothing was said."""
        chat_id = user_id or next(self._user_ids)
        user: dict[str, Any] = {"id": chat_id, "is_bot": False, "first_name": name}
        if language:
            user["language_code"] = language
        about = {"id": chat_id, "type": "private", "first_name": name}
        chat = Chat(
            id=chat_id,
            kind="private",
            about=about,
            user=user,
            standing=Standing.NEVER_STARTED,
        )
        self.chats[chat_id] = chat
        return chat

    def add_crowd(self, first: int, count: int, marks: tuple[str, ...]) -> None:
        """Make many people who once wrote to the bot; of them only numbers are kept.

        Args:
            first: The first one's id; the others follow it.
            count: How many they are.
            marks: Of these a repeat contains one, which says that it is one.
        """
        self.repeat_marks = marks
        for chat_id in range(first, first + count):
            about = {"id": chat_id, "type": "private", "first_name": "Crowd"}
            self.chats[chat_id] = Chat(id=chat_id, kind="private", about=about, crowd=True)

    def add_group(self, title: str, kind: str = "supergroup") -> Chat:
        """Make a group or a channel that the bot is in."""
        chat_id = next(self._group_ids)
        if kind == "group":
            chat_id = -(abs(chat_id) % 1_000_000_000)
        about = {"id": chat_id, "type": kind, "title": title}
        chat = Chat(id=chat_id, kind=kind, about=about)
        self.chats[chat_id] = chat
        return chat

    def chat(self, chat_id: object) -> Chat:
        """Return a chat.

        Raises:
            RefusedCall: There is none with this id.
        """
        chat = self.chats.get(chat_id) if isinstance(chat_id, int) else None
        if chat is None:
            raise bad_request("chat not found")
        return chat

    def next_message_id(self) -> int:
        """Return the id of the next message."""
        return next(self._message_ids)

    def next_name(self, prefix: str) -> str:
        """Return a new id for a file or a query."""
        return f"{prefix}{next(self._names):010d}"

    def add_file(self, name: str, media_type: str, content: bytes) -> StoredFile:
        """Keep a file under a new id."""
        stored = StoredFile(
            id=self.next_name("BQACAgQAAxkBAA"),
            name=name,
            media_type=media_type,
            content=content,
        )
        self.files[stored.id] = stored
        return stored

    def put_update(
        self, kind: str, payload: dict[str, Any], *, chat_id: int, line: Hashable
    ) -> None:
        """Queue an update for the bot, unless a fault meets it."""
        if self.check_answers:
            for fault in self.schema.faults_in("Update", {"update_id": 1, kind: payload}):
                self.violations.append(f"update: {fault}")
        if self.keep_record:
            self.update_record.append({"update_id": len(self.update_record) + 1, kind: payload})
        struck = self.faults.strike("update", chat_id)
        at = self.clock.now()
        if struck is None:
            self.updates.put(kind, payload, line=line, at=at)
        elif struck.kind is FaultKind.DUPLICATE:
            self.updates.put(kind, payload, line=line, at=at, copies=2)
        elif struck.kind is FaultKind.DELAY and self.spawn is not None:
            self.spawn(self._put_later(struck.seconds, kind, payload, line), "late update")

    async def _put_later(
        self, seconds: float, kind: str, payload: dict[str, Any], line: Hashable
    ) -> None:
        at = self.clock.now()
        await self.clock.sleep(seconds)
        self.updates.put(kind, payload, line=line, at=at)

    def note(
        self, what: str, chat: Chat, message: dict[str, Any], *, silent: bool = False
    ) -> Entry:
        """Write down what happened, and wake whoever waits to hear it."""
        message_id = message.get("message_id", 0)
        stored = chat.messages.get(message_id)
        entry = Entry(
            number=next(self._numbers),
            at=self.clock.now(),
            what=what,
            chat_id=chat.id,
            message_id=message_id,
            message=message,
            protected=stored is not None and stored.protected,
            silent=silent,
        )
        self.counts[what] = self.counts.get(what, 0) + 1
        if self.keep_record:
            self.record.append(entry)
        if what in ("sent", "edited"):
            chat.shown.append(entry)
            for listener in self._listeners.pop(chat.id, ()):
                if not listener.done():
                    listener.set_result(None)
        return entry

    async def hear(self, chat_id: int, *, after: int, within: float) -> Entry | None:
        """Return the first thing shown in a chat after entry `after`; None when nothing comes."""
        chat = self.chats[chat_id]
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within
        while True:
            newer = None
            for entry in reversed(chat.shown):
                if entry.number <= after:
                    break
                newer = entry
            if newer is not None:
                return newer
            left = deadline - loop.time()
            if left <= 0:
                return None
            listener: asyncio.Future[None] = loop.create_future()
            self._listeners.setdefault(chat_id, []).append(listener)
            await asyncio.wait({listener}, timeout=left)

    def replayable(self) -> list[Stored]:
        """Return every message, of both sides, that a thief of the token could still read.

        Unprotected ones can be forwarded by id; protected ones can still be fetched over MTProto.
        """
        return [stored for chat in self.chats.values() for stored in chat.messages.values()]
