"""What an alert's texts must be like: the same checks as for sentences of flows, and its frame.

Every translation keeps the marks, links and numbers of the text that it translates: a telephone
number that differs between languages is a mistake that nobody sees until somebody calls it.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.ids import LanguageTag

LONGEST = 3_400
"""Characters; head and foot must fit into one message of 4,096 beside it."""

_BOLD = re.compile(r"(?<!\\)\*")
_LINK = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?)]")
_NUMBER = re.compile(r"\+?\d[\d ()./-]{4,}\d")
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong with a text, as a code."""

    language: str
    code: str
    """empty, too-long, markup, placeholder, links, numbers, missing, fallback."""


def faults(texts: Mapping[LanguageTag, str], fallback: LanguageTag) -> tuple[Fault, ...]:
    """Return everything that is wrong with texts that should say the same."""
    if not texts:
        return (Fault(language=fallback, code="missing"),)
    if fallback not in texts:
        return (Fault(language=fallback, code="fallback"),)
    found: list[Fault] = []
    source = texts[fallback]
    for language, text in texts.items():
        found += [Fault(language=language, code=code) for code in _alone(text)]
        if language != fallback and text.strip():
            found += [Fault(language=language, code=code) for code in _beside(text, source)]
    return tuple(found)


def _alone(text: str) -> list[str]:
    if not text.strip():
        return ["empty"]
    found = []
    if len(text) > LONGEST:
        found.append("too-long")
    if len(_BOLD.findall(text)) % 2:
        found.append("markup")
    if _PLACEHOLDER.search(text):
        # An alert has no values to fill in: whoever writes one expects something to happen.
        found.append("placeholder")
    return found


def _beside(text: str, source: str) -> list[str]:
    found = []
    if len(_BOLD.findall(text)) != len(_BOLD.findall(source)):
        found.append("markup")
    if Counter(_LINK.findall(text)) != Counter(_LINK.findall(source)):
        found.append("links")
    if _numbers(text) != _numbers(source):
        found.append("numbers")
    return found


def _numbers(text: str) -> Counter[str]:
    plain = text.translate(_DIGITS)
    return Counter(re.sub(r"\D", "", number) for number in _NUMBER.findall(_LINK.sub("", plain)))
