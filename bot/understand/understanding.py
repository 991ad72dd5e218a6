"""Understanding as the conversation asks it: quick at once, well as soon as the engine is open.

Until then lists of alarm words alone decide whether a message is a cry for help, so that nobody in
danger waits for a program that is starting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from bot.flow.inputs import Understood
from bot.understand.alarms import Alarms
from bot.understand.opening import open_embedded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from bot.domain.ids import LanguageTag
    from bot.domain.words import Words
    from bot.understand.engine import Embedded

log = structlog.get_logger()


class Understanding:
    """What the engine of conversations asks; never raises, never logs a word."""

    def __init__(self, alarms: Mapping[str, object], opening: Callable[[], Embedded]) -> None:
        self._alarms = Alarms(alarms)
        self._opening = opening
        self._engine: Embedded | None = None

    @property
    def engine(self) -> Embedded | None:
        """The engine, once it is open."""
        return self._engine

    def open(self) -> None:
        """Open the engine; takes seconds, so call it from a thread. Failing leaves the lists."""
        try:
            self._engine = self._opening()
        except Exception as error:  # noqa: BLE001 - a line for people in danger stays open without it
            log.error("understanding-failed", kind=type(error).__name__)  # noqa: TRY400 - no traceback: it could hold words
        else:
            log.info("understanding-ready")

    def __call__(self, words: Words, language: LanguageTag) -> Understood:
        """Return what words seem to mean."""
        del language  # one model reads all languages, also a mixture of them
        text = words.reveal()
        if self._engine is None:
            return Understood(urgent=bool(self._alarms.hear(text).loud))
        return self._engine.understand(text)


def make_understanding(root: Path, home: Path, alarms: Mapping[str, object]) -> Understanding:
    """Return understanding for the content below `root`, not open yet."""
    return Understanding(alarms, lambda: open_embedded(root, home, alarms=alarms))
