"""Messages in their final words made into calls of the Bot API, one a part.

It decides what a message looks like on Telegram: markup, parts, keyboards, direction. It knows
nothing of why something is said.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, assert_never

from bot.channels.telegram.markup import Run, cut, length, read, to_html
from bot.domain.errors import SendError
from bot.domain.languages import FSI, PDI, RLM, is_right_to_left, isolate
from bot.domain.messages import Keyboard

if TYPE_CHECKING:
    from bot.domain.messages import Attachment, Button, Outgoing

TEXT, CAPTION = 4096, 1024
_BUTTONS, _IN_A_ROW, _DATA_BYTES, _COPY = 100, 8, 64, 256
_STYLES = {"danger": "danger", "good": "success"}
_OPENABLE = ("http://", "https://", "tg://")
_RIGHT_TO_LEFT = frozenset({"R", "AL"})
_ISOLATED = re.compile(f"({FSI}[^{PDI}]*{PDI})")
_FOREIGN = re.compile(
    r"""https?://(?:\([^\s()]*\)|[^\s*<>"()])+(?<![.,;:!?])  # an address
    |[\w.+-]+@[\w-]+\.[\w.-]*\w              # of mail
    |(?<!\w)\+?\d[\d\ ()/.-]{4,}\d           # a telephone number, a date
    |(?<![^\s*])/[a-z][a-z_]*\b                # a command
    |(?<!\w)@[A-Za-z]\w{3,}                   # a name on a platform
    """,
    re.VERBOSE,
)
_NO_PREVIEW = {"is_disabled": True}
"""A preview would make Telegram fetch the address and show it to others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One call: the method, its fields, and the file that goes with it."""

    method: str
    fields: dict[str, Any] = field(repr=False)
    attachment: Attachment | None = field(default=None, repr=False)


def render(message: Outgoing) -> list[Part]:
    """Return the calls that show a message, in order; buttons go with the last.

    Raises:
        SendError: Telegram would refuse the buttons; what a content check should have found.
    """
    right_to_left = is_right_to_left(message.language)
    # A mark may be put in front of each part.
    room = TEXT - 1 if right_to_left else TEXT
    runs = read(_isolated(message.text) if right_to_left else message.text)
    attachment = message.attachment
    caption = attachment is not None and length(runs) <= CAPTION - 1
    texts = [
        to_html(_directed(part, right_to_left=right_to_left))
        for part in cut(runs, room)
        if any(run.text.strip() for run in part)
    ]
    if attachment is None:
        if not texts:
            raise SendError("empty-message", rejected=True)
        parts = [_text_part(message, text) for text in texts]
    elif caption:
        parts = [_file_part(message, attachment, texts[0] if texts else "")]
    else:
        parts = [_text_part(message, text) for text in texts]
        parts.append(_file_part(message, attachment, ""))
    markup = _markup(message, right_to_left=right_to_left)
    if markup is not None:
        parts[-1].fields["reply_markup"] = markup
    return parts


def render_edit(message: Outgoing) -> dict[str, Any] | None:
    """Return the fields that change a message of ours; None when that cannot show this one."""
    parts = render(message)
    fields = parts[0].fields
    markup = fields.get("reply_markup", {})
    if len(parts) > 1 or parts[0].method != "sendMessage" or markup.keys() - {"inline_keyboard"}:
        return None
    names = ("text", "parse_mode", "link_preview_options", "reply_markup")
    return {name: fields[name] for name in names if name in fields}


def _text_part(message: Outgoing, text: str) -> Part:
    fields = {"text": text, "link_preview_options": _NO_PREVIEW, **_manner(message)}
    return Part(method="sendMessage", fields=fields)


def _file_part(message: Outgoing, attachment: Attachment, caption: str) -> Part:
    fields = _manner(message)
    if caption:
        fields["caption"] = caption
    return Part(method="sendDocument", fields=fields, attachment=attachment)


def _manner(message: Outgoing) -> dict[str, Any]:
    fields: dict[str, Any] = {"parse_mode": "HTML"}
    if message.protect:
        fields["protect_content"] = True
    if message.silent:
        fields["disable_notification"] = True
    if message.paid:
        fields["allow_paid_broadcast"] = True
    return fields


def _isolated(text: str) -> str:
    """Let addresses, numbers and commands keep their own direction where nobody saw to it yet."""
    pieces = _ISOLATED.split(text)
    # Every other piece is isolated already.
    pieces[::2] = [_FOREIGN.sub(lambda found: isolate(found.group()), one) for one in pieces[::2]]
    return "".join(pieces)


def _directed(part: list[Run], *, right_to_left: bool) -> list[Run]:
    """Make a text start in its language's direction: clients look at its first strong letter."""
    if not right_to_left:
        return part
    for character in "".join(run.text for run in part):
        kind = unicodedata.bidirectional(character)
        if kind == "L":
            break
        if kind in _RIGHT_TO_LEFT:
            return part
    return [Run(RLM + part[0].text, bold=part[0].bold), *part[1:]]


def _markup(message: Outgoing, *, right_to_left: bool) -> dict[str, Any] | None:
    if message.keyboard is Keyboard.REMOVE:
        return {"remove_keyboard": True}
    rows = [
        row[start : start + _IN_A_ROW]
        for row in message.buttons
        for start in range(0, len(row), _IN_A_ROW)
    ]
    if not rows:
        return None
    if sum(len(row) for row in rows) > _BUTTONS:
        raise SendError("too-many-buttons", rejected=True)
    if right_to_left:
        # Telegram always lays a row out from the left.
        rows = [row[::-1] for row in rows]
    match message.keyboard:
        case Keyboard.INLINE:
            return {"inline_keyboard": [[_inline(button) for button in row] for row in rows]}
        case Keyboard.REPLY:
            return {
                "keyboard": [[_styled(button) for button in row] for row in rows],
                "resize_keyboard": True,
                "one_time_keyboard": True,
            }
        case _:
            assert_never(message.keyboard)


def _styled(button: Button) -> dict[str, Any]:
    shown: dict[str, Any] = {"text": button.label}
    style = _STYLES.get(button.style)
    if style is not None:
        shown["style"] = style
    return shown


def _inline(button: Button) -> dict[str, Any]:
    shown = _styled(button)
    copied = button.copy
    if button.url is not None and button.url.startswith(_OPENABLE):
        shown["url"] = button.url
        return shown
    if copied is None and button.url is not None:
        # Telegram opens no tel: or mailto: address; what stands in it can be copied.
        copied = button.url.partition(":")[2]
    if copied is not None:
        shown["copy_text"] = {"text": copied[:_COPY]}
        return shown
    if not 1 <= len(button.data.encode()) <= _DATA_BYTES:
        raise SendError("button-data", rejected=True)
    shown["callback_data"] = button.data
    return shown
