"""What the documents say is so: settings, commands, links, the talk on the first page."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.main import get_command

from bot.cli import app
from bot.content.library import all_texts, open_library
from bot.content.schema import FlowFile
from bot.scripts import bare
from bot.settings import Settings

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_explained_as_the_program_explains_it(name: str) -> None:
    row = next(line for line in read("docs/settings.md").splitlines()
               if line.startswith(f"| `VIGIL_{name.upper()}` |"))  # fmt: skip
    assert row.endswith(f" {Settings.model_fields[name].description} |")


def test_no_setting_is_explained_that_does_not_exist() -> None:
    named = set(re.findall(r"^\| `VIGIL_(\w+)` \|", read("docs/settings.md"), re.MULTILINE))
    assert named == {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_command_that_a_document_names_exists(path: Path) -> None:
    known = set(get_command(app).commands)  # type: ignore[attr-defined]
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    text = path.read_text(encoding="utf-8")
    for code in re.findall(r"`([^`\n]+)`|^((?:vigil|make) [a-z].+)$", text, re.MULTILINE):
        words = (code[0] or code[1]).removeprefix(".venv/bin/").split()
        if len(words) > 1 and words[0] == "vigil" and words[1].isalpha():
            assert words[1] in known, words
        if len(words) == 2 and words[0] == "make" and words[1].isalpha():
            assert words[1] in targets, words


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_to_another_document_leads_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (path.parent / target).exists(), target


def test_the_conversation_on_the_first_page_is_what_the_bot_says() -> None:
    said = [" ".join(bare(text.source).split()) for text in all_texts(open_library())]
    lines = [line.removeprefix("vigil").strip() for line in read("README.md").splitlines()
             if line.startswith("vigil  ")]  # fmt: skip
    assert len(lines) > 3
    for line in lines:
        part = line.removesuffix("…").strip()
        assert any(part in one for one in said), line


def test_the_schema_for_editors_is_the_one_that_flows_are_read_with() -> None:
    assert json.loads(read("docs/flow.schema.json")) == FlowFile.model_json_schema(by_alias=True)
