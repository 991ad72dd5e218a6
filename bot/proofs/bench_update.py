"""`vigil bench update`: our whole path against a bare aiogram echo, in turns within one run.

Ours: webhook in, one durable commit, reply out through the outbox. Theirs: webhook in, reply out,
nothing kept. Both answer the same fake Bot API server with all limits off.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from bot.proofs.botapi.load import cpu_seconds
from bot.proofs.botapi.remote import Remote
from bot.proofs.chaos import free_port
from bot.proofs.program import Program

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CHATS, COUNT, WARM_UP, ROUNDS = 40, 2_000, 400, 3
TEXT = "menu"
LEARNT_WITHIN = 300.0
WITHIN = 120.0
_LOOK, _AT_REST = 5.0, 0.02
"""Seconds of looking, and the share of a core that a program at rest uses at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """A bot under measurement."""

    server: Remote
    pid: int
    people: list[int]
    program: Program | None = None


async def bench(rounds: int = ROUNDS, count: int = COUNT) -> dict[str, Any]:
    """Measure both in turns; return rates, CPU and their ratios."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ours = await stack.enter_async_context(_ours(folder))
        theirs = await stack.enter_async_context(_theirs())
        for one in (ours, theirs):
            await _run(one, WARM_UP)
        figures = [
            (await _measure(theirs, count), await _measure(ours, count)) for _ in range(rounds)
        ]
        memory = ours.program.resident_mb() if ours.program else 0.0
    rates = [echo[0] / own[0] for echo, own in figures]
    costs = [own[1] / echo[1] for echo, own in figures]
    return {
        "updates_per_second": round(median(own[0] for _, own in figures)),
        "echo_updates_per_second": round(median(echo[0] for echo, _ in figures)),
        "cpu_us": round(median(own[1] for _, own in figures)),
        "echo_cpu_us": round(median(echo[1] for echo, _ in figures)),
        "rate_ratio": round(median(rates), 2),
        "cpu_ratio": round(median(costs), 2),
        "rounds": rounds,
        "count": count,
        "rss_mb": round(memory),
    }


@asynccontextmanager
async def _ours(folder: Path) -> AsyncIterator[Bot]:
    async with Remote.started("--no-limits", "--no-check", "--no-record") as server:
        port = free_port()
        program = Program(
            home=folder / "home",
            module="bot.proofs.unlimited",
            settings={
                "VIGIL_TELEGRAM_TOKEN": server.token,
                "VIGIL_TELEGRAM_API": server.base,
                "VIGIL_LISTEN": f"127.0.0.1:{port}",
                "VIGIL_WEBHOOK_URL": f"http://127.0.0.1:{port}/hook",
                "VIGIL_WEBHOOK_SECRET": "a-secret-of-a-benchmark",
            },
        )
        await program.start()
        try:
            # Learning keeps a core busy once; what an update costs is asked of a program at rest.
            async with asyncio.timeout(LEARNT_WITHIN):
                while not _learnt(program):  # noqa: ASYNC110 - it happens in another process
                    await asyncio.sleep(0.5)
                await _rest(program.pid)
            # The webhook is set a moment later; the warm-up waits for it.
            people = await _people(server)
            yield Bot(server=server, pid=program.pid, people=people, program=program)
        finally:
            await program.stop()


async def _rest(pid: int) -> None:
    """Wait until nothing is made ahead any more (receipts, one every few seconds)."""
    before = cpu_seconds(pid)
    while True:
        await asyncio.sleep(_LOOK)
        now = cpu_seconds(pid)
        if now - before < _LOOK * _AT_REST:
            return
        before = now


def _learnt(program: Program) -> bool:
    return any(one.get("event") == "understanding-ready" for one in program.events())


@asynccontextmanager
async def _theirs() -> AsyncIterator[Bot]:
    async with Remote.started("--no-limits", "--no-check", "--no-record") as server:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot.proofs.botapi.echo",
            "--base", server.base, "--token", server.token,
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            if process.stdout is not None:
                await asyncio.wait_for(process.stdout.readline(), WITHIN)
            yield Bot(server=server, pid=process.pid, people=await _people(server))
        finally:
            process.terminate()
            await process.wait()


async def _people(server: Remote) -> list[int]:
    return [(await server.person(f"Person {number}")).chat_id for number in range(CHATS)]


async def _measure(bot: Bot, count: int) -> tuple[float, float]:
    """Return updates a second and microseconds of CPU an update."""
    before = cpu_seconds(bot.pid)
    seconds = await _run(bot, count)
    return count / seconds, (cpu_seconds(bot.pid) - before) / count * 1e6


async def _run(bot: Bot, count: int) -> float:
    state = await bot.server.do("state")
    sent = state["counts"].get("sent", 0) + count
    spent = await bot.server.do(
        "run", chat_ids=bot.people, count=count, text=TEXT, sent=sent, within=WITHIN
    )
    if spent is None:
        raise TimeoutError(f"{count} messages were not answered within {WITHIN:.0f} seconds")
    return float(spent)
