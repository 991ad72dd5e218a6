"""How a message looks before a channel shows it: words in one language, buttons in rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.messages import Button, Keyboard, Outgoing
from bot.flow.inputs import Universal
from bot.services.pressed import choice_data, flow_data, word_data

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.content.library import Library
    from bot.domain.ids import LanguageTag
    from bot.flow.effects import Say

_SHORT = 14
"""Letters up to which two or three buttons share a row on a small phone."""

_IN_ROW = 3
_COPY_LIMIT = 256
_LONGEST = 64
"""Letters of a button; names of bodies and of funds can be longer."""


def compose(say: Say, library: Library, language: LanguageTag, *, clear: bool) -> Outgoing:
    """Put a message into words and rows; `clear` adds the button that removes a last screen."""
    shown = [line for line in (library.render(one, language) for one in say.lines) if line]
    text = _card(shown) if say.public else "\n\n".join(shown)
    choices = [
        Button(
            label=_fitting(library.render(choice.label, language)),
            data=choice_data(choice.option, say.turn),
            style=choice.style,
        )
        for choice in say.choices
    ]
    flows = [
        [Button(label=library.render(title, language), data=flow_data(flow))]
        for flow, title in say.flows
    ]
    copies = [
        [Button(label=label, copy=value)] for label, value in say.copy if len(value) <= _COPY_LIMIT
    ]
    links = [[Button(label=label, url=address)] for label, address in say.links]
    words = [_word(word, library, language) for word in say.words]
    if clear:
        words.insert(0, _word(Universal.CLEAR, library, language))
    rows = [*_rows(choices), *flows, *copies, *links, *_rows(words)]
    return Outgoing(
        text=text,
        language=language,
        buttons=tuple(tuple(row) for row in rows),
        keyboard=Keyboard.REPLY if say.reply_keyboard else Keyboard.INLINE,
        protect=not say.public,
    )


def _fitting(label: str) -> str:
    """Cut a label that no button can hold after a whole word; its beginning is understood."""
    if len(label) <= _LONGEST:
        return label
    kept = label[: _LONGEST - 1]
    return (kept.rpartition(" ")[0] or kept) + "…"


def _card(lines: Sequence[str]) -> str:
    """Join the lines of a card: parts that begin with a bold heading stand apart."""
    return "".join(
        ("\n\n" if number and line.lstrip("\u200f").startswith("*") else "\n" if number else "")
        + line
        for number, line in enumerate(lines)
    )


def _word(word: Universal, library: Library, language: LanguageTag) -> Button:
    return Button(
        label=library.say(f"{word.value}_button", language),
        data=word_data(word),
        style="danger" if word is Universal.SOS else "plain",
    )


def _rows(buttons: Iterable[Button]) -> list[list[Button]]:
    """Give long labels a row of their own and let short ones share."""
    rows: list[list[Button]] = []
    for button in buttons:
        row = rows[-1] if rows else None
        fits = (
            row is not None
            and len(row) < _IN_ROW
            and all(len(one.label) <= _SHORT for one in (*row, button))
        )
        if fits and row is not None:
            row.append(button)
        else:
            rows.append([button])
    return rows
