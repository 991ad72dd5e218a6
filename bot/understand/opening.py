"""Opening the embedded engine: from the cache if these lines were learnt before, else by learning.

Learning takes seconds of one core and happens once for each state of the lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.content.teaching import fingerprint, load_lines
from bot.understand import cache
from bot.understand.alarms import Alarms
from bot.understand.encoder import NAME, load_encoder
from bot.understand.engine import Embedded
from bot.understand.language import Languages, load_latin
from bot.understand.model import train

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bot.content.teaching import Line
    from bot.understand.encoder import Encoder

FOLDER = "understanding"
"""Below VIGIL_HOME/cache."""


def is_learnt(root: Path, home: Path, encoder: Encoder | None) -> bool:
    """Tell whether the lines below `root` were learnt before."""
    return _place(load_lines(root)[0], home, encoder).exists()


def _place(lines: Sequence[Line], home: Path, encoder: Encoder | None) -> Path:
    name = fingerprint(lines, cache.FORMAT, NAME if encoder else "letters")
    return home / "cache" / FOLDER / f"{name}.npz"


def open_embedded(
    root: Path,
    home: Path | None,
    *,
    alarms: Mapping[str, object],
    encoder: Encoder | None = None,
    with_encoder: bool = True,
) -> Embedded:
    """Return the engine for the teaching lines below `root`.

    Args:
        root: The folder with flows/.
        home: VIGIL_HOME; None keeps no cache.
        alarms: The lists of flows/alarms.yaml.
        encoder: One that is loaded already.
        with_encoder: Off makes n-grams serve alone.
    """
    lines, _ = load_lines(root)
    if encoder is None and with_encoder:
        encoder = load_encoder()
    path = _place(lines, home, encoder) if home else None
    model = cache.load(path) if path else None
    if model is None:
        model = train(lines, encoder)
        if path is not None:
            try:
                cache.save(model, path)
                cache.forget_others(path.parent, path)
            except OSError:
                pass  # a full disk costs time at the next start, nothing else
    return Embedded(
        model=model,
        lines=lines,
        encoder=encoder,
        alarms=Alarms(alarms),
        languages=Languages(load_latin()),
    )
