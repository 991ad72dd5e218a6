"""What comes in from a channel and what goes out to one, the same for every channel.

Inbound is what a door makes of an update before anything is decided; Outgoing is what a mouth must
show. Neither knows flows, rows or the channel's own format.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.ids import ChannelName, LanguageTag
    from bot.domain.words import Words


class InboundKind(StrEnum):
    """What sort of thing arrived."""

    TEXT = "text"
    """Typed words, or the press of a reply keyboard (which is words too)."""
    COMMAND = "command"
    """A command such as /sos; `data` holds its name without slash, `words` the rest."""
    BUTTON = "button"
    """The press of a button under a message; `data` holds what the button carried."""
    FILE = "file"
    """Photo, voice, video or document; `file` tells which."""
    LOCATION = "location"
    CONTACT = "contact"
    STICKER = "sticker"
    """Sticker, animation, dice: something with no words in it."""
    EDITED = "edited"
    """An old message was changed by its author."""
    GROUP = "group"
    """Somebody spoke to us in a group or channel, where no case is talked about."""
    BLOCKED = "blocked"
    """The person blocked us; nothing can be sent any more."""
    RETURNED = "returned"
    """The person unblocked us."""
    AUTO_DELETE = "auto-delete"
    """The chat's auto-delete timer changed; `data` holds its seconds, "0" for off."""
    OTHER = "other"
    """Anything else that a private chat can hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundFile:
    """A file that stands at the channel; nothing of it has been read yet."""

    ref: str
    """The channel's handle for fetching it."""
    kind: str
    """photo, voice, audio, video or document."""
    size: int | None
    """Bytes, when the channel says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptKey:
    """What a receipt's six words stand for: kept for as long as one thing is answered."""

    finds: str = field(repr=False)
    """Finds the case."""
    secret: str = field(repr=False)
    """Opens what was answered."""
    public: str = field(repr=False)
    """What answers are sealed to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """One thing that arrived, parsed; names and the raw update were dropped at the door."""

    channel: ChannelName
    update_id: str
    """Unique within the channel; the same update comes again with the same id."""
    address: str
    """Where to answer (a chat id); kept only encrypted."""
    kind: InboundKind
    received_at: datetime
    words: Words | None = None
    data: str | None = None
    file: InboundFile | None = None
    message_ref: str | None = None
    """The channel's id of the message, so that it can be deleted later."""
    callback_ref: str | None = None
    """What the channel wants acknowledged for a button press."""
    language_hint: LanguageTag | None = None
    """The language of the person's app."""
    forwarded: bool = False
    receipt: ReceiptKey | None = field(default=None, repr=False)
    """What the words stand for, when they are a receipt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """Something to press. `data` comes back as `Inbound.data`, at most 64 bytes of UTF-8."""

    label: str
    data: str = ""
    url: str | None = None
    copy: str | None = None
    """Text that a press copies (a phone number), where the channel can."""
    style: str = "plain"
    """plain, danger or good."""


class Keyboard(StrEnum):
    """How buttons are shown."""

    INLINE = "inline"
    """Under the message."""
    REPLY = "reply"
    """Instead of the phone's keyboard; a press is a message and is never lost."""
    REMOVE = "remove"
    """Take an earlier reply keyboard away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that we made for the person."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    r"""One message to show, in its final words.

    `text` is plain text in which `*bold*` alone is markup; an asterisk meant as such is `\\*`.
    A channel splits what is longer than it can show.
    """

    text: str = field(repr=False)
    language: LanguageTag
    buttons: tuple[tuple[Button, ...], ...] = ()
    keyboard: Keyboard = Keyboard.INLINE
    protect: bool = True
    """Forbid forwarding and saving; off for letters and public contact cards."""
    silent: bool = False
    """No sound; for quiet hours and bland notices."""
    paid: bool = False
    """May be paid for, where a channel sells a faster rate to many people."""
    attachment: Attachment | None = None
    edit_ref: str | None = None
    """Change this message of ours instead of sending a new one, where the channel still can."""
    repeat_of: str | None = None
    """Set when an earlier attempt may have arrived: the short mark that both carry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """A channel took a message; `refs` are its ids there, one a part."""

    refs: tuple[str, ...]
