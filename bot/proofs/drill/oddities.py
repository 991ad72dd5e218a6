"""Plants what no well-behaved app sends: malformed updates, groups, refusals, a crash, a full stop.

Most of it is meant to make the program log, raise or fall over while it holds somebody's words.
"""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING, Any

from bot.proofs.drill.telegram import answer, leave, press

if TYPE_CHECKING:
    from bot.proofs.drill.stage import Stage

LOCKED_FOR = 6.5
"""Seconds: longer than the database is waited for."""


async def send_malformed(stage: Stage, share: int) -> None:
    """Send updates that lack what they should have and hold what they should not."""
    person = await stage.person("malformed")
    await person.says("/start")
    await answer(person)
    chat = stage.api.world.chats[person.chat_id]
    for number in range(share):
        word = stage.cage.word("malformed update")
        good = {"message_id": 10**6 + number, "date": 1, "chat": chat.about, "from": chat.user}
        shapes: list[dict[str, Any]] = [
            {"message": {**good, "text": {"not": word}}},
            {"message": {**good, "chat": word, "text": word}},
            {"message": {**good, "message_id": word, "text": "x"}},
            {"message": word},
            {"message": {**good, "photo": [word], "caption": word}},
            {"message": {**good, "document": {"file_id": "", "file_name": word}}},
            {"edited_message": {**good, "text": [word]}},
            {"callback_query": {"id": word, "from": {"id": word}, "data": word}},
            {"my_chat_member": {"chat": chat.about, "from": {"first_name": word}, "date": 1}},
            {word: {"text": word}},
            {"message": {**good, "text": "y", "from": {"id": chat.id, "language_code": word}}},
        ]  # fmt: skip
        update = shapes[number % len(shapes)]
        await stage.api.do("send_raw", update=update, chat_id=person.chat_id)
    await answer(person, 2.0)
    await leave(person)


async def talk_in_groups(stage: Stage, share: int) -> None:
    """Talk to the bot in a group and in a channel; it cannot clean up there."""
    person = await stage.person("group")
    for kind in ("group", "supergroup", "channel"):
        group = await stage.api.group(stage.cage.name("name of a group"), kind=kind)
        stage.untidied.add(group)
        for _ in range(max(share // 3, 1)):
            word = stage.cage.word(f"said in a {kind}")
            await person.says_in(group, f"/start@neighbour_notes_bot {word}")
    await asyncio.sleep(0.5)


async def be_refused(stage: Stage, share: int) -> None:
    """Have the messaging app refuse answers in words that quote the person."""
    person = await stage.person("refused")
    await person.says("/start")
    await answer(person)
    for number in range(share):
        word = stage.cage.word("quoted in a refusal of the messaging app")
        refusal = {
            "kind": ("refuse", "garbage", "lose-answer")[number % 3], "on": "sendMessage",
            "chat_id": person.chat_id, "code": (400, 500)[number % 2], "description": word,
        }  # fmt: skip
        await stage.api.do("fault", **refusal)
        await person.says(word)
        await answer(person, 3.0)
    await stage.api.do("clear_faults")
    await leave(person)


async def write_while_locked(stage: Stage, share: int) -> None:
    """Write while another program holds the database longer than it is waited for."""
    person = await stage.person("locked")
    await person.says("/start")
    await answer(person)
    other = sqlite3.connect(stage.home / "vigil.db", timeout=10, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        for _ in range(share):
            await person.says(stage.cage.word("written while the database was locked"))
        await asyncio.sleep(LOCKED_FOR)
        other.execute("ROLLBACK")
    finally:
        other.close()
    await answer(person, 20.0)
    await leave(person)


async def write_and_crash(stage: Stage, share: int) -> None:
    """Kill the program while words are on their way, and start it again."""
    person = await stage.person("crash")
    await person.says("/start")
    await answer(person)
    for _ in range(share):
        await person.says(stage.cage.word("written while the program was killed"))
    await stage.program.kill()
    await stage.look(everything=False)
    await stage.program.start()
    await answer(person, 20.0)
    await leave(person)


async def block_and_return(stage: Stage, share: int) -> None:
    """Write, block the bot, come back, be forgotten."""
    for number in range(2):
        person = await stage.person("blocking" if number else "forgotten")
        await person.says("/report")
        await answer(person)
        for _ in range(max(share // 2, 1)):
            await person.says(stage.cage.word("said before leaving"))
            await answer(person)
        if number:
            await person.blocks()
            await asyncio.sleep(0.3)
            await person.returns()
            await answer(person)
            await leave(person)
        else:
            await person.says("/forget")
            await answer(person)
            await press(stage, person, "Yes, forget me")
