from __future__ import annotations

import fcntl
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.content.library import open_library
from bot.understand.opening import open_embedded

if TYPE_CHECKING:
    from bot.content.library import Library
    from bot.understand.engine import Embedded

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def library() -> Library:
    return open_library(ROOT)


@pytest.fixture(scope="session")
def engine(library: Library, tmp_path_factory: pytest.TempPathFactory) -> Embedded:
    """The real engine on the real lines; learnt once for all workers of a run."""
    shared = tmp_path_factory.getbasetemp().parent / "vigil-understanding"
    shared.mkdir(exist_ok=True)
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return open_embedded(ROOT, shared, alarms=library.alarms)
