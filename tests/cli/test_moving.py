"""`vigil move`, `backup` and `restore`, as an operator types them, around one conversation."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from bot.channels.terminal import Terminal
from bot.cli import app
from bot.domain.errors import RefusedError, SettingsError
from bot.domain.ids import LanguageTag
from bot.opening import opened_store
from bot.settings import load
from bot.wiring import SystemClock, open_bookcase, wire

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

BEFORE = ("/start", "Report a threat", "Yes, go on", "Myself")


def _vigil(*arguments: str) -> None:
    app(list(arguments), standalone_mode=False)


async def _says(*lines: str) -> list[str]:
    """Type lines to the program as it is set up now; return everything it showed."""
    settings, clock = load(), SystemClock()
    async with opened_store(settings) as store:
        bookcase = await open_bookcase(settings, store, clock)
        terminal = Terminal(clock=clock, language=LanguageTag("en"), stream=io.StringIO())
        parts = wire(
            settings, store=store, bookcase=bookcase, channels=[terminal], clock=clock,
            limits=False,
        )  # fmt: skip
        for line in lines:
            await parts.reception(terminal.inbound(line, f"{line}-{clock.now().timestamp()}"))
            while await parts.delivery.deliver_due():
                pass
        return [message.text for message in terminal.shown]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VIGIL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("VIGIL_KEY_FILE", str(tmp_path / "keys" / "application.key"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


async def _next_question(lines: Sequence[str]) -> str:
    return (await _says(*lines))[-1]


async def test_a_conversation_goes_on_after_a_move(
    home: Path, new_postgres_url: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = await _next_question(BEFORE)
    url = new_postgres_url()
    _vigil("move", "--to", url)
    monkeypatch.setenv("VIGIL_DATABASE_URL", url)
    # An answer to the very question that was open, and not the beginning once more.
    moved = await _next_question(["1"])
    monkeypatch.delenv("VIGIL_DATABASE_URL")
    with pytest.raises(SettingsError, match="moved"):
        await _says("1")
    assert moved not in {asked, (await _start_elsewhere(home, monkeypatch))}


async def _start_elsewhere(home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("VIGIL_HOME", str(home.with_name("elsewhere")))
    return await _next_question(["1"])


async def test_a_backup_brings_a_conversation_back(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = await _next_question(BEFORE)
    _vigil("backup", str(tmp_path / "copy"))
    after = await _next_question(["1"])
    monkeypatch.setenv("VIGIL_HOME", str(home.with_name("new")))
    _vigil("restore", str(tmp_path / "copy"))
    assert await _next_question(["1"]) == after
    assert after != asked
    with pytest.raises(RefusedError, match="never overwrites"):
        _vigil("restore", str(tmp_path / "copy"))


@pytest.mark.usefixtures("home")
def test_without_the_key_nothing_is_restored(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no key"):
        _vigil("restore", str(tmp_path))
