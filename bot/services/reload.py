"""Takes up content that an editor changed while the program runs, without a restart.

A Library with errors is refused, with its first problems in the log; the one in use stays. Whoever
waits in a definition that was replaced goes on in it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from bot.content.library import errors
from bot.content.shelf import Signature, signature

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from bot.content.library import Bookcase, Library
    from bot.services.ports import Clock, Store, Tx

log = structlog.get_logger()

_SHOWN = 5


@dataclass(slots=True, kw_only=True)
class Reloading:
    """Looks at the files; `seen` is the state that is in use."""

    store: Store
    clock: Clock
    bookcase: Bookcase
    root: Path
    cache: Path
    seen: Signature
    taken_up: Callable[[Library], None] = lambda _library: None
    """Told of content that is in use now, in a thread: who learns from it learns anew."""

    async def __call__(self) -> bool:
        """Look once; return whether other content is in use now."""
        present = await asyncio.to_thread(signature, self.root)
        if present == self.seen:
            return False
        self.seen = present
        problems = await asyncio.to_thread(self.bookcase.swap, self.root, self.cache)
        wrong = sorted(errors(problems))
        for problem in wrong[:_SHOWN]:
            log.error(
                "content-wrong",
                file=problem.place.file,
                line=problem.place.line,
                rule=problem.rule,
            )
        if wrong:
            log.error("content-refused", problems=len(wrong))
            return False
        library, now = self.bookcase(), self.clock.now()
        await self.store.write(lambda tx: keep_flows(tx, library, now))
        log.info("content-taken-up")
        await asyncio.to_thread(self.taken_up, library)
        return True


def keep_flows(tx: Tx, library: Library, now: datetime) -> None:
    """Remember present definitions as in use, so that an edit strands nobody."""
    for flow, digest, definition in library.definitions():
        tx.flows.keep(flow, digest, definition, at=now)
