from __future__ import annotations

from typing import TYPE_CHECKING

from bot.content.teaching import check_lines, fingerprint, load_lines

if TYPE_CHECKING:
    from pathlib import Path

FEW = """nlu:
- intent: greet
  examples: |
    - hello
    - good day
- intent: emergency_now
  metadata: {urgent: false, language: en-Latn}
  examples: |
    - Hello!
"""


def write(root: Path, text: str) -> None:
    folder = root / "flows" / "understanding"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "en.yml").write_text(text, encoding="utf-8")


def test_lines_know_their_intent_language_urgency_and_place(tmp_path: Path) -> None:
    write(tmp_path, FEW)
    lines, problems = load_lines(tmp_path)
    assert not problems
    assert [line.text for line in lines] == ["hello", "good day", "Hello!"]
    assert [line.urgent for line in lines] == [False, False, False]
    assert lines[2].language == "en-Latn"
    assert str(lines[1].place) == "flows/understanding/en.yml:5"


def test_too_few_lines_and_a_line_with_two_meanings_are_found(tmp_path: Path) -> None:
    write(tmp_path, FEW)
    found = {problem.rule for problem in check_lines(load_lines(tmp_path)[0], ["greet"])}
    assert found == {"teaching-few", "teaching-two-meanings", "teaching-intent"}


def test_markup_and_broken_shapes_are_refused_with_their_line(tmp_path: Path) -> None:
    write(tmp_path, "nlu:\n- intent: greet\n  examples: |\n    - [x](y)\n    no dash\n- 3\n")
    lines, problems = load_lines(tmp_path)
    assert not lines
    assert [problem.place.line for problem in problems] == [4, 5, 6]
    write(tmp_path, "nlu: nothing")
    assert load_lines(tmp_path)[1]


def test_other_lines_have_another_name(tmp_path: Path) -> None:
    write(tmp_path, FEW)
    lines, _ = load_lines(tmp_path)
    assert fingerprint(lines) == fingerprint(lines)
    assert fingerprint(lines) != fingerprint(lines[:-1])
    assert fingerprint(lines) != fingerprint(lines, "another encoder")
