"""Messages, people and timers as bytes, before they are sealed.

Fields that a reader does not know are ignored and missing ones take their default, so that rows
written by the release before and the release after can be read during an upgrade.
"""

from __future__ import annotations

import base64
import json
from dataclasses import fields
from functools import cache
from typing import Any

from bot.domain.messages import Attachment, Button, Keyboard, Outgoing

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def dump(data: Any) -> bytes:
    """Return plain data as compact JSON."""
    return _encode(data).encode()


def outgoing_to_bytes(message: Outgoing) -> bytes:
    """Return a message as bytes; `outgoing_from_bytes` is its inverse."""
    data: dict[str, Any] = {name: getattr(message, name) for name in _names(Outgoing)}
    data["buttons"] = [
        [{name: getattr(button, name) for name in _names(Button)} for button in row]
        for row in message.buttons
    ]
    if message.attachment is not None:
        data["attachment"] = {
            "name": message.attachment.name,
            "media_type": message.attachment.media_type,
            "content": base64.b64encode(message.attachment.content).decode(),
        }
    return dump(data)


def outgoing_from_bytes(raw: bytes) -> Outgoing:
    """Return the message that `outgoing_to_bytes` was given."""
    data = _known(Outgoing, json.loads(raw))
    data["buttons"] = tuple(
        tuple(Button(**_known(Button, button)) for button in row) for row in data["buttons"]
    )
    data["keyboard"] = Keyboard(data["keyboard"])
    attached = data.get("attachment")
    if attached is not None:
        data["attachment"] = Attachment(
            name=attached["name"],
            media_type=attached["media_type"],
            content=base64.b64decode(attached["content"]),
        )
    return Outgoing(**data)


def _known(kind: Any, data: dict[str, Any]) -> dict[str, Any]:
    names = _names(kind)
    return {name: value for name, value in data.items() if name in names}


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(item.name for item in fields(kind))
