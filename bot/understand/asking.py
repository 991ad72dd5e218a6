"""`vigil understand`: one text explained, or a table measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.content.library import open_library
from bot.content.place import content_root
from bot.domain.languages import SOURCE
from bot.settings import load as load_settings
from bot.understand.evaluating import evaluate, read_rows
from bot.understand.opening import open_embedded

if TYPE_CHECKING:
    from pathlib import Path

    from bot.understand.engine import Embedded

COLUMNS = ("text", "lang", "intent", "urgent")


def answer(text: str, lang: str) -> dict[str, Any]:
    """Return what is made of one text, with the reasons."""
    explained = _engine().explain(text)
    guess, understood = explained.language, explained.understood
    language = guess.language if guess and (guess.clear or not lang) else lang or SOURCE
    best = understood.intents[0] if understood.intents else ("out_of_scope", 0.0)
    return {
        "language": language,
        "intent": best[0],
        "confidence": round(best[1], 4),
        "urgent": understood.urgent,
        "alternatives": [
            {"intent": name, "confidence": round(share, 4)}
            for name, share in understood.intents[1:]
        ],
        "entries": [],
        "why": list(explained.why),
    }


def measured(path: Path) -> dict[str, Any]:
    """Return the figures of a table.

    Raises:
        ContentError: The table cannot be read.
    """
    rows = read_rows(path, COLUMNS)
    return evaluate(rows, _engine().understand)


def _engine() -> Embedded:
    settings = load_settings()
    root = content_root(settings.content)
    library = open_library(settings.content, settings.home / "cache" / "catalogues")
    return open_embedded(root, settings.home, alarms=library.alarms)
