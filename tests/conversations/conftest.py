from __future__ import annotations

import pytest

from bot.content.library import Library, open_library


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The real content, loaded once for all conversations."""
    return open_library(None, tmp_path_factory.mktemp("catalogues"))
