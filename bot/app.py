"""What runs: doors, delivery, the clock and the HTTP surface in one task group, ended well.

Stopping has two phases: take no more work, finish what is under way within the grace; what was
claimed and not finished comes back when its lease runs out.
"""

from __future__ import annotations

import asyncio
import signal
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import structlog

from bot.domain.languages import SOURCE
from bot.scheduler import run as run_jobs
from bot.wiring import SystemClock, jobs, open_bookcase, opened_store, wire

if TYPE_CHECKING:
    from collections.abc import Collection, Coroutine, Mapping

    from bot.channels.telegram.client import TelegramClient
    from bot.channels.telegram.door import Door
    from bot.channels.telegram.hook import Hook
    from bot.content.library import Bookcase
    from bot.services.ports import Channel, Store
    from bot.settings import Settings
    from bot.wiring import Parts

log = structlog.get_logger()

ROLES = ("door", "deliver", "tick", "api")
GRACE = 10.0
"""Seconds for what is under way when the program is told to stop."""

POLLER_LEASE = timedelta(seconds=90)
"""Longer than a long poll lasts, so that two processes never poll at once."""


async def serve(settings: Settings, only: Collection[str] = ROLES, *, limits: bool = True) -> None:
    """Serve until a signal says stop; `limits` off is for benchmarks and proofs only."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with opened_store(settings) as store:
        bookcase = await open_bookcase(settings, store, SystemClock())
        running = make(settings, store, bookcase, only, limits=limits)
        try:
            await run_until(stop, running.work(stop))
        finally:
            await running.close()


async def run_until(stop: asyncio.Event, work: Mapping[str, Coroutine[Any, Any, None]]) -> None:
    """Run named pieces of work until told to stop; one that fails stops all."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(piece, name=name) for name, piece in work.items()]
        await stop.wait()
        log.info("stopping")
        _done, pending = await asyncio.wait(tasks, timeout=GRACE)
        for task in pending:
            log.warning("cut-short", name=task.get_name())
            task.cancel()


@dataclass(slots=True, kw_only=True)
class Running:
    """The parts, the doors that are open and what serves HTTP."""

    settings: Settings
    only: Collection[str]
    parts: Parts
    telegram: TelegramClient | None = None
    door: Door | None = None
    hook: Hook | None = None
    http: Any = None
    _closers: list[Any] = field(default_factory=list)

    def work(self, stop: asyncio.Event) -> dict[str, Coroutine[Any, Any, None]]:
        """Return the pieces of work of the chosen roles, by name."""
        found: dict[str, Coroutine[Any, Any, None]] = {}
        if "deliver" in self.only:
            found["deliver"] = self.parts.delivery.run(stop)
        if "tick" in self.only:
            found["tick"] = run_jobs(jobs(self.parts), stop)
        if "door" in self.only and self.door is not None:
            found |= self._doors(self.door, stop)
        if self.http is not None and {"door", "api"} & set(self.only):
            from bot.api.server import serve_http

            found["http"] = serve_http(self.http, self.settings.listen, stop)
        return found

    async def close(self) -> None:
        """Close what holds connections."""
        if self.telegram is not None:
            await self.telegram.close()

    def _doors(self, door: Door, stop: asyncio.Event) -> dict[str, Coroutine[Any, Any, None]]:
        settings = self.settings
        found: dict[str, Coroutine[Any, Any, None]] = {"presses": door.acknowledge_presses(stop)}
        if settings.webhook_url and settings.webhook_secret:
            secret = settings.webhook_secret.get_secret_value()
            found["webhook"] = door.announce(stop, url=settings.webhook_url, secret=secret)
        else:
            found["poll"] = door.poll(stop)
        if self.telegram is not None:
            found["menu"] = _publish_menu(self.telegram, self.parts.bookcase)
        return found


def make(
    settings: Settings,
    store: Store,
    bookcase: Bookcase,
    only: Collection[str] = ROLES,
    *,
    limits: bool = True,
) -> Running:
    """Make everything that the settings ask for; nothing runs yet."""
    clock = SystemClock()
    channels: list[Channel] = []
    telegram = None
    if settings.telegram_token is not None:
        from bot.channels.telegram.client import TelegramClient

        telegram = TelegramClient(
            token=settings.telegram_token.get_secret_value(),
            api=settings.telegram_api,
            clock=clock,
        )
        channels.append(telegram)
    from bot.channels.web.channel import WebChannel

    web = WebChannel(store, clock)
    channels.append(web)
    parts = wire(
        settings, store=store, bookcase=bookcase, channels=channels, clock=clock, limits=limits
    )
    running = Running(settings=settings, only=only, parts=parts, telegram=telegram)
    if telegram is not None:
        from bot.channels.telegram.door import Door
        from bot.channels.telegram.hook import Hook

        running.door = Door(
            receive=parts.reception, client=telegram, clock=clock, may_poll=_poller(parts)
        )
        if settings.webhook_secret is not None:
            running.hook = Hook(running.door, settings.webhook_secret.get_secret_value())
    if {"door", "api"} & set(only):
        running.http = _http(running, web)
    return running


def _http(running: Running, web: Any) -> Any:
    from bot.api.server import assemble
    from bot.channels.web.door import web_routes

    parts, settings = running.parts, running.settings
    hook = None
    if running.hook is not None and settings.webhook_url:
        hook = (urlsplit(settings.webhook_url).path or "/", running.hook)
    return assemble(
        web=web_routes(
            channel=web,
            receive=parts.reception,
            store=parts.store,
            clock=parts.clock,
            library=parts.bookcase,
        )
        if "door" in running.only
        else (),
        hook=hook,
        store=parts.store,
        clock=parts.clock,
    )


def _poller(parts: Parts) -> Any:
    """Of several processes on one database one polls: who holds the lease."""

    async def may_poll() -> bool:
        now = parts.clock.now()
        return await parts.store.write(
            lambda tx: tx.leases.take(
                "telegram-poller", worker=parts.worker, now=now, until=now + POLLER_LEASE
            )
        )

    return may_poll


async def _publish_menu(client: TelegramClient, bookcase: Bookcase) -> None:
    from bot.channels.telegram.menu import COMMANDS, menus, publish

    library = bookcase()
    await client.open()
    described = menus(
        library.offered,
        COMMANDS,
        lambda name, language: library.say(f"{name}_button", language),
        source=SOURCE,
    )
    await publish(client, described)
