from __future__ import annotations

import fcntl
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.content.library import Library, open_library
from bot.understand.opening import open_embedded

if TYPE_CHECKING:
    from bot.understand.engine import Embedded


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The real content, loaded once for all conversations."""
    return open_library(None, tmp_path_factory.mktemp("catalogues"))


@pytest.fixture(scope="session")
def engine(library: Library, tmp_path_factory: pytest.TempPathFactory) -> Embedded:
    """The real engine on the real lines; learnt once for all workers of a run."""
    shared = tmp_path_factory.getbasetemp().parent / "vigil-understanding"
    shared.mkdir(exist_ok=True)
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return open_embedded(Path(__file__).parents[2], shared, alarms=library.alarms)
