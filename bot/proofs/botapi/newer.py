"""Names of the Bot API that are newer than the snapshot in schema.json (Bot API 10.1).

Each one that we or a foreign client uses is listed here by name; they are let through unchecked.
"""

from __future__ import annotations

METHODS: frozenset[str] = frozenset(
    {
        "deleteEphemeralMessage",
        "editEphemeralMessageCaption",
        "editEphemeralMessageMedia",
        "editEphemeralMessageReplyMarkup",
        "editEphemeralMessageText",
    }
)
"""Bot API 10.2: ephemeral messages."""

FIELDS: frozenset[tuple[str, str]] = frozenset(
    {
        ("BotCommand", "is_ephemeral"),
        ("InlineKeyboardButton", "disabled"),
        ("sendMessage", "ephemeral_message_parameters"),
        ("sendMessage", "receiver_user_id"),
        ("sendDocument", "ephemeral_message_parameters"),
        ("sendDocument", "receiver_user_id"),
    }
)
"""Bot API 10.2 and 10.3, as (method or type, field)."""
