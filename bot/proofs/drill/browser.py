"""Plants through the web chat and the terminal, as a browser without script and a hasty typist."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import aiohttp

from bot.proofs.drill.telegram import TYPED, stage_flows

if TYPE_CHECKING:
    from bot.proofs.drill.stage import Stage

_FIELDS = re.compile(r'name="(token|nonce|lang)" value="([^"]*)"')
_BUTTONS = re.compile(r'name="data" value="([^"]+)"')
_AT_ONCE = 4
_ROUND = 12
"""Acts of one visitor."""
_NOT_OURS = 403


async def visit(stage: Stage, share: int) -> None:
    """Let visitors come, write, press, hand over files, and leave or just go away."""
    visitors = max(share // _ROUND, 2)
    for start in range(0, visitors, _AT_ONCE):
        numbers = range(start, min(start + _AT_ONCE, visitors))
        await asyncio.gather(*(_visit(stage, number, share // visitors) for number in numbers))


async def _visit(stage: Stage, number: int, share: int) -> None:
    cage, chance = stage.cage, stage.chance
    headers = {
        "User-Agent": cage.name("browser's name"), "Accept-Language": "en",
        "Referer": f"http://{cage.name('page before')}.example/", "X-Forwarded-For": "192.0.2.7",
    }  # fmt: skip
    # Cookies of a bare address are not kept by default; without one nothing is ever taken.
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(stage.web, headers=headers, cookie_jar=jar) as session:
        page = await (await session.get("/", params={"lang": cage.name("query")})).text()
        for cookie in session.cookie_jar:
            cage.known(cookie.value, "web chat, cookie")
        acts = ("say", "say", "say", "command", "press", "file", "path")
        for turn in range(share):
            act = acts[(turn + number) % len(acts)]
            page = await _act(stage, session, page, act, cage.word(f"web chat, {act}"))
            pressed = _BUTTONS.findall(page)
            if pressed and chance.random() < 0.7:
                form = {**dict(_FIELDS.findall(page)), "data": chance.choice(pressed)}
                page = await (await session.post("/press", data=form)).text()
            elif chance.random() < 0.3:
                line = chance.choice((*TYPED, *(f"/{flow}" for flow in stage_flows(stage))))
                form = {**dict(_FIELDS.findall(page)), "text": line}
                page = await (await session.post("/say", data=form)).text()
        form = dict(_FIELDS.findall(page))
        if number % 2:
            (await session.post("/leave", data=form)).release()
        else:
            (await session.post("/say", data={**form, "text": "/stop"})).release()


async def _act(stage: Stage, session: aiohttp.ClientSession, page: str, act: str, word: str) -> str:
    form = dict(_FIELDS.findall(page))
    match act:
        case "say":
            text = word if stage.chance.random() < 0.5 else f"My neighbour {word} was taken."
            answer = await session.post("/say", data={**form, "text": text, word: word})
        case "command":
            answer = await session.post("/say", data={**form, "text": f"/help {word}"})
        case "press":
            answer = await session.post("/press", data={**form, "data": f"a.1.{word}"[:40]})
        case "file":
            data = aiohttp.FormData(form)
            content = word.encode() * 20_000
            data.add_field("file", content, filename=f"{word}.pdf", content_type="application/pdf")
            answer = await session.post("/file", data=data)
        case _:
            (await session.get(f"/static/{word}/chat.css")).release()
            (await session.get(f"/file/{word}")).release()
            answer = await session.get("/", params={"open": word})
    if answer.status == _NOT_OURS:
        raise RuntimeError("the web chat did not take what was sent from its own page")
    return await answer.text()


async def type_in_a_terminal(stage: Stage, share: int) -> None:
    """Talk in a terminal; what it shows is the person's, what it leaves behind is not."""
    if not share:
        return
    typed = []
    for flow in stage_flows(stage):
        typed += [f"/{flow}", stage.cage.word("terminal"), "1"]
        if len(typed) >= share * 3:
            break
    rest = [stage.cage.word("terminal") for _ in range(share - len(typed) // 3)]
    # What is typed lies nowhere, so it must not lie where the thief looks.
    aside = stage.program.clock.with_name("typed")
    aside.write_text("\n".join([*typed, *rest, "/quit", ""]))
    await stage.program.talk(aside, stage.folder / "terminal.log")
