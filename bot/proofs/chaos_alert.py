"""Kill -9 at random moments of an alert, again and again: nobody is missed, nobody told twice.

One process on SQLite, or several on one PostgreSQL, send an alert at their real pace while one of
them is killed and started. At the end the rows must add up to the frozen list, everybody must have
a copy, and whoever has two must have been told that the second may be a repeat.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.domain.broadcasts import ENDED, OPEN, Outcome
from bot.domain.ids import AlertId
from bot.proofs import crowd
from bot.proofs.botapi.remote import Remote
from bot.proofs.chaos import free_port
from bot.proofs.nursery import Child
from bot.storage.engine import open_store
from bot.vault.cipher import ApplicationCipher
from bot.vault.keyfile import load_key

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from bot.proofs.nursery import Nursery
    from bot.services.ports import Store

LONGEST_LIFE = 0.7
"""Seconds between the first copy of a life and its end."""

BORN_DEAD = 0.1
"""How many are killed while they start, before they could send anything."""

LEASE = timedelta(seconds=6)
"""What was claimed by the dead waits so long. The fake server answers within milliseconds."""

BUSY_WITHIN = 90.0
"""Seconds until something is sent again: leases of the dead run out, a program starts."""

END_WITHIN = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of a run."""

    kills: int
    people: int
    rows: int
    unfinished: int
    missing: int
    """People without a copy."""
    doubled_unmarked: int
    marked: int
    """Copies that say that they may be repeats."""
    twice: int
    """People with more than one copy."""
    refused: int
    """How often the server said that the bot is too fast: its pace is one for all processes."""
    complete: bool
    outcomes: dict[str, int]

    @property
    def good(self) -> bool:
        """Tell whether every promise held."""
        reached = sum(self.outcomes.get(one, 0) for one in ("delivered", "uncertain"))
        return (
            self.rows == self.people == reached
            and self.complete
            and not (self.unfinished or self.missing or self.doubled_unmarked or self.refused)
        )


class _Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)


async def run(
    folder: Path,
    *,
    nursery: Nursery,
    kills: int,
    people: int,
    rate: float,
    seed: int = 1,
    database: Sequence[str] = ("",),
    shred: str = "",
) -> Verdict:
    """Kill and start senders so many times while an alert goes out.

    Args:
        folder: Where the program may keep its data.
        nursery: Where senders are born.
        kills: How often one is killed.
        people: To how many the alert goes.
        rate: Messages a second, at most 30, of all processes together.
        seed: Of the moments of killing.
        database: URLs of one process each; "" is SQLite in the program's own folder.
        shred: URL of the shred keys that several share.
    """
    chance = random.Random(seed)
    key = folder / "keys" / "application.key"
    async with Remote.started("--no-check", "--no-record") as api:
        programs = [
            Child(
                nursery=nursery,
                home=folder / f"home-{number}",
                only=("deliver", "tick"),
                lease=LEASE,
                settings={
                    "VIGIL_TELEGRAM_TOKEN": api.token,
                    "VIGIL_TELEGRAM_API": api.base,
                    "VIGIL_LISTEN": f"127.0.0.1:{free_port()}",
                    "VIGIL_KEY_FILE": str(key),
                    "VIGIL_ALERT_RATE": str(rate),
                    **({"VIGIL_DATABASE_URL": url} if url else {}),
                    **({"VIGIL_SHRED_URL": shred} if shred else {}),
                },
            )
            for number, url in enumerate(database)
        ]
        url = database[0] or f"sqlite:///{programs[0].home / 'vigil.db'}"
        opened: Callable[[], Store] = lambda: open_store(url, ApplicationCipher(load_key(key)))  # noqa: E731
        await _begin(opened, people)
        await api.do("crowd", first=crowd.FIRST, count=people, marks=crowd.MARKS)
        done = 0
        try:
            for program in programs:
                await program.start()
            while done < kills:
                if chance.random() >= BORN_DEAD and not await _busy(api, people):
                    break
                await asyncio.sleep(chance.uniform(0.0, LONGEST_LIFE))
                victim = chance.choice(programs)
                await victim.kill()
                done += 1
                await victim.start()
            verdict = await _judge(opened, api, kills=done, people=people)
            for program in programs:
                program.must_have_worked()
            return verdict
        finally:
            for program in programs:
                await program.stop()


async def _begin(opened: Callable[[], Store], people: int) -> None:
    """Settle people in, write an alert and have it approved; nobody sends yet."""
    clock, store = _Clock(), opened()
    acts, at = crowd.acts(clock), clock.now()
    try:
        await crowd.settle_in(store, people, at)
        frozen = await crowd.submit(store, acts, at, hold=1)
        await crowd.approve(store, acts, at, people=frozen)
    finally:
        # While it is open no program would know that it is alone with its database.
        await store.close()


async def _busy(api: Remote, people: int) -> bool:
    """Wait until a copy is sent again; False when everybody has one."""
    before = await _sent(api)
    with suppress(TimeoutError):
        async with asyncio.timeout(BUSY_WITHIN):
            while await _sent(api) <= before:  # noqa: ASYNC110 - it happens in another process
                await asyncio.sleep(0.02)
    return await _sent(api) < people


async def _sent(api: Remote) -> int:
    return int((await api.do("state"))["counts"].get("sent", 0))


async def _judge(opened: Callable[[], Store], api: Remote, *, kills: int, people: int) -> Verdict:
    id_ = AlertId(crowd.ALERT)
    store = opened()
    complete = False
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(END_WITHIN):
                while not complete:
                    alert = await store.read(lambda tx: tx.alerts.get(id_))
                    complete = alert is not None and alert.state in ENDED
                    await asyncio.sleep(0.5)
        counts = await store.read(lambda tx: tx.ledger.counts(id_))
    finally:
        await store.close()
    outcomes: dict[str, int] = {}
    for (_, outcome, _), number in counts.items():
        outcomes[outcome] = outcomes.get(outcome, 0) + number
    tally: dict[str, Any] = await api.do("tally")
    state: dict[str, Any] = await api.do("state")
    return Verdict(
        kills=kills,
        people=people,
        rows=sum(outcomes.values()),
        unfinished=sum(outcomes.get(one, 0) for one in OPEN),
        missing=tally["without"],
        doubled_unmarked=tally["doubled_unmarked"],
        marked=tally["marked"],
        twice=tally["twice"],
        refused=state["counts"].get("429", 0),
        complete=complete and Outcome.DELIVERED in outcomes,
        outcomes=outcomes,
    )
