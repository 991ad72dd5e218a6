from __future__ import annotations

import pytest

from bot.content.library import Library, open_library
from tests.fixtures.learnt import engine, learnt

__all__ = ["engine", "learnt"]


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The real content, loaded once for all conversations."""
    return open_library(None, tmp_path_factory.mktemp("catalogues"))
