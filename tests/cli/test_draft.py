"""`vigil draft` works on nothing but a case file, and says clearly what it cannot do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from docx import Document

ROOT = Path(__file__).parents[2]
CASE = {
    "id": "case-of-nobody",
    "threats": ["arbitrary-arrest-detention"],
    "country": "TN",
    "ongoing": "ongoing",
    "when": {"days_ago": 2},
    "who": "family",
    "perpetrators": ["police"],
    "words": {"text": "Ils l'ont emmenée à l'aube.", "lang": "fr"},
}


def vigil(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", "draft", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "VIGIL_HOME": str(home / "empty")},
        capture_output=True,
        text=True,
        check=False,
    )


def case(folder: Path, data: object = CASE) -> str:
    path = folder / "case.yaml"
    path.write_text(data if isinstance(data, str) else yaml.safe_dump(data), encoding="utf-8")
    return str(path)


def test_a_letter_is_written_for_its_owner_alone_and_nothing_else_is(tmp_path: Path) -> None:
    out = tmp_path / "f.docx"
    done = vigil(tmp_path, "--case", case(tmp_path), "--mechanism", "un-wgad", "--lang", "fr",
                 "--out", str(out))  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "Written" in done.stdout
    text = "\n".join(line.text for line in Document(str(out)).paragraphs)
    assert "Groupe de travail sur la détention arbitraire" in text
    assert "Ils l'ont emmenée à l'aube." in text
    assert "case-of-nobody" not in text
    assert out.stat().st_mode & 0o077 == 0
    assert not (tmp_path / "empty").exists()


def test_another_language_than_the_body_accepts_falls_back_and_says_so(tmp_path: Path) -> None:
    arguments = ("--case", case(tmp_path), "--out", str(tmp_path / "f.txt"))
    done = vigil(tmp_path, *arguments, "--mechanism", "reg-coe-commissioner", "--lang", "es")
    assert "does not accept Spanish (it accepts English, French): it is in English" in done.stdout
    done = vigil(tmp_path, *arguments, "--mechanism", "un-wgad", "--lang", "ar")
    assert "Letters are written in English, French and Spanish" in done.stdout
    assert (tmp_path / "f-1.txt").exists(), "what was there is kept: names may stand in it"
    assert "f-1.txt" in done.stdout


@pytest.mark.parametrize(
    ("data", "body", "out", "told"),
    [
        (CASE, "un-wgda", "f.docx", "Did you mean un-wgad"),
        (CASE, "un-wgad", "f.pdf", "as .docx or as .txt"),
        (CASE, "un-wgad", "no/such/folder/f.docx", "cannot be written"),
        ([CASE, CASE], "un-wgad", "f.docx", "2 cases"),
        ("- [", "un-wgad", "f.docx", "neither YAML nor JSON"),
        ("just words", "un-wgad", "f.docx", "holds no case"),
        ({**CASE, "words": [1]}, "un-wgad", "f.docx", "words are written as"),
        ({**CASE, "words": {"text": "secret " * 5_000}}, "un-wgad", "f.docx", "Attach the rest"),
    ],
)
def test_bad_input_is_one_clear_sentence(
    tmp_path: Path, data: object, body: str, out: str, told: str
) -> None:
    done = vigil(tmp_path, "--case", case(tmp_path, data), "--mechanism", body,
                 "--out", str(tmp_path / out))  # fmt: skip
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stderr
    assert not list(tmp_path.glob("f*"))
