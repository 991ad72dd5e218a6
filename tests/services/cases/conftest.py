"""The whole house in memory's reach: a store, the real content, a clock that tests move."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from bot.content.library import Bookcase, Library, open_library
from bot.domain.coordinators import Coordinator, Role
from bot.domain.ids import ChannelName, CoordinatorId, LanguageTag
from bot.domain.messages import Delivered, Inbound, InboundKind, Outgoing
from bot.domain.people import Person
from bot.domain.words import Words
from bot.settings import Settings
from bot.storage.engine import open_store
from bot.vault.cipher import ApplicationCipher
from bot.wiring import Parts, wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from bot.services.ports import Store, Tx

NOW = datetime(2031, 5, 4, 12, 0, tzinfo=UTC)
CHAT = ChannelName("chat")


@dataclass
class Moving:
    """A clock that tests move."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


@dataclass
class Listening:
    """A channel that remembers what was shown to whom."""

    name: ChannelName = CHAT
    shown: list[tuple[str, Outgoing]] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)

    async def send(self, address: str, message: Outgoing) -> Delivered:
        self.shown.append((address, message))
        return Delivered(refs=(str(len(self.shown)),))

    async def delete(self, address: str, refs: Sequence[str]) -> None:
        self.gone += refs


@dataclass
class House:
    """Everything wired, with somebody to write and press."""

    parts: Parts
    store: Store
    clock: Moving
    channel: Listening
    settings: Settings
    updates: int = 0

    async def settle(self, by: timedelta = timedelta()) -> None:
        """Let time go by, and have everything done that is due."""
        self.clock.at += by
        while await self.parts.timers.sweep() or await self.parts.delivery.deliver_due():
            pass
        await self.parts.tidying.delete_due()

    async def heard(self, address: str, by: timedelta = timedelta()) -> list[Outgoing]:
        """Return what somebody is shown meanwhile."""
        before = len(self.channel.shown)
        await self.settle(by)
        return [message for to, message in self.channel.shown[before:] if to == address]

    async def brings(self, address: str, kind: InboundKind, **more: Any) -> list[Outgoing]:
        """Bring something in; return what its sender is shown."""
        self.updates += 1
        inbound = Inbound(
            channel=CHAT, update_id=str(self.updates), address=address, kind=kind,
            received_at=self.clock.now(), message_ref=f"m{self.updates}",
            language_hint=more.pop("language", LanguageTag("en")), **more,
        )  # fmt: skip
        await self.parts.reception(inbound)
        return await self.heard(address)

    async def says(self, address: str, text: str) -> list[Outgoing]:
        """Write words or a command."""
        command, _, rest = text.removeprefix("/").partition(" ")
        if text.startswith("/"):
            words = Words(rest) if rest else None
            return await self.brings(address, InboundKind.COMMAND, data=command, words=words)
        return await self.brings(address, InboundKind.TEXT, words=Words(text))

    async def presses(self, address: str, label: str) -> list[Outgoing]:
        """Press the newest button that begins so."""
        for to, message in reversed(self.channel.shown):
            for button in (one for row in message.buttons for one in row if to == address):
                if button.label.startswith(label) and button.data:
                    return await self.brings(address, InboundKind.BUTTON, data=button.data)
        raise AssertionError(label)

    async def coordinator(self, alias: str, **changes: Any) -> Coordinator:
        """Take somebody in whose chat has their alias for an address."""

        def unit(tx: Tx) -> Coordinator:
            id_ = tx.people.lock(CHAT, alias)
            person = Person(
                id=id_, channel=CHAT, address=alias, language=LanguageTag("en"),
                language_hint=None,
            )  # fmt: skip
            tx.people.put(person, at=self.clock.now())
            plain: dict[str, Any] = {
                "roles": frozenset({Role.COORDINATOR}), "recipient": "", "on_duty": True,
                "person": id_,
            }  # fmt: skip
            one = Coordinator(id=CoordinatorId(f"id-{alias}"), alias=alias, **{**plain, **changes})
            tx.coordinators.put(one)
            return one

        return await self.store.write(unit)


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return open_library(None, tmp_path_factory.mktemp("catalogues"))


@pytest_asyncio.fixture
async def house(tmp_path: Path, library: Library) -> AsyncIterator[House]:
    settings = Settings(home=tmp_path / "home")
    store = open_store(f"sqlite:///{tmp_path / 'vigil.db'}", ApplicationCipher(bytes(range(32))))
    clock, channel = Moving(), Listening()
    parts = wire(
        settings, store=store, bookcase=Bookcase(library), channels=[channel], clock=clock,
        limits=False,
    )  # fmt: skip
    yield House(parts=parts, store=store, clock=clock, channel=channel, settings=settings)
    await store.close()
