"""Search with meaning: vectors of every passage, made once for each state of the knowledge."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np

from bot.content.search import Search
from bot.understand.encoder import NAME

if TYPE_CHECKING:
    from pathlib import Path

    from bot.content.library import Library
    from bot.understand.encoder import Encoder

FOLDER = "search"
"""Below VIGIL_HOME/cache."""


def open_search(library: Library, home: Path | None, encoder: Encoder | None) -> Search:
    """Return search over the content in use; without an encoder it ranks by letters alone."""
    search = Search(library.knowledge, library.questions, library.catalogues)
    if encoder is None:
        return search
    texts = [passage.text for passage in search.told()]
    name = sha256("\0".join((NAME, *texts)).encode()).hexdigest()[:32]
    path = home / "cache" / FOLDER / f"{name}.npy" if home else None
    vectors = _load(path, len(texts)) if path else None
    if vectors is None:
        vectors = encoder(texts).astype(np.float16)
        if path is not None:
            _save(path, vectors)
    search.with_meaning(encoder, vectors)
    return search


def _load(path: Path, count: int) -> np.ndarray | None:
    try:
        with path.open("rb") as file:
            found = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return found if found.ndim == 2 and len(found) == count else None  # noqa: PLR2004 - a matrix


def _save(path: Path, vectors: np.ndarray) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            np.save(file, vectors)
        part.replace(path)
        for other in path.parent.glob("*.npy"):
            if other != path:
                other.unlink(missing_ok=True)
    except OSError:
        pass  # a full disk costs time at the next start, nothing else
