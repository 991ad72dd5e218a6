"""`vigil bench start`: how long `vigil run` takes until it serves, and what it holds in memory."""

from __future__ import annotations

import asyncio
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median
from typing import Any

from bot.proofs.botapi.remote import Remote
from bot.proofs.chaos import free_port
from bot.proofs.program import Program

ROUNDS = 3
WITHIN = 30.0


def measure() -> dict[str, Any]:
    """Return seconds to ready and megabytes resident, without and with Telegram."""
    return asyncio.run(_measure())


async def _measure() -> dict[str, Any]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = await stack.enter_async_context(Remote.started("--no-limits"))
        alone = [await _start(folder / f"alone-{n}", {}, None) for n in range(ROUNDS)]
        token = {"VIGIL_TELEGRAM_TOKEN": server.token, "VIGIL_TELEGRAM_API": server.base}
        with_it = [await _start(folder / f"telegram-{n}", token, server) for n in range(ROUNDS)]
    return {
        "web_ready_s": round(median(one[0] for one in alone), 2),
        "web_rss_mb": round(median(one[2] for one in alone)),
        "telegram_web_ready_s": round(median(one[0] for one in with_it), 2),
        "telegram_polls_s": round(median(one[1] for one in with_it), 2),
        "telegram_rss_mb": round(median(one[2] for one in with_it)),
        "rounds": ROUNDS,
    }


async def _start(
    home: Path, settings: dict[str, str], server: Remote | None
) -> tuple[float, float, float]:
    program = Program(home=home, settings={**settings, "VIGIL_LISTEN": f"127.0.0.1:{free_port()}"})
    began = time.monotonic()
    await program.start()
    ready = time.monotonic() - began
    try:
        if server is not None:
            await _polled(server)
        polls = time.monotonic() - began
        return ready, polls, program.resident_mb()
    finally:
        await program.stop()


async def _polled(server: Remote) -> None:
    """Wait until the program has asked for updates once more than before."""
    before = await _polls(server)
    async with asyncio.timeout(WITHIN):
        while await _polls(server) <= before:  # noqa: ASYNC110 - in another process
            await asyncio.sleep(0.02)


async def _polls(server: Remote) -> int:
    state = await server.do("state")
    return int(state["counts"].get("getUpdates", 0))
