"""aiogram's client, made lean: JSON bodies, plain answers, errors in our terms.

The only module that imports aiogram, which costs seconds of CPU; `client` loads it in a thread.
Nothing that leaves here quotes a message, an address or the token: aiogram's errors hold all three,
so they are translated and dropped.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.channels.telegram.lean import need

# isort: split
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramConflictError,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.methods import DeleteWebhook, SendDocument
from aiogram.types import BufferedInputFile, Message
from aiohttp import ClientConnectorError, ClientError, ClientTimeout, ConnectionTimeoutError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from bot.domain.messages import Attachment

CONNECT_PATIENCE = 10
"""Seconds to get a connection; what fails in them was certainly not sent."""

DOWNLOAD_PATIENCE = 300
"""Seconds for a file of up to 20 MB over a slow line."""

_HTTP_OK = 200
_JSON = {"Content-Type": "application/json"}
_ERRORS = (AiogramError, ClientError, TimeoutError, OSError, ValueError)
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_ANY = DeleteWebhook.model_construct()
"""Stands for every method where a refusal is read: aiogram names it in errors that we drop."""
_GONE = ("chat not found", "PEER_ID_INVALID", "user not found", "INPUT_USER_DEACTIVATED")
_NEVER_LEFT = (ClientConnectorError, ConnectionTimeoutError)
_MISSING = ("message to edit not found", "message can't be edited", "no text in the message")

need(Message, SendDocument)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a call failed, as a code that quotes nothing.

    Args:
        code: gone, rejected, flood, moved, unchanged, missing, late, refused, conflict,
            unreachable or uncertain.
        retry_after: Seconds to wait, with `flood`.
        moved_to: Where the chat is now, with `moved`.
    """

    code: str
    retry_after: int = 0
    moved_to: int = 0


class _LeanSession(AiohttpSession):
    """aiogram's session with a call that sends JSON and leaves a good answer as it came."""

    async def close(self) -> None:
        # aiogram waits a quarter of a second for connections that aiohttp by now closes itself.
        if self._session is not None:
            await self._session.close()

    async def post(self, bot: Bot, method: str, fields: Mapping[str, Any], seconds: float) -> Any:
        """Make a call; its plain result, or one of aiogram's errors."""
        session = self._session or await self.create_session()
        async with session.post(
            self.api.api_url(token=bot.token, method=method),
            data=_encode(fields).encode(errors="replace"),
            headers=_JSON,
            timeout=ClientTimeout(total=seconds, connect=CONNECT_PATIENCE),
        ) as response:
            body = await response.read()
        if response.status == _HTTP_OK:
            answer = json.loads(body)
            if answer.get("ok") is True:
                return answer["result"]
        return self.check_response(bot, _ANY, response.status, body.decode(errors="replace"))


class Line:
    """The line to one Bot API server, for one bot."""

    def __init__(self, *, token: str, api: str, patience: float) -> None:
        self._session = _LeanSession(api=TelegramAPIServer.from_base(api), timeout=patience)
        self._bot = Bot(token, session=self._session)
        self._patience = patience

    async def call(
        self, method: str, fields: Mapping[str, Any], *, patience: float | None = None
    ) -> Any:
        """Make a call; its plain result, or a `Failure`."""
        seconds = self._patience if patience is None else patience
        try:
            return await self._session.post(self._bot, method, fields, seconds)
        except _ERRORS as error:
            return translate(error)

    async def send_file(self, fields: Mapping[str, Any], attachment: Attachment) -> Any:
        """Send a document from memory; the plain result, or a `Failure`."""
        document = BufferedInputFile(attachment.content, filename=attachment.name)
        try:
            sent = await self._bot(SendDocument(**fields, document=document))
        except _ERRORS as error:
            return translate(error)
        return {"message_id": sent.message_id}

    async def download(self, path: str) -> AsyncIterator[bytes]:
        """Give the content of a file at the server, piece by piece."""
        url = self._session.api.file_url(self._bot.token, path)
        async for piece in self._session.stream_content(url, timeout=DOWNLOAD_PATIENCE):
            yield piece

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()


def translate(error: Exception) -> Failure:
    """Say in our terms what became of a call."""
    match error:
        case TelegramRetryAfter():
            return Failure(code="flood", retry_after=error.retry_after)
        case TelegramMigrateToChat():
            return Failure(code="moved", moved_to=error.migrate_to_chat_id)
        case TelegramForbiddenError():
            return Failure(code="gone")
        case TelegramUnauthorizedError():
            return Failure(code="refused")
        case TelegramConflictError():
            return Failure(code="conflict")
        case TelegramEntityTooLarge():
            return Failure(code="rejected")
        case TelegramBadRequest():
            return Failure(code=_bad_request(error.message))
        case TelegramNetworkError():
            return _network(error.__cause__)
        case TelegramServerError() | ClientDecodeError():
            return Failure(code="uncertain")
        case TelegramAPIError():
            return Failure(code="refused")
        case _:
            return _network(error)


def _bad_request(text: str) -> str:
    if "message is not modified" in text:
        return "unchanged"
    if "query is too old" in text:
        return "late"
    if any(sign in text for sign in _MISSING):
        return "missing"
    return "gone" if any(sign in text for sign in _GONE) else "rejected"


def _network(error: BaseException | None) -> Failure:
    """Nothing was sent when there was no connection; after that nobody can know."""
    return Failure(code="unreachable" if isinstance(error, _NEVER_LEFT) else "uncertain")
