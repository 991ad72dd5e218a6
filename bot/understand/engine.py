"""The embedded engine: a text becomes an intent with its confidence, and urgent or not.

Works with the network cut, keeps nothing and logs nothing. What it says about why names our own
teaching lines and lists only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bot.flow.inputs import Understood
from bot.understand import model as learnt
from bot.understand.folding import for_grams

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.content.teaching import Line
    from bot.understand.alarms import Alarms, Heard
    from bot.understand.encoder import Encoder
    from bot.understand.language import Guess, Languages
    from bot.understand.model import Model, Scores

ALARM = -2.2
"""Log odds from which a text is treated as a cry for help."""

LOUD, SOFT = 2.0, 0.7
"""What a loud and a soft word of alarm add to them."""

_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What was understood of one text, and why."""

    understood: Understood
    language: Guess | None
    urgency: float
    why: tuple[str, ...]


class Embedded:
    """Understands with what was learnt from the teaching lines."""

    def __init__(
        self,
        *,
        model: Model,
        lines: Sequence[Line],
        encoder: Encoder | None,
        alarms: Alarms,
        languages: Languages,
    ) -> None:
        self._model = model
        self._taught = learnt.encoded(lines)
        self._by_heart = _by_heart(lines)
        self._encoder = encoder if model.meaning is not None else None
        self._alarms = alarms
        self._languages = languages

    def understand(self, text: str) -> Understood:
        """Return what one text seems to mean."""
        return self.explain(text).understood

    def explain(self, text: str) -> Explained:
        """Return what one text seems to mean, and why."""
        guess = self._languages.guess(text)
        found = learnt.scores(self._model, text, self._encoder)
        heard = self._alarms.hear(text)
        order = np.argsort(-found.intents)[:_SHOWN]
        intents = tuple((self._model.intents[at], float(found.intents[at])) for at in order)
        urgency = sounding(found.urgency, heard)
        known = None if heard.signs else self._by_heart.get(for_grams(text))
        urgent = urgency >= ALARM if known is None else known
        language, clear = spoken(guess, heard)
        return Explained(
            understood=Understood(urgent=urgent, intents=intents, language=language, clear=clear),
            language=guess,
            urgency=urgency,
            why=(*self._why(found, guess), *_why_urgent(heard, urgency, known=known)),
        )

    def _why(self, found: Scores, guess: Guess | None) -> Iterator[str]:
        if guess is not None:
            sure = "clearly" if guess.clear else "perhaps"
            yield f"language: {sure} {guess.language} ({guess.sure:.2f})"
        best = int(np.argmax(found.intents))
        yield f"intent: {self._model.intents[best]} ({float(found.intents[best]):.2f})"
        if found.nearest is not None:
            line = self._taught[found.nearest]
            yield (
                f"likest line: “{line.text}” ({line.intent}, {line.language}; {found.likeness:.2f})"
            )


def _by_heart(lines: Sequence[Line]) -> dict[str, bool]:
    """Return whether each line is urgent, by its folded text; urgent where one says so.

    Whoever taught a line meant it: a short one ("hi") must not be outvoted by longer ones like it.
    """
    found: dict[str, bool] = {}
    for line in lines:
        folded = for_grams(line.text)
        if folded:
            found[folded] = line.urgent or found.get(folded, False)
    return found


def _why_urgent(heard: Heard, urgency: float, *, known: bool | None) -> Iterator[str]:
    if known is None:
        told = "flagged" if urgency >= ALARM else "not flagged"
        yield f"urgency: {urgency:+.1f} ({ALARM:+.1f} is enough), {told}"
    else:
        told = "urgent, flagged" if known else "not urgent, not flagged"
        yield f"taught word for word as {told}"
    if heard.loud:
        yield f"loud words: {', '.join(heard.loud)}"
    if heard.soft:
        yield f"soft words: {', '.join(heard.soft)}"


def spoken(guess: Guess | None, heard: Heard) -> tuple[str | None, bool]:
    """Return the likely language and whether it is beyond doubt.

    A few letters tell little; a loud word that one language alone has tells much. English ones are
    used by people of every language.
    """
    if guess is not None and guess.clear:
        return guess.language, True
    if len(heard.languages) == 1 and not heard.languages & {"en", "arabizi"}:
        return next(iter(heard.languages)), True
    return (None, False) if guess is None else (guess.language, False)


def sounding(urgency: float, heard: Heard) -> float:
    """Add what was heard to how urgent a text sounds."""
    return urgency + (LOUD if heard.loud else 0.0) + (SOFT if heard.soft else 0.0)
