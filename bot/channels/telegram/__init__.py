"""Telegram: the door where updates come in and the mouth through which messages go out.

aiogram is imported by `session` alone, which `client` loads in a thread when it is first needed.
"""

from __future__ import annotations

from hashlib import sha256

from bot.domain.ids import ChannelName

NAME = ChannelName("telegram")
"""The first bot; `further` names the others."""

_SIGNS = 6

ALLOWED_UPDATES = ("message", "edited_message", "channel_post", "callback_query", "my_chat_member")
"""The kinds of updates that we use; Telegram sends no others."""


def further(token: str) -> ChannelName:
    """Return the name of a further bot: the same in whatever order they are listed.

    A new token for the same bot changes nothing; the name says nothing of either.
    """
    number = token.partition(":")[0]
    return ChannelName(f"{NAME}-{sha256(number.encode()).hexdigest()[:_SIGNS]}")
