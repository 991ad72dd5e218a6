"""Where the drill is played: a folder, the program in it, and the fake messaging app beside it."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections import Counter
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from bot.content.library import Bookcase, open_library
from bot.content.prepared import borrow
from bot.proofs.botapi.server import BotApi
from bot.proofs.chaos import free_port
from bot.proofs.drill.canaries import Cage
from bot.proofs.drill.clock import HouseClock, TelegramClock
from bot.proofs.drill.looking import look_apart
from bot.proofs.drill.office import Office
from bot.proofs.drill.search import Search
from bot.proofs.drill.server import DONE, Served
from bot.proofs.nursery import Nursery
from bot.proofs.warm import lend

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from bot.proofs.botapi.person import Person
    from bot.proofs.drill.search import Found

JOBS_WITHIN = 240.0


@dataclass(slots=True, kw_only=True)
class Stage:
    """What planters work on."""

    folder: Path
    program: Served
    api: BotApi
    clock: TelegramClock
    cage: Cage
    chance: Random
    web: str
    """Address of the web chat."""
    office: Office
    """Those on duty."""
    untidied: set[int] = field(default_factory=set)
    """Chats that a bot cannot clean: groups and channels."""
    for_many: set[str] = field(default_factory=set)
    """Words of alerts: sealed at rest, but whoever has the key reads what was sent to many."""
    questions: Counter[str] = field(default_factory=Counter)
    """What the bot asked, and how often."""
    found: list[Found] = field(default_factory=list)
    looks: int = 0
    _states: dict[Path, tuple[int, ...]] = field(default_factory=dict)
    _labels: dict[str, set[str]] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        """The program's folder."""
        return self.program.home

    @property
    def key_file(self) -> Path:
        """The application key: the one thing that the first thief does not have."""
        return self.folder / "keys" / "application.key"

    async def person(self, where: str, language: str = "en") -> Person:
        """Make somebody whose every name and number is a canary."""
        cage, about = self.cage, f"{where}, name"
        number = cage.number(f"{where}, chat id")
        person = await self.api.person(cage.name(about), language=language, user_id=number)
        chat = self.api.world.chats[number]
        more = {"last_name": cage.name(about), "username": cage.name(f"{where}, user name")}
        for shown in (chat.about, chat.user or {}):
            shown.update(more)
        return person

    def translations(self, label: str) -> set[str]:
        """Return what a label of a flow is called in all other languages."""
        if not self._labels:
            for (_, domain), catalogue in self.office.bookcase().catalogues.by_name.items():
                for (_, source), entry in catalogue.entries.items() if domain == "flows" else ():
                    self._labels.setdefault(source, set()).update(filter(None, entry.strings))
        return self._labels.get(label, set())

    def search(self) -> Search:
        """Return a search for everything planted so far."""
        return Search(self.cage.markers, self.cage.first_number, tuple(self.cage.planted))

    async def look(self, theft: str = "without the key", *, everything: bool = True) -> None:
        """Take all bytes but the key file and look for canaries, in another process.

        Without `everything` only files that changed since the last look are searched.
        """
        self.looks += 1
        taken = [(f"{theft}: {place}", path) for place, path in self.kept(everything=everything)]
        self.found += await look_apart(self.cage, taken, closely=everything)

    async def listening(self) -> None:
        """Wait until the program takes messages of the messaging app, which it opens last."""
        async with asyncio.timeout(JOBS_WITHIN):
            while not self.api.world.updates.polled:  # noqa: ASYNC110 - another process asks
                await asyncio.sleep(0.05)

    async def settle(self) -> None:
        """Have every job done that is due."""
        before = self._done()
        os.kill(self.program.pid, signal.SIGUSR1)
        async with asyncio.timeout(JOBS_WITHIN):
            while self._done() == before:  # noqa: ASYNC110 - another process writes the mark
                await asyncio.sleep(0.05)

    def _done(self) -> int:
        return self.program.log.read_text(errors="replace").count(f'"{DONE}"')

    def kept(self, *, everything: bool = True) -> list[tuple[str, Path]]:
        """Return all files that lie where the program runs, but for the key file."""
        keys = self.key_file.parent
        files = [
            path
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and not path.is_symlink() and keys not in path.parents
        ]
        wanted = [path for path in files if self._changed(path) or everything]
        found = [(str(path.relative_to(self.folder)), path) for path in wanted]
        return [*found, *self._held(files)]

    def _changed(self, path: Path) -> bool:
        with suppress(FileNotFoundError):
            at = path.stat()
            before = self._states.get(path)
            self._states[path] = now = (at.st_ino, at.st_mtime_ns, at.st_size)
            return before != now
        return False

    def _held(self, files: list[Path]) -> list[tuple[str, Path]]:
        """Return files that the program holds open and that have no name, or lie elsewhere."""
        found = []
        known = {str(path) for path in files}
        for descriptor in Path(f"/proc/{self.program.pid}/fd").glob("*"):
            with suppress(OSError):
                target = str(descriptor.readlink())
                if target in known or not descriptor.is_file():
                    continue
                if target.startswith(str(self.folder)) or target.endswith(" (deleted)"):
                    found.append((f"open file {Path(target).name}", descriptor))
        return found


def _make_room(folder: Path) -> tuple[Path, Path]:
    """Make the folder; return a place outside of it, and where temporary files go."""
    temporary, hidden = folder / "tmp", folder.with_name(f"{folder.name}-aside")
    temporary.mkdir(parents=True)
    hidden.mkdir()
    return hidden, temporary


@asynccontextmanager
async def staged(folder: Path, seed: int, learnt: Path | None = None) -> AsyncIterator[Stage]:
    """Start everything; stop it after the block.

    Args:
        folder: Where everything lies.
        seed: Of words and moments.
        learnt: A home whose cache is full; what is kept for all proofs by default.
    """
    hidden, temporary = _make_room(folder)
    clock_file = hidden / "clock"
    if learnt is None:
        await asyncio.to_thread(lend, hidden)
    else:
        borrow(learnt, hidden)
    chance, clock = Random(seed), TelegramClock(clock_file)
    port = free_port()
    opening = asyncio.to_thread(open_library, cache=hidden / "cache")
    reading = asyncio.ensure_future(opening)
    async with (
        BotApi.running(limits=None, clock=clock) as api,
        Nursery.opened(learnt=hidden) as nursery,
    ):
        program = Served(
            nursery=nursery,
            home=folder / "home",
            settings={
                "VIGIL_TELEGRAM_TOKEN": api.token,
                "VIGIL_TELEGRAM_API": api.base,
                "VIGIL_LISTEN": f"127.0.0.1:{port}",
                "VIGIL_WEB_URL": f"http://127.0.0.1:{port}",
                "VIGIL_KEY_FILE": str(folder / "keys" / "application.key"),
                "VIGIL_LOG_LEVEL": "DEBUG",
                "TMPDIR": str(temporary),
            },
            only=(),
            clock=clock_file,
        )
        bookcase = Bookcase(await reading)
        office = await Office.opened(
            folder / "home", folder / "keys" / "application.key", HouseClock(clock_file), bookcase
        )
        stage = Stage(
            office=office,
            folder=folder, program=program, api=api, clock=clock, cage=Cage(chance),
            chance=chance, web=f"http://127.0.0.1:{port}",
        )  # fmt: skip
        try:
            await program.start()
            await stage.listening()
            await office.sit_down(stage.web)
            yield stage
        finally:
            await office.go_home()
            await program.stop()
            shutil.rmtree(hidden, ignore_errors=True)


def memory_of(pid: int) -> Iterator[tuple[str, bytes]]:
    """Give what a process holds in memory that it can write to; what cannot be read is left out."""
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, rights, *_ = line.split()
            if not rights.startswith("rw"):
                continue
            start, end = (int(part, 16) for part in span.split("-"))
            with suppress(OSError, ValueError):
                memory.seek(start)
                yield "memory", memory.read(end - start)
