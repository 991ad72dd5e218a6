"""A house with a real database, a clock that is moved by hand and a mouth that listens."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bot.content.library import Bookcase, Library, open_library
from bot.domain.errors import SendError
from bot.domain.ids import ChannelName, LanguageTag
from bot.domain.messages import Delivered, Inbound, InboundKind, Outgoing
from bot.domain.words import Words
from bot.opening import opened_store
from bot.settings import Settings
from bot.wiring import Parts, wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path
    from typing import Any


NAME = ChannelName("telegram")


@dataclass
class HandClock:
    at: datetime = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def go(self, **spent: float) -> None:
        self.at += timedelta(**spent)


@dataclass
class Mouth:
    """A channel that keeps what it was given; `trouble` is raised instead, once each."""

    name: ChannelName = NAME
    said: list[tuple[str, Outgoing]] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    trouble: list[SendError] = field(default_factory=list)
    kept_out: bool = False

    async def send(self, address: str, message: Outgoing) -> Delivered:
        if self.trouble:
            error = self.trouble.pop(0)
            if error.uncertain:
                self.said.append((address, message))
            raise error
        self.said.append((address, message))
        return Delivered(refs=(f"ours-{len(self.said)}",))

    async def delete(self, address: str, refs: Sequence[str]) -> None:
        if self.kept_out:
            raise SendError("blocked", gone=True)
        self.deleted += refs


@dataclass
class Somebody:
    """One chat with the house."""

    parts: Parts
    clock: HandClock
    mouth: Mouth
    address: str = "700100200"
    number: int = 0

    async def sends(self, kind: InboundKind, **more: Any) -> list[Outgoing]:
        """Send one thing and return what is heard in answer."""
        self.number += 1
        more.setdefault("update_id", f"{self.address}-{self.number}")
        before = len(self.mouth.said)
        await self.parts.reception(
            Inbound(
                channel=NAME, address=self.address, kind=kind, received_at=self.clock.now(),
                message_ref=f"theirs-{self.number}", language_hint=LanguageTag("en"), **more,
            )
        )  # fmt: skip
        await self.delivered()
        return [message for to, message in self.mouth.said[before:] if to == self.address]

    async def says(self, text: str, **more: Any) -> list[Outgoing]:
        return await self.sends(InboundKind.TEXT, words=Words(text), **more)

    async def presses(self, data: str, **more: Any) -> list[Outgoing]:
        return await self.sends(InboundKind.BUTTON, data=data, **more)

    async def delivered(self) -> None:
        while await self.parts.delivery.deliver_due():
            pass


@pytest.fixture(scope="session")
def library() -> Library:
    return open_library()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def mouth() -> Mouth:
    return Mouth()


@pytest.fixture
async def parts(
    tmp_path: Path, library: Library, clock: HandClock, mouth: Mouth
) -> AsyncIterator[Parts]:
    settings = Settings(home=tmp_path / "home")
    async with opened_store(settings) as store:
        made = wire(
            settings, store=store, bookcase=Bookcase(library), channels=[mouth], clock=clock
        )
        # How fast a chat may be written to is under test elsewhere.
        made.delivery.limits = None
        yield made


@pytest.fixture
def somebody(parts: Parts, clock: HandClock, mouth: Mouth) -> Somebody:
    return Somebody(parts=parts, clock=clock, mouth=mouth)
