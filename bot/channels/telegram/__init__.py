"""Telegram: the door where updates come in and the mouth through which messages go out.

aiogram is imported by `session` alone, which `client` loads in a thread when it is first needed.
"""

from __future__ import annotations

from bot.domain.ids import ChannelName

NAME = ChannelName("telegram")

ALLOWED_UPDATES = ("message", "edited_message", "channel_post", "callback_query", "my_chat_member")
"""The kinds of updates that we use; Telegram sends no others."""
