"""Rasa on the same public sets, in its own environment, for a comparison within one run."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.content.place import content_root
from bot.domain.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ENGINES = {"same_encoder": "config.yml", "logistic": "logistic.yml", "diet": "diet.yml"}
"""By the name of their figures: one on our encoder, Rasa's quick classifier, Rasa as it comes."""

LONGEST = 4 * 3600.0
"""Seconds that one trial may take."""

_QUIET = {"RASA_TELEMETRY_ENABLED": "false", "PYTHONWARNINGS": "ignore"}


def measure(data: Path, python: Path, languages: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield accuracies in percent and costs of each Rasa engine, as far as known, trial by trial.

    Args:
        data: The folder of public sets.
        python: The interpreter of Rasa's environment; `make rasa` makes one.
        languages: Those of xSID.

    Raises:
        RefusedError: A trial did not end well.
    """
    tests = [data / f"xsid_{tag}_test.tsv" for tag in languages]
    found: dict[str, dict[str, Any]] = {name: {} for name in ENGINES}
    with tempfile.TemporaryDirectory() as folder:
        every = Path(folder) / "xsid_all_train.tsv"
        every.write_text("\n".join(_joined(data, languages)) + "\n", encoding="utf-8")
        trials = (
            ("hwu64_5", data / "hwu64_train5.tsv", [data / "hwu64_test.tsv"]),
            ("hwu64_10", data / "hwu64_train10.tsv", [data / "hwu64_test.tsv"]),
            ("xsid_english", data / "xsid_en_train.tsv", tests),
            ("xsid_all", every, tests),
        )
        for what, train, asked in trials:
            for engine, config in ENGINES.items():
                found[engine][what] = summary(_trial(python, config, train, asked))
                yield found


def summary(told: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of one trial as ours are written: a mean, and each language."""
    each = {name.split("_")[1]: share for name, share in told["accuracy"].items()}
    cost = {key: told[key] for key in ("training_cpu_s", "message_cpu_ms", "peak_mb")}
    if len(each) == 1:
        return {"accuracy": next(iter(each.values())), **cost}
    return {"mean": round(sum(each.values()) / len(each), 1), "per_language": each, **cost}


def _joined(data: Path, languages: Sequence[str]) -> Iterator[str]:
    for number, tag in enumerate(languages):
        lines = (data / f"xsid_{tag}_train.tsv").read_text(encoding="utf-8").splitlines()
        yield from lines if number == 0 else lines[1:]


def _trial(python: Path, config: str, train: Path, tests: Sequence[Path]) -> dict[str, Any]:
    folder = content_root() / "flows" / "understanding" / "rasa"
    command = [str(python), str(folder / "trial.py"), str(folder / config), str(train)]
    done = subprocess.run(  # noqa: S603 - our own script in the environment that the operator named
        [*command, *map(str, tests)],
        check=False,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        env={**os.environ, **_QUIET},
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise RefusedError(f"Rasa's trial of {train.name} with {config} failed: {last}")
    told: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return told
