"""Random operations on outbox and timers, one answer from both stores."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from bot.domain.ids import ChannelName, LanguageTag
from bot.domain.messages import Outgoing
from bot.domain.people import Person
from bot.services.ports import Envelope, Lane, OutboxState, Timer
from bot.storage.engine import open_store
from bot.vault.cipher import ApplicationCipher

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.services.ports import Tx

START = datetime(2031, 5, 4, tzinfo=UTC)
WEB = ChannelName("web")
PEOPLE = ("1", "2", "3")
workers = st.sampled_from(["w1", "w2"])
seconds = st.integers(0, 90).map(lambda n: timedelta(seconds=n))
keys = st.sampled_from(["a", "b", "c", "d", "e", "f", "g", "h"])


@pytest.mark.postgres
def test_both_stores_give_the_same_answers(new_postgres_url: Callable[[], str]) -> None:
    class BothStores(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.folder = Path(tempfile.mkdtemp())
            self.now = START
            self.runner = asyncio.Runner()
            cipher = ApplicationCipher(bytes(32))
            urls = (f"sqlite:///{self.folder / 'v.db'}", new_postgres_url())
            self.stores = [open_store(url, cipher) for url in urls]
            # Ids are random on each side: what the test calls a row is its text.
            self.ids: list[dict[str, Any]] = [{}, {}]
            for address in PEOPLE:
                self.both(lambda tx, _, a=address: self.arrive(tx, a))

        def arrive(self, tx: Tx, address: str) -> None:
            id_ = tx.people.lock(WEB, address)
            person = Person(id=id_, channel=WEB, address=address, language=None, language_hint=None)
            tx.people.put(person, at=self.now)

        def both(self, unit: Callable[[Tx, dict[str, Any]], Any]) -> Any:
            first, second = (
                self.runner.run(store.write(lambda tx, ids=ids: unit(tx, ids)))
                for store, ids in zip(self.stores, self.ids, strict=True)
            )
            assert first == second
            return first

        @rule(by=seconds)
        def time_passes(self, by: timedelta) -> None:
            self.now += by

        @rule(
            who=st.sampled_from(PEOPLE), lane=st.sampled_from(Lane), key=keys,
            wait=seconds, ends=st.none() | seconds,
        )  # fmt: skip
        def add(
            self, who: str, lane: Lane, key: str, wait: timedelta, ends: timedelta | None
        ) -> None:
            def unit(tx: Tx, _: object) -> int:
                envelope = Envelope(
                    person=tx.people.lock(WEB, who),
                    message=Outgoing(text=key, language=LanguageTag("en")),
                    lane=lane, dedup_key=key, due_at=self.now + wait,
                    expires_at=None if ends is None else self.now + wait + ends,
                )  # fmt: skip
                return tx.outbox.add([envelope])

            self.both(unit)

        @rule(worker=workers, limit=st.integers(1, 4), lanes=st.sets(st.sampled_from(Lane)))
        def claim(self, worker: str, limit: int, lanes: set[Lane]) -> None:
            def unit(tx: Tx, ids: dict[str, Any]) -> list[tuple[str, int, str]]:
                rows = tx.outbox.claim(
                    worker=worker, now=self.now, lease=timedelta(seconds=60), limit=limit,
                    lanes=lanes, channels=(WEB,),
                )  # fmt: skip
                ids |= {row.message.text: row.id for row in rows}
                assert len({row.person for row in rows}) == len(rows) <= limit
                return [(row.message.text, row.attempts, row.address) for row in rows]

            self.both(unit)

        @rule(worker=workers, key=keys, state=st.sampled_from([OutboxState.SENT, OutboxState.GONE]))
        def settle(self, worker: str, key: str, state: OutboxState) -> None:
            self.both(
                lambda tx, ids: tx.outbox.settle(
                    [ids.get(key, "-")], worker=worker, state=state, at=self.now
                )
            )

        @rule(worker=workers, key=keys, wait=seconds, count=st.booleans())
        def retry(self, worker: str, key: str, wait: timedelta, *, count: bool) -> None:
            at = self.now + wait
            self.both(
                lambda tx, ids: tx.outbox.retry(
                    ids.get(key, "-"), worker=worker, at=at, count=count
                )
            )

        @rule()
        def recover(self) -> None:
            self.both(
                lambda tx, _: (tx.outbox.recover(now=self.now), tx.timers.recover(now=self.now))
            )

        @rule()
        def look_ahead(self) -> None:
            self.both(lambda tx, _: (tx.outbox.next_due(tuple(Lane)), tx.timers.next_due()))

        @rule(key=keys, wait=seconds, fence=st.integers(0, 9))
        def set_timer(self, key: str, wait: timedelta, fence: int) -> None:
            # No two are due in one instant: their order would be that of random ids.
            due = self.now + wait + timedelta(microseconds=ord(key))
            timer = Timer(kind="k", key=key, due_at=due, fence=fence, payload={"code": key})
            self.both(lambda tx, _: tx.timers.set(timer))

        @rule(key=keys)
        def cancel_timer(self, key: str) -> None:
            self.both(lambda tx, _: tx.timers.cancel("k", key))

        @rule(worker=workers, limit=st.integers(1, 4))
        def claim_timers(self, worker: str, limit: int) -> None:
            def unit(tx: Tx, ids: dict[str, Any]) -> list[tuple[Timer, int]]:
                due = tx.timers.claim(
                    worker=worker, now=self.now, lease=timedelta(seconds=60), limit=limit,
                    kinds=("k",),
                )  # fmt: skip
                ids |= {f"timer {one.timer.key}": one.id for one in due}
                return [(one.timer, one.attempts) for one in due]

            self.both(unit)

        @rule(worker=workers, key=keys)
        def finish_timer(self, worker: str, key: str) -> None:
            self.both(lambda tx, ids: tx.timers.done(ids.get(f"timer {key}", "-"), worker=worker))

        def teardown(self) -> None:
            for store in self.stores:
                self.runner.run(store.close())
            self.runner.close()
            shutil.rmtree(self.folder)

    run_state_machine_as_test(
        BothStores,
        settings=settings(
            max_examples=15, stateful_step_count=40, deadline=None,
            suppress_health_check=list(HealthCheck), derandomize=True,
        ),
    )  # fmt: skip
