"""Where scripts are played on Telegram: the whole program in this process beside the fake server.

Every act goes through real HTTP and the program's own door, and everything that is due is delivered
and tidied before the next one; nothing waits. What the foreign libraries think of the traffic is
asked by whoever opened it.
"""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from bot.app import make
from bot.content.library import Bookcase
from bot.domain.errors import ConflictError, SettingsError
from bot.opening import opened_store
from bot.proofs.botapi.clock import MovableClock
from bot.proofs.botapi.server import BotApi
from bot.scripts import PAUSE, REACH, START, ScriptClock, fill_words, named
from bot.services.check_in_heard import REPLY_AFTER
from bot.settings import Settings
from bot.talking import name_readers, people_the_house

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from datetime import timedelta

    from bot.channels.telegram.client import TelegramClient
    from bot.channels.telegram.door import Door
    from bot.content.library import Library
    from bot.domain.ids import LanguageTag
    from bot.proofs.botapi.chats import Chat
    from bot.proofs.botapi.person import Person
    from bot.wiring import Parts

_SHOWN = frozenset({"sent", "edited"})


@dataclass(slots=True, kw_only=True)
class TelegramSurface:
    """Somebody's phone."""

    parts: Parts
    client: TelegramClient
    door: Door
    api: BotApi
    clock: ScriptClock
    moves: MovableClock
    """The fake server's clock, which goes with `clock`."""
    person: Person
    offset: int = 0
    heard_up_to: int = 0

    @property
    def name(self) -> str:
        """The channel's name."""
        return "telegram"

    @property
    def chat(self) -> Chat:
        """The chat as the fake server keeps it."""
        return self.api.world.chats[self.person.chat_id]

    async def says(self, text: str) -> list[str]:
        """Write a message or a command."""
        self._go(PAUSE)
        await self.person.says(text)
        return await self._answers()

    async def presses(self, label: str) -> list[str]:
        """Press the newest button with this label; one of the open keyboard writes its label."""
        self._go(PAUSE)
        keyboard = self.chat.keyboard or {}
        typed = [button["text"] for row in keyboard.get("keyboard", ()) for button in row]
        newest = [
            (stored.message["message_id"], button)
            for stored in list(reversed(self.chat.messages.values()))[:REACH]
            if stored.from_bot
            for row in stored.message.get("reply_markup", {}).get("inline_keyboard", ())
            for button in row
            if "callback_data" in button
        ]
        # An open keyboard is nearer than the buttons above it.
        labels = [*typed, *(button["text"] for _, button in newest)]
        place = named(labels, label)
        if place < len(typed):
            await self.person.says(typed[place])
        else:
            message_id, button = newest[place - len(typed)]
            await self.api.do(
                "press",
                chat_id=self.person.chat_id,
                label=button["text"],
                message_id=message_id,
            )
        return await self._answers()

    async def waits(self, by: timedelta) -> list[str]:
        """Let time go by for everybody."""
        self._go(by)
        await self.parts.timers.sweep()
        return await self._delivered()

    async def chooses(self, words: Mapping[str, str]) -> list[str]:
        """Fill in the page for words that the newest link opens."""
        addresses = [
            button.get("url", "")
            for stored in self.chat.messages.values()
            for row in stored.message.get("reply_markup", {}).get("inline_keyboard", ())
            for button in row
        ]
        await fill_words(self.parts, addresses, words)
        return await self._delivered()

    def _go(self, by: timedelta) -> None:
        self.clock.go(by)
        self.moves.advance(by.total_seconds())

    async def _answers(self) -> list[str]:
        """Have the program fetch what was done, and return what it shows."""
        updates = await self.client.updates(self.offset)
        self.offset, whole = await self.door.take_all(updates, self.offset)
        if not whole:
            raise ConflictError("an update was not taken")
        return await self._delivered()

    async def _delivered(self) -> list[str]:
        while await self.parts.delivery.deliver_due():
            pass
        self._go(REPLY_AFTER)
        while await self.parts.delivery.deliver_due():
            pass
        entries = [
            entry
            for entry in self.chat.shown
            if entry.number > self.heard_up_to and entry.what in _SHOWN
        ]
        if entries:
            self.heard_up_to = entries[-1].number
        # What must leave the chat leaves it now, so that no script presses what is gone.
        await self.parts.timers.sweep()
        while await self.parts.tidying.delete_due():
            pass
        return [_text(entry.message) for entry in entries]


def _text(message: dict[str, Any]) -> str:
    return str(message.get("text") or message.get("caption") or "")


@asynccontextmanager
async def on_telegram(
    language: LanguageTag, library: Library, *, role: str | None = None, watched: bool = False
) -> AsyncIterator[TelegramSurface]:
    """Open a chat with the program; its clock is moved by the script alone.

    Args:
        language: Of the person's app.
        library: What the program says.
        role: `coordinator` makes whoever talks one.
        watched: Two others are on duty.
    """
    clock, moves = ScriptClock(), MovableClock(START.timestamp())
    with tempfile.TemporaryDirectory(prefix="vigil-telegram-") as folder:
        async with BotApi.running(limits=None, clock=moves) as api:
            settings = Settings(
                home=Path(folder),
                telegram_token=SecretStr(api.token),
                telegram_api=api.base,
                web_url="https://words.example",
            )
            async with opened_store(settings) as store:
                running = make(settings, store, Bookcase(library), limits=False, clock=clock)
                client, door = running.telegram, running.door
                if client is None or door is None:
                    raise SettingsError("Telegram was asked for and is not there.")
                stop = asyncio.Event()
                presses = asyncio.ensure_future(door.acknowledge_presses(stop))
                person = await api.person(language=str(language))
                me = (client.name, str(person.chat_id)) if role == "coordinator" else None
                await store.write(lambda tx: people_the_house(tx, me, watched=watched))
                if watched:
                    name_readers(settings, clock)
                try:
                    await client.open()
                    yield TelegramSurface(
                        parts=running.parts,
                        client=client,
                        door=door,
                        api=api,
                        clock=clock,
                        moves=moves,
                        person=person,
                    )
                finally:
                    stop.set()
                    await presses
                    await running.close()
