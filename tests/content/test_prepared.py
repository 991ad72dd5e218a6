"""What set-up read once serves a first start, and stands in nobody's way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.content.prepared import FOLDER, take_prepared

if TYPE_CHECKING:
    from pathlib import Path


def test_a_first_start_takes_what_is_prepared(tmp_path: Path) -> None:
    root, home = _prepared(tmp_path), tmp_path / "home"
    take_prepared(root, home)
    assert (home / "cache/catalogues/a.json").read_text() == "prepared"
    assert not list(home.rglob("*.lock"))
    assert home.stat().st_mode & 0o077 == 0


def test_what_a_home_has_already_stays(tmp_path: Path) -> None:
    root, home = _prepared(tmp_path), tmp_path / "home"
    kept = home / "cache/catalogues/a.json"
    kept.parent.mkdir(parents=True)
    kept.write_text("own")
    take_prepared(root, home)
    assert kept.read_text() == "own"
    assert (home / "cache/understanding/b.npz").exists()


def test_a_home_that_loses_its_cache_leaves_what_is_prepared(tmp_path: Path) -> None:
    root, home = _prepared(tmp_path), tmp_path / "home"
    take_prepared(root, home)
    replaced = home / "cache/catalogues/part"
    replaced.write_text("new")
    replaced.replace(home / "cache/catalogues/a.json")
    assert (root / FOLDER / "cache/catalogues/a.json").read_text() == "prepared"


def test_without_anything_prepared_a_home_stays_empty(tmp_path: Path) -> None:
    take_prepared(tmp_path, tmp_path / "home")
    assert not (tmp_path / "home").exists()


def test_what_cannot_be_read_costs_time_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where a folder should be")
    take_prepared(_prepared(tmp_path), tmp_path / "home")


def _prepared(root: Path) -> Path:
    for name in ("catalogues/a.json", "understanding/b.npz", "understanding/learning.lock"):
        file = root / FOLDER / "cache" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("prepared")
    return root
