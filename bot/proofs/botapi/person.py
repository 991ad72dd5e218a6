"""A person with a phone, as a test or a proof moves them.

The same person works beside a server in this process and over the control address of one that runs
on its own.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any, Protocol

PATIENCE = 10.0


class Stage(Protocol):
    """Where acts are carried out: `BotApi` here, `Remote` over HTTP."""

    async def do(self, act: str, **what: Any) -> Any:
        """Carry out an act by its name in `Acts`."""
        ...


class NothingHeardError(AssertionError):
    """The bot did not say what was waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Something that the bot showed."""

    number: int
    message_id: int
    text: str
    buttons: tuple[tuple[str, ...], ...]
    """Labels of the inline keyboard, row by row."""
    protected: bool
    silent: bool
    edited: bool
    document: dict[str, Any] | None = None
    message: dict[str, Any] = field(repr=False)

    @property
    def labels(self) -> tuple[str, ...]:
        """All labels in reading order."""
        return tuple(label for row in self.buttons for label in row)


class Person:
    """Somebody in a private chat with the bot."""

    def __init__(self, stage: Stage, chat_id: int) -> None:
        self._stage = stage
        self.chat_id = chat_id
        self._heard_up_to = 0

    async def says(self, text: str, *, forwarded: bool = False) -> int:
        """Write a text or a command; returns the message's id."""
        return int(await self._do("say", text=text, forwarded=forwarded))

    async def says_in(self, group_id: int, text: str) -> int:
        """Write in a group."""
        return int(await self._stage.do("say", chat_id=group_id, text=text, by=self.chat_id))

    async def presses(self, label: str, *, on: Heard | None = None) -> str:
        """Press a button; returns the address or text when it opens or copies something.

        The newest button with this label is taken, then the newest that contains it; `on` presses
        a button of one message, however old.
        """
        message_id = None if on is None else on.message_id
        return str(await self._do("press", label=label, message_id=message_id))

    async def sends_photo(self, content: bytes = b"photo", *, caption: str | None = None) -> int:
        """Send a photo."""
        return await self._sends("photo", content, caption=caption)

    async def sends_voice(self, content: bytes = b"voice") -> int:
        """Send a voice message."""
        return await self._sends("voice", content)

    async def sends_video(self, content: bytes = b"video", *, caption: str | None = None) -> int:
        """Send a video."""
        return await self._sends("video", content, caption=caption)

    async def sends_document(
        self,
        content: bytes = b"document",
        *,
        name: str = "notes.pdf",
        media_type: str = "application/pdf",
        caption: str | None = None,
    ) -> int:
        """Send a file."""
        more = {"name": name, "media_type": media_type, "caption": caption}
        return await self._sends("document", content, **more)

    async def sends_animation(self, content: bytes = b"animation") -> int:
        """Send a moving picture."""
        return await self._sends("animation", content)

    async def sends_sticker(self) -> int:
        """Send a sticker."""
        return await self._sends_other("sticker")

    async def sends_location(self) -> int:
        """Send a place."""
        return await self._sends_other("location")

    async def sends_contact(self) -> int:
        """Send somebody's contact."""
        return await self._sends_other("contact")

    async def edits(self, message_id: int, text: str) -> None:
        """Change an own message."""
        await self._do("edit", message_id=message_id, text=text)

    async def deletes(self, message_id: int) -> None:
        """Delete a message for both sides."""
        await self._do("remove", message_id=message_id)

    async def blocks(self) -> None:
        """Block the bot."""
        await self._do("block", blocked=True)

    async def returns(self) -> None:
        """Let the bot write again."""
        await self._do("block", blocked=False)

    async def leaves_telegram(self) -> None:
        """Delete the account."""
        await self._do("deactivate")

    async def sets_auto_delete(self, seconds: int) -> None:
        """Set the chat's timer; 0 is off."""
        await self._do("set_auto_delete", seconds=seconds)

    async def hears(self, containing: str = "", *, within: float = PATIENCE) -> Heard:
        """Wait for what the bot shows next; skips what does not contain `containing`.

        Raises:
            NothingHeardError: Nothing came, or nothing that fits.
        """
        skipped: list[str] = []
        while True:
            heard = await self._hear(within)
            if heard is None:
                raise NothingHeardError(f"waited for {containing!r}, heard {skipped!r}")
            if containing in heard.text:
                return heard
            skipped.append(heard.text)

    async def hears_nothing(self, *, within: float) -> None:
        """Fail when the bot shows something in this time.

        Raises:
            NothingHeardError: It did.
        """
        heard = await self._hear(within)
        if heard is not None:
            raise NothingHeardError(f"waited for silence, heard {heard.text!r}")

    async def is_unread(self) -> bool:
        """Tell whether the bot has not taken yet what was done here."""
        return bool(await self._do("unread"))

    async def forgets(self) -> None:
        """Count everything shown until now as heard."""
        self._heard_up_to = int(await self._do("last"))

    async def sees(self) -> list[dict[str, Any]]:
        """Return every message that stands in the chat now, both sides."""
        found: list[dict[str, Any]] = await self._do("standing")
        return found

    async def _hear(self, within: float) -> Heard | None:
        entry = await self._do("hear", after=self._heard_up_to, within=within)
        if entry is None:
            return None
        self._heard_up_to = entry["number"]
        message = entry["message"]
        rows = message.get("reply_markup", {}).get("inline_keyboard", [])
        return Heard(
            number=entry["number"],
            message_id=entry["message_id"],
            text=message.get("text", message.get("caption", "")),
            buttons=tuple(tuple(button["text"] for button in row) for row in rows),
            protected=entry["protected"],
            silent=entry["silent"],
            edited=entry["what"] == "edited",
            document=message.get("document"),
            message=message,
        )

    async def _sends(self, kind: str, content: bytes, **more: Any) -> int:
        encoded = base64.b64encode(content).decode()
        return int(await self._do("send_file", kind=kind, content=encoded, **more))

    async def _sends_other(self, kind: str) -> int:
        return int(await self._do("send_other", kind=kind))

    async def _do(self, act: str, **what: Any) -> Any:
        return await self._stage.do(act, chat_id=self.chat_id, **what)
