"""Telegram's HTML, made into text and entities.

It decides what counts as text (sizes are counted after this) and refuses what Telegram refuses.
Offsets and lengths are in UTF-16 code units, as everywhere in the Bot API.
"""

from __future__ import annotations

import html
import re
from typing import Any

from bot.proofs.botapi.errors import bad_request

_TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "tg-spoiler": "spoiler",
    "a": "text_link",
}
_TOKEN = re.compile(r"<(/?)([a-zA-Z-]*)([^<>]*)>|<|&(?:#\d+|#x[0-9a-fA-F]+|\w+);|[^<&]+|&")
_HREF = re.compile(r"""\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_NAMED = frozenset({"&lt;", "&gt;", "&amp;", "&quot;"})


def utf16_length(text: str) -> int:
    """Count as Telegram counts: characters beyond the basic plane are two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def parse_html(source: str) -> tuple[str, list[dict[str, Any]]]:
    """Return the text without markup, and its entities.

    Raises:
        RefusedCall: A tag is unknown, open at the end, or closed out of order.
    """
    if "<" not in source and "&" not in source:
        return source, []
    parts: list[str] = []
    length = 0
    open_tags: list[tuple[str, int, dict[str, Any]]] = []
    entities: list[dict[str, Any]] = []
    for token in _TOKEN.finditer(source):
        piece = token.group()
        if token.group(2) is None:
            if piece == "<":
                raise _unparsable("Unclosed start tag", source, token.start())
            if piece.startswith("&") and (piece in _NAMED or piece.startswith("&#")):
                piece = html.unescape(piece)
            parts.append(piece)
            length += utf16_length(piece)
            continue
        name = token.group(2).lower()
        if token.group(1):
            if not open_tags or open_tags[-1][0] != name:
                raise _unparsable(f'Unexpected end tag "{name}"', source, token.start())
            _, start, entity = open_tags.pop()
            if length > start:
                entities.append({**entity, "offset": start, "length": length - start})
            continue
        if name not in _TAGS:
            raise _unparsable(f'Unsupported start tag "{name}"', source, token.start())
        open_tags.append((name, length, _entity(name, token.group(3))))
    if open_tags:
        raise _unparsable(f'Can\'t find end tag corresponding to start tag "{open_tags[-1][0]}"')
    entities.sort(key=lambda entity: (entity["offset"], -entity["length"]))
    return "".join(parts), entities


def _entity(name: str, attributes: str) -> dict[str, Any]:
    kind = _TAGS[name]
    if kind == "text_link":
        link = _HREF.search(attributes)
        return {"type": kind, "url": (link.group(1) or link.group(2) or "") if link else ""}
    if kind == "blockquote" and "expandable" in attributes:
        kind = "expandable_blockquote"
    return {"type": kind}


def _unparsable(what: str, source: str = "", index: int = 0) -> Exception:
    where = f" at byte offset {len(source[:index].encode())}" if source else ""
    return bad_request(f"can't parse entities: {what}{where}")
