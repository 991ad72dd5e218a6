"""The house keeps its shape: what may stand where, checked on the source itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PURE = ("domain", "flow", "contract", "content", "guidance", "services")
CHANCE_AND_CLOCK = {
    ("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"),
    ("time", "time"), ("time", "monotonic"), ("uuid", "uuid4"), ("random", "random"),
    ("random", "choice"), ("random", "randint"), ("secrets", "token_hex"), ("os", "urandom"),
}  # fmt: skip
TOP_LEVEL = {
    "pyproject.toml", "bot", "flows", "locales", "knowledge", "tests", "README.md", "docs",
    "Makefile", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", ".ci", "benchmarks", "LICENSE",
    "requirements.txt", "requirements-dev.txt", ".gitignore", ".gitattributes",
}  # fmt: skip
SHY_NAMES = {"utils", "helpers", "common", "manager", "misc"}


def sources(*rooms: str) -> list[Path]:
    return [path for room in rooms for path in sorted((ROOT / "bot" / room).rglob("*.py"))]


def test_the_top_level_holds_what_it_should_and_nothing_else() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    assert {line.split("/")[0] for line in listed if line} <= TOP_LEVEL


@pytest.mark.parametrize("path", sources(*PURE), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_what_decides_knows_neither_clock_nor_chance(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert (node.value.id, node.attr) not in CHANCE_AND_CLOCK, f"{path}:{node.lineno}"


@pytest.mark.parametrize("path", sources(""), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_no_module_is_named_after_nothing(path: Path) -> None:
    assert not SHY_NAMES & set(path.with_suffix("").relative_to(ROOT).parts)


@pytest.mark.parametrize("path", sources(""), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_tasks_are_started_in_one_place(path: Path) -> None:
    """`create_task` elsewhere than in a TaskGroup loses errors and outlives its owner."""
    if path.name == "app.py" or "proofs" in path.parts:
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and node.attr == "create_task":
            owner = node.value.id if isinstance(node.value, ast.Name) else ""
            assert owner != "asyncio", f"{path}:{node.lineno}"


HEAVY = frozenset({"aiogram", "starlette", "sklearn", "numpy", "sqlalchemy", "babel"})
CONTENT = frozenset({"babel"})
"""What reading catalogues and names of countries needs."""


@pytest.mark.parametrize(
    ("arguments", "needs"),
    [
        (["--help"], frozenset()),
        (["check", "--help"], frozenset()),
        (["advise", "--help"], frozenset()),
        (["check"], CONTENT),
        (["flows", "hash", "sos"], CONTENT),
        (["advise", "--facts", "FACTS"], CONTENT),
        (["resources", "--facts", "FACTS"], CONTENT),
        (
            ["talk", "--script", "tests/conversations/help/in-the-middle.en.yaml"],
            {"sqlalchemy", *CONTENT},
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_command_loads_only_what_it_needs(
    tmp_path: Path, arguments: list[str], needs: frozenset[str]
) -> None:
    facts = tmp_path / "facts.yaml"
    facts.write_text("{threats: [slapp], country: PE}", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "bot",
         *(str(facts) if part == "FACTS" else part for part in arguments)],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    loaded = {line.rsplit("|", maxsplit=1)[-1].strip() for line in done.stderr.splitlines()}
    assert not (HEAVY - needs) & {name.split(".")[0] for name in loaded}
