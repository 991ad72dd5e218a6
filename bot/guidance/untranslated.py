"""What of a card has no translation yet: it is shown in English and says so.

A person who reads Arabic and meets an English sentence must not think that it is their mistake.
Entries are translated one after the other, so one card may hold both; one line marks where English
begins. Names that are the same in both languages are translated, as their catalogue says.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain.languages import SOURCE
from bot.flow.model import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.content.catalogues import Catalogues
    from bot.domain.ids import LanguageTag
    from bot.flow.inputs import Item

DOMAIN = "knowledge"


def labelled(item: Item, language: LanguageTag, catalogues: Catalogues, label: Text | None) -> Item:
    """Return the card with `label` before its first line that falls back to English.

    A card without such a line, and every card in English, comes back as it is.
    """
    if label is None or language == SOURCE:
        return item
    for number, line in enumerate(item.lines):
        if in_english(line, language, catalogues):
            return replace(item, lines=(*item.lines[:number], label, *item.lines[number:]))
    return item


def in_english(text: Text, language: LanguageTag, catalogues: Catalogues) -> bool:
    """Tell whether a sentence, or one put into it, belongs to an entry and is not translated."""
    return any(
        one.source and catalogues.find(language, one.domain, one.context, one.source)[1] == SOURCE
        for one in _sentences(text)
        if one.domain == DOMAIN
    )


def _sentences(text: Text) -> Iterator[Text]:
    yield text
    for _, value in text.values:
        if isinstance(value, Text):
            yield from _sentences(value)
