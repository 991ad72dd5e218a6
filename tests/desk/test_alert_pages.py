"""Alerts at the desk in real Chromium: phone and laptop, light and dark, left and right."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("playwright")
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import async_playwright, expect
from starlette.applications import Starlette
from starlette.routing import Mount

from bot.desk.app import DeskApp
from bot.domain.broadcasts import Answer
from tests.desk.conftest import PASSPHRASE, make_desk
from tests.desk.test_alerts import ARABIC, ENGLISH, NOON, Newsroom, newsroom
from tests.fixtures.chromium import ARGS, CHROMIUM, LAPTOP, PHONE, SHOTS, in_chromium
from tests.fixtures.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["newsroom"]

LOOKS = (("laptop", LAPTOP, "light"), ("phone", PHONE, "dark"))
if SHOTS:
    LOOKS = (*LOOKS, ("laptop", LAPTOP, "dark"), ("phone", PHONE, "light"))
pytestmark = in_chromium


@contextmanager
def desk_of(newsroom: Newsroom, server: str, who: str, language: str) -> Iterator[str]:
    """Serve somebody's desk; give its link."""
    desk = make_desk(newsroom.house, newsroom.folder, who, address=server)
    desk.seat.language = language
    app = DeskApp(desk, asyncio.Event(), look_every=0.3).app()
    with serving(app, last=desk.seat.lock) as address:
        yield f"{address}/enter?key={desk.guard.link}"


class Walk:
    """One page, looked at in every way at each stop."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.problems: list[str] = []
        page.on("console", lambda m: self.problems.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self.problems.append(str(error)))

    async def enter(self, link: str) -> None:
        await self.page.goto(link)
        await self.page.locator("input[name=passphrase]").fill(PASSPHRASE)
        await self.page.locator("form.stack button.good").click()
        await expect(self.page.locator("header nav")).to_be_visible()

    async def look(self, name: str) -> None:
        page = self.page
        for size, viewport, scheme in LOOKS:
            await page.set_viewport_size(viewport)
            await page.emulate_media(color_scheme=scheme)
            results = (await Axe().run(page)).response["violations"]
            bad = [one for one in results if one["impact"] in {"serious", "critical"}]
            assert [one["id"] for one in bad] == [], (name, size, scheme, bad)
            wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            assert not await page.evaluate(wide), (name, size)
            if SHOTS:
                path = f"{SHOTS}/{name}-{size}-{scheme}.png"
                await page.screenshot(path=path, full_page=True)
        await page.set_viewport_size(LAPTOP)
        await page.emulate_media(color_scheme="light")


async def test_an_alert_is_written_approved_followed_and_counted_in_a_browser(
    newsroom: Newsroom,
) -> None:
    expect.set_options(timeout=30_000)
    server = Starlette(routes=[Mount("/desk/v1", app=newsroom.house.api.app())])
    with (
        serving(server) as address,
        desk_of(newsroom, address, "robin", "en") as robins,
        desk_of(newsroom, address, "wren", "ar") as wrens,
    ):
        async with async_playwright() as play:
            browser = await play.chromium.launch(executable_path=str(CHROMIUM), args=ARGS)
            robin = Walk(await (await browser.new_context(reduced_motion="reduce")).new_page())
            wren = Walk(await (await browser.new_context(reduced_motion="reduce")).new_page())
            await robin.enter(robins)
            await wren.enter(wrens)
            at = await _write(robin)
            await _approve(wren, wrens.partition("/enter")[0] + at)
            await _follow(newsroom, robin, at)
            await _drill(robin)
            assert robin.problems == []
            assert wren.problems == []
            await browser.close()


async def _write(robin: Walk) -> str:
    page = robin.page
    await page.locator('header nav a[href="/alerts"]').click()
    await robin.look("alerts-empty")
    await page.locator('a[href="/alerts/new"]').click()
    await page.locator('input[name="severity"][value="red"]').check()
    await page.locator("#text-en").fill(ENGLISH)
    await page.locator("details:has(#text-ar) > summary").click()
    await page.locator("#text-ar").fill(ARABIC)
    await page.locator("details:has(> fieldset input[name=only-topic]) > summary").first.click()
    await page.locator('input[name="roll_call"]').check()
    await page.locator('select[name="hold"]').select_option("0")
    await robin.look("alert-compose")
    await page.locator("form.compose button.good").click()
    await expect(page.locator(".screen")).to_have_count(2)
    assert await page.locator(".screen[dir=rtl]").count() == 1
    await robin.look("alert-draft")
    await page.locator('form[action$="/submit"] button').click()
    await expect(page.locator("#notice")).to_be_visible()
    assert await page.locator('form[action$="/approve"]').count() == 0
    return str(await page.evaluate("location.pathname"))


async def _approve(wren: Walk, address: str) -> None:
    page = wren.page
    await page.goto(address)
    assert await page.locator("html").get_attribute("dir") == "rtl"
    await wren.look("alert-approve-rtl")
    await page.locator('form[action$="/approve"] button').click()
    await expect(page.locator("#notice")).to_be_visible()


async def _follow(newsroom: Newsroom, robin: Walk, at: str) -> None:
    """The page that is open follows by itself: nobody loads it again."""
    page = robin.page
    await expect(page.locator("tfoot td strong").nth(0)).to_have_text("0")
    await newsroom.sender.deliver_due()
    await expect(page.locator("tfoot td strong").nth(0)).to_have_text("8")

    def answer(tx: Any) -> None:
        for place, one in enumerate([Answer.SAFE, Answer.SAFE, Answer.HELP, Answer.LATER]):
            from datetime import timedelta  # noqa: PLC0415

            person = tx.people.lock(newsroom.phones.name, str(place))
            tx.ledger.answer(person, one, at=NOON + timedelta(minutes=3 * place))

    await newsroom.house.store.write(answer)
    await expect(page.locator(".board .help dd")).to_have_text("1")
    await expect(page.locator(".chart polyline")).to_have_count(3)
    await robin.look("alert-followed")
    async with page.expect_download() as saved:
        await page.locator('a[href$="export.csv"]').click()
    name = (await saved.value).suggested_filename
    assert name == "alert.csv"
    await page.goto(page.url.partition("/alerts")[0] + "/alerts")
    await robin.look("alerts")
    assert at


async def _drill(robin: Walk) -> None:
    page = robin.page
    await page.locator('a[href="/drills"]').click()
    await page.locator('a[href="/drills/new"]').click()
    await page.locator("#text-en").fill(ENGLISH)
    await page.locator("form.compose button.good").click()
    await expect(page.locator(".drillband")).to_be_visible()
    await robin.look("drill-draft")
