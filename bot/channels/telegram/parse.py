"""Updates made into `Inbound`: plain data in, one value out, nothing else kept.

Names, usernames, phone numbers, places and everything else that a person did not mean to tell us
end here. It works on plain dictionaries, because an update is read once and most of it is dropped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.channels.telegram import NAME
from bot.domain.errors import BotError
from bot.domain.ids import LanguageTag
from bot.domain.messages import Inbound, InboundFile, InboundKind
from bot.domain.words import Words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

MAX_TEXT = 8192
"""Telegram sends 4,096 characters at most; what claims to be longer is cut."""

_MAX_REF = 512
_MAX_DATA_BYTES = 64
_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@([A-Za-z0-9_]{1,64}))?(?:\s+|$)")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}")
_AWAY = frozenset({"kicked", "left"})
_FILES = (
    ("voice", "voice"),
    ("audio", "audio"),
    ("video", "video"),
    ("video_note", "video"),
    ("document", "document"),
)
_WITHOUT_WORDS = ("sticker", "animation", "dice")
_SERVICE = frozenset(
    {
        "boost_added",
        "chat_background_set",
        "chat_owner_changed",
        "chat_owner_left",
        "connected_website",
        "delete_chat_photo",
        "forum_topic_closed",
        "forum_topic_created",
        "forum_topic_edited",
        "forum_topic_reopened",
        "general_forum_topic_hidden",
        "general_forum_topic_unhidden",
        "migrate_from_chat_id",
        "migrate_to_chat_id",
        "new_chat_photo",
        "new_chat_title",
        "pinned_message",
        "proximity_alert_triggered",
        "video_chat_ended",
        "video_chat_participants_invited",
        "video_chat_scheduled",
        "video_chat_started",
        "write_access_allowed",
    }
)
"""What Telegram itself writes into a chat; nobody waits for an answer to it."""


class MalformedUpdateError(BotError):
    """What came is no update; the message is a code that quotes nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """Who we are, to tell in a group whether somebody speaks to us."""

    id: int
    username: str


def update_id(update: object) -> int:
    """Return the number of an update.

    Raises:
        MalformedUpdateError: It has none.
    """
    number = update.get("update_id") if isinstance(update, dict) else None
    if isinstance(number, int) and not isinstance(number, bool):
        return number
    raise MalformedUpdateError("no-update-id")


def parse(update: object, *, me: Me | None, at: datetime) -> Inbound | None:
    """Return what arrived, or None when nobody waits for an answer.

    Raises:
        MalformedUpdateError: It lacks what every update of its kind has.
    """
    number = str(update_id(update))
    if not isinstance(update, dict):
        return None
    message = update.get("message") or update.get("channel_post")
    if message is not None:
        return _message(number, _mapping(message), me, at)
    if "callback_query" in update:
        return _press(number, _mapping(update["callback_query"]), at)
    if "edited_message" in update:
        return _edited(number, _mapping(update["edited_message"]), at)
    if "my_chat_member" in update:
        return _membership(number, _mapping(update["my_chat_member"]), at)
    return None


def _message(
    number: str, message: Mapping[str, Any], me: Me | None, at: datetime
) -> Inbound | None:
    chat = _mapping(message.get("chat"))
    sender = message.get("from")
    if isinstance(sender, dict) and sender.get("is_bot") is True:
        return None
    if chat.get("type") != "private":
        if not _addressed(message, me):
            return None
        return _inbound(number, message, InboundKind.GROUP, at)
    forwarded = "forward_origin" in message
    text = message.get("text")
    if isinstance(text, str):
        found = None if forwarded else _COMMAND.match(text)
        if found is None:
            return _inbound(number, message, InboundKind.TEXT, at, text=text, forwarded=forwarded)
        rest = text[found.end() :].strip()
        command = found.group(1).lower()
        return _inbound(number, message, InboundKind.COMMAND, at, text=rest, data=command)
    timer = message.get("message_auto_delete_timer_changed")
    if isinstance(timer, dict):
        seconds = timer.get("message_auto_delete_time")
        data = str(seconds) if isinstance(seconds, int) else "0"
        return _inbound(number, message, InboundKind.AUTO_DELETE, at, data=data)
    return _content(number, message, at, forwarded=forwarded)


def _content(
    number: str, message: Mapping[str, Any], at: datetime, *, forwarded: bool
) -> Inbound | None:
    """Read a message that is no text: what it is, and its caption."""
    # An animation also carries a document, and a venue a location: the order decides.
    for name in _WITHOUT_WORDS:
        if name in message:
            return _inbound(number, message, InboundKind.STICKER, at, forwarded=forwarded)
    file = _file(message)
    if file is not None:
        caption = message.get("caption")
        text = caption if isinstance(caption, str) else None
        return _inbound(
            number, message, InboundKind.FILE, at, text=text, file=file, forwarded=forwarded
        )
    if "location" in message:
        return _inbound(
            number, message, InboundKind.LOCATION, at, text=_place(message), forwarded=forwarded
        )
    if "contact" in message:
        return _inbound(number, message, InboundKind.CONTACT, at, forwarded=forwarded)
    if not _SERVICE.isdisjoint(message):
        return None
    return _inbound(number, message, InboundKind.OTHER, at, forwarded=forwarded)


def _place(message: Mapping[str, Any]) -> str | None:
    """Return latitude, longitude and metres around them, as words: kept only by those who seal."""
    found = _mapping(message.get("location"))
    numbers = [found.get(name) for name in ("latitude", "longitude", "horizontal_accuracy")]
    if not all(isinstance(one, int | float) for one in numbers[:2]):
        return None
    within = f" {numbers[2]:.0f}" if isinstance(numbers[2], int | float) else ""
    return f"{numbers[0]:.6f} {numbers[1]:.6f}{within}"


def _press(number: str, query: Mapping[str, Any], at: datetime) -> Inbound | None:
    sender = _mapping(query.get("from"))
    message = query.get("message")
    chat = message.get("chat") if isinstance(message, dict) else None
    if isinstance(chat, dict) and chat.get("type") != "private":
        return None
    # In a private chat the chat's id is the person's; a message too old to show has no chat.
    address = _number(sender.get("id"), "no-sender")
    shown = message.get("message_id") if isinstance(message, dict) else None
    data = query.get("data")
    if not isinstance(data, str) or len(data.encode(errors="replace")) > _MAX_DATA_BYTES:
        data = ""
    return Inbound(
        channel=NAME,
        update_id=number,
        address=address,
        kind=InboundKind.BUTTON,
        received_at=at,
        data=data,
        message_ref=str(shown) if isinstance(shown, int) else None,
        callback_ref=_text(query.get("id"), "no-query-id"),
        language_hint=_language(sender),
    )


def _edited(number: str, message: Mapping[str, Any], at: datetime) -> Inbound | None:
    if _mapping(message.get("chat")).get("type") != "private":
        return None
    if "location" in message:
        return _inbound(
            number, message, InboundKind.LOCATION, at, text=_place(message), data="live"
        )
    text = message.get("text", message.get("caption"))
    words = text if isinstance(text, str) else None
    return _inbound(number, message, InboundKind.EDITED, at, text=words)


def _membership(number: str, change: Mapping[str, Any], at: datetime) -> Inbound | None:
    chat = _mapping(change.get("chat"))
    if chat.get("type") == "channel":
        # Whatever we said there would be read by everybody who follows the channel.
        return None
    status = _mapping(change.get("new_chat_member")).get("status")
    private = chat.get("type") == "private"
    if status in _AWAY:
        kind = InboundKind.BLOCKED
    elif _mapping(change.get("old_chat_member")).get("status") not in _AWAY:
        # Rights changed, nothing else: nobody came and nobody left.
        return None
    else:
        kind = InboundKind.RETURNED if private else InboundKind.GROUP
    return Inbound(
        channel=NAME,
        update_id=number,
        address=_number(chat.get("id"), "no-chat"),
        kind=kind,
        received_at=at,
        language_hint=_language(change.get("from")) if private else None,
    )


def _addressed(message: Mapping[str, Any], me: Me | None) -> bool:
    """Tell whether a message in a group or channel is meant for us."""
    replied = message.get("reply_to_message")
    author = replied.get("from") if isinstance(replied, dict) else None
    if me is not None and isinstance(author, dict) and author.get("id") == me.id:
        return True
    text = message.get("text")
    if not isinstance(text, str):
        return False
    command = _COMMAND.match(text)
    if command is not None:
        named = command.group(2)
        return named is None or (me is not None and named.lower() == me.username.lower())
    return me is not None and f"@{me.username.lower()}" in text.lower()


def _file(message: Mapping[str, Any]) -> InboundFile | None:
    photos = message.get("photo")
    if isinstance(photos, list) and photos and isinstance(photos[-1], dict):
        # Telegram lists sizes from small to large.
        return _handle(photos[-1], "photo")
    for name, kind in _FILES:
        found = message.get(name)
        if isinstance(found, dict):
            return _handle(found, kind)
    return None


def _handle(found: Mapping[str, Any], kind: str) -> InboundFile:
    size = found.get("file_size")
    ref = _text(found.get("file_id"), "no-file-id")
    return InboundFile(ref=ref, kind=kind, size=size if isinstance(size, int) else None)


def _inbound(
    number: str,
    message: Mapping[str, Any],
    kind: InboundKind,
    at: datetime,
    *,
    text: str | None = None,
    data: str | None = None,
    file: InboundFile | None = None,
    forwarded: bool = False,
) -> Inbound:
    chat = _mapping(message.get("chat"))
    return Inbound(
        channel=NAME,
        update_id=number,
        address=_number(chat.get("id"), "no-chat"),
        kind=kind,
        received_at=at,
        words=Words(text[:MAX_TEXT]) if text else None,
        data=data,
        file=file,
        message_ref=_number(message.get("message_id"), "no-message-id"),
        language_hint=_language(message.get("from")),
        forwarded=forwarded,
    )


def _mapping(value: object) -> Mapping[str, Any]:
    if isinstance(value, dict):
        return value
    raise MalformedUpdateError("not-an-object")


def _number(value: object, code: str) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise MalformedUpdateError(code)


def _text(value: object, code: str) -> str:
    if isinstance(value, str) and 0 < len(value) <= _MAX_REF:
        return value
    raise MalformedUpdateError(code)


def _language(sender: object) -> LanguageTag | None:
    code = sender.get("language_code") if isinstance(sender, dict) else None
    if isinstance(code, str) and _LANGUAGE.fullmatch(code):
        return LanguageTag(code)
    return None
