"""What is learnt from the teaching lines: which intent a text has, and how urgent it sounds.

Three views are blended: a regression on vectors of meaning, likeness to the lines themselves, and a
regression on n-grams. How much the first two count depends on how well the encoder knows the
language that the n-grams point at; where it knows nothing the n-grams decide alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from bot.understand.grams import Vocabulary
from bot.understand.logistic import dense, fit, softmax, sparse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bot.content.teaching import Line
    from bot.understand.encoder import Encoder
    from bot.understand.grams import Rows
    from bot.understand.logistic import Product

    Matrix = NDArray[np.float32]

TRUST = {
    **dict.fromkeys("ar de en es fr it ja ko nl pl pt ru th tr zh".split(), 1.0),  # noqa: SIM905
    **dict.fromkeys(("uk", "id"), 0.6),
}
"""How well the encoder knows a language; one that is not named it does not know at all."""

WORTH_ENCODING = 0.02
"""Trust below which the encoder is not even asked."""

MEANING, LIKENESS = 0.4, 0.3
"""Shares of the two views of the encoder where it is trusted; n-grams have the rest."""

MEANING_ALARM, LIKENESS_ALARM, LETTERS_ALARM = 0.6, 4.0, 0.3
"""How much each view counts for urgency where the encoder is trusted."""

_MEANING_STRENGTH, _LETTERS_STRENGTH = 6.0, 20.0
_NEAREST_SHARE, _SHARPNESS = 0.6, 14.0
_GRAM_STEPS, _VECTOR_STEPS = 30, 40
_UNSEEN = 0.2
_TINY = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What was learnt from vectors of the encoder."""

    weights: Matrix
    """(1 + vector, intents + 2)."""
    examples: Matrix
    """(lines, vector): the taught lines themselves."""
    owners: NDArray[np.int64]
    """Intent of each example, plus the number of intents where it is urgent."""
    centres: Matrix
    """(intents, vector)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Everything that was learnt; arrays are single precision."""

    intents: tuple[str, ...]
    tongues: tuple[str, ...]
    vocabulary: Vocabulary
    letters: Matrix
    """(n-grams, intents + 2): weights of the intents, then of calm and urgent."""
    habits: Matrix
    """(n-grams, tongues): how likely each language writes an n-gram, as a logarithm."""
    meaning: Meaning | None = None
    """None without an encoder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """What the model makes of one text."""

    intents: Matrix
    """Probabilities."""
    urgency: float
    """Log odds that it is urgent, before any word of alarm is heard."""
    tongue: str
    tongue_share: float
    nearest: int | None = None
    """Index of the likest taught line among the encoded ones."""
    likeness: float = 0.0


def encoded(lines: Sequence[Line]) -> list[Line]:
    """Return the lines that the encoder can read."""
    return [line for line in lines if line.language in TRUST]


def train(lines: Sequence[Line], encoder: Encoder | None) -> Model:
    """Learn from lines; the same lines always give the same model."""
    intents = tuple(sorted({line.intent for line in lines}))
    tongues = tuple(sorted({line.language for line in lines}))
    vocabulary, rows = Vocabulary.learn(line.text for line in lines)
    model = Model(
        intents=intents,
        tongues=tongues,
        vocabulary=vocabulary,
        letters=_heads(sparse(rows), lines, intents, _LETTERS_STRENGTH, _GRAM_STEPS),
        habits=_habits(rows, [tongues.index(line.language) for line in lines], len(tongues)),
    )
    if encoder is None:
        return model
    return replace(model, meaning=_meaning(encoded(lines), intents, encoder))


def _meaning(lines: Sequence[Line], intents: tuple[str, ...], encoder: Encoder) -> Meaning:
    vectors = encoder([line.text for line in lines])
    owners = np.array([intents.index(line.intent) for line in lines], dtype=np.int64)
    urgent = np.array([line.urgent for line in lines])
    rows = dense(np.concatenate([np.ones((len(vectors), 1), np.float32), vectors], axis=1))
    return Meaning(
        weights=_heads(rows, lines, intents, _MEANING_STRENGTH, _VECTOR_STEPS),
        examples=vectors,
        owners=owners + len(intents) * urgent,
        centres=np.stack([_centre(vectors[owners == at]) for at in range(len(intents))]),
    )


def scores(model: Model, text: str, encoder: Encoder | None) -> Scores:
    """Judge one text."""
    rows = model.vocabulary.rows([text])
    by_letters: Matrix = rows.values @ model.letters[rows.columns]
    tongue = softmax(model.habits[rows.columns[1:]].sum(axis=0))
    trust = sum(
        TRUST.get(name, 0.0) * float(share)
        for name, share in zip(model.tongues, tongue, strict=True)
    )
    known = encoder is not None and model.meaning is not None and trust >= WORTH_ENCODING
    vector = encoder([text])[0] if known and encoder is not None else None
    return _blended(model, by_letters, tongue, trust, vector)


def _blended(
    model: Model, by_letters: Matrix, tongue: Matrix, trust: float, vector: Matrix | None
) -> Scores:
    count = len(model.intents)
    intents, urgency = softmax(by_letters[:count]), _log_odds(by_letters[count:])
    best = int(tongue.argmax())
    meaning = model.meaning
    if vector is None or meaning is None:
        return Scores(
            intents=intents,
            urgency=urgency,
            tongue=model.tongues[best],
            tongue_share=float(tongue[best]),
        )
    by_meaning: Matrix = vector @ meaning.weights[1:] + meaning.weights[0]
    near: Matrix = meaning.examples @ vector
    highest = np.full(2 * count, -1.0, dtype=np.float32)
    np.maximum.at(highest, meaning.owners, near)
    calm, urgent = highest[:count], highest[count:]
    like = (1 - _NEAREST_SHARE) * (meaning.centres @ vector)
    like += _NEAREST_SHARE * np.maximum(calm, urgent)
    seen = MEANING * softmax(by_meaning[:count]) + LIKENESS * softmax(_SHARPNESS * like)
    blended = trust * seen + (1 - trust * (MEANING + LIKENESS)) * intents
    alarm = MEANING_ALARM * _log_odds(by_meaning[count:]) + LETTERS_ALARM * urgency
    alarm += LIKENESS_ALARM * float(urgent.max() - calm.max())
    nearest = int(near.argmax())
    return Scores(
        intents=blended / blended.sum(),
        urgency=trust * alarm + (1 - trust) * urgency,
        tongue=model.tongues[best],
        tongue_share=float(tongue[best]),
        nearest=nearest,
        likeness=float(near[nearest]),
    )


def _log_odds(pair: Matrix) -> float:
    return float(pair[1] - pair[0])


def _heads(
    rows: Product, lines: Sequence[Line], intents: tuple[str, ...], strength: float, steps: int
) -> Matrix:
    """Learn both questions (which intent, how urgent) over the same rows."""
    wanted = np.zeros((len(lines), len(intents)), dtype=np.float32)
    urgent = np.zeros((len(lines), 2), dtype=np.float32)
    for index, line in enumerate(lines):
        wanted[index, intents.index(line.intent)] = 1
        urgent[index, int(line.urgent)] = 1
    which = fit(rows, wanted, strength=strength, weights=_even(wanted), steps=steps)
    how = fit(rows, urgent, strength=strength, weights=_even(urgent), steps=steps)
    return np.concatenate([which, how], axis=1)


def _habits(rows: Rows, owners: Sequence[int], count: int) -> Matrix:
    """Return how likely each language writes each n-gram; the constant says nothing."""
    by_gram = np.repeat(np.array(owners), np.diff(rows.starts))
    seen = np.bincount(rows.columns * count + by_gram, minlength=rows.width * count)
    table = seen.reshape(rows.width, count).astype(np.float32)
    table[0] = 0
    likely: Matrix = np.log((table + _UNSEEN) / (table.sum(axis=0) + _UNSEEN * rows.width))
    return likely.astype(np.float32)


def _even(wanted: Matrix) -> Matrix:
    """Return weights under which rare answers count as much as frequent ones, half way."""
    counts = wanted.sum(axis=0)
    share = np.sqrt(counts.mean() / np.maximum(counts, 1))
    found: Matrix = (wanted @ share).astype(np.float32)
    return found


def _centre(vectors: Matrix) -> Matrix:
    middle = vectors.mean(axis=0) if len(vectors) else np.zeros(vectors.shape[1], dtype=np.float32)
    found: Matrix = (middle / max(float(np.linalg.norm(middle)), _TINY)).astype(np.float32)
    return found
