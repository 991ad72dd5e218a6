"""The conversation in a terminal: numbered buttons, typed answers; only files go to disk."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bot.domain.ids import ChannelName
from bot.domain.messages import Delivered, Inbound, InboundKind
from bot.domain.words import Words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from bot.domain.ids import LanguageTag
    from bot.domain.messages import Attachment, Button, Outgoing
    from bot.services.ports import Clock

NAME = ChannelName("terminal")
ADDRESS = "me"


@dataclass(slots=True, kw_only=True)
class Terminal:
    """Shows messages on a stream and turns typed lines into what arrived."""

    clock: Clock
    language: LanguageTag | None = None
    stream: TextIO = field(default_factory=lambda: sys.stdout)
    shown: list[Outgoing] = field(default_factory=list)
    files: Path | None = None
    """Where files are put; a new folder of its own when the first one comes."""
    _buttons: list[Button] = field(default_factory=list)
    _count: int = 0

    @property
    def name(self) -> ChannelName:
        """The channel's name."""
        return NAME

    async def send(self, address: str, message: Outgoing) -> Delivered:
        """Print a message with its buttons numbered on through the conversation's last turn."""
        del address
        self.shown.append(message)
        self._count += 1
        shown = [button for row in message.buttons for button in row]
        self._buttons = [button for button in shown if button.data]
        lines = ["", *plain(message.text).splitlines()]
        if message.attachment is not None:
            lines.append(f"  {self._saved(message.attachment)}")
        number = 0
        for button in shown:
            number += bool(button.data)
            detail = button.url or button.copy or ""
            known = "" if detail in button.label else f"  {detail}"
            mark = f"[{number}]" if button.data else "·"
            lines.append(f"  {mark} {button.label}{known}")
        print(*lines, sep="\n", file=self.stream, flush=True)
        return Delivered(refs=(str(self._count),))

    def _saved(self, file: Attachment) -> Path:
        """Write a file for its owner alone; one of the same name stays."""
        if self.files is None:
            self.files = Path(tempfile.mkdtemp(prefix="vigil-letters-"))
        self.files.mkdir(mode=0o700, exist_ok=True)
        path, number = self.files / file.name, 1
        while path.exists():
            number += 1
            path = (self.files / file.name).with_stem(f"{Path(file.name).stem}-{number}")
        path.touch(mode=0o600)
        path.write_bytes(file.content)
        return path

    async def delete(self, address: str, refs: Sequence[str]) -> None:
        """A terminal cannot take back what it showed."""
        del address, refs

    def inbound(self, line: str, update_id: str) -> Inbound:
        """Read a typed line: `/command`, the number of a button in brackets, or words."""
        text = line.strip()
        button = self._pressed(text)
        command, _, rest = text[1:].partition(" ")
        if button is not None:
            kind, data, words = InboundKind.BUTTON, button.data, None
        elif text.startswith("/") and command.isidentifier():
            kind, data, words = InboundKind.COMMAND, command, Words(rest) if rest else None
        else:
            kind, data, words = InboundKind.TEXT, None, Words(text)
        return Inbound(
            channel=NAME,
            update_id=update_id,
            address=ADDRESS,
            kind=kind,
            received_at=self.clock.now(),
            data=data,
            words=words,
            language_hint=self.language,
        )

    def pressed(self, button: Button, update_id: str) -> Inbound:
        """Return what a press of this button brings."""
        return Inbound(
            channel=NAME,
            update_id=update_id,
            address=ADDRESS,
            kind=InboundKind.BUTTON,
            received_at=self.clock.now(),
            data=button.data,
            language_hint=self.language,
        )

    def _pressed(self, text: str) -> Button | None:
        number = text.removeprefix("[").removesuffix("]")
        if number.isdecimal() and 0 < int(number) <= len(self._buttons):
            return self._buttons[int(number) - 1]
        return None


def plain(text: str) -> str:
    """Return a text without its bold marks."""
    return text.replace("\\*", "\0").replace("*", "").replace("\0", "*")
