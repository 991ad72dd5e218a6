from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from bot.api.health import Health, Metrics
from bot.api.server import bind, build, serve
from bot.domain.errors import ConflictError, SettingsError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Store:
    due: datetime | None = None
    broken = False

    async def read(self, unit: Any) -> Any:
        if self.broken:
            raise ConflictError("locked")
        lane = SimpleNamespace(next_due=lambda *_: self.due)
        return unit(SimpleNamespace(outbox=lane, timers=lane))


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def ask(store: Store) -> Any:
    async def hook(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 202, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    clock = SimpleNamespace(now=lambda: NOW)
    app = build(
        health=Health(store=store, clock=clock), metrics=Metrics(), webhooks=[("/hook", hook)]
    )

    async def get(path: str, *, base: str = "http://127.0.0.1:8080", **headers: str) -> Any:
        transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 5))
        async with httpx.AsyncClient(transport=transport, base_url=base) as http:
            return await http.get(path, headers=headers)

    return get


async def test_all_is_well_when_nothing_is_late(ask: Any, store: Store) -> None:
    store.due = NOW + timedelta(hours=1)
    answer = await ask("/health")
    assert answer.status_code == 200
    assert answer.json() == {
        "live": True, "ready": True, "database": True,
        "outbox_lag_seconds": 0.0, "timers_lag_seconds": 0.0,
    }  # fmt: skip


async def test_late_work_is_not_ready(ask: Any, store: Store) -> None:
    store.due = NOW - timedelta(minutes=3)
    answer = await ask("/health")
    assert answer.status_code == 503
    assert answer.json()["outbox_lag_seconds"] == 180.0


async def test_a_database_that_does_not_answer_is_live_but_not_ready(
    ask: Any, store: Store
) -> None:
    store.broken = True
    answer = await ask("/health")
    assert (answer.status_code, answer.json()["live"]) == (503, True)


async def test_strangers_learn_no_figures(ask: Any) -> None:
    assert (await ask("/metrics", base="http://chat.onion")).status_code == 404
    assert (await ask("/metrics", **{"x-forwarded-for": "192.0.2.1"})).status_code == 404
    assert set((await ask("/health", base="http://chat.onion")).json()) == {"live", "ready"}
    assert "vigil_outbox_lag_seconds" in (await ask("/metrics")).text


async def test_a_webhook_is_one_more_route(ask: Any) -> None:
    assert (await ask("/hook")).status_code == 202


def test_a_taken_address_is_one_sentence_for_the_operator() -> None:
    with bind("127.0.0.1:0") as taken:
        taken.listen()
        with pytest.raises(SettingsError, match="VIGIL_LISTEN"):
            bind(f"127.0.0.1:{taken.getsockname()[1]}")


async def test_it_serves_until_told_to_stop(store: Store) -> None:
    clock = SimpleNamespace(now=lambda: NOW)
    app = build(health=Health(store=store, clock=clock), metrics=Metrics())
    bound, stop, ready = bind("127.0.0.1:0"), asyncio.Event(), asyncio.Event()
    address = f"http://127.0.0.1:{bound.getsockname()[1]}/health"
    async with asyncio.TaskGroup() as group:
        group.create_task(serve(app, bound, stop, ready=ready.set))
        await ready.wait()
        async with httpx.AsyncClient() as http:
            assert (await http.get(address)).status_code == 200
        stop.set()
