"""The program as people who install it get it: a wheel with its content and without tests."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT, check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    return next(folder.glob("*.whl"))


def test_a_wheel_holds_flows_catalogues_and_entries_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for part in ("flows", "locales", "knowledge"):
        inside = {name.split(f"_content/{part}/")[1] for name in names
                  if f"_content/{part}/" in name}  # fmt: skip
        here = {
            path.relative_to(ROOT / part).as_posix()
            for path in (ROOT / part).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".mo"
        }
        assert inside == here
    assert not [name for name in names if name.startswith("tests/")]


def test_an_unpacked_wheel_checks_its_own_content_and_advises(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    facts = tmp_path / "facts.yaml"
    facts.write_text("{threats: [arbitrary-arrest-detention], country: UG}", encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    for arguments in (["check"], ["advise", "--facts", str(facts), "--json"]):
        done = subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-500:] + done.stderr[-500:]
        assert "left-over" not in done.stdout
