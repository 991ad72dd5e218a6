"""The mouth: shows, changes and deletes messages, and says what to do when it could not.

It owns the connection to the Bot API server. aiogram is loaded in a thread when it is first needed,
so that nothing waits for it that does not speak to Telegram.
"""

from __future__ import annotations

import asyncio
import importlib
from collections import OrderedDict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog

from bot.channels.telegram import ALLOWED_UPDATES, NAME
from bot.channels.telegram.parse import Me
from bot.channels.telegram.render import Part, render, render_edit
from bot.domain.errors import SendError, SettingsError
from bot.domain.messages import Delivered

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from bot.channels.telegram.session import Failure, Line
    from bot.domain.ids import ChannelName
    from bot.domain.messages import Outgoing
    from bot.services.ports import Clock

log = structlog.get_logger()

PATIENCE = 20.0
"""Seconds to wait for an answer to a call."""

POLL_SECONDS = 50
"""What Telegram allows at most."""

_POLL_GRACE = 15
_DELETED_AT_ONCE = 100
_BEGUN = 1_000
_TOKEN_PAUSE = timedelta(minutes=5)


class TelegramClient:
    """The channel `telegram`, or that of a further bot.

    Args:
        token: The bot's token; never shown, logged or quoted in an error.
        api: Base URL of the Bot API server.
        clock: Tells when "in five seconds" is.
        name: The channel's name.
    """

    def __init__(self, *, token: str, api: str, clock: Clock, name: ChannelName = NAME) -> None:
        self._name = name
        self._token = token
        self._api = api.rstrip("/")
        self._clock = clock
        self._opening = asyncio.Lock()
        self._line: Line | None = None
        self._begun: OrderedDict[tuple[str, int], list[str]] = OrderedDict()
        self.me: Me | None = None

    @property
    def name(self) -> ChannelName:
        """Return the channel's name."""
        return self._name

    async def open(self) -> Me:
        """Connect and learn who we are.

        Raises:
            SettingsError: Telegram does not know the token.
            SendError: The server cannot be reached (yet).
        """
        result = self._checked(await self._call("getMe", {}))
        self.me = Me(id=result["id"], username=result.get("username", ""))
        if result.get("can_read_all_group_messages"):
            # Whatever is said in its groups would reach us; @BotFather can turn that off.
            log.warning("privacy-mode-off", channel=self._name)
        return self.me

    async def close(self) -> None:
        """Close every connection."""
        if self._line is not None:
            await self._line.close()

    async def send(self, address: str, message: Outgoing) -> Delivered:
        """Show a message, part by part, or change the one that it replaces.

        When a later part fails in a way that can be tried again, the parts that arrived are
        remembered, so that trying again goes on where it stopped.

        Raises:
            SendError: It was not taken, or it is not known whether it was.
        """
        if message.edit_ref is not None and await self._edit(address, message):
            return Delivered(refs=(message.edit_ref,))
        key = (address, hash(message))
        refs = self._begun.pop(key, [])
        parts = render(message)
        for part in parts[len(refs) :]:
            result = await self._show(address, part)
            failed = self._failed(result)
            if failed is not None:
                self._remember(key, refs)
                raise failed
            refs.append(str(result["message_id"]))
        return Delivered(refs=tuple(refs))

    async def delete(self, address: str, refs: Sequence[str]) -> None:
        """Delete messages of either side; those that are gone already do not matter.

        Raises:
            SendError: Telegram could not be asked; what it refused for ever is no error.
        """
        ids = [int(ref) for ref in refs]
        for start in range(0, len(ids), _DELETED_AT_ONCE):
            await self._delete(address, ids[start : start + _DELETED_AT_ONCE])

    async def acknowledge(self, callback_ref: str) -> None:
        """Stop the clock on a pressed button; too late or not at all does no harm."""
        await self._call("answerCallbackQuery", {"callback_query_id": callback_ref})

    async def fetch(self, ref: str) -> AsyncIterator[bytes]:
        """Give the content of a file that somebody sent, piece by piece.

        Raises:
            SendError: Telegram does not have it or does not give it.
        """
        found = self._checked(await self._call("getFile", {"file_id": ref}))
        line = await self._opened()
        failed: Failure | None = None
        try:
            async for piece in line.download(found["file_path"]):
                yield piece
        except (OSError, TimeoutError, ValueError) as error:
            # aiohttp's errors are OSErrors or ValueErrors; they quote the address with the token.
            failed = _session().translate(error)
        if failed is not None:
            raise SendError("download", retry_at=self._clock.now() + timedelta(seconds=5))

    async def updates(self, offset: int) -> list[Any]:
        """Return what waits at Telegram, after confirming everything before `offset`.

        Raises:
            SendError: It could not be asked; `retry_at` says when to try again.
            SettingsError: Telegram does not know the token.
        """
        fields = {
            "offset": offset,
            "timeout": POLL_SECONDS,
            "allowed_updates": list(ALLOWED_UPDATES),
        }
        result = await self._call("getUpdates", fields, patience=POLL_SECONDS + _POLL_GRACE)
        found: list[Any] = self._checked(result)
        return found

    async def set_webhook(self, url: str, secret: str) -> None:
        """Have updates posted to `url` with `secret`.

        Raises:
            SettingsError: Telegram refuses the address.
            SendError: It could not be asked.
        """
        fields = {"url": url, "secret_token": secret, "allowed_updates": list(ALLOWED_UPDATES)}
        result = await self._call("setWebhook", fields)
        if getattr(result, "code", None) == "rejected":
            raise SettingsError("VIGIL_WEBHOOK_URL is refused by Telegram: it needs https.")
        self._checked(result)

    async def delete_webhook(self) -> None:
        """Have updates kept until they are fetched.

        Raises:
            SendError: It could not be asked.
        """
        self._checked(await self._call("deleteWebhook", {}))

    async def set_commands(self, commands: Mapping[str, str], language: str) -> None:
        """Set the commands menu of private chats for one language, "" for all others.

        Raises:
            SendError: It was refused or could not be asked.
        """
        shown = [{"command": name, "description": what} for name, what in commands.items()]
        fields: dict[str, Any] = {"commands": shown, "scope": {"type": "all_private_chats"}}
        if language:
            fields["language_code"] = language
        self._checked(await self._call("setMyCommands", fields))

    async def _show(self, address: str, part: Part) -> Any:
        fields = {"chat_id": int(address), **part.fields}
        result = await self._once(part, fields)
        moved_to = getattr(result, "moved_to", 0)
        if moved_to:
            result = await self._once(part, {**fields, "chat_id": moved_to})
        return result

    async def _once(self, part: Part, fields: Mapping[str, Any]) -> Any:
        if part.attachment is None:
            return await self._call(part.method, fields)
        line = await self._opened()
        return await line.send_file(fields, part.attachment)

    async def _edit(self, address: str, message: Outgoing) -> bool:
        """Change a message; False when it has to be shown as a new one."""
        changed = render_edit(message)
        if changed is None or message.edit_ref is None:
            return False
        fields = {"chat_id": int(address), "message_id": int(message.edit_ref), **changed}
        result = await self._call("editMessageText", fields)
        failed = self._failed(result)
        if failed is None or failed.reason == "unchanged":
            return True
        if failed.reason == "missing":
            return False
        raise failed

    async def _delete(self, address: str, ids: list[int]) -> None:
        fields = {"chat_id": int(address), "message_ids": ids}
        failed = self._failed(await self._call("deleteMessages", fields))
        if failed is None or failed.gone:
            return
        if failed.rejected and len(ids) > 1:
            # One that is too old must not keep the others; each is asked for by itself.
            for one in ids:
                await self._delete(address, [one])
        elif not failed.rejected:
            raise failed

    async def _call(
        self, method: str, fields: Mapping[str, Any], *, patience: int | None = None
    ) -> Any:
        line = self._line or await self._opened()
        return await line.call(method, fields, patience=patience)

    async def _opened(self) -> Line:
        async with self._opening:
            if self._line is None:
                session = await asyncio.to_thread(_session)
                self._line = session.Line(token=self._token, api=self._api, patience=PATIENCE)
            return self._line

    def _failed(self, result: Any) -> SendError | None:
        """Return the error that a failure is for whoever delivers; None for a good answer."""
        code = getattr(result, "code", None)
        if code is None:
            return None
        now = self._clock.now()
        match code:
            case "gone":
                return SendError(code, gone=True)
            case "flood":
                return SendError(code, retry_at=now + timedelta(seconds=result.retry_after))
            case "refused":
                return SendError(code, retry_at=now + _TOKEN_PAUSE)
            case "unreachable" | "conflict":
                return SendError(code)
            case "uncertain":
                return SendError(code, uncertain=True)
            case _:
                return SendError(code, rejected=True)

    def _checked(self, result: Any) -> Any:
        failed = self._failed(result)
        if failed is None:
            return result
        if failed.reason == "refused":
            raise SettingsError("VIGIL_TELEGRAM_TOKEN is not accepted by the Bot API server.")
        raise failed

    def _remember(self, key: tuple[str, int], refs: list[str]) -> None:
        if refs:
            self._begun[key] = refs
            if len(self._begun) > _BEGUN:
                self._begun.popitem(last=False)


def _session() -> Any:
    return importlib.import_module("bot.channels.telegram.session")
