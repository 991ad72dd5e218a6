"""Has a picture cleaned by another process, and waits for it no longer than it may take."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

import structlog

log = structlog.get_logger()

WITHIN = 20.0
"""Seconds of real time; the process itself has fewer of the processor."""
LARGEST_COPY = 24 * 1024 * 1024
_AT_ONCE = asyncio.Semaphore(1)
"""One picture after the other: many at once would take all memory together."""


async def clean_copy(raw: bytes) -> bytes | None:
    """Return a picture without anything but its pixels; None when it is none, or took too much."""
    async with _AT_ONCE:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-m", "bot.documents.clean_picture",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL, env={},
        )  # fmt: skip
        try:
            async with asyncio.timeout(WITHIN):
                made, _ = await process.communicate(raw)
        except TimeoutError:
            log.warning("picture-took-too-long")
            return None
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
    if process.returncode or not made or len(made) > LARGEST_COPY:
        return None
    return made
