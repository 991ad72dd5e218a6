"""The golden conversations on the web chat, in real headless Chromium at a phone's width."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright")
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


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_walk_through_every_flow_goes_as_written_in_a_browser(
    language: str, library: Library
) -> None:
    assert {walk.split("/")[0] for walk in WALKS} == set(FLOWS)
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
