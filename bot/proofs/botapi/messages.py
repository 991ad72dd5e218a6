"""What the bot does with messages: sends, edits, deletes, forwards, and answers presses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.proofs.botapi import sizes
from bot.proofs.botapi.chats import Chat, Stored
from bot.proofs.botapi.errors import RefusedCall, bad_request, too_many_requests, violation
from bot.proofs.botapi.schema import Upload
from bot.proofs.botapi.sizes import CALLBACK_TEXT, CAPTION, TEXT, UPLOAD
from bot.proofs.botapi.world import QUERY_ANSWERED_WITHIN

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from bot.proofs.botapi.world import World

    Fields = dict[str, Any]

DELETABLE_FOR = 48 * 3600.0
_MOST_DELETED = 100
_MOVED = ("text", "entities", "caption", "caption_entities", "document", "photo", "sticker")
_ACTIONS = frozenset(
    {
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    }
)


class Messages:
    """The bot's side of its chats."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.by_name: dict[str, Callable[[Fields], Coroutine[Any, Any, Any]]] = {
            "sendMessage": self._send_message,
            "sendDocument": self._send_document,
            "sendPhoto": self._send_photo,
            "sendChatAction": self._send_chat_action,
            "editMessageText": self._edit_message_text,
            "editMessageReplyMarkup": self._edit_message_markup,
            "deleteMessage": self._delete_message,
            "deleteMessages": self._delete_messages,
            "forwardMessage": self._forward_message,
            "copyMessage": self._copy_message,
            "answerCallbackQuery": self._answer_callback,
        }

    async def _send_message(self, fields: Fields) -> dict[str, Any]:
        text, entities = sizes.formatted(
            fields["text"], fields.get("parse_mode"), fields.get("entities"), most=TEXT
        )
        body: dict[str, Any] = {"text": text}
        if entities:
            body["entities"] = entities
        return self._send(fields, body)

    async def _send_document(self, fields: Fields) -> dict[str, Any]:
        document = fields["document"]
        if isinstance(document, Upload):
            if len(document.content) > UPLOAD:
                raise RefusedCall(413, "Request Entity Too Large")
            if not document.content:
                raise bad_request("file must be non-empty")
            stored = self._world.add_file(document.name, document.media_type, document.content)
        elif document in self._world.files:
            stored = self._world.files[document]
        else:
            raise bad_request("wrong file identifier/HTTP URL specified")
        shown = {
            "file_id": stored.id,
            "file_unique_id": stored.id[-12:],
            "file_name": stored.name,
            "mime_type": stored.media_type,
            "file_size": len(stored.content),
        }
        return self._send(fields, {"document": shown, **self._caption(fields)})

    async def _send_photo(self, fields: Fields) -> dict[str, Any]:
        photo = fields["photo"]
        if isinstance(photo, Upload):
            stored = self._world.add_file(photo.name, photo.media_type, photo.content)
        elif photo in self._world.files:
            stored = self._world.files[photo]
        else:
            raise bad_request("wrong file identifier/HTTP URL specified")
        shown = {
            "file_id": stored.id,
            "file_unique_id": stored.id[-12:],
            "width": 800,
            "height": 600,
            "file_size": len(stored.content),
        }
        return self._send(fields, {"photo": [shown], **self._caption(fields)})

    def _caption(self, fields: Fields) -> dict[str, Any]:
        if not fields.get("caption"):
            return {}
        caption, entities = sizes.formatted(
            fields["caption"],
            fields.get("parse_mode"),
            fields.get("caption_entities"),
            most=CAPTION,
        )
        return {"caption": caption, **({"caption_entities": entities} if entities else {})}

    def _send(self, fields: Fields, body: dict[str, Any]) -> dict[str, Any]:
        world = self._world
        markup = fields.get("reply_markup")
        sizes.check_markup(markup)
        chat = self._open_chat(fields)
        self._keep_pace(chat, paid=bool(fields.get("allow_paid_broadcast")))
        at = world.clock.now()
        message: dict[str, Any] = {
            "message_id": world.next_message_id(),
            "from": world.me,
            "chat": chat.about,
            "date": int(at),
            **body,
        }
        protected = bool(fields.get("protect_content"))
        if protected:
            message["has_protected_content"] = True
        if markup is not None:
            if "inline_keyboard" in markup:
                message["reply_markup"] = markup
            elif "keyboard" in markup:
                chat.keyboard = markup
            elif "remove_keyboard" in markup:
                chat.keyboard = None
        if chat.crowd:
            marked = any(mark in str(body.get("text", "")) for mark in world.repeat_marks)
            chat.marked += marked
            chat.unmarked += not marked
            world.counts["sent"] = world.counts.get("sent", 0) + 1
            return message
        stored = Stored(message=message, from_bot=True, at=at, protected=protected)
        chat.messages[message["message_id"]] = stored
        world.note("sent", chat, message, silent=bool(fields.get("disable_notification")))
        return message

    def _open_chat(self, fields: Fields) -> Chat:
        chat = self._world.chat(fields["chat_id"])
        refused = chat.refusal()
        if refused is not None:
            raise refused
        return chat

    def _keep_pace(self, chat: Chat, *, paid: bool = False) -> None:
        seconds = self._world.pace.wait(
            chat.id,
            group=chat.is_group,
            heard_at=chat.heard_at,
            now=self._world.clock.now(),
            paid=paid,
        )
        if seconds:
            raise too_many_requests(seconds)

    async def _send_chat_action(self, fields: Fields) -> bool:
        if fields["action"] not in _ACTIONS:
            raise violation("wrong parameter action in request")
        chat = self._open_chat(fields)
        self._world.note("action", chat, {"action": fields["action"]})
        return True

    async def _edit_message_text(self, fields: Fields) -> dict[str, Any]:
        if "text" not in fields:
            raise violation("message text is empty")
        text, entities = sizes.formatted(
            fields["text"], fields.get("parse_mode"), fields.get("entities"), most=TEXT
        )
        return self._edit(fields, text=text, entities=entities)

    async def _edit_message_markup(self, fields: Fields) -> dict[str, Any]:
        return self._edit(fields, text=None, entities=[])

    def _edit(
        self, fields: Fields, *, text: str | None, entities: list[dict[str, Any]]
    ) -> dict[str, Any]:
        if "chat_id" not in fields or "message_id" not in fields:
            raise violation("message identifier is not specified")
        markup = fields.get("reply_markup")
        sizes.check_markup(markup)
        chat = self._open_chat(fields)
        stored = chat.messages.get(fields["message_id"])
        if stored is None:
            raise bad_request("message to edit not found")
        if not stored.from_bot:
            raise bad_request("message can't be edited")
        before = stored.message
        after = {key: value for key, value in before.items() if key != "reply_markup"}
        if text is not None:
            if "text" not in before:
                raise bad_request("there is no text in the message to edit")
            after["text"] = text
            after.pop("entities", None)
            if entities:
                after["entities"] = entities
        if markup is not None and markup["inline_keyboard"]:
            after["reply_markup"] = markup
        if _content(after) == _content(before):
            raise bad_request(
                "message is not modified: specified new message content and reply markup are "
                "exactly the same as a current content and reply markup of the message"
            )
        self._keep_pace(chat)
        after["edit_date"] = int(self._world.clock.now())
        stored.message = after
        self._world.note("edited", chat, after)
        return after

    async def _delete_message(self, fields: Fields) -> bool:
        chat = self._open_chat(fields)
        stored = chat.messages.get(fields["message_id"])
        if stored is None:
            raise bad_request("message to delete not found")
        self._delete(chat, stored)
        return True

    async def _delete_messages(self, fields: Fields) -> bool:
        wanted = fields["message_ids"]
        if not 1 <= len(wanted) <= _MOST_DELETED:
            raise violation("message_ids must hold 1 to 100 identifiers")
        chat = self._open_chat(fields)
        found = [chat.messages[one] for one in wanted if one in chat.messages]
        for stored in found:
            self._check_deletable(chat, stored)
        for stored in found:
            self._delete(chat, stored)
        return True

    def _check_deletable(self, chat: Chat, stored: Stored) -> None:
        if self._world.clock.now() - stored.at > DELETABLE_FOR:
            raise bad_request("message can't be deleted for everyone")
        if not stored.from_bot and chat.kind != "private":
            raise bad_request("message can't be deleted")

    def _delete(self, chat: Chat, stored: Stored) -> None:
        self._check_deletable(chat, stored)
        del chat.messages[stored.message["message_id"]]
        self._world.note("deleted", chat, {"message_id": stored.message["message_id"]})

    def _original(self, fields: Fields) -> Stored:
        source = self._world.chat(fields["from_chat_id"])
        stored = source.messages.get(fields["message_id"])
        if stored is None:
            raise bad_request("message to forward not found")
        if stored.protected:
            raise bad_request("the message can't be forwarded")
        return stored

    async def _forward_message(self, fields: Fields) -> dict[str, Any]:
        original = self._original(fields).message
        origin = {"type": "user", "date": original["date"], "sender_user": original["from"]}
        kept = {key: original[key] for key in _MOVED if key in original}
        return self._send(fields, {**kept, "forward_origin": origin})

    async def _copy_message(self, fields: Fields) -> dict[str, Any]:
        original = self._original(fields).message
        kept = {key: original[key] for key in _MOVED if key in original}
        return {"message_id": self._send(fields, kept)["message_id"]}

    async def _answer_callback(self, fields: Fields) -> bool:
        world = self._world
        if len(fields.get("text", "")) > CALLBACK_TEXT:
            raise violation("MESSAGE_TOO_LONG")
        query = world.queries.get(fields["callback_query_id"])
        if query is None or world.clock.now() - query.at > QUERY_ANSWERED_WITHIN:
            raise bad_request(
                "query is too old and response timeout expired or query ID is invalid"
            )
        query.answered = fields
        world.note("answered", world.chats[query.chat_id], {"text": fields.get("text", "")})
        return True


def _content(message: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(message.get(key) for key in ("text", "entities", "reply_markup"))
