"""Measuring: how often a table of messages is understood. Only figures leave this module."""

from __future__ import annotations

import csv
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from bot.domain.errors import ContentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from bot.flow.inputs import Understood


_DEEP = 10


def read_rows(path: Path, needed: Iterable[str]) -> list[dict[str, str]]:
    """Read a table: UTF-8, tab separated, a header row, no quoting.

    Raises:
        ContentError: It cannot be read, or a column is missing.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [
                {str(key): value or "" for key, value in row.items() if key is not None}
                for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            ]
    except OSError as error:
        raise ContentError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ContentError(f"{path} is not UTF-8.") from None
    missing = [name for name in needed if not rows or name not in rows[0]]
    if missing:
        raise ContentError(f"{path} has no column {', '.join(missing)}, or no rows.")
    return rows


def evaluate(
    rows: Iterable[Mapping[str, str]], understand: Callable[[str], Understood]
) -> dict[str, Any]:
    """Return accuracy, emergencies heard and false alarms, overall and by language and intent."""
    judged: list[tuple[Mapping[str, str], Understood]] = []
    times: list[float] = []
    for row in rows:
        began = time.perf_counter()
        judged.append((row, understand(row["text"])))
        times.append((time.perf_counter() - began) * 1000)
    times.sort()
    found = _figures(judged)
    hard = [one for one in judged if one[0].get("hard") == "1"]
    if hard:
        found["false_alarm_rate_hard"] = _figures(hard)["false_alarm_rate"]
    return {
        **found,
        "per_language": _grouped(judged, "lang"),
        "per_intent": {
            intent: {"rows": told["rows"], "recall": told["accuracy"]}
            for intent, told in _grouped(judged, "intent").items()
        },
        "p50_ms": round(times[len(times) // 2], 3),
        "p99_ms": round(times[min(len(times) - 1, int(len(times) * 0.99))], 3),
        "rss_mb": resident_mb(),
    }


def evaluate_search(
    rows: Iterable[Mapping[str, str]], search: Callable[[str, str], tuple[str, ...]]
) -> dict[str, Any]:
    """Return how early a table's acceptable entries are found, overall and by language."""
    ranks: dict[str, list[int | None]] = defaultdict(list)
    for row in rows:
        accepted = {one.strip() for one in row["acceptable"].split(",")}
        found = search(row["query"], row["lang"])
        places = [place for place, entry in enumerate(found, start=1) if entry in accepted]
        ranks[row["lang"]].append(places[0] if places else None)
    everywhere = [rank for some in ranks.values() for rank in some]
    each = {language: _found(some) for language, some in sorted(ranks.items())}
    return {**_found(everywhere), "per_language": each}


def _found(ranks: list[int | None]) -> dict[str, Any]:
    def within(most: int) -> float | None:
        return _share(sum(rank is not None and rank <= most for rank in ranks), len(ranks))

    mean = sum(1 / rank for rank in ranks if rank is not None and rank <= _DEEP)
    return {
        "rows": len(ranks),
        "recall_at_1": within(1),
        "recall_at_3": within(3),
        "mrr_at_10": round(mean / len(ranks), 4) if ranks else None,
    }


def resident_mb() -> float:
    """Return the resident memory of this process; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - no file of ours
            pages = int(file.read().split()[1])
    except (OSError, ValueError, IndexError):
        return 0.0
    return round(pages * 4096 / 1_048_576, 1)


def _grouped(
    judged: Iterable[tuple[Mapping[str, str], Understood]], column: str
) -> dict[str, dict[str, Any]]:
    groups: dict[str, list[tuple[Mapping[str, str], Understood]]] = defaultdict(list)
    for row, understood in judged:
        groups[row[column]].append((row, understood))
    return {name: _figures(group) for name, group in sorted(groups.items())}


def _figures(judged: list[tuple[Mapping[str, str], Understood]]) -> dict[str, Any]:
    right = sum(
        told.intents[:1] != () and told.intents[0][0] == row["intent"] for row, told in judged
    )
    near = sum(row["intent"] in {name for name, _ in told.intents[:3]} for row, told in judged)
    urgent = [told.urgent for row, told in judged if row["urgent"] == "1"]
    calm = [told.urgent for row, told in judged if row["urgent"] == "0"]
    return {
        "rows": len(judged),
        "accuracy": _share(right, len(judged)),
        "top3": _share(near, len(judged)),
        "emergency_recall": _share(sum(urgent), len(urgent)),
        "false_alarm_rate": _share(sum(calm), len(calm)),
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
