"""Understanding as the conversation asks it: quick at once, well as soon as the engine is open.

Until then lists of alarm words alone decide whether a message is a cry for help, so that nobody in
danger waits for a program that is starting.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING

import structlog

from bot.content.teaching import URGENT
from bot.flow.inputs import Understood
from bot.understand.alarms import Alarms
from bot.understand.encoder import load_encoder
from bot.understand.engine import spoken
from bot.understand.language import Languages
from bot.understand.learning import learn_apart
from bot.understand.opening import is_learnt, open_embedded
from bot.understand.searching import open_search

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from bot.content.library import Library
    from bot.content.search import Search
    from bot.domain.ids import LanguageTag
    from bot.domain.words import Words
    from bot.understand.engine import Embedded
    from bot.understand.rasa import RasaServer

log = structlog.get_logger()

_SURE_ALARM = 0.3
_SHOWN, _CARDS = 5, 3


class NobodyWaitsError(Exception):
    """The program stops; what was being learnt is of no use."""


class Understanding:
    """What reception asks about words; never raises, never logs a word."""

    def __init__(
        self,
        alarms: Mapping[str, object],
        opening: Callable[[], tuple[Embedded, Search | None]],
        rasa: RasaServer | None = None,
        renewing: Callable[[Library], Callable[[], tuple[Embedded, Search | None]]] | None = None,
        over: Event | None = None,
    ) -> None:
        self._over = over or Event()
        self._alarms = Alarms(alarms)
        self._scripts = Languages()
        self._opening = opening
        self._engine: Embedded | None = None
        self._renewing = renewing
        self._rasa = rasa
        self._search: Search | None = None

    @property
    def engine(self) -> Embedded | None:
        """The engine, once it is open."""
        return self._engine

    def open(self) -> None:
        """Open the engine; takes seconds, so call it from a thread. Failing leaves the lists."""
        try:
            self._engine, self._search = self._opening()
        except NobodyWaitsError:
            return
        except Exception as error:  # noqa: BLE001 - a line for people in danger stays open without it
            log.error("understanding-failed", kind=type(error).__name__)  # noqa: TRY400 - no traceback: it could hold words
        else:
            log.info("understanding-ready")

    def close(self) -> None:
        """End learning that is under way: the program stops."""
        self._over.set()

    def take_up(self, library: Library) -> None:
        """Understand by other content from now on: its alarm words at once, the rest once learnt.

        Takes seconds when teaching lines changed, so call it from a thread. What was in use goes
        on until then, and stays when the new one cannot be opened.
        """
        self._alarms = Alarms(library.alarms)
        if self._renewing is None:
            return
        if self._rasa is not None:
            self._rasa.known = frozenset(library.intents)
        self._opening = self._renewing(library)
        self.open()

    def __call__(self, words: Words, language: LanguageTag | None = None) -> Understood:
        """Return what words seem to mean, by what is in this process."""
        del language  # one model reads all languages, also a mixture of them
        text = words.reveal()
        if self._engine is None:
            heard, guess = self._alarms.hear(text), self._scripts.guess(text)
            tongue, clear = spoken(guess, heard)
            return Understood(urgent=bool(heard.loud), language=tongue, clear=clear)
        return self._engine.understand(text)

    def search(self, words: Words, language: LanguageTag) -> tuple[str, ...]:
        """Return ids of the entries that fit words best; none until search is open."""
        return self._search(words.reveal(), language, _CARDS) if self._search else ()

    async def hear(self, words: Words) -> Understood:
        """Return what words seem to mean, with the Rasa server's opinion where there is one.

        An emergency is one if either says so.
        """
        if self._rasa is None:
            return await asyncio.to_thread(self, words)
        ours, theirs = await asyncio.gather(asyncio.to_thread(self, words), self._rasa.ask(words))
        if theirs is None:
            return ours
        best, share = theirs[0]
        alarm = best in URGENT and share >= _SURE_ALARM
        return replace(ours, urgent=ours.urgent or alarm, intents=theirs[:_SHOWN])


def make_understanding(root: Path, home: Path, library: Library, nlu: str) -> Understanding:
    """Return understanding for the content below `root`, not open yet.

    Args:
        root: The folder with flows/.
        home: VIGIL_HOME, which has the cache.
        library: The content in use.
        nlu: `embedded`, or the address of a Rasa server.
    """
    server = None if nlu == "embedded" else _rasa(nlu, library)
    over = Event()

    def opening(content: Library) -> tuple[Embedded, Search | None]:
        encoder = load_encoder()
        if not is_learnt(root, home, encoder):
            learn_apart(root, home, over)
        if over.is_set():
            raise NobodyWaitsError
        engine = open_embedded(
            root,
            home,
            alarms=content.alarms,
            encoder=encoder,
            with_encoder=encoder is not None,
        )
        return engine, open_search(content, home, encoder)

    def renewing(content: Library) -> Callable[[], tuple[Embedded, Search | None]]:
        return lambda: opening(content)

    return Understanding(library.alarms, renewing(library), server, renewing, over)


def _rasa(address: str, library: Library) -> RasaServer:
    # Late: its HTTP client takes memory that nobody needs who has no such server.
    from bot.understand.rasa import RasaServer  # noqa: PLC0415

    return RasaServer(address, known=frozenset(library.intents))
