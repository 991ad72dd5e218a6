"""Notices that the content's files changed, so that an edit is taken up without a restart.

Looks at names, sizes and times only; what is read and whether it is good is the Library's matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_PARTS = ("flows", "locales", "knowledge")
_KINDS = frozenset({".yaml", ".yml", ".po"})

Signature = frozenset[tuple[str, int, int]]


def signature(root: Path) -> Signature:
    """Return what tells one state of the files from another: path, size in bytes, time in ns."""
    found = set()
    for part in _PARTS:
        for path in (root / part).rglob("*"):
            if path.suffix in _KINDS:
                state = path.stat()
                found.add((path.as_posix(), state.st_size, state.st_mtime_ns))
    return frozenset(found)
