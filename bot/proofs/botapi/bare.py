"""Calls made by hand, as somebody makes them who has the token and nothing else."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Protocol

import aiohttp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Address(Protocol):
    """A server, here or in a process of its own."""

    base: str
    token: str


class Bare:
    """Somebody with the token."""

    def __init__(self, api: Address, session: aiohttp.ClientSession) -> None:
        self._api = api
        self.session = session

    @classmethod
    @asynccontextmanager
    async def calling(cls, api: Address) -> AsyncIterator[Bare]:
        """Make calls as long as the block lasts."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
            yield cls(api, session)

    async def answer(self, method: str, **fields: Any) -> dict[str, Any]:
        """Return the whole answer, right or wrong."""
        url = f"{self._api.base}/bot{self._api.token}/{method}"
        async with self.session.post(url, json=fields) as response:
            body: dict[str, Any] = await response.json()
            if response.status != body.get("error_code", 200):
                raise RuntimeError(f"status {response.status} beside {body}")
            return body

    async def do(self, method: str, **fields: Any) -> Any:
        """Return the result of a call that must succeed."""
        body = await self.answer(method, **fields)
        if not body["ok"]:
            raise RuntimeError(f"{method}: {body['description']}")
        return body["result"]

    async def refusal(self, method: str, **fields: Any) -> str:
        """Return the description of a call that must fail."""
        body = await self.answer(method, **fields)
        if body["ok"]:
            raise RuntimeError(f"{method} was not refused")
        return str(body["description"])
