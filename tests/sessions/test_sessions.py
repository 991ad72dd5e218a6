"""Conversations that were in flight in an earlier release load, go on, and end."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.content.library import open_library
from bot.domain.ids import ChannelName
from bot.flow.session import from_json
from tests.fixtures.walker import Place, Walker
from tests.sessions.record import load

RELEASES = sorted(Path(__file__).parent.glob("*.json"))
TURNS = 12
OF_A_WORD = {"start", "help", "danger", "forget", "language", "person", "sos"}
"""Matters that a word opens; the next word takes their place."""


def test_there_are_sessions_of_every_release() -> None:
    assert [path.stem for path in RELEASES] == ["0.1"]


@pytest.mark.parametrize("path", RELEASES, ids=lambda path: path.stem)
def test_they_load_go_on_and_end(path: Path) -> None:
    definitions, sessions = load(path)
    place = Place(library=open_library().keeping(definitions))
    for language, saved in sessions:
        session = from_json(saved)
        for way in range(3):
            walker = Walker(
                house=place, language=language, channel=ChannelName("telegram"), session=session
            )
            walker.is_silent()
            for turn in range(TURNS):
                buttons = walker.buttons or [None]
                button = buttons[(turn + way) % len(buttons)]
                if button is None:
                    walker.writes("1")
                else:
                    walker.presses(button.data)
            for _ in range(len(walker.session.frames) + 1):
                walker.writes("/stop")
            walker.writes("/menu")
            assert [frame.flow for frame in walker.session.frames] == ["start"]


@pytest.mark.parametrize("path", RELEASES, ids=lambda path: path.stem)
def test_an_answer_of_before_the_update_counts(path: Path) -> None:
    """Somebody asks for help in the middle of a matter: what they answered is still there."""
    definitions, sessions = load(path)
    place = Place(library=open_library().keeping(definitions))
    for language, saved in sessions:
        session = from_json(saved)
        matter = session.frames[-1]
        if matter.flow in OF_A_WORD or session.pending or not matter.answers:
            continue
        walker = Walker(
            house=place, language=language, channel=ChannelName("telegram"), session=session
        )
        walker.writes("/help")
        kept = [frame.answers for frame in walker.session.frames if frame.flow == matter.flow]
        assert dict(matter.answers) in [dict(answers) for answers in kept], matter
