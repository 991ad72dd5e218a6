"""Every page of the desk in real Chromium: narrow and wide, light and dark, both directions.

With VIGIL_TEST_SHOTS a picture of each is kept there, to be looked at.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

pytest.importorskip("playwright")
from playwright.async_api import async_playwright

from bot.contract.cases import State, Urgency
from bot.contract.checkins import BoardRow, Rung
from bot.contract.follow_ups import FollowUp
from bot.contract.items import Answered, Consent, FileHead, Note, WrittenWords
from bot.contract.people import AuditEntry
from bot.desk.app import DeskApp
from tests.desk.conftest import PASSPHRASE, a_report, make_desk
from tests.desk.small_server import NOON, SmallServer
from tests.desk.test_round_trip import serious, shot
from tests.fixtures.chromium import ARGS, CHROMIUM, LAPTOP, PHONE, in_chromium
from tests.fixtures.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = in_chromium

CASE, HOUR, DAY = "7f3a-0001", timedelta(hours=1), timedelta(days=1)
LOOKS = [
    ("fr", PHONE, "light"), ("fr", PHONE, "dark"), ("en", LAPTOP, "light"), ("ar", LAPTOP, "dark"),
    ("ar", PHONE, "light"),
]  # fmt: skip
PAGES = {
    "queue": "/", "case": f"/cases/{CASE}", "letter": f"/cases/{CASE}/letter",
    "closed-case": "/cases/9911-0005",
    "check-ins": "/check-ins", "follow-ups": "/follow-ups", "allies": "/allies",
    "points": "/points", "notes": "/notes", "contacts": "/contacts", "exports": "/exports",
    "keys": "/keys", "audit": "/audit", "card": "/card", "trouble": "/nowhere",
}  # fmt: skip


def busy_server() -> SmallServer:
    """Make a server with something on every page."""
    server = SmallServer()
    words = "They wait outside. " * 40
    server.add_case(
        CASE, *a_report(),
        Consent(level="un-confidential", recipient="un", language="ar", version="2", at=NOON,
                expires_at=NOON + 90 * DAY),
        Consent(level="public", recipient="public", language="ar", version="2", at=NOON,
                revoked_at=NOON + HOUR),
        WrittenWords(text=words, language="en", at=NOON),
        FileHead(name="JPEG picture", media_type="image/jpeg", size=81_234, parts=(), at=NOON),
        Note(text="Called the embassy. They call back tomorrow.", by="Robin", at=NOON),
        Answered(text="We read you.", language="fr", by="Robin", at=NOON),
        assigned_to="c-robin", state=State.TAKEN,
    )  # fmt: skip
    plain: dict[str, Any] = {"late": False, "unread": 0}
    server.add_case("81b2-0002", urgency=Urgency.AMBER, kind="sos", **plain)
    server.add_case(
        "90cc-0003", urgency=Urgency.YELLOW, kind="person", assigned_to="c-wren",
        state=State.ANSWERED, **plain,
    )  # fmt: skip
    server.add_case("a0dd-0004", urgency=Urgency.GREEN, readers=1, language="sw", **plain)
    server.add_case(
        "9911-0005", *a_report(), urgency=Urgency.GREEN, assigned_to="c-robin", state=State.CLOSED,
        **plain,
    )  # fmt: skip
    server.follow_ups = tuple(
        FollowUp(ref=body, body=body, kind=kind, due_at=NOON + DAY, asked=1)
        for body, kind in (("un-wgad", "answer"), ("un-wgeid", "deadline"))
    )
    server.watched = tuple(
        BoardRow(
            plan=f"{number}c4e-plan", tier=f"T{number}", state=state, due_at=NOON, alarm=alarm,
            minutes_late=12 * number, next_at=NOON + HOUR,
            rungs=tuple(
                Rung(at=NOON + hours * HOUR, what=what)
                for hours, what in ((1, "remind"), (2, "l1"), (9, "l2"))
            ),
            alarm_taken_by=None, taken_by="c-wren" if number == 2 else None, contacts=2,
            contacts_read=1, region="UG", authorities="lawyer", approvals=(), pause_hours=6,
            drill=number == 1,
        )
        for number, state, alarm in ((3, "l2", "panic"), (2, "l1", None), (1, "armed", None))
    )  # fmt: skip
    server.entries = [
        AuditEntry(at=NOON, who="c-robin", act=act, subject=CASE, note=note)
        for act, note in (("took", ""), ("read", ""), ("answered", ""), ("exported", "docx"))
    ]
    return server


@contextmanager
def served(server: SmallServer, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Serve a desk; give its link and its address."""
    desk = make_desk(server, tmp_path, transport=httpx.ASGITransport(app=server.app()))
    with serving(DeskApp(desk, asyncio.Event()).app(), last=desk.seat.lock) as at:
        yield f"{at}/enter?key={desk.guard.link}", at


async def sign_in(page: Any, link: str) -> None:
    await page.goto(link)
    await page.locator("input[type=password]").fill(PASSPHRASE)
    await page.locator("form.stack button.good").click()
    await page.locator(".case").first.wait_for()


async def fill(page: Any, at: str, server: SmallServer) -> None:
    """Vouch for the root, and write a note and an ally."""
    await page.goto(f"{at}/keys")
    await page.locator("input[name=root]").fill(server.root_public.hex())
    await page.locator("form:has(input[name=root]) button").click()
    await page.goto(f"{at}/notes")
    for one in await page.locator("summary").all():
        await one.click()
    await page.locator("input[name=title]").fill("Who to call first")
    await page.locator("textarea[name=text]").fill("The embassy, then the lawyer.")
    await page.locator("form:has(textarea[name=text]) button").click()
    await page.goto(f"{at}/exports")


@pytest.mark.parametrize(
    "looks",
    [
        pytest.param([("fr", PHONE, "dark"), ("ar", LAPTOP, "light")], id="two"),
        pytest.param(LOOKS, id="all", marks=pytest.mark.prove),
    ],
)
async def test_every_page_of_the_desk_can_be_used_by_everybody(
    tmp_path: Path, looks: list[tuple[str, Any, str]]
) -> None:
    """No serious problem of access, nothing wider than the screen, no error on any page."""
    server = busy_server()
    wrong: list[str] = []
    with served(server, tmp_path) as (link, at):
        async with async_playwright() as play:
            browser = await play.chromium.launch(executable_path=str(CHROMIUM), args=ARGS)
            context = await browser.new_context(viewport=LAPTOP, reduced_motion="reduce")
            page = await context.new_page()
            page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
            page.set_default_timeout(60_000)
            await sign_in(page, link)
            await fill(page, at, server)
            for language, size, scheme in looks:
                await page.set_viewport_size(size)
                await page.emulate_media(color_scheme=scheme)
                await page.goto(at)
                await page.locator(f'button[name=language][value="{language}"]').click()
                for name, path in PAGES.items():
                    shown = await page.goto(f"{at}{path}")
                    look = f"{name}-{language}-{'phone' if size is PHONE else 'laptop'}-{scheme}"
                    if shown.ok != (name != "trouble"):
                        wrong.append(f"{look}: answered {shown.status}")
                    await shot(page, f"desk-{look}")
                    wrong += [f"{look}: {one}" for one in await serious(page)]
                    if await page.evaluate(
                        "document.documentElement.scrollWidth"
                        " > document.documentElement.clientWidth"
                    ):
                        wrong.append(f"{look}: wider than the screen")
            await browser.close()
    assert wrong == []
