from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from bot.content.place import content_root
from bot.understand.understanding import make_understanding

if TYPE_CHECKING:
    from pathlib import Path

    from bot.content.library import Library


def test_a_program_that_stops_does_not_wait_until_lines_are_learnt(
    library: Library, tmp_path: Path
) -> None:
    understood = make_understanding(content_root(), tmp_path, library, "embedded")
    understood.close()
    with structlog.testing.capture_logs() as told:
        understood.open()
    assert understood.engine is None
    assert told == []
    assert not list(tmp_path.rglob("*.npz"))
