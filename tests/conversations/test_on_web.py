"""The golden conversations on the web chat, in real headless Chromium at a phone's width."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright")
from docx import Document

from bot.scripts import play, read_script
from tests.conversations.shelf import FLOWS, LANGUAGES, OF_COORDINATORS, SCRIPTS
from tests.fixtures.chromium import in_chromium
from tests.fixtures.on_web import site

if TYPE_CHECKING:
    from bot.content.library import Library

pytestmark = in_chromium

ON_WEB = [name for name in SCRIPTS if name not in OF_COORDINATORS]


def in_turn(language: str) -> list[str]:
    """Give every fifth flow; all languages together go through all flows."""
    whole = [name for name in ON_WEB if name.endswith(f".{language}")]
    firsts = [list(group)[-1] for _, group in groupby(whole, lambda name: name.split("/")[0])]
    return firsts[LANGUAGES.index(language) :: len(LANGUAGES)]


def test_somebody_walks_through_every_flow_in_a_browser() -> None:
    walked = {name.split("/")[0] for language in LANGUAGES for name in in_turn(language)}
    assert walked == set(FLOWS)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_walks_go_as_written_in_a_browser(language: str, library: Library) -> None:
    await play_all(in_turn(language), language, library)


@pytest.mark.prove
@pytest.mark.parametrize("language", LANGUAGES)
async def test_all_conversations_go_as_written_in_a_browser(
    language: str, library: Library
) -> None:
    await play_all([name for name in ON_WEB if name.endswith(f".{language}")], language, library)


async def play_all(names: list[str], language: str, library: Library) -> None:
    scripts = {name: read_script(SCRIPTS[name]) for name in names}
    for watched in {script.watched for script in scripts.values()}:
        async with site(library, watched=watched) as open_site:
            for name, script in scripts.items():
                if script.watched is watched:
                    async with open_site.visit(language) as surface:
                        assert await play(script, surface) == [], name


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
