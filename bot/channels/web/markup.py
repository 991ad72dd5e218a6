r"""Our markup made into safe HTML.

`*bold*` alone is markup, `\*` is an asterisk; everything else is text. Line breaks stay, and what
has a direction of its own (isolates, numbers, addresses) keeps it inside a sentence.
"""

from __future__ import annotations

import re

from markupsafe import Markup, escape

from bot.domain.languages import FSI, PDI

_BOLD = re.compile(r"(?<!\\)\*(?=\S)((?:\\\*|[^*])+?)(?<!\\)\*", re.DOTALL)
_OWN_DIRECTION = re.compile(
    rf"""(?P<isolated>{FSI}[^{PDI}]*{PDI})
    |(?P<left>https?://[^\s<>"{FSI}{PDI}]+(?<![.,;:!?)])
    |[\w.+-]+@[\w-]+\.[\w.-]*\w
    |(?<!\w)\+?\d[\d\ ()/.-]{{4,}}\d)""",
    re.VERBOSE,
)


def to_html(text: str) -> Markup:
    """Return a text as paragraphs' worth of safe HTML."""
    pieces: list[Markup] = []
    end = 0
    for found in _BOLD.finditer(text):
        pieces += (_plain(text[end : found.start()]), Markup("<b>"))
        pieces += (_plain(found[1]), Markup("</b>"))
        end = found.end()
    pieces.append(_plain(text[end:]))
    return Markup("").join(pieces)


def _plain(text: str) -> Markup:
    text = text.replace(r"\*", "*").replace("\r\n", "\n")
    pieces: list[Markup] = []
    end = 0
    for found in _OWN_DIRECTION.finditer(text):
        pieces.append(_lines(text[end : found.start()]))
        if found["isolated"]:
            pieces += (Markup("<bdi>"), _lines(found[0][1:-1]), Markup("</bdi>"))
        else:
            pieces += (Markup('<bdi dir="ltr">'), _lines(found[0]), Markup("</bdi>"))
        end = found.end()
    pieces.append(_lines(text[end:]))
    return Markup("").join(pieces)


def _lines(text: str) -> Markup:
    return Markup("<br>").join(escape(line) for line in text.split("\n"))
