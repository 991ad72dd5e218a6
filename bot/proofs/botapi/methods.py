"""What the bot's calls do: one function a method, as Telegram would answer it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bot.proofs.botapi import sizes
from bot.proofs.botapi.errors import (
    RefusedCall,
    bad_request,
    conflict,
    violation,
)
from bot.proofs.botapi.messages import Messages
from bot.proofs.botapi.sizes import DOWNLOAD
from bot.proofs.botapi.updates import KINDS, MOST_AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from bot.proofs.botapi.schema import Upload
    from bot.proofs.botapi.webhook import Webhook
    from bot.proofs.botapi.world import World

    Fields = dict[str, Any]

_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_PROFILE = {"Name": (64, "name"), "Description": (512, "description")}
_PROFILE["ShortDescription"] = (120, "short_description")


class Methods:
    """The bot's side of the server."""

    def __init__(self, world: World, webhook: Webhook) -> None:
        self._world = world
        self._webhook = webhook
        self._by_name: dict[str, Callable[[Fields], Coroutine[Any, Any, Any]]] = {
            **Messages(world).by_name,
            "getMe": self._get_me,
            "getUpdates": self._get_updates,
            "setWebhook": self._set_webhook,
            "deleteWebhook": self._delete_webhook,
            "getWebhookInfo": self._get_webhook_info,
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
        chat = self._world.chat(fields["chat_id"])
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


def _scope(fields: Fields) -> tuple[str, str]:
    scope = fields.get("scope", {"type": "default"})
    where = ":".join(str(scope[key]) for key in ("type", "chat_id", "user_id") if key in scope)
    language = fields.get("language_code", "")
    if language and not re.fullmatch(r"[a-z]{2}", language):
        raise violation("LANGUAGE_CODE_INVALID")
    return where, language
