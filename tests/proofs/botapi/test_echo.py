from __future__ import annotations

import asyncio
import json
import sys

import pytest

from bot.proofs.botapi.load import measure
from bot.proofs.botapi.remote import Remote


async def test_the_bare_echo_is_measured_from_outside() -> None:
    async with Remote.started("--no-limits") as remote:
        command = ("-m", "bot.proofs.botapi.echo", "--base", remote.base, "--token", remote.token)
        echo = await asyncio.create_subprocess_exec(
            sys.executable, *command, stdout=asyncio.subprocess.PIPE
        )
        try:
            assert echo.stdout is not None
            said = json.loads(await asyncio.wait_for(echo.stdout.readline(), 60))
            assert said["url"].startswith("http://127.0.0.1:")
            rate = await measure(remote, echo.pid, chats=3, count=60, warm_up=10)
            assert rate.per_second > 1
            assert rate.cpu_microseconds >= 0
            assert (await remote.do("state"))["counts"]["sent"] == 70
            with pytest.raises(TimeoutError, match="not answered"):
                await measure(remote, echo.pid, count=1, warm_up=0, answers=2, within=0.2)
            assert (await remote.do("state"))["violations"] == []
        finally:
            echo.terminate()
            await echo.wait()
