"""A Rasa server as another opinion on the intent: asked over HTTP, never waited for long.

Its failure is nobody's business but ours: the embedded engine answers instead, and the server is
left alone for a while. What people write is sent to that server alone and never logged; neither is
its address, which may hold a token.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import structlog

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from bot.domain.words import Words

log = structlog.get_logger()

PATIENCE = 1.0
"""Seconds that somebody may wait for it."""

PAUSE = 30.0
"""Seconds for which a server that failed is not asked."""

_LONGEST = 2_000
_MOST_BYTES = 500_000


@dataclass(slots=True)
class RasaServer:
    """Asks `/model/parse`.

    Args:
        address: `http://host:port`, with `?token=…` where the server wants one.
        known: The intents that this house has; others are left out.
        transport: Another than the network is for tests.
        now: A clock in seconds that never goes back; the event loop's by default.
        patience: Seconds that an answer may take, everything included.
    """

    address: str
    known: Collection[str]
    transport: httpx.AsyncBaseTransport | None = None
    now: Callable[[], float] = lambda: asyncio.get_running_loop().time()
    patience: float = PATIENCE
    _client: httpx.AsyncClient | None = None
    _silent_until: float = float("-inf")

    async def ask(self, words: Words) -> tuple[tuple[str, float], ...] | None:
        """Return intents with their confidence, best first; None when there is no answer."""
        if self.now() < self._silent_until:
            return None
        try:
            async with asyncio.timeout(self.patience):
                found = await self._parse(words.reveal()[:_LONGEST])
        except (httpx.HTTPError, TimeoutError, ValueError, TypeError, KeyError) as error:
            # The kind alone: an exception's own words may hold the address or the message.
            log.warning("rasa-failed", kind=type(error).__name__)
            self._silent_until = self.now() + PAUSE
            return None
        return found or None

    async def close(self) -> None:
        """Let go of connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _parse(self, text: str) -> tuple[tuple[str, float], ...]:
        parts = urlsplit(self.address)
        if self._client is None:
            self._client = httpx.AsyncClient(
                base_url=f"{parts.scheme}://{parts.netloc}{parts.path}",
                timeout=self.patience,
                transport=self.transport,
                trust_env=False,
            )
        answer = await self._client.post(
            "/model/parse", params=dict(parse_qsl(parts.query)), json={"text": text}
        )
        answer.raise_for_status()
        if len(answer.content) > _MOST_BYTES:
            raise ValueError
        return ranking(answer.json(), self.known)


def ranking(answer: Any, known: Collection[str]) -> tuple[tuple[str, float], ...]:
    """Read the intents of an answer of `/model/parse`.

    Raises:
        KeyError, TypeError, ValueError: It has another shape.
    """
    found = [answer["intent"], *answer.get("intent_ranking", ())]
    shares: dict[str, float] = {}
    for one in found:
        name, share = str(one["name"]), float(one["confidence"])
        if name in known and 0 <= share <= 1:
            shares.setdefault(name, share)
    return tuple(sorted(shares.items(), key=lambda item: -item[1]))
