"""Golden conversations: scripts of what they say and what the bot says, played on everything.

    lang: es                 the person's app
    talk:
      - them: /start
      - bot: ["*part of a message*", …]     every part must stand in the answer, in this order
      - press: "Label of a button"          or the beginning of one
      - wait: 15m                           time goes by
      - never: "what must not be said"

A line of `bot` compares with everything that was said since the last line of theirs.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.channels.terminal import plain
from bot.content import marks
from bot.content.flows import duration
from bot.domain.errors import ContentError
from bot.domain.ids import LanguageTag
from bot.talking import conversation

if TYPE_CHECKING:
    from pathlib import Path

    from bot.channels.terminal import Terminal
    from bot.wiring import Parts

START = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
_ISOLATES = str.maketrans("", "", "\u2068\u2069\u200f\u200e")


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
class Playing:
    """A script under way."""

    terminal: Terminal
    parts: Parts
    clock: ScriptClock
    heard: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    turns: int = 0

    async def take(self, line: dict[str, Any], place: str) -> None:
        """Play one line of the script."""
        kind, value = next(iter(line.items()))
        match kind:
            case "them":
                await self._say(str(value))
            case "press":
                await self._press(str(value), place)
            case "wait":
                await self._wait(duration(str(value)))
            case "bot":
                self._compare(value if isinstance(value, list) else [value], place)
            case "never":
                if _bare(str(value)) in self._said():
                    self.differences.append(f"{place}: was said: {value}")
            case _:
                self.differences.append(f"{place}: {kind} is no line of a script")

    async def _say(self, text: str) -> None:
        self.turns += 1
        self.clock.go(timedelta(seconds=5))
        await self._exchange(self.terminal.inbound(text, f"line-{self.turns}"))

    async def _press(self, label: str, place: str) -> None:
        wanted = _bare(label)
        buttons = [
            button
            for message in reversed(self.terminal.shown[-12:])
            for row in message.buttons
            for button in row
        ]
        labels = [(_bare(button.label), button) for button in buttons if button.data]
        exact = [button for shown, button in labels if shown == wanted]
        begun = [button for shown, button in labels if shown.startswith(wanted)]
        for button in (exact + begun)[:1]:
            self.turns += 1
            self.clock.go(timedelta(seconds=5))
            await self._exchange(self.terminal.pressed(button, f"line-{self.turns}"))
            return
        seen = ", ".join(button.label for button in buttons[:12])
        self.differences.append(f"{place}: no button {label!r}; there are {seen}")

    async def _wait(self, by: timedelta) -> None:
        self.heard.clear()
        self.clock.go(by)
        before = len(self.terminal.shown)
        await self.parts.timers.sweep()
        while await self.parts.delivery.deliver_due():
            pass
        self.heard += [message.text for message in self.terminal.shown[before:]]

    async def _exchange(self, inbound: Any) -> None:
        self.heard.clear()
        before = len(self.terminal.shown)
        await self.parts.reception(inbound)
        while await self.parts.delivery.deliver_due():
            pass
        self.heard += [message.text for message in self.terminal.shown[before:]]

    def _said(self) -> str:
        return _bare("\n".join(self.heard))

    def _compare(self, expected: list[Any], place: str) -> None:
        said, at = self._said(), 0
        for part in expected:
            found = said.find(_bare(str(part)), at)
            if found < 0:
                self.differences.append(f"{place}: not said: {part!r}\n  said: {said[:600]!r}")
                return
            at = found + len(_bare(str(part)))


async def play_file(path: Path, content: Path | None = None) -> list[str]:
    """Play a script; return what differs, with file and line.

    Raises:
        ContentError: It is no script.
    """
    document, problems = marks.load(path, root=path.parent)
    data = document.data if document else None
    if problems or document is None or not isinstance(data, dict) or "talk" not in data:
        raise ContentError(f"{path} is not a script of a conversation.")
    clock = ScriptClock()
    language = LanguageTag(str(data.get("lang", "en")))
    async with conversation(language, stream=io.StringIO(), clock=clock, content=content) as (
        terminal,
        parts,
    ):
        playing = Playing(terminal=terminal, parts=parts, clock=clock)
        for number, line in enumerate(data["talk"]):
            await playing.take(line, str(document.place("talk", number)))
        return playing.differences


def _bare(text: str) -> str:
    """Fold what does not matter: marks, isolates, runs of white space."""
    return " ".join(plain(text).translate(_ISOLATES).split())
