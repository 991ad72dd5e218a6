"""The benchmarks by name. Each returns figures that mean something as ratios within its run."""

from __future__ import annotations

import asyncio
import importlib
import os
import platform
from typing import TYPE_CHECKING, Any

from bot.domain.errors import RefusedError
from bot.proofs import (
    bench_advise,
    bench_alert,
    bench_learn,
    bench_robust,
    bench_start,
    bench_understand,
    bench_update,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BENCHMARKS: dict[str, Callable[[], dict[str, Any]]] = {
    "start": bench_start.measure,
    "update": lambda: asyncio.run(bench_update.bench()),
    "advise": bench_advise.measure,
    "alert": bench_alert.measure,
    "learn": bench_learn.measure,
    "duress": lambda: _late("bench_duress"),
    "timers": lambda: _late("bench_timers"),
}


def _late(module: str) -> dict[str, Any]:
    """Load a benchmark that needs more than others only when it is run."""
    found: dict[str, Any] = importlib.import_module(f"bot.proofs.{module}").measure()
    return found


def measure(
    name: str, *, people: int | None = None, data: Path | None = None, rasa: Path | None = None
) -> dict[str, Any]:
    """Run a benchmark, or all of them; the answer names the machine.

    Args:
        name: Which one, or "all".
        people: To how many an alert goes; None is the benchmark's own number.
        data: Folder of public sets, which are no part of the project, for `understand`; of our own
            measuring sets for `robust`.
        rasa: The interpreter of an environment with Rasa, to compare `understand` with.

    Raises:
        RefusedError: There is no benchmark of this name, or it needs `data`.
    """
    if name == "understand":
        if data is None:
            raise RefusedError("The benchmark understand needs --data DIR with public sets.")
        found = bench_understand.measure(data, rasa)
    elif name == "robust":
        if data is None:
            raise RefusedError("The benchmark robust needs --data DIR: tests/understand/eval.")
        found = bench_robust.measure(data)
    elif name == "all":
        found = {one: run() for one, run in BENCHMARKS.items()}
    elif name == "alert" and people is not None:
        found = bench_alert.measure(people)
    elif name in BENCHMARKS:
        found = BENCHMARKS[name]()
    else:
        known = ", ".join(("all", *BENCHMARKS, "understand", "robust"))
        raise RefusedError(f"There is no benchmark {name}: choose {known}.")
    return {**found, "machine": machine()}


def machine() -> str:
    """Return what the figures depend on, and nothing that names the machine."""
    cores = len(os.sched_getaffinity(0))
    return f"{platform.machine()}, {cores} cores, Python {platform.python_version()}"
