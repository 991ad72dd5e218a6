"""How much Telegram takes: texts, captions, entities, keyboards, commands."""

from __future__ import annotations

import re
from typing import Any

from bot.proofs.botapi.errors import bad_request, violation
from bot.proofs.botapi.markup import parse_html, utf16_length

TEXT, CAPTION, ENTITIES = 4096, 1024, 100
BUTTONS, BUTTONS_IN_A_ROW, DATA_BYTES, COPY = 100, 8, 64, 256
COMMANDS, COMMAND_DESCRIPTION, CALLBACK_TEXT = 100, 256, 200
UPLOAD, DOWNLOAD = 50 << 20, 20 << 20

_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_SCHEMES = ("http://", "https://", "tg://")
_STYLES = frozenset({"danger", "success", "primary"})
_INLINE_ACTS = (
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
    "disabled",
)


def formatted(
    text: str, parse_mode: str | None, entities: list[dict[str, Any]] | None, *, most: int
) -> tuple[str, list[dict[str, Any]]]:
    """Return text and entities of a message or caption, after parsing and trimming.

    Raises:
        RefusedCall: It cannot be parsed, or is too long.
    """
    if parse_mode is None:
        found = entities or []
    elif parse_mode.lower() == "html":
        text, found = parse_html(text)
    else:
        raise violation(f"this server reads HTML only, not {parse_mode!r}")
    if len(found) > ENTITIES:
        # Telegram drops what is over silently; a caller that relies on it has lost something.
        raise violation(f"more than {ENTITIES} entities")
    if utf16_length(text) > most:
        raise bad_request("message is too long" if most == TEXT else "message caption is too long")
    if most == TEXT and not text.strip():
        raise bad_request("message text is empty")
    return text, found


def check_markup(markup: dict[str, Any] | None) -> None:
    """Refuse a keyboard that Telegram would not show."""
    if markup is None:
        return
    rows = markup.get("inline_keyboard")
    inline = rows is not None
    if rows is None:
        rows = markup.get("keyboard", [])
    if sum(len(row) for row in rows) > BUTTONS:
        raise violation("REPLY_MARKUP_TOO_LONG")
    for row in rows:
        if len(row) > BUTTONS_IN_A_ROW:
            raise violation(f"more than {BUTTONS_IN_A_ROW} buttons in a row")
        for button in row:
            if not button["text"].strip():
                raise violation("a button must have a text")
            if button.get("style", "danger") not in _STYLES:
                raise violation("a button's style must be danger, success or primary")
            if inline:
                _check_inline(button)


def _check_inline(button: dict[str, Any]) -> None:
    acts = [name for name in _INLINE_ACTS if name in button]
    if len(acts) != 1:
        raise violation("Text buttons are unallowed in the inline keyboard")
    if acts == ["callback_data"]:
        if not 1 <= len(button["callback_data"].encode()) <= DATA_BYTES:
            raise violation("BUTTON_DATA_INVALID")
    elif acts == ["url"]:
        if not button["url"].startswith(_SCHEMES):
            raise violation("inline keyboard button URL is invalid: Unsupported URL protocol")
    elif acts == ["copy_text"] and not 1 <= utf16_length(button["copy_text"]["text"]) <= COPY:
        raise violation("BUTTON_COPY_TEXT_INVALID")


def check_commands(commands: list[dict[str, Any]]) -> None:
    """Refuse a commands menu that Telegram would not take."""
    if len(commands) > COMMANDS:
        raise violation("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not _COMMAND.fullmatch(command["command"]):
            raise violation("BOT_COMMAND_INVALID")
        if not 1 <= utf16_length(command["description"]) <= COMMAND_DESCRIPTION:
            raise violation("BOT_COMMAND_DESCRIPTION_INVALID")
