from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.content.library import open_library
from tests.fixtures.learnt import engine, learnt

if TYPE_CHECKING:
    from bot.content.library import Library

__all__ = ["engine", "learnt"]

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def library() -> Library:
    return open_library(ROOT)
