"""What people do in their chats, as Telegram reports it to the bot.

Every act takes and gives plain JSON values, so that it can be asked for in this process or over the
control address.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

from bot.proofs.botapi.chats import Chat, Standing, Stored
from bot.proofs.botapi.markup import utf16_length
from bot.proofs.botapi.sizes import TEXT
from bot.proofs.botapi.world import Query

if TYPE_CHECKING:
    from bot.proofs.botapi.world import World

_COMMAND = re.compile(r"/[a-z0-9_]{1,32}(?:@\w+)?(?!\S)", re.ASCII)
_FILE_SHAPES: dict[str, dict[str, Any]] = {
    "voice": {"duration": 3, "mime_type": "audio/ogg"},
    "audio": {"duration": 3, "mime_type": "audio/mpeg"},
    "video": {"duration": 3, "width": 640, "height": 360, "mime_type": "video/mp4"},
    "video_note": {"duration": 3, "length": 240},
    "animation": {"duration": 1, "width": 320, "height": 240, "mime_type": "video/mp4"},
    "document": {},
}


class NotOfferedError(AssertionError):
    """Somebody was to press a button that is not there."""


class Acts:
    """The acts of people."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def person(self, *, name: str, language: str | None, user_id: int | None) -> int:
        """Make a person; returns their chat's id."""
        return self.world.add_person(name, language, user_id).id

    async def group(self, *, title: str, kind: str) -> int:
        """Make a group or channel that the bot is a member of; returns its id."""
        return self.world.add_group(title, kind).id

    async def say(
        self,
        *,
        chat_id: int,
        text: str,
        by: int | None = None,
        forwarded: bool = False,
        reply_to: int | None = None,
    ) -> int:
        """Write a text; `by` is who speaks in a group. Returns the (last) message's id.

        A text that is too long for one message goes in several, as Telegram's apps send it.
        """
        message_id = 0
        for piece in _messages_of(text):
            body: dict[str, Any] = {"text": piece}
            entities = _command_entities(piece)
            if entities:
                body["entities"] = entities
            message_id = self._post(chat_id, body, by=by, forwarded=forwarded, reply_to=reply_to)
        return message_id

    async def unread(self, *, chat_id: int) -> bool:
        """Tell whether the bot has not confirmed something that was done in a chat."""
        lines = (chat_id, ("presses", chat_id))
        return any(item.line in lines for item in self.world.updates.waiting())

    async def send_file(
        self,
        *,
        chat_id: int,
        kind: str,
        content: str,
        name: str | None = None,
        media_type: str | None = None,
        caption: str | None = None,
        forwarded: bool = False,
    ) -> int:
        """Send a file, `content` in base64; kind as the Bot API's field is called."""
        data = base64.b64decode(content)
        stored = self.world.add_file(name or kind, media_type or "", data)
        handle = {
            "file_id": stored.id,
            "file_unique_id": stored.id[-12:],
            "file_size": len(data),
        }
        body: dict[str, Any]
        if kind == "photo":
            small = {**handle, "file_id": handle["file_id"], "width": 90, "height": 60}
            small["file_size"] = min(len(data), 1000)
            body = {"photo": [small, {**handle, "width": 1280, "height": 853}]}
        else:
            shape = {**_FILE_SHAPES[kind], **handle}
            if kind == "document":
                shape["file_name"] = name or "document"
                shape["mime_type"] = media_type or "application/octet-stream"
            body = {kind: shape}
            if kind == "animation":
                # Telegram fills both, for clients that do not know animations.
                body["document"] = {**handle, "file_name": "animation.mp4"}
        if caption is not None:
            body["caption"] = caption
        return self._post(chat_id, body, forwarded=forwarded)

    async def send_other(self, *, chat_id: int, kind: str) -> int:
        """Send something without words: sticker, dice, location, venue or contact."""
        place = {"latitude": 10.5, "longitude": -66.9}
        handle = self.world.next_name("CAACAgQAAxkBAA")
        bodies: dict[str, dict[str, Any]] = {
            "sticker": {
                "sticker": {
                    "file_id": handle,
                    "file_unique_id": handle[-12:],
                    "type": "regular",
                    "width": 512,
                    "height": 512,
                    "is_animated": False,
                    "is_video": False,
                    "emoji": "🙂",
                }
            },
            "dice": {"dice": {"emoji": "🎲", "value": 4}},
            "location": {"location": place},
            "venue": {
                "location": place,
                "venue": {"location": place, "title": "Invented Square", "address": "1 Nowhere"},
            },
            "contact": {
                "contact": {"phone_number": "+0000000000", "first_name": "Invented Contact"}
            },
        }
        return self._post(chat_id, bodies[kind])

    async def send_body(self, *, chat_id: int, body: dict[str, Any]) -> int:
        """Send a message of any content, given as the Message's own fields."""
        return self._post(chat_id, body)

    async def press(self, *, chat_id: int, label: str, message_id: int | None = None) -> str:
        """Press a button by its label, the newest first; returns what a client would do itself.

        Raises:
            NotOfferedError: No such button stands in the chat.
        """
        chat = self.world.chats[chat_id]
        offered: list[str] = []
        candidates = [
            stored
            for stored in reversed(chat.messages.values())
            if stored.from_bot and message_id in (None, stored.message["message_id"])
        ]
        for exact in (True, False):
            for stored in candidates:
                rows = stored.message.get("reply_markup", {}).get("inline_keyboard", [])
                for button in (button for row in rows for button in row):
                    offered.append(button["text"])
                    if _fits(label, button["text"], exact=exact):
                        return self._press_inline(chat, stored, button)
            if chat.keyboard is not None and message_id is None:
                for button in (button for row in chat.keyboard["keyboard"] for button in row):
                    offered.append(button["text"])
                    if _fits(label, button["text"], exact=exact):
                        if chat.keyboard.get("one_time_keyboard"):
                            chat.keyboard = None
                        await self.say(chat_id=chat_id, text=button["text"])
                        return ""
        offer = ", ".join(repr(one) for one in dict.fromkeys(offered)) or "no button at all"
        raise NotOfferedError(f"{label!r} is not offered; there is {offer}")

    async def edit(self, *, chat_id: int, message_id: int, text: str) -> None:
        """Change a message that the person wrote."""
        chat = self.world.chats[chat_id]
        stored = chat.messages[message_id]
        stored.message = {**stored.message, "text": text, "edit_date": self._date()}
        stored.message.pop("entities", None)
        kind = "edited_channel_post" if chat.kind == "channel" else "edited_message"
        self.world.put_update(kind, stored.message, chat_id=chat_id, line=chat_id)

    async def block(self, *, chat_id: int, blocked: bool) -> None:
        """Block the bot, or let it write again."""
        chat = self.world.chats[chat_id]
        before, after = ("member", "kicked") if blocked else ("kicked", "member")
        chat.standing = Standing.BLOCKED if blocked else Standing.OPEN
        self._membership(chat, before, after)

    async def join(self, *, chat_id: int, by: int, joined: bool) -> None:
        """Add the bot to a group, or throw it out."""
        chat = self.world.chats[chat_id]
        before, after = ("left", "member") if joined else ("member", "kicked")
        chat.standing = Standing.OPEN if joined else Standing.KICKED
        self._membership(chat, before, after, by=by)

    async def deactivate(self, *, chat_id: int) -> None:
        """Delete the person's account; the bot is not told."""
        self.world.chats[chat_id].standing = Standing.DEACTIVATED

    async def migrate(self, *, chat_id: int) -> int:
        """Turn a group into a supergroup; returns the new id."""
        old = self.world.chats[chat_id]
        new = self.world.add_group(old.about["title"])
        old.migrated_to = new.id
        self._post(chat_id, {"migrate_to_chat_id": new.id})
        self._post(new.id, {"migrate_from_chat_id": chat_id})
        return new.id

    async def set_auto_delete(self, *, chat_id: int, seconds: int) -> None:
        """Set the chat's auto-delete timer; 0 is off."""
        changed = {"message_auto_delete_time": seconds}
        self._post(chat_id, {"message_auto_delete_timer_changed": changed})

    async def remove(self, *, chat_id: int, message_id: int) -> None:
        """Delete a message for both sides; the bot is not told."""
        del self.world.chats[chat_id].messages[message_id]

    def _date(self) -> int:
        return int(self.world.clock.now())

    def _post(
        self,
        chat_id: int,
        body: dict[str, Any],
        *,
        by: int | None = None,
        forwarded: bool = False,
        reply_to: int | None = None,
    ) -> int:
        world = self.world
        chat = world.chats[chat_id]
        message: dict[str, Any] = {
            "message_id": world.next_message_id(),
            "date": self._date(),
            "chat": chat.about,
        }
        user = chat.user if by is None else world.chats[by].user
        if chat.kind == "channel":
            message["sender_chat"] = chat.about
        elif user is not None:
            message["from"] = user
        if forwarded:
            origin = {"type": "hidden_user", "sender_user_name": "Invented Sender"}
            message["forward_origin"] = {**origin, "date": self._date() - 60}
        if reply_to is not None:
            message["reply_to_message"] = chat.messages[reply_to].message
        message.update(body)
        if chat.standing is Standing.NEVER_STARTED:
            chat.standing = Standing.OPEN
        at = chat.heard_at = world.clock.now()
        stored = Stored(message=message, from_bot=False, at=at)
        chat.messages[message["message_id"]] = stored
        world.note("received", chat, message)
        kind = "channel_post" if chat.kind == "channel" else "message"
        world.put_update(kind, message, chat_id=chat_id, line=chat_id)
        return int(message["message_id"])

    def _press_inline(self, chat: Chat, stored: Stored, button: dict[str, Any]) -> str:
        if "copy_text" in button:
            return str(button["copy_text"]["text"])
        if "url" in button:
            return str(button["url"])
        world = self.world
        query_id = world.next_name("42")
        world.queries[query_id] = Query(at=world.clock.now(), chat_id=chat.id)
        chat.heard_at = world.clock.now()
        user = chat.user or next(
            other.user for other in world.chats.values() if other.user is not None
        )
        payload = {
            "id": query_id,
            "from": user,
            "message": stored.message,
            "chat_instance": str(-chat.id),
            "data": button["callback_data"],
        }
        world.note("pressed", chat, {"message_id": stored.message["message_id"], "button": button})
        line = ("presses", user["id"])
        world.put_update("callback_query", payload, chat_id=chat.id, line=line)
        return ""

    def _membership(self, chat: Chat, before: str, after: str, *, by: int | None = None) -> None:
        world = self.world
        user = chat.user if by is None else world.chats[by].user

        def member(status: str) -> dict[str, Any]:
            until = {"until_date": 0} if status == "kicked" else {}
            return {"status": status, "user": world.me, **until}

        payload = {
            "chat": chat.about,
            "from": user,
            "date": self._date(),
            "old_chat_member": member(before),
            "new_chat_member": member(after),
        }
        world.put_update("my_chat_member", payload, chat_id=chat.id, line=chat.id)


def _messages_of(text: str) -> list[str]:
    if utf16_length(text) <= TEXT:
        return [text]
    units = text.encode("utf-16-le")
    pieces: list[str] = []
    start = 0
    while start < len(units):
        end = min(start + 2 * TEXT, len(units))
        if end < len(units) and 0xD8 <= units[end - 1] <= 0xDB:
            end -= 2
        pieces.append(units[start:end].decode("utf-16-le"))
        start = end
    return pieces


def _command_entities(text: str) -> list[dict[str, Any]]:
    found = _COMMAND.match(text)
    if found is None:
        return []
    return [{"type": "bot_command", "offset": 0, "length": utf16_length(found.group())}]


def _fits(label: str, text: str, *, exact: bool) -> bool:
    return label == text if exact else label.casefold() in text.casefold()
