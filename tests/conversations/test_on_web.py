"""The golden conversations on the web chat, in real headless Chromium at a phone's width."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright")
from docx import Document

from bot.scripts import play, read_script
from tests.conversations.shelf import EVERYWHERE, FLOWS, LANGUAGES, SCRIPTS
from tests.fixtures.on_web import CHROMIUM, site

if TYPE_CHECKING:
    from bot.content.library import Library

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not CHROMIUM.exists(),
        reason="NO CHROMIUM at /usr/bin/chromium: THE WEB CHAT IS NOT TESTED (apt: chromium)",
    ),
    # Chromium's pipes are closed by Playwright's own loop after ours has gone.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


WALKS = (
    "start/typed", "sos/word", "danger/yes", "help/in-the-middle", "person/country",
    "language/switch", "forget/yes", "settings/sound", "report/whole", "report/sos-inside",
    "report/silence", "resources/card", "mechanisms/arrest", "learn/guide",
    "duty/stranger", "status/unknown",
    "letter/urgent-appeal", "reprisal/letter", "follow_up/no-answer", "reminders/cancel",
    "support/fund",
)  # fmt: skip
"""One through every flow at least; `make prove` plays all."""

NOT_IN_A_BROWSER = {
    "alerts_help", "alerts_later", "alerts_safe", "alerts_stop", "checkboard", "checkcontact",
    "checkcontacts", "checkin", "subscriptions",
}  # fmt: skip
"""Flows that need somebody on duty, a plan or an alert: played in the terminal."""


@pytest.mark.prove
@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_walk_through_every_flow_goes_as_written_in_a_browser(
    language: str, library: Library
) -> None:
    assert {walk.split("/")[0] for walk in WALKS} == set(FLOWS) - NOT_IN_A_BROWSER
    await play_all([f"{walk}.{language}" for walk in WALKS], language, library)


@pytest.mark.prove
@pytest.mark.parametrize("language", LANGUAGES)
async def test_all_conversations_go_as_written_in_a_browser(
    language: str, library: Library
) -> None:
    await play_all([name for name in EVERYWHERE if name.endswith(language)], language, library)


async def play_all(names: list[str], language: str, library: Library) -> None:
    async with site(library) as open_site:
        for name in names:
            async with open_site.visit(language) as surface:
                assert await play(read_script(SCRIPTS[name]), surface) == [], name


@pytest.mark.parametrize("language", LANGUAGES)
async def test_own_words_are_in_the_letter_that_is_downloaded_and_nobody_else_gets_it(
    language: str, library: Library
) -> None:
    told = "La reunión terminó a las diez. Собрание закончилось. انتهى الاجتماع."
    script = read_script(SCRIPTS[f"letter/urgent-appeal.{language}"])
    async with site(library) as open_site, open_site.visit(language) as surface:
        for line in script.talk:
            if line.kind == "bot" or line.only not in {None, "web"}:
                continue
            if line.only == "web":
                await surface.says(told)
                break
            act = surface.says if line.kind == "them" else surface.presses
            await act(str(line.value))
        async with surface.page.expect_download() as coming:
            await surface.page.locator("a.file").first.click()
        saved = await (await coming.value).path()
        lines = [line.text for line in Document(str(saved)).paragraphs]
        assert told in lines
        address = await surface.page.locator("a.file").first.get_attribute("href")
        async with open_site.visit(language) as stranger:
            answer = await stranger.page.request.get(f"{surface.page.url.rstrip('/')}/{address}")
            assert answer.status in {403, 404}
