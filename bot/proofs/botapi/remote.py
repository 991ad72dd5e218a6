"""A server in a process of its own, and its people over the control address."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp

from bot.proofs.botapi.acts import NotOfferedError
from bot.proofs.botapi.person import Person

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Remote:
    """A server elsewhere: the same acts as `BotApi`, over HTTP."""

    def __init__(self, base: str, token: str, session: aiohttp.ClientSession) -> None:
        self.base = base
        self.token = token
        self._session = session

    @classmethod
    @asynccontextmanager
    async def started(cls, *options: str) -> AsyncIterator[Remote]:
        """Start `python -m bot.proofs.botapi` with `options` and stop it after the block."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot.proofs.botapi",
            "--port",
            "0",
            *options,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            if process.stdout is None:
                raise RuntimeError("the server has no output")
            said = json.loads(await asyncio.wait_for(process.stdout.readline(), 30))
            async with cls.at(said["base"], said["token"]) as remote:
                yield remote
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()

    @classmethod
    @asynccontextmanager
    async def at(cls, base: str, token: str) -> AsyncIterator[Remote]:
        """Speak to a server that runs already."""
        timeout = aiohttp.ClientTimeout(total=None)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            yield cls(base, token, session)

    async def person(
        self, name: str = "Amina", *, language: str | None = "en", user_id: int | None = None
    ) -> Person:
        """Make a person with a phone."""
        chat_id = await self.do("person", name=name, language=language, user_id=user_id)
        return Person(self, int(chat_id))

    async def do(self, act: str, **what: Any) -> Any:
        """Carry out an act by name.

        Raises:
            NotOfferedError: A button was to be pressed that is not there.
        """
        async with self._session.post(f"{self.base}/control/{act}", json=what) as response:
            answer = await response.json()
        if "not_offered" in answer:
            raise NotOfferedError(answer["not_offered"])
        if "result" not in answer:
            raise RuntimeError(f"{act}: {answer.get('error', response.status)}")
        return answer["result"]
