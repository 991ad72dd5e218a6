"""Programs that are born quickly: one process reads everything once, each program is its fork.

Proofs that kill the program hundreds of times would spend minutes importing libraries and reading
content. A fork is a process of its own in all that such a proof is about (memory, threads, files,
connections, death by `kill -9`); only what is the same at every start has been read before.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import importlib
import json
import os
import signal
import sys
import tempfile
from contextlib import asynccontextmanager, redirect_stdout, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.content.place import content_root

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from bot.app import Running
    from bot.content.library import Library
    from bot.understand.understanding import Understanding

READY_WITHIN = 600.0
"""Seconds: long enough for a machine that has much else to do."""

GONE_WITHIN = 20.0
_POLL = 0.005
FAILED = "a program ended by itself:"
_DIE_WITH_PARENT = 1
"""PR_SET_PDEATHSIG of prctl(2)."""

_READ_BEFORE = (
    "bot.api.server",
    "bot.channels.telegram.door",
    "bot.channels.telegram.session",
    "bot.channels.web.mailbox",
    "bot.documents.cleaning",
    "bot.documents.docx",
    "bot.documents.text",
    "bot.storage.postgres",
    "bot.vault.cipher",
    "bot.vault.keyfile",
    "bot.vault.sealer",
    "asyncpg",
    "apscheduler.schedulers.asyncio",
    "apscheduler.triggers.interval",
)


class Nursery:
    """Where programs are born."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._turn = asyncio.Lock()

    @classmethod
    @asynccontextmanager
    async def opened(cls, *, learnt: Path | None = None) -> AsyncIterator[Nursery]:
        """Read everything once, and end with the block; programs are ended by whoever had them.

        Args:
            learnt: A folder for what understanding learns; without it programs that need none are
                born sooner, others learn by themselves.
        """
        home = () if learnt is None else (str(learnt),)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot.proofs.nursery", *home, cwd=Path(__file__).parents[2],
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        nursery = cls(process)
        try:
            async with asyncio.timeout(READY_WITHIN):
                await nursery._said()
            yield nursery
        finally:
            if process.stdin is not None:
                process.stdin.close()
            await process.wait()

    async def bear(self, order: Mapping[str, Any]) -> int:
        """Fork a program; return its number.

        Args:
            order: `settings` and `log`, and what its entry wants to know. `entry` names a module
                whose `live` is the program; `vigil run` by default.
        """
        if self._process.stdin is None:
            raise RuntimeError("the nursery hears nothing")
        async with self._turn:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            await self._process.stdin.drain()
            return int((await self._said())["pid"])

    async def _said(self) -> dict[str, Any]:
        if self._process.stdout is None or not (line := await self._process.stdout.readline()):
            raise RuntimeError("the nursery ended")
        said: dict[str, Any] = json.loads(line)
        return said


@dataclass(slots=True, kw_only=True)
class Child:
    """A program born in a nursery: `vigil run --only …` with settings of its own."""

    nursery: Nursery
    home: Path
    settings: dict[str, str]
    only: tuple[str, ...]
    lease: timedelta | None = None
    """How long a copy that was claimed by the dead waits; shorter than the program's own."""
    pid: int = 0
    log: Path = field(init=False)

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        self.log = self.home.with_suffix(".log")

    async def start(self) -> None:
        """Start it; it is not waited for."""
        settings = {"VIGIL_HOME": str(self.home), "VIGIL_LOG_FORMAT": "json", **self.settings}
        lease = None if self.lease is None else self.lease.total_seconds()
        order = {
            "settings": settings, "only": self.only, "lease": lease, "log": str(self.log)
        }  # fmt: skip
        self.pid = await self.nursery.bear(order)

    def must_have_worked(self) -> None:
        """Check that it ended only when it was told to; else others did its work.

        Raises:
            RuntimeError: It ended by itself, with the reason that it gave.
        """
        for line in self.log.read_text().splitlines():
            if line.startswith(FAILED):
                raise RuntimeError(line)

    async def kill(self) -> None:
        """Kill it without a word."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """Ask it to stop, and kill it when it does not."""
        try:
            async with asyncio.timeout(GONE_WITHIN):
                await self._end(signal.SIGTERM)
        except TimeoutError:
            await self.kill()

    async def _end(self, how: signal.Signals) -> None:
        if not self.pid:
            return
        with suppress(ProcessLookupError):
            os.kill(self.pid, how)
            await gone(self.pid)
        self.pid = 0


async def gone(pid: int) -> None:
    """Wait until a program has ended."""
    with suppress(ProcessLookupError):
        while True:
            # The nursery does not wait for its children, so the number is free at once.
            os.kill(pid, 0)
            await asyncio.sleep(_POLL)


def main() -> None:
    """Read everything, then fork a program for every line that comes in."""
    from bot.content.library import open_library  # noqa: PLC0415 - read here, once

    for name in _READ_BEFORE:
        importlib.import_module(name)
    library = open_library()
    understood = _learn(library, Path(sys.argv[1])) if sys.argv[1:] else None
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            _live(json.loads(line), library, understood)
        print(json.dumps({"pid": pid}), flush=True)


def _learn(library: Library, home: Path) -> Understanding:
    from bot.understand.learning import learn  # noqa: PLC0415 - heavy, and rarely asked for
    from bot.understand.understanding import make_understanding  # noqa: PLC0415

    root = content_root()
    learn(root, home)
    made = make_understanding(root, home, library, "embedded")
    with redirect_stdout(sys.stderr):  # what is printed here would be taken for an answer
        made.open()
    return made


def _live(order: dict[str, Any], library: Library, understood: Understanding | None) -> None:
    """Be the program; never returns."""
    status = 1
    try:
        # A test that is killed itself must leave no program behind.
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for number, instead in ((0, nothing), (1, log), (2, log)):
            os.dup2(instead, number)
        os.environ.update(order["settings"])
        # Where temporary files go was looked up before there were settings.
        tempfile.tempdir = None
        entry = order.get("entry")
        live = importlib.import_module(entry).live if entry else _serve
        live(order, library, understood)
        status = 0
    except BaseException as error:  # noqa: BLE001 - nothing above it may go on in this process
        print(f"{FAILED} {type(error).__name__}: {error}", file=sys.stderr, flush=True)
    finally:
        os._exit(status)


def _serve(order: Mapping[str, Any], library: Library, understood: Understanding | None) -> None:
    from bot import logs, settings  # noqa: PLC0415 - the parent needs neither
    from bot.app import serve  # noqa: PLC0415

    chosen = settings.load()
    logs.configure(chosen.log_level, chosen.log_format)

    def started(running: Running) -> None:
        if order["lease"] is not None:
            running.parts.broadcasting.lease = timedelta(seconds=order["lease"])

    asyncio.run(
        serve(chosen, order["only"], library=library, understood=understood, started=started)
    )


if __name__ == "__main__":
    main()
