"""`vigil check`: every problem of flows, locales and knowledge at once, in the order of files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.content.entry_checks import check_knowledge, due
from bot.content.letter_checks import check_letters
from bot.content.library import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date
    from pathlib import Path

    from bot.content.entries import Knowledge
    from bot.content.marks import Problem

    Check = Callable[[Knowledge, date], Iterable[Problem]]


def check_all(
    root: Path,
    *,
    today: date,
    due_within: int | None = None,
    cache: Path | None = None,
    further: Iterable[Check] = (),
) -> list[Problem]:
    """Load everything below `root` and return what is wrong, sorted by place.

    `further` are checks of rooms above content that are asked with the knowledge and the day.
    """
    library, problems = load(root, cache)
    if library is not None:
        problems += check_knowledge(library.knowledge, today)
        problems += check_letters(library.letters, library.knowledge)
        for check in further:
            problems += check(library.knowledge, today)
        if due_within is not None:
            problems += due(library.knowledge, today, due_within)
    return sorted(set(problems))
