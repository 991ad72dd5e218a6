"""What runs: doors, delivery, the clock and the HTTP surface in one task group, ended well.

Stopping has two phases: take no more work, finish what is under way within the grace; what was
claimed and not finished comes back when its lease runs out.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import secrets
import signal
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import structlog

from bot.content.place import content_root
from bot.content.shelf import signature
from bot.domain.errors import SendError
from bot.domain.languages import SOURCE
from bot.first_start import begin
from bot.opening import keyring_of, opened_store
from bot.scheduler import Job
from bot.scheduler import run as run_jobs
from bot.services.leadership import Leadership
from bot.services.reload import Reloading
from bot.wiring import SystemClock, jobs, open_bookcase, understanding, wire

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence

    from starlette.types import ASGIApp

    from bot.api.desk_sessions import Sessions
    from bot.channels.telegram.client import TelegramClient
    from bot.channels.telegram.door import Door
    from bot.channels.telegram.hook import Hook
    from bot.channels.web.door import Door as WebDoor
    from bot.channels.web.mailbox import WebChannel
    from bot.content.library import Bookcase, Library
    from bot.domain.coordinators import Coordinator
    from bot.services.ports import Channel, Clock, Store, Tx
    from bot.settings import Settings
    from bot.understand.understanding import Understanding
    from bot.wiring import Parts

log = structlog.get_logger()

ROLES = ("door", "deliver", "tick", "api")
DEMO_BANNER = "DEMO. Nobody real reads here. Write nothing that is true."
"""In the interface's catalogue by way of the page's template."""
FIRST_BOT = "telegram"
GRACE = 10.0
"""Seconds for what is under way when the program is told to stop."""


async def serve(
    settings: Settings,
    only: Collection[str] = ROLES,
    *,
    limits: bool = True,
    clock: Clock | None = None,
    library: Library | None = None,
    understood: Understanding | None = None,
    started: Callable[[Running], None] = lambda _running: None,
) -> None:
    """Serve until a signal says stop.

    Args:
        settings: What the operator wants.
        only: Roles of this process.
        limits: Off is for benchmarks and proofs only.
        clock: Another than the machine's is for proofs only.
        library: One that was read before is for proofs only.
        understood: One that was opened before is for proofs only.
        started: Told what runs, before it takes work in.
    """
    clock = clock or SystemClock()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with opened_store(settings) as store:
        await begin(settings, store, clock)
        bookcase = await open_bookcase(settings, store, clock, library)
        running = make(
            settings, store, bookcase, only, limits=limits, clock=clock, understood=understood
        )
        started(running)
        settle()
        try:
            await run_until(stop, running.work(stop), running.last())
        finally:
            await running.close()


def settle() -> None:
    """Let the collector pass over all that is here now: content and models stay until the end.

    It walked through them again and again, which cost a tenth of every update. What was only needed
    to read them goes back to the machine.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.enable()
    with suppress(AttributeError, OSError):  # glibc alone keeps so much, and has this
        ctypes.CDLL(None).malloc_trim(0)


async def run_until(
    stop: asyncio.Event,
    work: Mapping[str, Coroutine[Any, Any, None]],
    last: Mapping[str, Callable[[asyncio.Event], Coroutine[Any, Any, None]]],
) -> None:
    """Run named pieces of work until told to stop; one that fails stops all.

    Args:
        stop: Tells all of `work` to end.
        work: What takes work in.
        last: What carries it out; told to stop when the rest has ended.
    """
    drained = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(piece, name=name) for name, piece in work.items()]
        later = [group.create_task(make(drained), name=name) for name, make in last.items()]
        await stop.wait()
        log.info("stopping")
        await _end(tasks)
        drained.set()
        await _end(later)


async def _end(tasks: Collection[asyncio.Task[None]]) -> None:
    if not tasks:
        return
    _done, pending = await asyncio.wait(tasks, timeout=GRACE)
    for task in pending:
        log.warning("cut-short", name=task.get_name())
        task.cancel()


@dataclass(slots=True, kw_only=True)
class TelegramBot:
    """One bot: what speaks for it and, where updates come in, its door."""

    client: TelegramClient
    door: Door | None = None
    polling: Leadership | None = None
    hook: Hook | None = None

    def address(self, webhook_url: str) -> str:
        """Return where its updates are posted: the first bot's at the address itself."""
        name = self.client.name
        return webhook_url if name == FIRST_BOT else f"{webhook_url}/{name}"


@dataclass(slots=True, kw_only=True)
class Running:
    """The parts, the doors that are open and what serves HTTP."""

    settings: Settings
    only: Collection[str]
    parts: Parts
    bots: Sequence[TelegramBot] = ()
    http: ASGIApp | None = None
    understanding: Understanding | None = None
    web_door: WebDoor | None = None

    def work(self, stop: asyncio.Event) -> dict[str, Coroutine[Any, Any, None]]:
        """Return the pieces of work of the chosen roles, by name."""
        found: dict[str, Coroutine[Any, Any, None]] = {
            "content": run_jobs([_reload(self.settings, self.parts, self.understanding)], stop)
        }
        if "tick" in self.only:
            found["tick"] = run_jobs(jobs(self.parts), stop)
        for bot in self.bots:
            if bot.door is not None:
                found |= self._doors(bot, bot.door, stop)
        if self.http is not None:
            found["http"] = self._serve_http(self.http, stop)
        if self.understanding is not None and self.understanding.engine is None:
            found["understand"] = _open(self.understanding, stop)
        return found

    def last(self) -> dict[str, Callable[[asyncio.Event], Coroutine[Any, Any, None]]]:
        """Return what goes on until everything else has ended."""
        if "deliver" not in self.only:
            return {}
        return {"deliver": self.parts.delivery.run, "alerts": self.parts.broadcasting.run}

    @property
    def telegram(self) -> TelegramClient | None:
        """The first bot's mouth."""
        return self.bots[0].client if self.bots else None

    @property
    def door(self) -> Door | None:
        """The first bot's door."""
        return self.bots[0].door if self.bots else None

    async def close(self) -> None:
        """Close what holds connections."""
        for bot in self.bots:
            await bot.client.close()

    async def _serve_http(self, app: ASGIApp, stop: asyncio.Event) -> None:
        from bot.api.server import serve as serve_requests

        def ready() -> None:
            log.info("ready", address=f"http://{self.settings.listen}")

        def stopping() -> None:
            if self.web_door is not None:
                self.web_door.close()
            for bot in self.bots:
                if bot.hook is not None:
                    bot.hook.drain()

        await serve_requests(app, self.settings.listen, stop, ready=ready, stopping=stopping)

    def _doors(
        self, bot: TelegramBot, door: Door, stop: asyncio.Event
    ) -> dict[str, Coroutine[Any, Any, None]]:
        settings, name = self.settings, bot.client.name
        found: dict[str, Coroutine[Any, Any, None]] = {
            f"presses-{name}": door.acknowledge_presses(stop),
            f"menu-{name}": _introduce(bot.client, self.parts),
        }
        if settings.webhook_url and settings.webhook_secret:
            secret = settings.webhook_secret.get_secret_value()
            url = bot.address(settings.webhook_url)
            found[f"webhook-{name}"] = door.announce(stop, url=url, secret=secret)
        elif bot.polling is not None:
            found |= {f"poll-{name}": door.poll(stop), f"lead-{name}": bot.polling.keep(stop)}
        return found


def make(
    settings: Settings,
    store: Store,
    bookcase: Bookcase,
    only: Collection[str] = ROLES,
    *,
    limits: bool = True,
    clock: Clock | None = None,
    understood: Understanding | None = None,
) -> Running:
    """Make everything that the settings ask for; nothing runs yet."""
    clock = clock or SystemClock()
    channels: list[Channel] = []
    clients = _clients(settings, clock)
    channels += clients
    web = None
    if {"door", "deliver", "tick"} & set(only):
        from bot.channels.web.mailbox import WebChannel

        web = WebChannel(store=store, clock=clock)
        channels.append(web)
    found = understood or understanding(settings, bookcase()) if "door" in only else None
    parts = wire(
        settings,
        store=store,
        bookcase=bookcase,
        channels=channels,
        clock=clock,
        understand=found,
        limits=limits,
    )
    running = Running(settings=settings, only=only, parts=parts, understanding=found)
    running.bots = [_bot(running, client) for client in clients]
    if {"door", "api"} & set(only):
        running.http = _http(running, web if "door" in only else None)
    return running


def _clients(settings: Settings, clock: Clock) -> list[TelegramClient]:
    """Return the mouths of all bots, the first one's first."""
    if not settings.telegram_tokens:
        return []
    from bot.channels.telegram import NAME, further
    from bot.channels.telegram.client import TelegramClient

    first, *others = settings.telegram_tokens
    named = [(NAME, first), *((further(token), token) for token in others)]
    return [
        TelegramClient(token=token, api=settings.telegram_api, clock=clock, name=name)
        for name, token in named
    ]


def _bot(running: Running, client: TelegramClient) -> TelegramBot:
    if "door" not in running.only:
        return TelegramBot(client=client)
    from bot.channels.telegram.door import Door
    from bot.channels.telegram.hook import Hook

    parts, secret = running.parts, running.settings.webhook_secret
    polling = Leadership(
        store=parts.store, clock=parts.clock, worker=parts.worker, name=f"{client.name}-poller"
    )
    door = Door(receive=parts.reception, client=client, clock=parts.clock, may_poll=polling.mine)
    hook = None if secret is None else Hook(door, secret.get_secret_value())
    return TelegramBot(client=client, door=door, polling=polling, hook=hook)


def _http(running: Running, web: WebChannel | None) -> ASGIApp:
    from bot.api.health import Health, Metrics
    from bot.api.server import build

    parts, settings = running.parts, running.settings
    address = settings.webhook_url
    hooks = [
        (urlsplit(bot.address(address)).path or "/", cast("ASGIApp", bot.hook))
        for bot in running.bots
        if bot.hook is not None and address
    ]
    if web is not None:
        from bot.channels.web.door import Door as WebDoor

        running.web_door = WebDoor(
            receive=parts.reception,
            channel=web,
            clock=parts.clock,
            translate=lambda language, source: parts.bookcase().interface(source, language),
            languages=lambda: parts.bookcase().names(),
            banner=_banner(running),
            keep_file=lambda address, stream: parts.files.upload(web.name, address, stream),
            fill=parts.check_ins.house.setup.fill,
        )
    return build(
        health=Health(store=parts.store, clock=parts.clock),
        metrics=Metrics(),
        chat=running.web_door.routes() if running.web_door is not None else (),
        webhooks=hooks,
        desk=_desk(running) if "api" in running.only else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedActs:
    """What serves each operation of the desk's API, by name; `public` before signing in."""

    acts: Mapping[str, Callable[[Tx, Coordinator, Any], Any]]
    public: Mapping[str, Callable[[Tx, str, Any], Any]]


def desk_acts(parts: Parts, sessions: Sessions) -> ServedActs:
    """Return everything that desks can ask."""
    from bot.api.desk_acts import DeskActs
    from bot.services.exports import ExportWork

    acts = DeskActs(
        sessions=sessions,
        clock=parts.clock,
        cases=parts.case_work,
        exports=ExportWork(clock=parts.clock, new_id=lambda: secrets.token_hex(12)),
        keeping=parts.keeping,
    )
    return ServedActs(
        acts={**acts.acts(), **parts.check_ins.desk.acts(), **_alerts(parts)},
        public=acts.public(),
    )


def _desk(running: Running) -> ASGIApp:
    """Make what coordinators' desks ask."""
    from bot.api.desk import DeskApi
    from bot.api.desk_sessions import Sessions
    from bot.services.cases import standing
    from bot.vault.challenge import seal_to
    from bot.vault.cipher import ApplicationCipher
    from bot.vault.keyfile import load_key

    parts, settings = running.parts, running.settings
    cipher = ApplicationCipher(load_key(settings.key_path))
    sessions = Sessions(cipher=cipher, clock=parts.clock, seal=seal_to)
    served = desk_acts(parts, sessions)
    return DeskApi(
        store=parts.store,
        clock=parts.clock,
        sessions=sessions,
        acts=served.acts,
        public=served.public,
        standing=standing,
    ).app()


def _alerts(parts: Parts) -> dict[str, Any]:
    """Make what desks ask about alerts, and about drills."""
    from bot.services.broadcast_desk import AlertDesk
    from bot.services.broadcast_views import Views

    found: dict[str, Any] = {}
    for kind, acts in (("alerts", parts.broadcasts), ("drills", parts.drills)):
        views = Views(acts=acts, library=parts.bookcase)
        desk = AlertDesk(kind=kind, views=views, submitted=parts.alert_chat.call_second)
        found |= desk.operations()
    return found


async def _open(understood: Understanding, stop: asyncio.Event) -> None:
    """Open what understands words; learning that is under way ends when the program does."""
    opening = asyncio.ensure_future(asyncio.to_thread(_understand, understood))
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait((opening, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if stop.is_set():
        understood.close()
    await opening


def _understand(understood: Understanding, library: Library | None = None) -> None:
    """Open what understands words, or take up other content; takes seconds, so in a thread."""
    if library is None:
        understood.open()
    else:
        understood.take_up(library)
    settle()


def _reload(settings: Settings, parts: Parts, understood: Understanding | None) -> Job:
    root = content_root(settings.content)
    learns = {} if understood is None else {"taken_up": partial(_understand, understood)}
    reloading = Reloading(
        store=parts.store, clock=parts.clock, bookcase=parts.bookcase, root=root,
        cache=settings.home / "cache" / "catalogues", seen=signature(root),
        **learns,
    )  # fmt: skip
    return Job(name="content", every=timedelta(seconds=10), run=reloading)


def _banner(running: Running) -> Callable[[], str | None]:
    """Say on every page that only a demo key reads, while that is so."""
    keyring, clock = keyring_of(running.settings), running.parts.clock
    return lambda: DEMO_BANNER if keyring.demo(now=clock.now()) else None


async def _introduce(client: TelegramClient, parts: Parts) -> None:
    """Learn the bot's name, for links of invitations, and publish its menu."""
    from bot.channels.telegram.menu import COMMANDS, menus, publish

    library = parts.bookcase()
    try:
        me = await client.open()
    except SendError:
        return  # the door keeps trying; a menu is only a comfort
    if client.name == FIRST_BOT:
        # Links of invitations name the first bot.
        await parts.store.write(lambda tx: tx.leases.note("telegram-name", me.username))
    described = menus(
        library.offered,
        COMMANDS,
        lambda name, language: library.say(f"{name}_button", language),
        source=SOURCE,
    )
    await publish(client, described)
