"""What the bot's calls do: one function a method, as Telegram would answer it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bot.proofs.botapi import sizes
from bot.proofs.botapi.chats import Chat, Stored
from bot.proofs.botapi.errors import (
    RefusedCall,
    bad_request,
    conflict,
    too_many_requests,
    violation,
)
from bot.proofs.botapi.schema import Upload
from bot.proofs.botapi.sizes import CALLBACK_TEXT, CAPTION, DOWNLOAD, TEXT, UPLOAD
from bot.proofs.botapi.updates import KINDS, MOST_AT_ONCE
from bot.proofs.botapi.world import QUERY_ANSWERED_WITHIN

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from bot.proofs.botapi.webhook import Webhook
    from bot.proofs.botapi.world import World

    Fields = dict[str, Any]

DELETABLE_FOR = 48 * 3600.0
_MOST_DELETED = 100
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
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
_PROFILE = {"Name": (64, "name"), "Description": (512, "description")}
_PROFILE["ShortDescription"] = (120, "short_description")


class Methods:
    """The bot's side of the server."""

    def __init__(self, world: World, webhook: Webhook) -> None:
        self._world = world
        self._webhook = webhook
        self._by_name: dict[str, Callable[[Fields], Coroutine[Any, Any, Any]]] = {
            "getMe": self._get_me,
            "getUpdates": self._get_updates,
            "setWebhook": self._set_webhook,
            "deleteWebhook": self._delete_webhook,
            "getWebhookInfo": self._get_webhook_info,
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
            "getFile": self._get_file,
            "getChat": self._get_chat,
            "leaveChat": self._leave_chat,
            "setMyCommands": self._set_commands,
            "getMyCommands": self._get_commands,
            "deleteMyCommands": self._delete_commands,
            "setChatMenuButton": self._set_menu_button,
            "getChatMenuButton": self._get_menu_button,
        }
        for name in _PROFILE:
            self._by_name[f"setMy{name}"] = self._setter(name)
            self._by_name[f"getMy{name}"] = self._getter(name)

    async def call(self, method: str, fields: dict[str, Any], uploads: dict[str, Upload]) -> Any:
        """Check and carry out a call; returns its result.

        Raises:
            RefusedCall: Telegram would not do it.
        """
        world = self._world
        try:
            handler = self._handler(method)
            read = world.schema.read_call(method, fields, uploads)
            world.counts[method] = world.counts.get(method, 0) + 1
            result = await handler(read)
        except RefusedCall as refused:
            if refused.violation:
                world.violations.append(f"{method}: {refused.description}")
            raise
        if world.check_answers and method != "getUpdates":
            for fault in world.schema.faults_in_answer(method, result):
                world.violations.append(f"answer of {method}: {fault}")
        return result

    def _handler(self, method: str) -> Callable[[Fields], Coroutine[Any, Any, Any]]:
        if not self._world.schema.knows(method):
            raise RefusedCall(404, "Not Found: method not found", violation=True)
        handler = self._by_name.get(method)
        if handler is None:
            raise violation(f"this server does not act on {method}")
        return handler

    async def _get_me(self, _: Fields) -> dict[str, Any]:
        return self._world.me

    async def _get_updates(self, fields: Fields) -> list[dict[str, Any]]:
        if self._webhook.url:
            raise conflict(
                "can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first"
            )
        self._allow(fields)
        limit = fields.get("limit", MOST_AT_ONCE)
        return await self._world.updates.take(
            offset=fields.get("offset", 0),
            limit=limit if 1 <= limit <= MOST_AT_ONCE else MOST_AT_ONCE,
            seconds=max(0, fields.get("timeout", 0)),
        )

    async def _set_webhook(self, fields: Fields) -> bool:
        url = fields["url"]
        secret = fields.get("secret_token", "")
        if secret and not _SECRET.fullmatch(secret):
            raise bad_request("secret token contains unallowed characters")
        most = fields.get("max_connections", 40)
        if not 1 <= most <= 100:
            raise violation("max_connections must be 1 to 100")
        loopback = url.startswith(("http://127.0.0.1", "http://localhost"))
        if url and not loopback and not url.startswith("https://"):
            raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
        self._allow(fields)
        if fields.get("drop_pending_updates"):
            self._world.updates.clear()
        self._world.updates.interrupt("setWebhook request")
        self._webhook.set(url=url, secret=secret, connections=most)
        return True

    async def _delete_webhook(self, fields: Fields) -> bool:
        if fields.get("drop_pending_updates"):
            self._world.updates.clear()
        self._webhook.set(url="", secret="", connections=40)
        return True

    async def _get_webhook_info(self, _: Fields) -> dict[str, Any]:
        return self._webhook.info()

    def _allow(self, fields: Fields) -> None:
        kinds = fields.get("allowed_updates")
        if kinds and (unknown := sorted(set(kinds) - set(KINDS))):
            raise violation(f"this server never makes updates of kind {unknown[0]!r}")
        self._world.updates.allow(kinds)

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
        self._keep_pace(chat)
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

    def _keep_pace(self, chat: Chat) -> None:
        seconds = self._world.pace.wait(
            chat.id, group=chat.is_group, heard_at=chat.heard_at, now=self._world.clock.now()
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

    async def _get_file(self, fields: Fields) -> dict[str, Any]:
        stored = self._world.files.get(fields["file_id"])
        if stored is None:
            raise bad_request("wrong file_id or the file is temporarily unavailable")
        if len(stored.content) > DOWNLOAD:
            raise bad_request("file is too big")
        return {
            "file_id": stored.id,
            "file_unique_id": stored.id[-12:],
            "file_size": len(stored.content),
            "file_path": f"documents/{stored.id}",
        }

    async def _get_chat(self, fields: Fields) -> dict[str, Any]:
        chat = self._world.chat(fields["chat_id"])
        gifts = dict.fromkeys(
            (
                "unlimited_gifts",
                "limited_gifts",
                "unique_gifts",
                "premium_subscription",
                "gifts_from_channels",
            ),
            False,
        )
        fixed = {"accent_color_id": 1, "max_reaction_count": 11, "accepted_gift_types": gifts}
        return {**chat.about, **fixed}

    async def _leave_chat(self, fields: Fields) -> bool:
        chat = self._open_chat(fields)
        if chat.kind == "private":
            raise bad_request("chat member status can't be changed in private chats")
        del self._world.chats[chat.id]
        return True

    async def _set_commands(self, fields: Fields) -> bool:
        sizes.check_commands(fields["commands"])
        self._world.commands[_scope(fields)] = fields["commands"]
        return True

    async def _get_commands(self, fields: Fields) -> list[dict[str, Any]]:
        return self._world.commands.get(_scope(fields), [])

    async def _delete_commands(self, fields: Fields) -> bool:
        self._world.commands.pop(_scope(fields), None)
        return True

    async def _set_menu_button(self, fields: Fields) -> bool:
        self._world.menu_button = fields.get("menu_button", {"type": "default"})
        return True

    async def _get_menu_button(self, _: Fields) -> dict[str, Any]:
        return self._world.menu_button

    def _setter(self, name: str) -> Callable[[Fields], Coroutine[Any, Any, bool]]:
        most, field = _PROFILE[name]

        async def set_it(fields: Fields) -> bool:
            value = fields.get(field, "")
            if len(value) > most:
                raise violation(f"{field} is too long")
            self._world.profile[(name, fields.get("language_code", ""))] = value
            return True

        return set_it

    def _getter(self, name: str) -> Callable[[Fields], Coroutine[Any, Any, dict[str, str]]]:
        async def get_it(fields: Fields) -> dict[str, str]:
            profile, language = self._world.profile, fields.get("language_code", "")
            return {_PROFILE[name][1]: profile.get((name, language), profile.get((name, ""), ""))}

        return get_it


_MOVED = ("text", "entities", "caption", "caption_entities", "document", "photo", "sticker")


def _content(message: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(message.get(key) for key in ("text", "entities", "reply_markup"))


def _scope(fields: Fields) -> tuple[str, str]:
    scope = fields.get("scope", {"type": "default"})
    where = ":".join(str(scope[key]) for key in ("type", "chat_id", "user_id") if key in scope)
    language = fields.get("language_code", "")
    if language and not re.fullmatch(r"[a-z]{2}", language):
        raise violation("LANGUAGE_CODE_INVALID")
    return where, language
