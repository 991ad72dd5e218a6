"""`vigil bench timers`: a million timers that wait, ten thousand due within one minute.

Ours is the due-table on SQLite with every commit on the disk, swept as the program sweeps it, in
real time. Beside it APScheduler's own SQLAlchemy job store on SQLite with the same rows, put there
in bulk because it adds some two hundred a second by itself.
"""

from __future__ import annotations

import asyncio
import pickle
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apscheduler.job import Job
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger

from bot.services.due import DueTimers
from bot.services.ports import Timer
from bot.storage.engine import open_store
from bot.vault.cipher import ApplicationCipher
from bot.wiring import SWEEP_EVERY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.services.ports import DueTimer, Store

WAITING, DUE = 1_000_000, 10_000
MINUTE = timedelta(minutes=1)
CHUNK = 5_000
FAR = timedelta(days=30)
KIND = "bench"
TICKS = (0, 10, 100, 1_000, 10_000)
GIVEN_UP = 180.0
"""Seconds after which what has not fired counts as late by so much."""


class _Clock:
    """Runs with the machine from a moment that was chosen."""

    def __init__(self, start: datetime) -> None:
        self._start, self._began = start, time.perf_counter()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=time.perf_counter() - self._began)


def measure(waiting: int = WAITING, due: int = DUE) -> dict[str, Any]:
    """Measure both; return their figures side by side."""
    ours = asyncio.run(_ours(waiting, due))
    theirs = asyncio.run(_theirs(waiting, due))
    return {"waiting": waiting, "due_in_a_minute": due, "vigil": ours, "apscheduler": theirs}


async def _ours(waiting: int, due: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        store = open_store(f"sqlite:///{Path(folder) / 'v.db'}", ApplicationCipher(bytes(32)))
        try:
            before = _resident_mb()
            start = datetime.now(UTC)
            costs = {}
            for size in (10_000, waiting):
                await _fill(store, ((start + FAR, f"{size}:{n}") for n in range(size)))
                costs[size] = await _costs(store, start, str(size))
            lateness, blocked = await _live(store, due)
            return {
                "tick_ms_by_due": costs[waiting],
                "tick_ms_by_due_with_10000_waiting": costs[10_000],
                "lateness_p50_s": _share(lateness, 0.5),
                "lateness_p99_s": _share(lateness, 0.99),
                "loop_blocked_max_ms": blocked,
                "fired": len(lateness),
                "memory_mb": round(_resident_mb() - before, 1),
            }
        finally:
            await store.close()


async def _fill(store: Store, wanted: Iterable[tuple[datetime, str]]) -> None:
    rows: list[Timer] = []
    for at, key in wanted:
        rows.append(Timer(kind=KIND, key=key, due_at=at))
        if len(rows) == CHUNK:
            await store.write(lambda tx, rows=rows: tx.timers.set_all(rows))  # type: ignore[misc]
            rows = []
    await store.write(lambda tx: tx.timers.set_all(rows))


async def _costs(store: Store, now: datetime, name: str) -> dict[int, float]:
    """Return the milliseconds of a sweep by how many are due."""
    found = {}
    for count in TICKS:
        await _fill(store, ((now - MINUTE, f"due:{name}:{count}:{n}") for n in range(count)))
        sweeper = _sweeper(store, _Clock(now), [])
        best = float("inf")
        for attempt in range(3 if count == 0 else 1):
            del attempt
            began = time.perf_counter()
            await sweeper.sweep()
            best = min(best, time.perf_counter() - began)
        found[count] = round(best * 1_000, 2)
    return found


async def _live(store: Store, due: int) -> tuple[list[float], float]:
    """Sweep in real time for a minute; return every lateness and the longest blocked loop."""
    start = datetime.now(UTC) + timedelta(seconds=5)
    await _fill(
        store, ((start + MINUTE * (number / due), f"live:{number}") for number in range(due))
    )
    late: list[float] = []
    clock = _Clock(datetime.now(UTC))
    sweeper = _sweeper(store, clock, late)
    blocked = 0.0
    stop = asyncio.Event()
    watching = asyncio.ensure_future(_watch(stop))
    while len(late) < due and clock.now() < start + 2 * MINUTE:
        began = time.perf_counter()
        await sweeper.sweep()
        took = time.perf_counter() - began
        await asyncio.sleep(max(SWEEP_EVERY.total_seconds() - took, 0))
    stop.set()
    blocked = await watching
    return late, blocked


def _sweeper(store: Store, clock: _Clock, late: list[float]) -> DueTimers:
    async def take(due: Sequence[DueTimer]) -> None:
        await store.write(lambda tx: tx.timers.done_all([one.id for one in due], worker="w"))
        now = clock.now()
        late.extend((now - one.timer.due_at).total_seconds() for one in due)

    return DueTimers(store=store, clock=clock, worker="w", services={}, batches={KIND: take})


async def _watch(stop: asyncio.Event) -> float:
    """Return the longest time in milliseconds that the event loop did nothing else."""
    longest, pause = 0.0, 0.01
    while not stop.is_set():
        began = time.perf_counter()
        await asyncio.sleep(pause)
        longest = max(longest, time.perf_counter() - began - pause)
    return round(longest * 1_000, 1)


_fired: list[float] = []


async def fire(due_at: datetime) -> None:
    """Note how late a job of APScheduler's came; it is found by its name in each row."""
    _fired.append((datetime.now(UTC) - due_at).total_seconds())


async def _theirs(waiting: int, due: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        _fired.clear()
        before = _resident_mb()
        url = f"sqlite:///{Path(folder) / 'jobs.db'}"
        store: Any = SQLAlchemyJobStore(url=url, engine_options={"hide_parameters": True})
        scheduler = AsyncIOScheduler(
            jobstores={"default": store}, timezone="UTC",
            job_defaults={"misfire_grace_time": None, "max_instances": 1, "coalesce": True},
        )  # fmt: skip
        start = datetime.now(UTC)
        scheduler.start(paused=True)
        began = time.perf_counter()
        _bulk(store, scheduler, ((start + FAR, f"w{number}") for number in range(waiting)))
        filled = time.perf_counter() - began
        start = datetime.now(UTC) + timedelta(seconds=5 + due / 2_000)
        _bulk(
            store,
            scheduler,
            ((start + MINUTE * (number / due), f"d{number}") for number in range(due)),
        )
        stop = asyncio.Event()
        watching = asyncio.ensure_future(_watch(stop))
        scheduler.resume()
        last = start + MINUTE + timedelta(seconds=GIVEN_UP)
        while len(_fired) < due and datetime.now(UTC) < last:  # noqa: ASYNC110 - nothing to wait on
            await asyncio.sleep(0.1)
        stop.set()
        blocked = await watching
        scheduler.shutdown(wait=False)
        missing = due - len(_fired)
        late = [*_fired, *([GIVEN_UP] * missing)]
        return {
            "lateness_p50_s": _share(late, 0.5),
            "lateness_p99_s": _share(late, 0.99),
            "loop_blocked_max_ms": blocked,
            "fired": len(_fired),
            "memory_mb": round(_resident_mb() - before, 1),
            "filled_in_bulk_s": round(filled, 1),
        }


def _bulk(store: Any, scheduler: Any, wanted: Iterable[tuple[datetime, str]]) -> None:
    """Put rows into its table as it would write them itself."""
    rows: list[dict[str, Any]] = []
    for at, name in wanted:
        job = Job(
            scheduler, id=name, trigger=DateTrigger(run_date=at, timezone="UTC"),
            executor="default", func="bot.proofs.bench_timers:fire", args=(at,), kwargs={},
            name="fire",
            misfire_grace_time=None, coalesce=True, max_instances=1, next_run_time=at,
        )  # fmt: skip
        state = pickle.dumps(job.__getstate__(), pickle.HIGHEST_PROTOCOL)
        rows.append({"id": name, "next_run_time": at.timestamp(), "job_state": state})
        if len(rows) == CHUNK:
            _insert(store, rows)
            rows = []
    _insert(store, rows)


def _insert(store: Any, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        with store.engine.begin() as conn:
            conn.execute(store.jobs_t.insert(), list(rows))


def _share(late: Sequence[float], share: float) -> float:
    ordered = sorted(late)
    return round(ordered[min(int(len(ordered) * share), len(ordered) - 1)], 3) if ordered else 0.0


def _resident_mb() -> float:
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0
