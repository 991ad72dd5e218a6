"""`vigil bench alert`: an alert to very many people at the real limits, with replies beside it.

The fake Bot API server runs in a process of its own and counts every copy. Seconds are taken from
the approval to the last final row. With more people than `FREE_UP_TO` time is compressed: the
alert goes at Telegram's rate for paid broadcasts. Memory is measured beside understanding, which
has a benchmark of its own.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import Counter
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.domain.broadcasts import ENDED, OPEN, Outcome
from bot.domain.ids import AlertId
from bot.proofs import crowd
from bot.proofs.botapi.person import NothingHeardError
from bot.proofs.botapi.remote import Remote
from bot.proofs.chaos import free_port
from bot.proofs.program import Program
from bot.storage.engine import open_store
from bot.vault.cipher import ApplicationCipher
from bot.vault.keyfile import load_key

if TYPE_CHECKING:
    from bot.proofs.botapi.person import Person
    from bot.services.ports import Store

PEOPLE = 10_000
FREE_UP_TO = 20_000
FREE_RATE, PAID_RATE = 30, 1_000
REPLY_EVERY, SOS_EVERY, AT_LEAST = 2.0, 20.0, 10
WITHIN = 3_600.0


class _Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(slots=True, kw_only=True)
class Waits:
    """How long people waited for an answer while the alert was under way."""

    seconds: list[float] = field(default_factory=list)
    unanswered: int = 0

    def p99(self) -> float:
        """Return the 99th percentile; what was never answered counts as the patience lost."""
        found = sorted(self.seconds) + [_PATIENCE] * self.unanswered
        return round(found[min(len(found) - 1, int(len(found) * 0.99))], 3)


_PATIENCE = 30.0
_START = 180.0
"""Seconds for a busy machine to load what speaks to Telegram."""


def measure(people: int = PEOPLE) -> dict[str, Any]:
    """Run the benchmark; return its figures."""
    return asyncio.run(bench(people))


async def bench(people: int = PEOPLE) -> dict[str, Any]:
    """Send one alert to so many people while others talk and cry for help."""
    rate = FREE_RATE if people <= FREE_UP_TO else PAID_RATE
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vigil-alert-")))
        server = await stack.enter_async_context(Remote.started("--no-check", "--no-record"))
        program = Program(
            home=folder / "home", settings=_settings(server, rate), module="bot.proofs.unlearnt"
        )
        store = open_store(
            f"sqlite:///{program.home / 'vigil.db'}",
            ApplicationCipher(load_key(program.home / "keys" / "application.key")),
        )
        stack.push_async_callback(store.close)
        clock = _Clock()
        await crowd.settle_in(store, people, clock.now())
        await server.do("crowd", first=crowd.FIRST, count=people, marks=crowd.MARKS)
        await program.start()
        stack.push_async_callback(program.stop)
        talkers = await asyncio.gather(*(_arrived(server, f"Talker{n}") for n in range(12)))
        in_danger = await asyncio.gather(*(_arrived(server, f"Anna{n}") for n in range(12)))
        acts = crowd.acts(clock)
        if (frozen := await crowd.submit(store, acts, clock.now(), hold=0)) != people:
            raise RuntimeError(f"{frozen} people were found instead of {people}")
        begun = time.monotonic()
        await crowd.approve(store, acts, clock.now(), people=people)
        over = asyncio.Event()
        scale = min(1.0, people / rate / (SOS_EVERY * (AT_LEAST + 2)))
        replies, cries, memory = Waits(), Waits(), [program.resident_mb()]
        beside = [
            asyncio.ensure_future(_talk(talkers, "menu", REPLY_EVERY * scale, replies, over)),
            asyncio.ensure_future(_talk(in_danger, "SOS", SOS_EVERY * scale, cries, over)),
            asyncio.ensure_future(_watch(program, memory, over)),
        ]
        counts = await _finished(store)
        seconds = time.monotonic() - begun
        over.set()
        await asyncio.gather(*beside)
        not_sent = Counter(
            event["reason"] for event in program.events() if event["event"] == "alert-not-sent"
        )
        tally = await server.do("tally")
        state = await server.do("state")
    delivered = sum(n for (_, outcome, _), n in counts.items() if outcome is Outcome.DELIVERED)
    return {
        "people": people,
        "rate_per_second": rate,
        "seconds": round(seconds, 1),
        "sent": delivered,
        "rows": sum(counts.values()),
        "missing": max(people - sum(counts.values()), 0) + tally["without"],
        "duplicates_unmarked": tally["doubled_unmarked"],
        "duplicates_marked": tally["marked"],
        "not_sent": dict(not_sent),
        "http_429": state["counts"].get("429", 0),
        "replies": len(replies.seconds) + replies.unanswered,
        "reply_p99_s": replies.p99(),
        "sos": len(cries.seconds) + cries.unanswered,
        "sos_p99_s": cries.p99(),
        "rss_mb": round(max(memory)),
        "rss_by_quarter_mb": _quarters(memory),
    }


def _quarters(memory: list[float]) -> list[int]:
    """Return what was held at the beginning and after each quarter of the time."""
    last = len(memory) - 1
    return [round(memory[last * part // 4]) for part in range(5)]


def _settings(server: Remote, rate: int) -> dict[str, str]:
    paid = {"VIGIL_ALERT_RATE": str(rate), "VIGIL_ALERT_PAID": "1"} if rate > FREE_RATE else {}
    return {
        "VIGIL_TELEGRAM_TOKEN": server.token,
        "VIGIL_TELEGRAM_API": server.base,
        "VIGIL_LISTEN": f"127.0.0.1:{free_port()}",
        **paid,
    }


async def _arrived(server: Remote, name: str) -> Person:
    person = await server.person(name)
    await person.says("/start")
    await person.hears(within=_START)
    with suppress(NothingHeardError):
        while True:
            await person.hears(within=2.0)
    return person


async def _finished(store: Store) -> dict[tuple[Any, Outcome, str], int]:
    """Wait until the alert says that it is over; return its rows as they then stand."""
    id_ = AlertId(crowd.ALERT)
    async with asyncio.timeout(WITHIN):
        while True:
            alert = await store.read(lambda tx: tx.alerts.get(id_))
            if alert is not None and alert.state in ENDED:
                counts = await store.read(lambda tx: tx.ledger.counts(id_))
                if any(outcome in OPEN for _, outcome, _ in counts):
                    raise RuntimeError("the alert ended before its rows")
                return counts
            await asyncio.sleep(0.2)


async def _talk(
    people: list[Person], words: str, every: float, waits: Waits, over: asyncio.Event
) -> None:
    """Let people write in turns, one every so often, until told that it is over."""
    number, next_at = 0, time.monotonic()
    tasks = []
    while not over.is_set():
        tasks.append(asyncio.ensure_future(_ask(people[number % len(people)], words, waits)))
        number += 1
        next_at += every
        with suppress(TimeoutError):
            async with asyncio.timeout(max(next_at - time.monotonic(), 0.01)):
                await over.wait()
    await asyncio.gather(*tasks)


async def _ask(person: Person, words: str, waits: Waits) -> None:
    await person.forgets()
    began = time.monotonic()
    await person.says(words)
    try:
        await person.hears(within=_PATIENCE)
    except NothingHeardError:
        waits.unanswered += 1
    else:
        waits.seconds.append(time.monotonic() - began)


async def _watch(program: Program, memory: list[float], over: asyncio.Event) -> None:
    while not over.is_set():
        memory.append(program.resident_mb())
        with suppress(TimeoutError):
            async with asyncio.timeout(2.0):
                await over.wait()
