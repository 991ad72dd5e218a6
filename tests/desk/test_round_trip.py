"""The whole way in real Chromium: reported in Arabic in the chat, answered in French at a desk."""

from __future__ import annotations

import asyncio
import re
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("playwright")
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import async_playwright, expect

from bot.api.server import bind
from bot.content.prepared import borrow
from bot.desking import serve_desk
from bot.proofs.program import Program
from tests.fixtures.chromium import ARGS, CHROMIUM, LAPTOP, PHONE, SHOTS, in_chromium

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = in_chromium
WORDS = "يراقبون بيتي منذ أيام ولا أعرف من هم"
ANSWER = "Nous vous lisons. Quelqu’un vous appelle ce soir."


@contextmanager
def open_desk(server: str, identity: Path) -> Iterator[str]:
    """Serve `vigil desk` in a thread of its own; give its link."""
    ready, links, ends = threading.Event(), [], []

    def tell(link: str) -> None:
        links.append(link)
        ready.set()

    async def run() -> None:
        stop = asyncio.Event()
        ends.append((asyncio.get_running_loop(), stop))
        await serve_desk(server=server, identity=str(identity), language="fr", tell=tell, stop=stop)

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    assert ready.wait(60)
    try:
        yield links[0]
    finally:
        loop, stop = ends[0]
        loop.call_soon_threadsafe(stop.set)
        thread.join(15)


def free_port() -> int:
    bound = bind("127.0.0.1:0")
    port = int(bound.getsockname()[1])
    bound.close()
    return port


async def serious(page: Any) -> list[str]:
    results = await Axe().run(page)
    found = results.response["violations"]
    return [one["id"] for one in found if one["impact"] in {"serious", "critical"}]


async def shot(page: Any, name: str) -> None:
    if SHOTS:
        await page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


async def press(page: Any, option: str) -> None:
    """Press a button of the newest message, and wait for what comes of it."""
    newest = page.locator(".theirs").last
    button = newest.locator(f'button[value$=".{option}"]')
    await expect(button).to_be_visible()
    before = await newest.get_attribute("data-ref")
    await button.click()
    await expect(page.locator(".theirs").last).not_to_have_attribute("data-ref", before)


async def report(page: Any) -> str:
    """Report with buttons; return the receipt."""
    await page.locator(".welcome button.good").click()
    await press(page, "report")
    for option in ("yes", "here", "yes", "yes", "self", "death-threat", "now"):
        await press(page, option)
    await expect(page.locator(".copy bdi").last).to_be_visible()
    for text in reversed(await page.locator(".copy bdi").all_inner_texts()):
        if re.fullmatch(r"(\S+ ){5}\S+", text.strip()):
            return str(text.strip())
    raise AssertionError(await page.locator(".theirs").all_inner_texts())


async def say(page: Any, text: str) -> None:
    await page.locator("#words").fill(text)
    await page.locator("#composer button").click()


@pytest.mark.real_lock
async def test_a_report_in_arabic_is_answered_in_french(
    tmp_path: Path, learnt: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # On a busy machine a start takes its time.
    monkeypatch.setattr("bot.proofs.program.READY_WITHIN", 180.0)
    expect.set_options(timeout=60_000)
    port = free_port()
    program = Program(home=tmp_path / "home", settings={"VIGIL_LISTEN": f"127.0.0.1:{port}"})
    borrow(learnt, program.home)
    await program.start()
    server = f"http://127.0.0.1:{port}"
    identity = tmp_path / "home" / "demo" / "demo.identity"
    looked = False
    try:
        with open_desk(server, identity) as link:
            async with async_playwright() as play:
                browser = await play.chromium.launch(executable_path=str(CHROMIUM), args=ARGS)
                with suppress(asyncio.CancelledError):
                    await _round_trip(browser, server, link)
                    await _other_pages(browser, server)
                    looked = True
                await browser.close()
    finally:
        await program.stop()
    assert looked
    kept = b"".join(one.read_bytes() for one in (tmp_path / "home").rglob("*") if one.is_file())
    for words in (WORDS, ANSWER):
        assert words.encode() not in kept
        assert words not in program.log.read_text()


async def stands_still(page: Any) -> None:
    """The conversation scrolls, the page around it does not."""
    size = await page.evaluate(
        "[document.documentElement.scrollHeight, document.documentElement.clientHeight,"
        " document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert size[0] <= size[1], size
    assert size[2] <= size[3], size
    log = await page.evaluate(
        "(one => [one.scrollWidth, one.clientWidth])(document.getElementById('log'))"
    )
    assert log[0] <= log[1], log


async def _other_pages(browser: Any, server: str) -> None:
    """A letter with its files in the chat, and the page on which PIN and words are chosen."""
    person = await browser.new_context(
        viewport=LAPTOP, locale="en", reduced_motion="reduce", color_scheme="dark"
    )
    chat = await person.new_page()
    await chat.goto(server)
    await chat.locator(".welcome button.good").click()
    await say(chat, "/letter")
    for option in ("nat-embassy", "self", "agreed", "public", "+skip", "en", "+skip"):
        await press(chat, option)
    await expect(chat.locator("a.file")).to_have_count(2)
    await shot(chat, "chat-letter")
    assert await serious(chat) == []
    await stands_still(chat)
    await chat.goto(f"{server}/words/nobody-has-this-link")
    for size, scheme in ((LAPTOP, "dark"), (PHONE, "light")):
        await chat.set_viewport_size(size)
        await chat.emulate_media(color_scheme=scheme)
        await shot(chat, f"chat-words-{scheme}")
        assert await serious(chat) == []
        assert not await chat.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )
    await person.close()


async def _round_trip(browser: Any, server: str, link: str) -> None:
    person = await browser.new_context(viewport=PHONE, locale="ar", reduced_motion="reduce")
    chat = await person.new_page()
    await chat.goto(server)
    receipt = await report(chat)
    await shot(chat, "chat-receipt")
    assert await serious(chat) == []
    await stands_still(chat)
    await say(chat, receipt)
    await press(chat, "add")
    await say(chat, WORDS)
    await expect(chat.locator(".theirs").last).to_be_visible()

    desk = await browser.new_context(viewport=LAPTOP, locale="fr", reduced_motion="reduce")
    page = await desk.new_page()
    problems: list[str] = []
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    await page.goto(link)
    await shot(page, "desk-sign-in")
    assert await serious(page) == []
    await page.locator("form.stack button.good").click()
    await expect(page.locator(".case .name")).to_have_count(1)
    assert await serious(page) == []
    await shot(page, "desk-queue")
    await page.locator('.case button[name="case"]').click()
    await expect(page.locator("dl.answers")).to_contain_text("Menace de mort")
    await expect(page.locator("blockquote")).to_have_text(WORDS)
    assert await page.locator("blockquote").get_attribute("lang") == "ar"
    assert await serious(page) == []
    await page.locator("#words").fill(ANSWER)
    await page.locator("#answer button.good").click()
    await expect(page.locator(".item.ours .text")).to_have_text(ANSWER)
    await shot(page, "desk-case")
    await page.set_viewport_size(PHONE)
    await page.emulate_media(color_scheme="dark")
    await shot(page, "desk-case-phone-dark")
    assert await serious(page) == []
    assert not await page.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    )

    await say(chat, receipt)
    await expect(chat.locator("#log")).to_contain_text(ANSWER)
    await shot(chat, "chat-answer")
    assert await serious(chat) == []
    assert problems == []
    await desk.close()
    await person.close()
