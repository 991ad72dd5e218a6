from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain.ids import LanguageTag
from bot.domain.words import Words
from bot.understand.understanding import Understanding

if TYPE_CHECKING:
    from collections.abc import Callable

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


def test_other_content_is_heard_at_once_and_what_was_open_stays_until_the_new_is(
    library: Library, engine: Embedded
) -> None:
    other = replace(library, alarms={"en": {"loud": ["the crocodile is here"]}})
    opened: list[Library] = []

    def renewing(content: Library) -> Callable[[], tuple[Embedded, None]]:
        def opening() -> tuple[Embedded, None]:
            opened.append(content)
            if len(opened) > 1:
                raise OSError("a disk is full")
            return engine, None

        return opening

    understanding = Understanding(library.alarms, renewing(library), renewing=renewing)
    understanding.take_up(other)
    assert opened == [other]
    assert understanding.engine is engine
    understanding.take_up(library)
    assert opened == [other, library]
    assert understanding(Words("I need a lawyer"), EN).intents[0][0] == "legal_help"


def test_alarm_words_of_other_content_count_before_the_engine_is_open(library: Library) -> None:
    understanding = Understanding(library.alarms, lambda: (None, None))  # type: ignore[arg-type, return-value]
    assert not understanding(Words("the crocodile is here"), EN).urgent
    understanding.take_up(replace(library, alarms={"en": {"loud": ["the crocodile is here"]}}))
    assert understanding(Words("the crocodile is here"), EN).urgent
