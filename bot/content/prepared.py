"""What set-up read once, so that a first start need not: catalogues, what was learnt, search.

Set-up fills `.prepared/` beside the content, as a first start would fill VIGIL_HOME. It holds our
own lines as numbers and tables, nothing of any person. A file is named by the content that it was
made of, so that whoever edits content is never shown old sentences.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = ".prepared"
"""Below the folder with flows/: a VIGIL_HOME in which only the cache is."""

_CACHE = "cache"


def prepared_catalogues(root: Path) -> Path | None:
    """Return where parsed catalogues are kept beside the content; None where nothing is."""
    place = root / FOLDER / _CACHE / "catalogues"
    return place if place.is_dir() else None


def take_prepared(root: Path, home: Path) -> None:
    """Fill a home's cache with what set-up prepared.

    Args:
        root: The folder with flows/.
        home: VIGIL_HOME.
    """
    with suppress(OSError, shutil.Error):  # a full disk costs time at this start, nothing else
        borrow(root / FOLDER, home)


def borrow(learnt: Path, home: Path) -> None:
    """Fill a home's cache from another home's.

    Raises:
        OSError: It cannot be read or written.
    """
    if (learnt / _CACHE).exists():
        # Whoever comes first makes the folder that the keys will lie in: for its owner alone.
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copytree(
            learnt / _CACHE, home / _CACHE, copy_function=_link, dirs_exist_ok=True,
            ignore=shutil.ignore_patterns("*.lock", "*.part"),
        )  # fmt: skip


def _link(source: str, target: str) -> None:
    """Link a file, or copy it to another file system. Caches are replaced, never written into."""
    try:
        os.link(source, target)
    except FileExistsError:
        pass
    except OSError:
        shutil.copyfile(source, target)
