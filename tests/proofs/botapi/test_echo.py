from __future__ import annotations

import asyncio
import json
import sys

from bot.proofs.botapi.remote import Remote


async def test_the_bare_echo_answers_a_flood_from_its_own_process() -> None:
    async with Remote.started("--no-limits") as remote:
        command = ("-m", "bot.proofs.botapi.echo", "--base", remote.base, "--token", remote.token)
        echo = await asyncio.create_subprocess_exec(
            sys.executable, *command, stdout=asyncio.subprocess.PIPE
        )
        try:
            assert echo.stdout is not None
            said = json.loads(await asyncio.wait_for(echo.stdout.readline(), 60))
            assert said["url"].startswith("http://127.0.0.1:")
            people = [await remote.person(f"Person {number}") for number in range(3)]
            chats = [one.chat_id for one in people]
            await remote.do("flood", chat_ids=chats, count=30, text="hello")
            assert await remote.do("settle", what="sent", count=30, within=30) is not None
            await people[0].hears("hello")
            assert (await remote.do("state"))["violations"] == []
        finally:
            echo.terminate()
            await echo.wait()
