"""What a proof's program need not learn again: models and catalogues, kept for all proofs.

What was learnt depends on the content and on the code that learns, so it is kept under a name made
of both. It holds numbers and n-grams of our own lines, nothing of any person.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from bot.content.place import content_root
from bot.content.prepared import borrow
from bot.understand.learning import learn_apart

_KEPT = 2
"""States of the content for which something is kept."""


def lend(home: Path, shared: Path | None = None) -> None:
    """Fill a home's cache with what was learnt for the present content, learning when nobody has.

    Args:
        home: The VIGIL_HOME of a program that is not running yet.
        shared: Where it is kept between proofs; a folder of this user's cache by default.
    """
    shared = shared or _shared()
    place = shared / _state()
    if not (place / "cache").exists():
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        learn_apart(content_root(), place)
    os.utime(place)
    _forget_others(shared, place)
    borrow(place, home)


def _shared() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "vigil" / "proofs"


def _state() -> str:
    """Name the content and the code that decide what is learnt."""
    digest = hashlib.blake2b(digest_size=12)
    root, code = content_root(), Path(__file__).parents[1]
    for folder in (root / "flows", root / "knowledge", code / "understand", code / "content"):
        for file in sorted(folder.rglob("*")):
            if file.suffix in {".py", ".yaml", ".yml"} and file.is_file():
                digest.update(str(file.relative_to(folder)).encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()


def _forget_others(shared: Path, keep: Path) -> None:
    others = sorted(
        (one for one in shared.iterdir() if one != keep and one.is_dir()),
        key=lambda one: one.stat().st_mtime, reverse=True,
    )  # fmt: skip
    for old in others[_KEPT - 1 :]:
        shutil.rmtree(old, ignore_errors=True)
