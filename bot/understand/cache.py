"""What was learnt, on disk under a name that depends on the lines, the encoder and this code.

Holds numbers and n-grams of our own teaching lines: nothing of any person.
"""

from __future__ import annotations

import json
import os
import zipfile
from typing import TYPE_CHECKING

import numpy as np

from bot.understand.grams import Vocabulary
from bot.understand.model import Meaning, Model

if TYPE_CHECKING:
    from pathlib import Path

_MEANING = frozenset({"weights", "examples", "owners", "centres"})

FORMAT = "1"
"""Changes with what a model is or how it is learnt, so that older files are not read."""


def save(model: Model, path: Path) -> None:
    """Write a model so that a reader sees all of it or nothing."""
    arrays = {
        "letters": model.letters,
        "habits": model.habits,
        "rarity": model.vocabulary.rarity,
    }
    if model.meaning is not None:
        arrays |= {name: getattr(model.meaning, name) for name in _MEANING}
    told = json.dumps(
        {
            "intents": model.intents,
            "tongues": model.tongues,
            "grams": list(model.vocabulary.places),
        }
    )
    arrays["told"] = np.frombuffer(told.encode(), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_suffix(f".{os.getpid()}.part")
    with part.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
    part.replace(path)


def load(path: Path) -> Model | None:
    """Read a model, or return None when there is none that can be read."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as found:
            told = json.loads(found["told"].tobytes().decode())
            arrays = {name: found[name] for name in found.files if name != "told"}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    rarity = arrays.pop("rarity")
    places = {gram: place for place, gram in enumerate(told["grams"], start=1)}
    if len(places) + 1 != len(rarity):
        return None
    return Model(
        intents=tuple(told["intents"]),
        tongues=tuple(told["tongues"]),
        vocabulary=Vocabulary(places=places, rarity=rarity),
        letters=arrays["letters"],
        habits=arrays["habits"],
        meaning=Meaning(**{name: arrays[name] for name in _MEANING})
        if arrays.keys() >= _MEANING
        else None,
    )


def forget_others(folder: Path, keep: Path) -> None:
    """Delete models of earlier lines."""
    for path in folder.glob("*.npz"):
        if path != keep:
            path.unlink(missing_ok=True)
