"""The door as a webhook: an ASGI endpoint that checks the secret and answers after the commit.

Written against ASGI itself, because it stands on the path of every update.
"""

from __future__ import annotations

import json
from hmac import compare_digest
from typing import TYPE_CHECKING, Any

from bot.domain.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.channels.telegram.door import Door

    Scope = dict[str, Any]
    Get = Callable[[], Awaitable[dict[str, Any]]]
    Give = Callable[[dict[str, Any]], Awaitable[None]]

SECRET_HEADER = b"x-telegram-bot-api-secret-token"
LARGEST_UPDATE = 1 << 20
_DRAINING = 503
DRAIN_SECONDS = 10
"""How long Telegram is asked to wait while we stop."""


class Hook:
    """The webhook, as an ASGI endpoint for one route.

    Args:
        door: Takes the updates.
        secret: What Telegram sends with each one.

    Raises:
        SettingsError: There is no secret; anybody could write updates then.
    """

    def __init__(self, door: Door, secret: str) -> None:
        if not secret:
            raise SettingsError("VIGIL_WEBHOOK_SECRET must be set for a webhook.")
        self._door = door
        self._secret = secret.encode()
        self._draining = False

    def drain(self) -> None:
        """Take nothing more; Telegram is asked to come again."""
        self._draining = True

    async def __call__(self, scope: Scope, receive: Get, send: Give) -> None:
        """Answer one request."""
        status = await self._status(scope, receive)
        headers = [(b"content-length", b"0")]
        if status == _DRAINING:
            headers.append((b"retry-after", str(DRAIN_SECONDS).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    async def _status(self, scope: Scope, receive: Get) -> int:
        given = next((value for name, value in scope["headers"] if name == SECRET_HEADER), b"")
        if not compare_digest(given, self._secret):
            return 401
        if scope["method"] != "POST":
            return 405
        if self._draining:
            return _DRAINING
        body = await _body(receive)
        if body is None:
            return 413
        try:
            update = json.loads(body)
        except ValueError:
            # Not even JSON: it would only come again, so it is counted and taken as malformed.
            update = None
        # Without a time to wait, Telegram tries again at once.
        return 200 if await self._door.attempt(update) else 500


async def _body(receive: Get) -> bytes | None:
    """Read a request's body; None when it is larger than any update or was broken off."""
    event = await receive()
    body: bytes = event.get("body", b"")
    if not event.get("more_body") and len(body) <= LARGEST_UPDATE:
        return body if event["type"] == "http.request" else None
    pieces = [body]
    size = len(body)
    while event.get("more_body") and size <= LARGEST_UPDATE:
        event = await receive()
        if event["type"] != "http.request":
            return None
        pieces.append(event.get("body", b""))
        size += len(pieces[-1])
    return b"".join(pieces) if size <= LARGEST_UPDATE else None
