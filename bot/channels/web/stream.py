"""An open page's stream: what stands in the mailbox now, told again whenever it changes.

Each event names everything that stands there and carries only what is new or changed, so a page
that missed something is right again after the next one.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import TYPE_CHECKING

from bot.domain.errors import ConflictError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from bot.channels.web.mailbox import Bells

LOOK_EVERY = 1.0
"""Seconds between looks: another process may have put something in."""

_BEATS = 15
"""Looks without news after which a sign of life goes out, so that a dead line is noticed."""

_LOOKS = 600
"""Looks after which the page is asked to connect again."""


async def tell(
    address: str,
    look: Callable[[], Awaitable[tuple[str, dict[str, str]]]],
    bells: Bells,
    *,
    stopping: Callable[[], bool],
    every: float = LOOK_EVERY,
) -> AsyncIterator[str]:
    """Give server-sent events until the page goes or we stop.

    Args:
        address: Whose page it is.
        look: Returns the page's language and every message's HTML by its id, in order.
        bells: Ring when something changed in this process.
        stopping: Tells that we are going down.
        every: Seconds between looks when no bell rings.
    """
    known: dict[str, str] | None = None
    language = ""
    quiet = 0
    yield "retry: 1000\n\n"
    with bells.listening(address) as bell:
        for _ in range(_LOOKS):
            bell.clear()
            if stopping():
                return
            with suppress(ConflictError):
                spoken, shown = await look()
                if known is None or shown != known or spoken != language:
                    changed = [
                        {"ref": ref, "html": html}
                        for ref, html in shown.items()
                        if known is None or known.get(ref) != html
                    ]
                    news = {"language": spoken, "refs": list(shown), "changed": changed}
                    yield f"data: {json.dumps(news, ensure_ascii=False)}\n\n"
                    known, language, quiet = shown, spoken, 0
            quiet += 1
            if quiet % _BEATS == 0:
                yield ": still here\n\n"
            with suppress(TimeoutError):
                await asyncio.wait_for(bell.wait(), every)
