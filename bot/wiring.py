"""Wiring: makes the parts and gives each what it needs; what runs, and when it ends, is `app`'s."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.content.library import Bookcase, open_library
from bot.content.place import content_root
from bot.domain.broadcasts import Rules
from bot.domain.errors import SettingsError
from bot.flow.model import Literal
from bot.guidance.lookups import lookups
from bot.scheduler import Job
from bot.services.acts import ACTS
from bot.services.apply import Clerk
from bot.services.broadcast_recall import Recall
from bot.services.broadcast_send import Broadcasting
from bot.services.broadcast_views import vocabulary
from bot.services.broadcasts import Broadcasts
from bot.services.deliver import Delivery
from bot.services.due import DueTimers
from bot.services.facts import FactBook, House
from bot.services.floods import Floods
from bot.services.forget import Forgetting
from bot.services.pace import UNLIMITED, Chats, Rate
from bot.services.receive import Reception
from bot.services.reload import keep_flows
from bot.services.tidy import Tidying, hasten

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Mapping
    from pathlib import Path

    from bot.content.library import Library
    from bot.domain.ids import ChannelName, LanguageTag, PersonId
    from bot.domain.words import Words
    from bot.flow.inputs import Understood
    from bot.services.ports import Channel, Clock, DueTimer, Store, Tx
    from bot.settings import Settings
    from bot.understand.understanding import Understanding

    Understand = Callable[[Words, LanguageTag], Understood]


_SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Of a reference: none can be taken for another when it is read out."""


class SystemClock:
    """The machine's clock, aware and in UTC."""

    def now(self) -> datetime:
        """Return the present moment."""
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the program consists of once it is wired."""

    clock: Clock
    store: Store
    bookcase: Bookcase
    reception: Reception
    delivery: Delivery
    timers: DueTimers
    tidying: Tidying
    forgetting: Forgetting
    broadcasting: Broadcasting
    broadcasts: Broadcasts
    drills: Broadcasts
    channels: Mapping[ChannelName, Channel]
    worker: str


def wire(
    settings: Settings,
    *,
    store: Store,
    bookcase: Bookcase,
    channels: Collection[Channel],
    clock: Clock | None = None,
    understand: Understand | None = None,
    limits: bool = True,
) -> Parts:
    """Put the services together; `limits` off is for benchmarks and proofs only."""
    clock = clock or SystemClock()
    worker = worker_name()
    by_name = {channel.name: channel for channel in channels}
    chats = Chats() if limits else None
    rate = Rate(per_second=settings.alert_rate if limits else UNLIMITED)
    delivery = Delivery(
        store=store,
        clock=clock,
        channels=by_name,
        worker=worker,
        mark=lambda language, mark: bookcase().say(
            "uncertain_repeat", language, mark=Literal(text=mark)
        ),
        chat_ttl=settings.chat_ttl,
        limits=chats,
        rate=rate,
        is_group=_is_group,
    )
    clerk = Clerk(
        library=bookcase, chat_ttl=settings.chat_ttl, draft_ttl=settings.draft_ttl, acts=ACTS
    )
    facts = FactBook(
        clock=clock,
        # Until coordinators can be invited nobody is on duty, and every text says so.
        house=lambda: House(on_duty=False, demo=False),
        lookups=lookups,
        understand=understand,
    )
    reception = Reception(
        store=store,
        clock=clock,
        library=bookcase,
        facts=facts,
        clerk=clerk,
        floods=Floods() if limits else Floods(burst=1_000_000_000),
        carrier=delivery,
    )
    shared: dict[str, Any] = {
        "store": store, "clock": clock, "channels": by_name, "worker": worker,
        "library": bookcase, "rate": rate,
    }  # fmt: skip
    broadcasting = Broadcasting(
        **shared,
        chat_ttl=settings.chat_ttl,
        limits=chats,
        is_group=_is_group,
        recall=Recall(**shared),
        paid=settings.alert_paid,
    )
    alerts, drills = (
        Broadcasts(
            clock=clock,
            drill=drill,
            rules=Rules(alone_up_to=settings.alert_alone),
            vocabulary=lambda: vocabulary(bookcase()),
            new_reference=lambda: "".join(secrets.choice(_SIGNS) for _ in range(4)),
            new_id=lambda: secrets.token_hex(8),
        )
        for drill in (False, True)
    )
    tidying = Tidying(store=store, clock=clock, channels=by_name, worker=worker)
    forgetting = Forgetting(store=store, clock=clock, tidying=tidying)
    timers = DueTimers(
        store=store,
        clock=clock,
        worker=worker,
        services={
            "silence": lambda due: _silence(reception, due),
            "tidy": lambda due: _tidy(store, clock, due),
            "forget": forgetting.person,
        },
    )
    return Parts(
        clock=clock,
        store=store,
        bookcase=bookcase,
        reception=reception,
        delivery=delivery,
        timers=timers,
        tidying=tidying,
        forgetting=forgetting,
        broadcasting=broadcasting,
        broadcasts=alerts,
        drills=drills,
        channels=by_name,
        worker=worker,
    )


def _is_group(channel: ChannelName, address: str) -> bool:
    """Tell whether an address is a group's: Telegram numbers them below zero."""
    return channel.startswith("telegram") and address.startswith("-")


async def _silence(reception: Reception, due: DueTimer) -> None:
    if due.timer.person is not None:
        await reception.silence(due.timer.person, due.timer.fence)


async def _tidy(store: Store, clock: Clock, due: DueTimer) -> None:
    person, everything = due.timer.person, bool(due.timer.payload.get("everything"))
    if person is not None:
        await store.write(_hastening(person, clock.now(), everything=everything))


def _hastening(person: PersonId, now: datetime, *, everything: bool) -> Callable[[Tx], None]:
    return lambda tx: hasten(tx, person, now, everything=everything)


def jobs(parts: Parts) -> list[Job]:
    """Return what the clock of the house calls, and how often."""

    async def recover() -> None:
        now = parts.clock.now()
        await parts.store.write(
            lambda tx: (
                tx.outbox.recover(now=now),
                tx.timers.recover(now=now),
                tx.ledger.recover(now=now),
            )
        )

    async def freshen() -> None:
        await parts.store.write(lambda tx: keep_flows(tx, parts.bookcase(), parts.clock.now()))

    return [
        Job(name="timers", every=timedelta(seconds=1), run=parts.timers.sweep),
        Job(name="chats", every=timedelta(seconds=5), run=parts.tidying.delete_due),
        Job(name="leases", every=timedelta(seconds=5), run=recover),
        Job(name="drafts", every=timedelta(minutes=1), run=parts.forgetting.drafts),
        Job(name="retention", every=timedelta(hours=1), run=parts.forgetting.old),
        Job(name="flows", every=timedelta(hours=6), run=freshen),
    ]


async def open_bookcase(settings: Settings, store: Store, clock: Clock) -> Bookcase:
    """Load the Library with the definitions that somebody may still stand in."""
    library = open_library(settings.content, settings.home / "cache" / "catalogues")
    kept = await store.write(lambda tx: _kept(tx, library, clock.now()))
    return Bookcase(library.keeping(kept))


def _kept(tx: Tx, library: Library, now: datetime) -> list[Any]:
    keep_flows(tx, library, now)
    return tx.flows.all()


def understanding(settings: Settings, library: Library) -> Understanding:
    """Return what reads free text, not open yet: until then lists of alarm words serve."""
    from bot.understand.understanding import make_understanding

    return make_understanding(content_root(settings.content), settings.home, library.alarms)


def worker_name() -> str:
    """Return a name for this process that says nothing about the machine."""
    return f"{os.getpid()}-{secrets.token_hex(4)}"


def make_home(home: Path) -> None:
    """Create the folder for data, readable by its owner alone.

    Raises:
        SettingsError: It cannot be created or written.
    """
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = home / f".writable-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SettingsError(f"VIGIL_HOME {home} cannot be written: {reason}.") from None


@contextlib.asynccontextmanager
async def opened_store(settings: Settings) -> AsyncIterator[Store]:
    """Open the database with the application key, and close it well.

    Raises:
        SettingsError: The database cannot be used as it is.
        VaultError: The key is not this database's.
    """
    from bot.storage.engine import open_store
    from bot.vault.cipher import ApplicationCipher
    from bot.vault.keyfile import load_key

    make_home(settings.home)
    cipher = ApplicationCipher(load_key(settings.key_path))
    store = await asyncio.to_thread(open_store, settings.database, cipher)
    try:
        yield store
    finally:
        await store.close()
