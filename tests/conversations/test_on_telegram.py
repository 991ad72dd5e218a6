"""The golden conversations on Telegram; foreign libraries read all that passes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.proofs.botapi.opinion import opinions
from bot.proofs.on_telegram import on_telegram
from bot.scripts import play, read_script
from tests.conversations.shelf import SCRIPTS

if TYPE_CHECKING:
    from bot.content.library import Library


@pytest.fixture(autouse=True)
def coming_types(monkeypatch: pytest.MonkeyPatch) -> None:
    """python-telegram-bot warns of its coming types unless one asks for them."""
    monkeypatch.setenv("PTB_TIMEDELTA", "1")


@pytest.mark.parametrize("name", SCRIPTS)
async def test_the_conversation_goes_as_written(name: str, library: Library) -> None:
    script = read_script(SCRIPTS[name])
    async with on_telegram(
        script.language, library, role=script.role, watched=script.watched
    ) as surface:
        assert await play(script, surface) == []
        assert surface.api.violations == []
        assert opinions(surface.api.world) == []
        assert len(surface.api.world.update_record) == sum(
            line.kind in {"them", "press"} and line.only in {None, "telegram"}
            for line in script.talk
        )


async def test_a_report_leaves_no_more_in_the_chat_than_its_last_screen(library: Library) -> None:
    script = read_script(SCRIPTS["report/quick.en"])
    async with on_telegram(script.language, library) as surface:
        assert await play(script, surface) == []
        await surface.waits(timedelta(seconds=30))
        standing = await surface.person.sees()
        texts = [one["message"].get("text", "") for one in standing]
        assert not any("at risk" in text or "go on here" in text for text in texts)
        assert not any("Telegram can read this chat*" in text for text in texts)
        assert any("Front Line Defenders" in text for text in texts)
