from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.ids import LanguageTag
from bot.domain.words import Words
from bot.understand.understanding import Understanding

if TYPE_CHECKING:
    from bot.content.library import Library
    from bot.understand.engine import Embedded

EN = LanguageTag("en")


def test_before_the_engine_is_open_a_cry_for_help_is_heard(library: Library) -> None:
    def never() -> tuple[Embedded, None]:
        raise AssertionError

    understanding = Understanding(library.alarms, never)
    assert understanding(Words("they are at my door"), EN).urgent
    assert not understanding(Words("what is the weather"), EN).urgent


def test_an_engine_that_cannot_open_leaves_the_lists(library: Library) -> None:
    def broken() -> tuple[Embedded, None]:
        raise OSError("a disk is full")

    understanding = Understanding(library.alarms, broken)
    understanding.open()
    assert understanding(Words("auxilio"), EN).urgent


def test_once_open_the_engine_answers(library: Library, engine: Embedded) -> None:
    understanding = Understanding(library.alarms, lambda: (engine, None))
    understanding.open()
    assert understanding(Words("I need a lawyer"), EN).intents[0][0] == "legal_help"
