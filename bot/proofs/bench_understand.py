"""How well the engine learns from public sets of messages that are no part of this project.

The same learning as for our own lines, from the tables of a folder that the operator names.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from bot.content.marks import Place
from bot.content.teaching import Line
from bot.domain.errors import ContentError
from bot.proofs import bench_rasa
from bot.understand.encoder import load_encoder
from bot.understand.evaluating import read_rows, resident_mb
from bot.understand.model import scores, train

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from bot.understand.encoder import Encoder
    from bot.understand.model import Model

HWU, XSID = "hwu64", "xsid"


def measure(
    data: Path,
    rasa: Path | None = None,
    keep: Callable[[dict[str, Any]], object] = lambda _: None,
) -> dict[str, Any]:
    """Return accuracies in percent, and what learning and one message cost.

    Args:
        data: Folder with hwu64_train5.tsv, hwu64_train10.tsv, hwu64_test.tsv and
            xsid_<language>_train.tsv, xsid_<language>_test.tsv (columns text, intent).
        rasa: The interpreter of an environment with Rasa, which is then asked the same.
        keep: Given what is known so far after each of Rasa's trials; some take half an hour.

    Raises:
        ContentError: A table is missing or has another shape.
        RefusedError: Rasa failed.
    """
    before = resident_mb()
    encoder = load_encoder()
    found: dict[str, Any] = {"encoder": encoder is not None}
    test = _lines(data, HWU, "en", "test")
    for shots in (5, 10):
        model = train(_lines(data, HWU, "en", f"train{shots}"), encoder)
        found[f"hwu64_{shots}"] = _accuracy(model, test, encoder)
    languages = sorted(path.name.split("_")[1] for path in data.glob(f"{XSID}_*_train.tsv"))
    if not languages:
        raise ContentError(f"{data} has no {XSID}_<language>_train.tsv.")
    taught = {tag: _lines(data, XSID, tag, "train") for tag in languages}
    asked = {tag: _lines(data, XSID, tag, "test") for tag in languages}
    for name, lines in (
        ("xsid_english", taught.get("en", [])),
        ("xsid_all", [line for tag in languages for line in taught[tag]]),
    ):
        began = time.process_time()
        learnt = train(lines, encoder)
        spent = time.process_time() - began
        each = {tag: _accuracy(learnt, asked[tag], encoder) for tag in languages}
        found[name] = {
            "mean": round(sum(each.values()) / len(each), 1),
            "per_language": each,
            "lines": len(lines),
            "training_cpu_s": round(spent, 1),
            "message_cpu_ms": _cost(learnt, [line.text for line in test], encoder),
        }
    found["memory_mb"] = round(resident_mb() - before, 1)
    if rasa is not None:
        for found["rasa"] in bench_rasa.measure(data, rasa, languages):
            keep(found)
    return found


def _lines(data: Path, name: str, language: str, part: str) -> list[Line]:
    file = f"{name}_{part}.tsv" if name == HWU else f"{name}_{language}_{part}.tsv"
    return [
        Line(
            text=row["text"],
            intent=row["intent"],
            language=language,
            urgent=False,
            place=Place(file=file, line=number),
        )
        for number, row in enumerate(read_rows(data / file, ("text", "intent")), start=2)
    ]


def _accuracy(model: Model, lines: Sequence[Line], encoder: Encoder | None) -> float:
    right = 0
    for line in lines:
        found = scores(model, line.text, encoder)
        right += model.intents[int(found.intents.argmax())] == line.intent
    return round(100 * right / max(1, len(lines)), 1)


def _cost(model: Model, texts: Iterable[str], encoder: Encoder | None) -> dict[str, float]:
    spent = []
    for text in texts:
        began = time.thread_time()
        scores(model, text, encoder)
        spent.append((time.thread_time() - began) * 1000)
    spent.sort()
    return {
        "p50": round(spent[len(spent) // 2], 2),
        "p99": round(spent[int(len(spent) * 0.99)], 2),
    }
