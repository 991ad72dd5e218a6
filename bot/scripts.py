"""Golden conversations: scripts of what they say and what the bot says, played on any surface.

    about: what this conversation shows
    lang: es                 the person's app
    role: coordinator        who talks, when it is no defender
    watched: true            two coordinators are on duty
    talk:
      - them: /start
      - bot: ["part of a message", …]       every part must be said, in this order
      - press: "Label of a button"          or the beginning of one
      - wait: 15m                           time goes by
      - choose: {pin: 2468, safe: kestrel}  on the page that the newest link opens
      - never: "what must not be said"
      - bot: […]
        only: telegram         a line for this surface alone: terminal, telegram or web

A line of `bot` compares with everything that was said since the last line of theirs.
"""

from __future__ import annotations

import io
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

import yaml

from bot.channels.terminal import plain
from bot.content import marks
from bot.content.flows import duration
from bot.domain.errors import ContentError
from bot.domain.ids import LanguageTag
from bot.domain.secret_words import Secret
from bot.services.check_in_heard import REPLY_AFTER
from bot.talking import conversation

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from pathlib import Path

    from bot.channels.terminal import Terminal
    from bot.content.library import Library
    from bot.domain.messages import Inbound
    from bot.understand.understanding import Understanding
    from bot.wiring import Parts

START = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
PAUSE = timedelta(seconds=5)
"""Between two lines of theirs."""

SURFACES = ("terminal", "telegram", "web")

_ISOLATES = str.maketrans("", "", "\u2066\u2067\u2068\u2069\u200e\u200f")
_LONGEST_PART = 72
REACH = 12
"""How many messages back a button may stand."""


class NoButtonError(Exception):
    """No button begins with this label. Its text names those that are there."""


class Surface(Protocol):
    """Where a script is played. Each act returns all that is shown in answer to it."""

    @property
    def name(self) -> str:
        """The channel's name, by which a line of a script is meant for it alone."""
        ...

    async def says(self, text: str) -> list[str]:
        """Write words."""
        ...

    async def presses(self, label: str) -> list[str]:
        """Press the newest button with this label, or that begins with it.

        Raises:
            NoButtonError: There is none.
        """
        ...

    async def waits(self, by: timedelta) -> list[str]:
        """Let time go by."""
        ...

    async def chooses(self, words: Mapping[str, str]) -> list[str]:
        """Fill in the page for words that the newest link opens."""
        ...


class ScriptClock:
    """A clock that a script moves."""

    def __init__(self) -> None:
        self._now = START

    def now(self) -> datetime:
        """Return the script's moment."""
        return self._now

    def go(self, by: timedelta) -> None:
        """Let time go by."""
        self._now += by


@dataclass(slots=True, kw_only=True)
class TerminalSurface:
    """The terminal, on a database of its own."""

    terminal: Terminal
    parts: Parts
    clock: ScriptClock
    turns: int = 0

    @property
    def name(self) -> str:
        """The channel's name."""
        return self.terminal.name

    async def says(self, text: str) -> list[str]:
        """Type a line."""
        self.turns += 1
        return await self._exchange(self.terminal.inbound(text, f"line-{self.turns}"))

    async def presses(self, label: str) -> list[str]:
        """Press the newest button with this label, or that begins with it."""
        self.turns += 1
        buttons = [
            button
            for message in reversed(self.terminal.shown[-REACH:])
            for row in message.buttons
            for button in row
            if button.data
        ]
        place = named([button.label for button in buttons], label)
        return await self._exchange(self.terminal.pressed(buttons[place], f"line-{self.turns}"))

    async def waits(self, by: timedelta) -> list[str]:
        """Let time go by."""
        before = len(self.terminal.shown)
        self.clock.go(by)
        await self.parts.timers.sweep()
        return await self._answers(before)

    async def chooses(self, words: Mapping[str, str]) -> list[str]:
        """Fill in the page for words that the newest link opens."""
        before = len(self.terminal.shown)
        addresses = [
            button.url or ""
            for message in self.terminal.shown
            for row in message.buttons
            for button in row
        ]
        await fill_words(self.parts, addresses, words)
        return await self._answers(before)

    async def _exchange(self, inbound: Inbound) -> list[str]:
        before = len(self.terminal.shown)
        self.clock.go(PAUSE)
        await self.parts.reception(inbound)
        return await self._answers(before)

    async def _answers(self, before: int) -> list[str]:
        while await self.parts.delivery.deliver_due():
            pass
        # Some answers come at a fixed time after the message.
        self.clock.go(REPLY_AFTER)
        while await self.parts.delivery.deliver_due():
            pass
        return [message.text for message in self.terminal.shown[before:]]


@asynccontextmanager
async def on_terminal(
    language: LanguageTag,
    content: Path | None = None,
    library: Library | None = None,
    *,
    role: str | None = None,
    watched: bool = False,
    understand: Callable[[Library], Understanding] | None = None,
) -> AsyncIterator[TerminalSurface]:
    """Open a terminal with a clock that scripts move; free text is understood if it is said how."""
    clock = ScriptClock()
    stream = io.StringIO()
    async with conversation(
        language,
        stream=stream,
        clock=clock,
        content=content,
        library=library,
        role=role,
        watched=watched,
        understand=understand,
    ) as (terminal, parts):
        yield TerminalSurface(terminal=terminal, parts=parts, clock=clock)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a script."""

    kind: str
    """them, press, wait, choose, bot or never."""
    value: Any
    place: str
    """File and line."""
    only: str | None = None
    """The one surface that it is meant for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A conversation as written, with the place of each line."""

    about: str
    language: LanguageTag
    talk: Sequence[Line]
    role: str | None = None
    watched: bool = False


def read_script(path: Path) -> Script:
    """Read a script.

    Raises:
        ContentError: It is none.
    """
    document, problems = marks.load(path, root=path.parent)
    data = document.data if document else None
    if problems or document is None or not isinstance(data, dict) or "talk" not in data:
        raise ContentError(f"{path} is not a script of a conversation.")
    talk = [
        _line(line, str(document.place("talk", number))) for number, line in enumerate(data["talk"])
    ]
    language = LanguageTag(str(data.get("lang", "en")))
    role = data.get("role")
    return Script(
        about=str(data.get("about", "")),
        language=language,
        talk=tuple(talk),
        role=None if role is None else str(role),
        watched=data.get("watched") is True,
    )


async def play(script: Script, surface: Surface) -> list[str]:
    """Play a script; return what differs, with file and line."""
    heard: list[str] = []
    differences: list[str] = []
    for line in script.talk:
        if line.only not in {None, surface.name}:
            continue
        match line.kind:
            case "bot":
                differences += _compare(heard, line.value, line.place)
            case "never":
                if bare(str(line.value)) in bare("\n".join(heard)):
                    differences.append(f"{line.place}: was said: {line.value}")
            case _:
                try:
                    heard = await _act(surface, line)
                except NoButtonError as error:
                    return [*differences, f"{line.place}: {error}"]
    return differences


async def record(script: Script, surface: Surface) -> str:
    """Play a script and return it with what the bot says now, as YAML to be read and kept.

    Lines for other surfaces stay as they are.
    """
    talk: list[dict[str, Any]] = []
    held: dict[str, Any] | None = None
    for number, line in enumerate(script.talk):
        elsewhere = line.only not in {None, surface.name}
        if line.kind == "bot" and not elsewhere:
            continue
        if held is not None and not elsewhere:
            talk.append(held)
            held = None
        talk.append({line.kind: line.value, **({"only": line.only} if line.only else {})})
        if line.kind in {"bot", "never"} or elsewhere:
            continue
        try:
            heard = await _act(surface, line)
        except NoButtonError as error:
            raise ContentError(f"{line.place}: {error}") from None
        said = {"bot": [part for text in heard for part in _parts(text)]}
        if heard and _acts_elsewhere(script.talk[number + 1 :], surface.name):
            # On another surface this is said only after one more act.
            held = said
        elif heard:
            talk.append(said)
    talk += [held] if held is not None else []
    document: dict[str, Any] = {"about": script.about, "lang": str(script.language)}
    if script.role:
        document["role"] = script.role
    if script.watched:
        document["watched"] = True
    document["talk"] = talk
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=1_000)


async def play_file(path: Path, content: Path | None = None) -> list[str]:
    """Play a script on the terminal; return what differs, with file and line.

    Raises:
        ContentError: It is no script.
    """
    script = read_script(path)
    async with on_terminal(
        script.language, content, role=script.role, watched=script.watched
    ) as surface:
        return await play(script, surface)


async def recorded(path: Path) -> str:
    """Play a script on the terminal; return it with what is said now.

    Raises:
        ContentError: It is no script, or presses what is not there.
    """
    script = read_script(path)
    async with on_terminal(script.language, role=script.role, watched=script.watched) as surface:
        return await record(script, surface)


async def fill_words(parts: Parts, addresses: Sequence[str], words: Mapping[str, str]) -> None:
    """Fill in the page that the newest of some addresses opens.

    Raises:
        NoButtonError: None of them is such a page, or it did not take the words.
    """
    links = [one for one in addresses if "/words/" in one]
    if not links:
        raise NoButtonError("no link to a page for words was shown")
    chosen = {Secret(name): word for name, word in words.items()}
    told = await parts.check_ins.house.setup.fill(
        links[-1].rpartition("/")[2], chosen, harmless=False
    )
    if told not in {"armed", "agreed"}:
        raise NoButtonError(f"the page for words says {told}")


def named(labels: Sequence[str], wanted: str) -> int:
    """Return the place of the label meant: the same, else the first that begins so.

    Raises:
        NoButtonError: None does.
    """
    shown, looked = [bare(label) for label in labels], bare(wanted)
    for fits in (looked.__eq__, lambda label: label.startswith(looked)):
        for place, label in enumerate(shown):
            if fits(label):
                return place
    raise NoButtonError(f"no button {wanted!r}; there are {', '.join(shown[:REACH])}")


def bare(text: str) -> str:
    """Fold what does not matter: marks, isolates, runs of white space."""
    return " ".join(plain(text).translate(_ISOLATES).split())


def _acts_elsewhere(following: Sequence[Line], here: str) -> bool:
    """Tell whether an act of another surface alone comes next."""
    for line in following:
        if line.only in {None, here}:
            # What was recorded before is dropped, so it does not count.
            if line.kind == "bot":
                continue
            return False
        if line.kind in {"them", "press", "wait"}:
            return True
    return False


def _line(line: Any, place: str) -> Line:
    only = line.get("only") if isinstance(line, dict) else None
    kinds = [kind for kind in line if kind != "only"] if isinstance(line, dict) else []
    if len(kinds) != 1 or kinds[0] not in {"them", "press", "wait", "choose", "bot", "never"}:
        raise ContentError(f"{place}: a line is one of them, press, wait, choose, bot, never.")
    if only not in {None, *SURFACES}:
        raise ContentError(f"{place}: only is one of {', '.join(SURFACES)}.")
    return Line(kind=kinds[0], value=line[kinds[0]], place=place, only=only)


async def _act(surface: Surface, line: Line) -> list[str]:
    if line.kind == "press":
        return await surface.presses(str(line.value))
    if line.kind == "choose":
        return await surface.chooses({name: str(word) for name, word in line.value.items()})
    if line.kind == "wait":
        return await surface.waits(duration(str(line.value)))
    return await surface.says(str(line.value))


def _compare(heard: Sequence[str], expected: Any, place: str) -> list[str]:
    said, at = bare("\n".join(heard)), 0
    for part in expected if isinstance(expected, list) else [expected]:
        found = said.find(bare(str(part)), at)
        if found < 0:
            return [f"{place}: not said: {part!r}\n  said: {said[:600]!r}"]
        at = found + len(bare(str(part)))
    return []


def _parts(text: str) -> list[str]:
    """Return the beginning of a message, enough to know it by, and the question at its end."""
    lines = [bare(line) for line in text.splitlines() if line.strip()]
    asked = lines[-1:] if lines[-1].endswith(("?", "؟")) and len(lines) > 1 else []
    return [_beginning(line) for line in (lines[0], *asked)]


def _beginning(line: str) -> str:
    """Return whole words of a line."""
    if len(line) <= _LONGEST_PART:
        return line
    cut = line[:_LONGEST_PART]
    return cut.rpartition(" ")[0] or cut
