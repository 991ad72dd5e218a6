"""The page in a real browser: both sizes, both lights, both directions, with and without script."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("playwright")
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import async_playwright, expect

from tests.fixtures.chromium import ARGS, CHROMIUM, LAPTOP, SHOTS, in_chromium
from tests.fixtures.chromium import SMALL_PHONE as PHONE

pytestmark = in_chromium


@pytest.fixture
async def chromium() -> Any:
    async with async_playwright() as play:
        browser = await play.chromium.launch(executable_path=str(CHROMIUM), args=ARGS)
        yield browser
        await browser.close()


@pytest.fixture
def site(make_site: Any) -> Any:
    return make_site()


async def shot(page: Any, name: str) -> None:
    if SHOTS:
        await page.screenshot(path=f"{SHOTS}/{name}.png")


async def serious(page: Any) -> list[str]:
    results = await Axe().run(page)
    found = results.response["violations"]
    return [one["id"] for one in found if one["impact"] in {"serious", "critical"}]


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
@pytest.mark.parametrize("light", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en", "ar"])
@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["phone", "laptop"])
async def test_a_conversation_is_possible_and_accessible(
    chromium: Any, site: Any, size: Any, locale: str, light: str, script: Any
) -> None:
    house, address = site
    context = await chromium.new_context(
        viewport=size,
        color_scheme=light,
        locale=locale,
        java_script_enabled=script,
        reduced_motion="reduce",
    )
    page = await context.new_page()
    problems: list[str] = []
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    await page.goto(address)
    name = f"{locale}-{light}-{size['width']}-{'script' if script else 'plain'}"
    await shot(page, f"{name}-0")
    await page.locator(".welcome button.good").click()
    await expect(page.locator(".theirs")).to_have_count(1)
    await page.locator("#words").fill("My own words, never echoed")
    await page.locator("#composer button").click()
    await expect(page.locator(".theirs")).to_have_count(2)
    await expect(page.locator(".mine")).to_have_count(1 if script else 0)
    await shot(page, f"{name}-1")
    sos = page.locator("header .danger")
    await expect(sos).to_be_in_viewport()
    box = await sos.bounding_box()
    assert box["height"] >= 44
    if script:
        assert not await page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )
        assert await serious(page) == []
    await sos.click()
    await expect(page.locator(".theirs")).to_have_count(3)
    assert house.script.taken[-1].data == "w.sos"
    assert problems == []
    await context.close()


@pytest.mark.parametrize("way", ["button", "escape"])
async def test_leaving_leaves_nothing_in_the_browser(chromium: Any, site: Any, way: str) -> None:
    house, address = site
    context = await chromium.new_context(viewport=PHONE)
    page = await context.new_page()
    await page.goto("about:blank")
    await page.goto(address)
    await page.locator(".welcome button.good").click()
    await expect(page.locator(".theirs")).to_have_count(1)
    assert await page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert await page.evaluate("indexedDB.databases().then((all) => all.length)") == 0
    if way == "button":
        await page.locator(".leave button").click()
    else:
        await page.keyboard.press("Escape")
        await page.keyboard.press("Escape")
    await page.wait_for_url("about:blank")
    await expect(page.locator("body")).to_have_text("")
    # The answer that forgets may arrive after the page has gone.
    for _ in range(200):
        if not await context.cookies():
            break
        await page.evaluate("new Promise((done) => requestAnimationFrame(done))")
    assert await context.cookies() == []
    devtools = await context.new_cdp_session(page)
    history = await devtools.send("Page.getNavigationHistory")
    assert not [one for one in history["entries"] if one["url"].startswith("http")]
    assert not any(house.store.boxes.values())
    await page.goto(address)
    await expect(page.locator("#welcome")).to_be_visible()
    await expect(page.locator(".message")).to_have_count(0)
    await context.close()


async def test_going_back_after_moving_on_shows_no_words(chromium: Any, site: Any) -> None:
    _, address = site
    context = await chromium.new_context(viewport=PHONE)
    page = await context.new_page()
    await page.goto(address)
    await page.locator("#words").fill("canary-words")
    await page.locator("#composer button").click()
    await expect(page.locator(".mine")).to_have_count(1)
    await page.goto(address + "blank")
    await page.go_back()
    await expect(page.locator(".theirs")).to_have_count(1)
    assert "canary-words" not in await page.content()
    await context.close()


async def test_changes_and_deletions_reach_an_open_page(chromium: Any, site: Any) -> None:
    house, address = site
    context = await chromium.new_context(viewport=PHONE)
    page = await context.new_page()
    await page.goto(address)
    await page.locator(".welcome button.good").click()
    await expect(page.locator(".theirs")).to_have_count(1)
    box = next(iter(house.store.boxes.values()))
    ref, (at, until, message) = next(iter(box.items()))
    # As another process would: no bell rings here.
    from dataclasses import replace  # noqa: PLC0415

    box[ref] = (at, until, replace(message, text="Changed"))
    await expect(page.locator(".theirs .text")).to_have_text("Changed")
    box.clear()
    await expect(page.locator(".theirs")).to_have_count(0)
    await context.close()


async def test_the_labels_follow_a_change_of_language(chromium: Any, site: Any) -> None:
    _, address = site
    context = await chromium.new_context(viewport=PHONE)
    page = await context.new_page()
    await page.goto(address)
    await page.locator("#words").fill("عربي")
    await page.locator("#composer button").click()
    await expect(page.locator("html")).to_have_attribute("dir", "rtl")
    await expect(page.locator(".leave button")).to_have_text("مغادرة سريعة")
    await expect(page.locator(".mine")).to_have_count(1)
    await context.close()


async def test_what_was_not_taken_returns_to_the_text_field(chromium: Any, site: Any) -> None:
    house, address = site
    house.script.failing = True
    context = await chromium.new_context(viewport=PHONE)
    page = await context.new_page()
    await page.goto(address)
    await page.locator("#words").fill("do not lose me")
    await page.locator("#composer button").click()
    await expect(page.locator("#notice")).not_to_be_empty()
    await expect(page.locator("#words")).to_have_value("do not lose me")
    await expect(page.locator(".mine")).to_have_count(0)
    await context.close()


async def test_a_link_elsewhere_leads_back_into_the_conversation(chromium: Any, site: Any) -> None:
    _, address = site
    context = await chromium.new_context(viewport=PHONE)
    page = await context.new_page()
    await page.goto(address)
    await page.locator(".welcome button.good").click()
    await expect(page.locator(".theirs")).to_have_count(1)
    foreign = address.replace("127.0.0.1", "localhost")
    await page.goto(foreign + "blank")
    await page.evaluate("(to) => { location.href = to; }", address)
    await expect(page.locator(".theirs")).to_have_count(1)
    await context.close()
