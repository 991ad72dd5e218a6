from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.content.prepared import FOLDER

ROOT = Path(__file__).parents[2]


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """All content, to be edited; what set-up read of it need not be read again."""
    for name in ("flows", "locales", "knowledge", FOLDER):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path
