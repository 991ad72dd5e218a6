"""Delivery of updates to a webhook, as Telegram's server does it.

One line a chat: the next update of a chat goes out only after the one before it was taken. Presses
of buttons stand in another line. The first retry comes at once, later ones after 1, 2, 4 … seconds,
at last every 60 to 120; `Retry-After` is honoured up to an hour.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from typing import TYPE_CHECKING, Any

import aiohttp

from bot.proofs.botapi.errors import RefusedCall

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable

    from bot.proofs.botapi.updates import Queued
    from bot.proofs.botapi.world import World

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 -- a header's name
_ANSWER_WITHIN = 60.0
_LONGEST_ASKED = 3600.0
_GONE, _GONE_FOR = 410, 23 * 3600.0
_SETTLED = (60.0, 120.0)


class Webhook:
    """Where updates are posted, when the bot has set an address."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.url = ""
        self._secret = ""
        self._connections = 40
        self._slots = asyncio.Semaphore(40)
        self._lines: dict[Hashable, deque[Queued]] = {}
        self._generation = 0
        self._session: aiohttp.ClientSession | None = None
        self._last_error: tuple[int, str] | None = None
        self._gone_since: float | None = None
        self.answer: Callable[[str, dict[str, Any]], Awaitable[Any]] | None = None
        """Carries out a method that the bot put into its answer."""

    def set(self, *, url: str, secret: str, connections: int) -> None:
        """Post to another address from now on; an empty one ends it."""
        self.url, self._secret, self._connections = url, secret, connections
        self._slots = asyncio.Semaphore(connections)
        self._generation += 1
        self._lines.clear()
        self._gone_since = None
        updates = self._world.updates
        updates.watcher = self._offer if url else None
        if url:
            for item in updates.waiting():
                self._offer(item)

    def info(self) -> dict[str, Any]:
        """Answer getWebhookInfo."""
        updates = self._world.updates
        info: dict[str, Any] = {
            "url": self.url,
            "has_custom_certificate": False,
            "pending_update_count": len(updates),
        }
        if self.url:
            info["max_connections"] = self._connections
        if updates.allowed:
            info["allowed_updates"] = updates.allowed
        if self._last_error is not None:
            info["last_error_date"], info["last_error_message"] = self._last_error
        return info

    async def close(self) -> None:
        """Post nothing more."""
        self.set(url="", secret="", connections=40)
        if self._session is not None:
            await self._session.close()

    def _offer(self, item: Queued) -> None:
        line = self._lines.get(item.line)
        if line is not None:
            line.append(item)
            return
        self._lines[item.line] = deque([item])
        if self._world.spawn is not None:
            self._world.spawn(self._drain(item.line, self._generation), "webhook line")

    async def _drain(self, name: Hashable, generation: int) -> None:
        updates, failures = self._world.updates, 0
        while generation == self._generation:
            line = self._lines.get(name)
            if not line:
                self._lines.pop(name, None)
                return
            item = line[0]
            if not updates.holds(item):
                line.popleft()
                continue
            async with self._slots:
                wait = await self._post(item)
                for _ in range(item.copies - 1):
                    await self._post(item)
            if generation != self._generation:
                return
            if wait is None:
                failures = 0
                updates.confirm(item)
                line.popleft()
                continue
            await self._world.clock.sleep(wait if wait >= 0 else self._pause(failures))
            failures += 1

    def _pause(self, failures: int) -> float:
        if failures == 0:
            return 0.0
        settled = self._world.chance.uniform(*_SETTLED)
        return min(2.0 ** (failures - 1), settled)

    async def _post(self, item: Queued) -> float | None:
        """Post one update; None when it was taken, else the seconds asked for or -1."""
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=0)
            timeout = aiohttp.ClientTimeout(total=_ANSWER_WITHIN)
            self._session = aiohttp.ClientSession(connector=connector, timeout=timeout)
        headers = {"Content-Type": "application/json"}
        if self._secret:
            headers[SECRET_HEADER] = self._secret
        body = json.dumps(item.update, ensure_ascii=False).encode()
        try:
            async with self._session.post(self.url, data=body, headers=headers) as response:
                answer = await response.read()
                status, asked = response.status, response.headers.get("Retry-After", "")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self._failed(type(error).__name__)
            return -1
        if 200 <= status < 300:
            self._gone_since = None
            await self._carry_out(answer)
            return None
        self._failed(f"Wrong response from the webhook: {status}")
        if status == _GONE:
            self._count_gone()
        return min(float(asked), _LONGEST_ASKED) if asked.isdigit() else -1

    async def _carry_out(self, answer: bytes) -> None:
        try:
            call = json.loads(answer) if answer else None
        except ValueError:
            return
        if isinstance(call, dict) and "method" in call and self.answer is not None:
            method = call.pop("method")
            try:
                await self.answer(method, call)
            except RefusedCall:
                # Telegram tells nobody what became of it either.
                return

    def _count_gone(self) -> None:
        now = self._world.clock.now()
        if self._gone_since is None:
            self._gone_since = now
        elif now - self._gone_since >= _GONE_FOR:
            self.set(url="", secret="", connections=40)

    def _failed(self, why: str) -> None:
        self._last_error = (int(self._world.clock.now()), why)
