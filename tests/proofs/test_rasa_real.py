"""`make rasa` says in one sentence what it lacks; it brings no interpreter of its own."""

from __future__ import annotations

import os
import runpy
from pathlib import Path

import pytest

from bot.domain.errors import RefusedError
from bot.proofs import bench_rasa, bench_understand
from bot.proofs.rasa_real import find_python, main, serving, train

ROOT = Path(__file__).parents[2]


def interpreter(folder: Path, answer: str, name: str = "python3.10") -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{answer}\n", encoding="ascii")
    path.chmod(0o755)
    return path


def path_of(folder: Path) -> dict[str, str]:
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


def test_the_interpreter_on_the_path_is_taken_unless_another_is_named(tmp_path: Path) -> None:
    ours = interpreter(tmp_path, "echo 3 10")
    assert find_python(path_of(tmp_path)) == str(ours)
    other = interpreter(tmp_path, "echo 3 9", "other")
    assert find_python({**path_of(tmp_path), "RASA_PYTHON": str(other)}) == str(other)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("echo 3 11", "is Python 3.11"),
        ("echo 3 7", "is Python 3.7"),
        ("echo what", "does not run"),
        ("exit 127", "does not run"),
    ],
)
def test_one_that_will_not_do_is_refused_in_one_sentence(
    tmp_path: Path, answer: str, told: str
) -> None:
    named = interpreter(tmp_path, answer)
    with pytest.raises(RefusedError, match=told) as refused:
        find_python({"RASA_PYTHON": str(named)})
    assert str(refused.value).count(".\n") == 0
    assert str(refused.value).endswith("RASA_PYTHON.")


def test_without_an_interpreter_it_ends_with_two_and_makes_nothing(tmp_path: Path) -> None:
    told: list[str] = []
    assert main({"PATH": str(tmp_path)}, tell=told.append) == 2
    assert told == [
        "Rasa needs Python 3.10: put python3.10 on the path, or name one in RASA_PYTHON."
    ]
    assert list(tmp_path.iterdir()) == []


def test_teaching_that_fails_says_where_the_reason_stands(tmp_path: Path) -> None:
    broken = interpreter(tmp_path, "echo 'out of memory' >&2\nexit 9")
    with pytest.raises(SystemExit, match=r"training\.log says why"):
        train(broken, tmp_path, "config.yml")
    assert "out of memory" in (tmp_path / "training.log").read_text(encoding="utf-8")


def test_a_server_that_ends_by_itself_is_not_waited_for(tmp_path: Path) -> None:
    broken = interpreter(tmp_path, "exit 3")
    with (
        pytest.raises(SystemExit, match=r"server\.log says why"),
        serving(broken, tmp_path, tmp_path / "model.tar.gz"),
    ):
        pytest.fail("it never served")


def test_every_package_of_rasas_environment_is_pinned_by_its_hash() -> None:
    text = (ROOT / "flows/understanding/rasa/requirements.txt").read_text(encoding="utf-8")
    packages = [line for line in text.splitlines() if line and line[0].isalnum()]
    assert any(line.startswith("rasa==3.6.21") for line in packages)
    assert all("==" in line for line in packages)
    assert text.count("--hash=sha256:") >= len(packages)


def test_a_trial_gives_rasa_texts_and_intents_without_its_own_markup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", dict(os.environ))
    trial = runpy.run_path(str(ROOT / "flows/understanding/rasa/trial.py"))
    table = tmp_path / "table.tsv"
    table.write_text(
        "text\tintent\n[set] an {alarm}\talarm/set\n[]\talarm/stop\n", encoding="utf-8"
    )
    rows = trial["rows"](str(table))
    assert rows == [("set  an  alarm", "alarm+set"), (".", "alarm+stop")]
    assert '- intent: "alarm+set"\n  examples: |\n    - set an alarm\n' in trial["taught"](rows)


def test_a_trials_figures_are_put_as_ours_are() -> None:
    cost = {"training_cpu_s": 4.0, "message_cpu_ms": 2.0, "peak_mb": 700}
    one = {"accuracy": {"hwu64_test.tsv": 64.3}, **cost}
    assert bench_rasa.summary(one) == {"accuracy": 64.3, **cost}
    two = {"accuracy": {"xsid_ar_test.tsv": 80.0, "xsid_en_test.tsv": 90.0}, **cost}
    assert bench_rasa.summary(two) == {
        "mean": 85.0, "per_language": {"ar": 80.0, "en": 90.0}, **cost,
    }  # fmt: skip


def test_a_trial_that_fails_is_told_with_its_last_line(tmp_path: Path) -> None:
    broken = interpreter(tmp_path, "echo noise >&2\necho 'No module named rasa' >&2\nexit 1")
    for name in ("hwu64_train5", "xsid_en_train", "xsid_en_test", "hwu64_test"):
        (tmp_path / f"{name}.tsv").write_text("text\tintent\nhello\tgreet\n", encoding="ascii")
    with pytest.raises(RefusedError, match="No module named rasa"):
        list(bench_rasa.measure(tmp_path, broken, ["en"]))


def test_what_is_known_is_kept_after_each_trial(tmp_path: Path) -> None:
    told = '{"accuracy": {"a_en_test.tsv": 50.0}, "training_cpu_s": 1, "message_cpu_ms": 1,'
    python = interpreter(tmp_path, f"echo '{told} \"peak_mb\": 1}}'")
    for name in ("hwu64_train5", "hwu64_train10", "hwu64_test", "xsid_en_train", "xsid_en_test"):
        (tmp_path / f"{name}.tsv").write_text(
            "text\tintent\nhello\tgreet\nthank you\tthanks\n", encoding="ascii"
        )
    known: list[int] = []
    found = bench_understand.measure(
        tmp_path, python, keep=lambda so_far: known.append(sum(map(len, so_far["rasa"].values())))
    )
    assert known == list(range(1, 4 * len(bench_rasa.ENGINES) + 1))
    assert found["rasa"]["diet"]["xsid_all"]["accuracy"] == 50.0
