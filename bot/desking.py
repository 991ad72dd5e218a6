"""`vigil desk`: puts the coordinator's local application together and serves it on the loopback.

The only place that gives the desk content: sentences, labels and knowledge come from what is
installed here, never from the server.
"""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
import webbrowser
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from bot.content.rendering import country, direct
from bot.content.rendering import day as written_day
from bot.domain.errors import SettingsError
from bot.domain.ids import FlowId, LanguageTag
from bot.domain.languages import SOURCE, is_right_to_left
from bot.domain.words import Words
from bot.flow.model import AskStep, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from babel import Locale

    from bot.content.library import Library
    from bot.desk.ports import Clock, LetterWords
    from bot.flow.session import Answer

_COARSE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueContact:
    """An entry whose contacts are to be checked."""

    id: str
    name: str
    review_by: str
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryShelf:
    """Implements the desk's `Shelf` on the installed content."""

    library: Library

    def languages(self) -> Sequence[tuple[str, str]]:
        """Return the offered languages."""
        return [(tag, name) for tag, name in self.library.names()]

    def is_right_to_left(self, language: str) -> bool:
        """Tell how a language is written."""
        return is_right_to_left(language)

    def sentence(self, source: str, language: str) -> str:
        """Return a sentence of the interface."""
        return self.library.interface(source, LanguageTag(language))

    def question(self, flow: str, step: str, name: str, language: str) -> str:
        """Return the short label of a question; its name when it is not known here."""
        asked = self._ask(flow, step, name)
        return self.library.render(asked.label, LanguageTag(language)) if asked else name

    def answer(self, flow: str, step: str, kind: str, value: str, language: str) -> str:
        """Return the label of an answer."""
        tag = LanguageTag(language)
        if kind == "country":
            return country(value, tag)
        if kind == "date":
            with suppress(ValueError):
                return written_day(date.fromisoformat(value), tag)
        asked = self._ask(flow, step, "")
        options = asked.options if asked else ()
        label = next((one.label for one in options if one.id == value), None)
        return self.library.render(label, tag) if label else value

    def term(self, kind: str, code: str, language: str) -> str:
        """Return the name of a code."""
        if kind == "language":
            return self._language(code, language)
        if kind == "country":
            return country(code, LanguageTag(language))
        entry = self.library.knowledge.mechanisms.get(code)
        return entry.name if entry else code

    def moment(self, moment: datetime, language: str) -> str:
        """Return date and time in this machine's zone."""
        from babel.dates import format_date, format_time

        here, locale = moment.astimezone(), _locale(language)
        written = (
            f"{format_date(here, 'medium', locale)}, {format_time(here, 'short', locale=locale)}"
        )
        return direct(written, LanguageTag(language))

    def day(self, day: date, language: str) -> str:
        """Return a date."""
        return written_day(day, LanguageTag(language))

    def span(self, span: timedelta, language: str) -> str:
        """Return a length of time, roughly."""
        from babel.dates import format_timedelta

        coarse = max(span, _COARSE)
        return str(format_timedelta(coarse, threshold=1.5, locale=_locale(language)))

    def due(self, today: date, days: int, language: str) -> Sequence[DueContact]:
        """Return entries with contacts whose review is due, longest overdue first."""
        tag, until = LanguageTag(language), (today + timedelta(days=days)).isoformat()
        found = []
        knowledge = self.library.knowledge
        for kind, entries in (
            ("mechanisms", knowledge.mechanisms), ("resources", knowledge.resources)
        ):  # fmt: skip
            for one in entries.values():
                if (one.review_by or "") <= until:
                    named = Text(
                        source=one.name, context=f"{kind}.{one.id}.name", domain="knowledge"
                    )
                    channels = tuple(f"{way.type}: {way.value}" for way in one.channels)
                    found.append(
                        DueContact(
                            id=one.id,
                            name=self.library.render(named, tag),
                            review_by=one.review_by or "",
                            channels=channels,
                        )
                    )
        return sorted(found, key=lambda one: (one.review_by or "0", one.id))

    def letter_bodies(
        self, answers: Mapping[str, tuple[str, ...]], today: date, language: str
    ) -> Sequence[tuple[str, str]]:
        """Return whom one can write to in such a case, best first."""
        from bot.guidance.letter_lookups import letter_lookups

        tag = LanguageTag(language)
        found = letter_lookups(self.library, tag, today)["letter_bodies"](_plain(answers))
        return [(one.id, self.library.render(one.title, tag)) for one in found]

    def letter(
        self, body: str, answers: Mapping[str, tuple[str, ...]], words: LetterWords | None,
        wished: str, today: date,
    ) -> bytes | None:  # fmt: skip
        """Return a letter as a Word file; None when there is no such body."""
        from bot.documents.docx import to_docx
        from bot.guidance.letters import draft
        from bot.guidance.situation import situation

        made = draft(
            self.library.letters,
            self.library.knowledge,
            body=body,
            facts=situation(_plain(answers), self.library.knowledge),
            wished=wished,
            today=today,
            words=None if words is None else Words(words.text),
            words_language=None if words is None else LanguageTag(words.language),
        )
        return None if made is None else to_docx(made.letter)

    def _language(self, code: str, language: str) -> str:
        name = _locale(language).languages.get(code.split("-", maxsplit=1)[0])
        return str(name) if name else code

    def _ask(self, flow: str, step: str, name: str) -> AskStep | None:
        found = self.library.current(FlowId(flow))
        steps = list(found.steps.values()) if found else []
        by_step = next((one for one in steps if one.id == step), None)
        if isinstance(by_step, AskStep):
            return by_step
        # A step may have been renamed since; the answer's name tells as well.
        asked = (one for one in steps if isinstance(one, AskStep) and one.save == (name or step))
        return next(asked, None)


def _plain(answers: Mapping[str, tuple[str, ...]]) -> dict[str, Answer]:
    """Return answers as a conversation holds them: one code alone, several together."""
    return {name: codes[0] if len(codes) == 1 else codes for name, codes in answers.items()}


def _locale(language: str) -> Locale:
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale.parse(SOURCE)


class _SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


def check_listen(listen: str) -> str:
    """Return an address on the loopback.

    Raises:
        SettingsError: Others could reach it.
    """
    host, _, port = listen.rpartition(":")
    try:
        near = ip_address(host.strip("[]")).is_loopback
    except ValueError:
        near = False
    if not near or not port.isdecimal():
        raise SettingsError("--listen must be a loopback address and a port, as 127.0.0.1:0.")
    return listen


async def serve_desk(
    *,
    server: str,
    identity: str,
    language: str,
    listen: str = "127.0.0.1:0",
    proxy: str | None = None,
    open_browser: bool = False,
    content: Path | None = None,
    tell: Callable[[str], None],
    clock: Clock | None = None,
    stop: asyncio.Event | None = None,
) -> None:
    """Serve the desk until it is told to stop.

    Args:
        server: Address of the server, to be filled in.
        identity: The identity file, to be filled in.
        language: Of the pages; empty for the browser's.
        listen: Address on the loopback; port 0 for any free one.
        proxy: An HTTP proxy on the way to the server.
        open_browser: Open the link in this machine's browser.
        content: Another place of flows, locales and knowledge.
        tell: Told the link, once it can be followed.
        clock: Another than the machine's is for tests.
        stop: Ends it; signals do as well.

    Raises:
        SettingsError: The address cannot be used.
    """
    from bot.api.server import bind, serve
    from bot.content.library import open_library
    from bot.desk.app import DeskApp
    from bot.desk.frame import Desk
    from bot.desk.guard import Guard
    from bot.desk.pages import every_page
    from bot.desk.seat import Seat

    bound = bind(check_listen(listen))
    clock = clock or _SystemClock()
    stop = stop or asyncio.Event()
    guard = Guard()
    desk = Desk(
        seat=Seat(
            clock=clock, address=server, identity_file=identity, language=language, proxy=proxy
        ),
        shelf=LibraryShelf(library=open_library(content)),
        clock=clock,
        guard=guard,
        pages=every_page(),
        extras={},
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(ValueError, RuntimeError):
            loop.add_signal_handler(number, stop.set)
    host, port = bound.getsockname()[:2]
    host = f"[{host}]" if ":" in host else host
    link = f"http://{host}:{port}/enter?key={guard.link}"
    door = _Doorstep(link)

    def ready() -> None:
        tell(link)
        if open_browser:
            door.open()

    try:
        await serve(DeskApp(desk, stop).app(), bound, stop, ready=ready)
    finally:
        await desk.seat.lock()
        door.remove()


class _Doorstep:
    """Opens the link in a browser without showing it to other users of the machine.

    An address on a command line stands in the list of processes; a file that only its owner reads
    does not.
    """

    def __init__(self, link: str) -> None:
        self._link = link
        self._path: Path | None = None

    def open(self) -> None:
        handle, name = tempfile.mkstemp(prefix="vigil-desk-", suffix=".html")
        self._path = Path(name)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(
                '<!doctype html><meta name="referrer" content="no-referrer">'
                f'<meta http-equiv="refresh" content="0;url={self._link}">'
            )
        webbrowser.open(self._path.as_uri())

    def remove(self) -> None:
        if self._path is not None:
            self._path.unlink(missing_ok=True)
