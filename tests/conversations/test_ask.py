"""Ask anything: three cards that people have checked, then a person; nothing is made up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.domain.ids import LanguageTag
from bot.scripts import bare, on_terminal
from bot.understand.understanding import Understanding
from tests.conversations.shelf import LANGUAGES

if TYPE_CHECKING:
    from bot.content.library import Library
    from bot.domain.words import Words


class Finds(Understanding):
    """Finds the same entries whatever is asked."""

    def search(self, words: Words, language: LanguageTag) -> tuple[str, ...]:
        del words, language
        return FOUND


FOUND = ("front-line-defenders", "access-now-helpline", "protectdefenders-eu", "ishr")


def finding(library: Library) -> Understanding:
    return Finds(library.alarms, lambda: pytest.fail("never opened here"))


def said(library: Library, step: str, language: LanguageTag, part: str = "text") -> str:
    found = library.flows["ask"].steps[step]  # type: ignore[index] # the flow is there
    return bare(library.render(getattr(found, part), language))


@pytest.mark.parametrize("tag", LANGUAGES)
async def test_three_cards_are_shown_and_then_whether_they_helped(
    tag: str, library: Library
) -> None:
    language = LanguageTag(tag)
    helped = library.flows["ask"].steps["helped"].options  # type: ignore[index, union-attr] # asks
    async with on_terminal(language, library=library, understand=finding) as surface:
        await surface.says("/start")
        await surface.says("/ask")
        heard = [bare(text) for text in await surface.says("…?")]
        names = [library.knowledge.resources[id_].name for id_ in FOUND]
        at = [number for number, text in enumerate(heard) if "+353" in text or "@" in text]
        assert len(at) == 3
        assert not any(names[3] in text for text in heard)
        assert said(library, "helped", language) in heard[-1]
        again = [
            bare(text) for text in await surface.presses(library.render(helped[1].label, language))
        ]
        assert said(library, "question", language) in again[-1]
        await surface.says("…?")
        person = await surface.presses(library.render(helped[2].label, language))
        nobody = library.flows["person"].steps["nobody"].text  # type: ignore[index, union-attr] # says
        assert bare(library.render(nobody, language))[:40] in bare("\n".join(person))
