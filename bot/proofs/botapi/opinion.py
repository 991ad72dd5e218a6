"""What two foreign libraries think of the traffic: a second and a third opinion beside the schema.

python-telegram-bot lists fields that it does not know as `api_kwargs`, aiogram as `model_extra`;
both refuse what lacks a required field. python-telegram-bot is a test dependency only, so this
module is imported by tests alone. It warns of coming types unless `PTB_TIMEDELTA=1` is set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import telegram
from aiogram import types
from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.proofs.botapi.world import World

SHOWN = frozenset({"received", "sent", "edited"})


def opinions(world: World) -> list[str]:
    """Return every field of the traffic so far that either library does not know."""
    found: list[str] = []
    for update in world.update_record:
        found += unknown_to_ptb(telegram.Update.de_json(update, None), "update")
        found += unknown_to_aiogram(types.Update.model_validate(update), "update")
    for entry in world.record:
        if entry.what in SHOWN:
            found += unknown_to_ptb(telegram.Message.de_json(entry.message, None), entry.what)
            found += unknown_to_aiogram(types.Message.model_validate(entry.message), entry.what)
    return found


def unknown_to_ptb(value: Any, path: str = "") -> Iterator[str]:
    """Give the path of each field that python-telegram-bot does not know, at any depth."""
    if isinstance(value, telegram.TelegramObject):
        yield from (f"{path}.{name}" for name in value.api_kwargs)
        for name in value.to_dict(recursive=False):
            yield from unknown_to_ptb(getattr(value, name, None), f"{path}.{name}")
    elif isinstance(value, (list, tuple)):
        for index, one in enumerate(value):
            yield from unknown_to_ptb(one, f"{path}.{index}")


def unknown_to_aiogram(value: Any, path: str = "") -> Iterator[str]:
    """Give the path of each field that aiogram does not know, at any depth."""
    if isinstance(value, BaseModel):
        yield from (f"{path}.{name}" for name in value.model_extra or {})
        for name in type(value).model_fields:
            yield from unknown_to_aiogram(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from unknown_to_aiogram(one, f"{path}.{index}")
