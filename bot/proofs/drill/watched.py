"""Plants in check-ins, contacts and letters: PIN and words of a plan, names, an own account.

These lie behind buttons and pages that somebody who wanders about hardly ever reaches.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import aiohttp

from bot.proofs.drill.telegram import answer, follow, leave, press

if TYPE_CHECKING:
    from bot.proofs.drill.stage import Stage

_PLAN = ("A trip", "In two hours", "Only through a lawyer")
_SECRETS = ("pin", "safe", "duress", "panic", "mark")
_EACH = 8
"""Words planted by one plan."""
_TAKEN = 200
_LETTER = (
    "nat-embassy", "self", "yes", "public", "+skip", "en",
)  # fmt: skip
_FIELDS = re.compile(r'name="(token|nonce|lang)" value="([^"]*)"')
_BUTTONS = re.compile(r'name="data" value="([^"]+)"')


async def be_checked_on(stage: Stage, share: int) -> None:
    """Set a plan with secrets of one's own, invite a contact, answer, and end it with the PIN."""
    for _ in range(max(share // _EACH, 1)):
        person = await stage.person("check-in")
        await person.says("/checkin")
        await answer(person)
        for label in _PLAN:
            await press(person, label)
        link = await follow(person, "Choose PIN and words")
        secrets = {name: stage.cage.word(f"{name} of a check-in") for name in _SECRETS}
        async with aiohttp.ClientSession() as session:
            (await session.get(link)).release()
            response = await session.post(link, data=secrets)
            response.release()
            if response.status != _TAKEN:
                raise RuntimeError("the page for PIN and words did not take them")
        await answer(person)
        await _invite(stage)
        await person.says("/checkin")
        await answer(person)
        await press(person, "End it")
        await person.says(stage.cage.word("wrong PIN of a check-in"))
        await answer(person)
        await person.says(secrets["pin"])
        await answer(person)
        await leave(person)


async def _invite(stage: Stage) -> None:
    """Invite somebody who says yes, and somebody who says no; both have names."""
    person = await stage.person("invites a contact")
    await person.says("/checkcontacts")
    await answer(person)
    await press(person, "Invite somebody")
    link = await follow(person, "Invitation")
    invited = await stage.person("contact")
    await invited.says(f"/start {link.rpartition('start=')[2]}")
    await answer(invited)
    await invited.says(stage.cage.word("said when invited as a contact"))
    await answer(invited)
    for one in (invited, person):
        await leave(one)


async def write_letters(stage: Stage, share: int) -> None:
    """Write letters with an account of one's own, in the web chat."""
    for _ in range(share):
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(stage.web, cookie_jar=jar) as session:
            page = await (await session.get("/")).text()
            page = await _say(session, page, "/letter")
            for option in _LETTER:
                page = await _press(session, page, option)
            word = stage.cage.word("own account in a letter")
            page = await _say(session, page, f"My neighbour {word} saw it all.")
            await _press(session, page, "no")
            (await session.post("/leave", data=dict(_FIELDS.findall(page)))).release()


async def _say(session: aiohttp.ClientSession, page: str, text: str) -> str:
    form = {**dict(_FIELDS.findall(page)), "text": text}
    return await (await session.post("/say", data=form)).text()


async def _press(session: aiohttp.ClientSession, page: str, option: str) -> str:
    """Press a button of the newest question; a page without it is left as it is."""
    there = [data for data in _BUTTONS.findall(page) if data.endswith(f".{option}")]
    if not there:
        return page
    form = {**dict(_FIELDS.findall(page)), "data": there[-1]}
    return await (await session.post("/press", data=form)).text()
