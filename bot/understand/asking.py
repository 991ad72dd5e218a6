"""`vigil understand` and `vigil search`: one text, or a table that is measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.content.library import open_library
from bot.content.place import content_root
from bot.content.prepared import take_prepared
from bot.domain.ids import LanguageTag
from bot.domain.languages import SOURCE
from bot.settings import load as load_settings
from bot.understand.encoder import load_encoder
from bot.understand.evaluating import evaluate, evaluate_search, read_rows
from bot.understand.opening import open_embedded
from bot.understand.searching import open_search

if TYPE_CHECKING:
    from pathlib import Path

    from bot.content.search import Search
    from bot.understand.engine import Embedded

COLUMNS = ("text", "lang", "intent", "urgent")
SEARCH_COLUMNS = ("lang", "query", "acceptable")
_ENTRIES = 3


def answer(text: str, lang: str) -> dict[str, Any]:
    """Return what is made of one text, with the reasons and the entries that fit."""
    engine, search = _opened()
    explained = engine.explain(text)
    guess, understood = explained.language, explained.understood
    language = guess.language if guess and (guess.clear or not lang) else lang or SOURCE
    best, *others = understood.intents or (("out_of_scope", 0.0),)
    return {
        "language": language,
        "intent": best[0],
        "confidence": round(best[1], 4),
        "urgent": understood.urgent,
        "alternatives": [{"intent": name, "confidence": round(share, 4)} for name, share in others],
        "entries": list(search(text, LanguageTag(language), _ENTRIES)),
        "why": list(explained.why),
    }


def measured(path: Path) -> dict[str, Any]:
    """Return the figures of a table of messages.

    Raises:
        ContentError: The table cannot be read.
    """
    rows = read_rows(path, COLUMNS)
    return evaluate(rows, _opened()[0].understand)


def found(text: str, lang: str) -> dict[str, Any]:
    """Return the entries that fit a text best."""
    engine, search = _opened()
    guess = engine.explain(text).language if not lang else None
    language = lang or (guess.language if guess else SOURCE)
    return {"lang": language, "query": text, "ranked": list(search(text, LanguageTag(language)))}


def found_all(path: Path) -> dict[str, Any]:
    """Return the figures of a table of searches.

    Raises:
        ContentError: The table cannot be read.
    """
    rows = read_rows(path, SEARCH_COLUMNS)
    search = _opened()[1]
    return evaluate_search(rows, lambda text, tag: search(text, LanguageTag(tag)))


def _opened() -> tuple[Embedded, Search]:
    settings = load_settings()
    root = content_root(settings.content)
    take_prepared(root, settings.home)
    library = open_library(settings.content, settings.home / "cache" / "catalogues")
    encoder = load_encoder()
    engine = open_embedded(
        root,
        settings.home,
        alarms=library.alarms,
        encoder=encoder,
        with_encoder=encoder is not None,
    )
    return engine, open_search(library, settings.home, encoder)
