"""Plants in check-ins, contacts, letters, alerts and the desk's notebook.

These lie behind buttons and pages that somebody who wanders about hardly ever reaches.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import aiohttp

from bot.contract.alerts import ActOnAlert, AlertText, ApproveAlert, NameAlert, Severity, WriteAlert
from bot.proofs.drill.telegram import (
    answer,
    choose,
    follow,
    leave,
    press,
    say_between,
    send_body,
    shown,
)
from bot.services.check_in_sheet import LINES

if TYPE_CHECKING:
    from bot.proofs.botapi.person import Person
    from bot.proofs.drill.stage import Stage

_PLAN = ("A trip", "In two hours", "Only through a lawyer")
_SECRETS = ("pin", "safe", "duress", "panic")
_EACH = 24
"""Words planted by one plan and those around it."""
_TAKEN, _OVER = 200, 410
_LETTER = ("nat-embassy", "self", "agreed", "public", "+skip", "en")
_TOPICS = (
    "Yes",
    "About everything",
    "I would rather not say",
    "None of these",
    "I would rather not say",
    "I would rather not say",
    "No, at any hour",
    "At once",
)
_READ = "I have read this"
_OPENING = "/start "
_SHOWN_WITHIN = 200.0
_FIELDS = re.compile(r'name="(token|nonce|lang)" value="([^"]*)"')
_BOTH = re.compile(r'href="file/[^"]+".*href="file/[^"]+"', re.DOTALL)
_BOTH_OR_DANGER = re.compile(rf'{_BOTH.pattern}|value="a[^"]+\.yes".*value="a[^"]+\.no"', re.DOTALL)
_BOTH_OR_RESUMED = re.compile(rf'{_BOTH.pattern}|value="a[^"]+\.resume"', re.DOTALL)
_FILES = re.compile(r'href="(file/[^"]+)"')


async def be_checked_on(stage: Stage, share: int) -> None:
    """Set a plan with words of one's own, be looked for, be found, and end it with the PIN."""
    for _ in range(max(share // _EACH, 1)):
        person = await stage.person("check-in")
        await person.says("/checkin")
        await answer(person)
        for label in _PLAN:
            await press(stage, person, label)
        link = await follow(stage, person, "Choose PIN and words")
        secrets = {name: stage.cage.word(f"{name} of a check-in") for name in _SECRETS}
        sheet = {name: stage.cage.word(f"{name} on the page of a check-in") for name in LINES}
        stage.office.sealed += sheet.values()
        lines = {f"sheet-{name}": f"Ask at {word} first." for name, word in sheet.items()}
        await _fill(link, {**secrets, **lines}, _TAKEN)
        late = {"pin": stage.cage.word("pin on a page that is over"), "sheet-route": secrets["pin"]}
        await _fill(link, late, _OVER)
        await answer(person)
        place = {"latitude": 10.5, "longitude": -66.9}
        word = stage.cage.word("name of a place that somebody under watch sent")
        venue = {"location": place, "title": word, "address": word}
        await send_body(stage, person, {"location": place, "venue": venue})
        await answer(person)
        await _invite(stage, person, secrets["pin"])
        await person.says(secrets["panic"])
        await answer(person, 3.0)
        note = stage.cage.word("note for those who look for somebody")
        stage.office.sealed.append(note)
        wrong = stage.cage.word("wrong word when an alarm is ended")
        await stage.office.look_for(sheet["route"], note, wrong, secrets["safe"])
        await _end(stage, person, secrets["pin"])


async def _end(stage: Stage, person: Person, pin: str) -> None:
    await choose(stage, person, "/checkin", "End it")
    await person.says(stage.cage.word("wrong PIN of a check-in"))
    await answer(person)
    await person.says(pin)
    await answer(person)
    await leave(person)


async def _fill(link: str, form: dict[str, str], expected: int) -> None:
    async with aiohttp.ClientSession() as session:
        (await session.get(link)).release()
        response = await session.post(link, data=form)
        response.release()
        if response.status != expected:
            raise RuntimeError(f"the page for PIN and words answered {response.status}")


async def _invite(stage: Stage, person: Person, pin: str) -> None:
    """Invite somebody who agrees and leaves later, and somebody who says no."""
    for says in ("Yes, I agree", "No"):
        await choose(stage, person, "/checkcontacts", "Invite somebody")
        await person.says(pin)
        invitation = await shown(person, set(), _OPENING)
        invited = await stage.person("contact")
        await invited.says(next(one for one in invitation.labels if one.startswith(_OPENING)))
        await answer(invited)
        await say_between(stage, invited, stage.cage.name("said when invited as a contact"))
        await press(stage, invited, says)
        if says != "No":
            await press(stage, invited, _READ)
            await invited.says(f"I am {stage.cage.name('said by a contact')}, his sister.")
            await answer(invited)
            await choose(stage, invited, "/checkcontact", "Leave")
        await leave(invited)


async def write_letters(stage: Stage, share: int) -> None:
    """Write letters with an account of one's own, in the web chat, and fetch the files."""
    for _ in range(share):
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(stage.web, cookie_jar=jar) as session:
            page = await (await session.get("/")).text()
            for cookie in session.cookie_jar:
                stage.cage.known(cookie.value, "web chat of a letter, cookie")
            page = await _say(session, page, "/letter")
            for option in _LETTER:
                page = await _press(session, page, option)
            word = stage.cage.name("own account in a letter")
            page = await _say(session, page, f"My neighbour {word} saw it all.")
            page = await _until(session, page, _BOTH_OR_DANGER)
            if not _BOTH.search(page):
                # An account of what happened sounds like danger, and is asked about.
                page = await _press(session, page, "no")
                page = await _until(session, page, _BOTH_OR_RESUMED)
            if not _BOTH.search(page):
                page = await _press(session, page, "resume")
                page = await _until(session, page, _BOTH)
            files = [await (await session.get(f"/{one}")).read() for one in _FILES.findall(page)]
            if not any(word.encode() in one for one in files):
                raise RuntimeError("a letter does not hold the account that was written for it")
            page = await _press(session, page, "no")
            (await session.post("/leave", data=dict(_FIELDS.findall(page)))).release()


async def _say(session: aiohttp.ClientSession, page: str, text: str) -> str:
    form = {**dict(_FIELDS.findall(page)), "text": text}
    return await (await session.post("/say", data=form)).text()


async def _until(session: aiohttp.ClientSession, page: str, wanted: re.Pattern[str]) -> str:
    """Look again until the page shows something."""
    until = asyncio.get_running_loop().time() + _SHOWN_WITHIN
    while not wanted.search(page):
        if asyncio.get_running_loop().time() > until:
            shown = " ".join(re.sub(r"<[^>]+>", " ", page).split())
            raise RuntimeError(f"the web chat did not show what was to come, but: {shown[-700:]}")
        await asyncio.sleep(0.2)
        page = await (await session.get("/")).text()
    return page


async def _press(session: aiohttp.ClientSession, page: str, option: str) -> str:
    """Press a button of the newest question."""
    button = re.compile(rf'name="data" value="([^"]+\.{re.escape(option)})"')
    page = await _until(session, page, button)
    there = button.findall(page)
    form = {**dict(_FIELDS.findall(page)), "data": there[-1]}
    return await (await session.post("/press", data=form)).text()


async def be_alerted(stage: Stage, share: int) -> None:
    """Take alerts; answer one in buttons and in words; leave them again."""
    people = [await stage.person("alerts") for _ in range(max(min(share // 2, 6), 2))]
    for person in people:
        await person.says("/subscriptions")
        await answer(person)
        for label in _TOPICS:
            await press(stage, person, label)
        await leave(person)
    text = stage.cage.word("text of an alert")
    stage.for_many.add(text)
    await _send_alert(stage, f"Stay away from {text} Square.")
    for number, person in enumerate(people):
        heard = await person.hears(text, within=_SHOWN_WITHIN)
        if not heard.labels:
            raise RuntimeError("a roll call came without its buttons")
        await press(stage, person, ("I am safe", "I need help")[number % 2])
        await person.says(f"I am with {stage.cage.name('said after an alert')} now.")
        await answer(person)
        await leave(person)
        await choose(stage, person, "/alerts_stop", "All alerts")
        await leave(person)


async def _send_alert(stage: Stage, text: str) -> None:
    """Have one coordinator write, the other approve."""
    ask, alert = stage.office.ask, f"drill-{stage.chance.randrange(10**9)}"
    written = await ask(
        "alerts.write",
        WriteAlert(
            alert=alert, severity=Severity.AMBER, audience="everyone", fallback="en",
            texts=(AlertText(language="en", text=text),), roll_call=True, hold_seconds=0,
        ),
    )  # fmt: skip
    version = written.head.version
    shown = await ask("alerts.submit", ActOnAlert(alert=alert, version=version))
    if "approve" in (await ask("alerts.show", NameAlert(alert=alert), by=1)).may:
        approved = ApproveAlert(alert=alert, version=shown.head.version, frozen=shown.head.frozen)
        await ask("alerts.approve", approved, by=1)


async def note_at_the_desk(stage: Stage, share: int) -> None:
    """Write notes that are about no case."""
    for _ in range(share):
        word = stage.cage.word("sheet of the notebook")
        stage.office.sealed.append(word)
        await stage.office.write_down(f"Ask the embassy about {word}.")
