"""`vigil bench duress`: does the time of an answer tell whether it was free?

The real path for 10,000 pairs: the slow digest beside the event loop, then one transaction on
SQLite, until its commit. Pairs alternate in random order, so that what else the machine does meets
both alike. Told is the difference of each pair; a bootstrap gives the interval of its median.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.content.library import open_library
from bot.domain.ids import ChannelName, LanguageTag
from bot.domain.messages import Inbound, InboundKind
from bot.domain.people import Person
from bot.domain.plans import Preset, Wish
from bot.domain.secret_words import Secret, fold
from bot.domain.words import Words
from bot.services.apply import Moment
from bot.services.check_in_house import Duty, make
from bot.services.check_in_ports import Agreed
from bot.storage.engine import open_store
from bot.vault.cipher import ApplicationCipher
from bot.vault.phrase import derive, new_salt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.services.check_in_house import CheckIns
    from bot.services.ports import Store, Tx

PAIRS = 10_000
RESAMPLES = 400
TOGETHER = 50
"""Pairs that are put under watch in one transaction."""
NOW = datetime(2031, 5, 4, 12, 0, tzinfo=UTC)
CHANNEL, ENGLISH = ChannelName("played"), LanguageTag("en")
SAFE, DURESS = "kestrel", "harrier"


class _Clock:
    at = NOW

    def now(self) -> datetime:
        return self.at


def measure(pairs: int = PAIRS, seed: int = 1) -> dict[str, Any]:
    """Measure so many pairs of an OK and a duress answer."""
    return asyncio.run(_measure(pairs, random.Random(seed)))


async def _measure(pairs: int, chance: random.Random) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        store = open_store(f"sqlite:///{Path(folder) / 'v.db'}", ApplicationCipher(bytes(32)))
        try:
            return await _on(store, pairs, chance)
        finally:
            await store.close()


async def _on(store: Store, pairs: int, chance: random.Random) -> dict[str, Any]:
    library, clock, salt = open_library(None), _Clock(), new_salt()
    house = make(
        store=store, clock=clock, library=lambda: library, worker="w",
        duty=Duty(
            page=lambda *_told: None, acknowledged=lambda *_told: None, over=lambda *_told: None,
            on_duty=lambda _tx: 2,
        ),
        audit=lambda *_told: None, new_id=lambda: f"{chance.getrandbits(128):032x}",
        salt=new_salt, derive=derive, shuffle=chance.shuffle,
    )  # fmt: skip
    digests = {
        secret: await derive(salt, fold(word))
        for secret, word in ((Secret.PIN, "2468"), (Secret.SAFE, SAFE), (Secret.DURESS, DURESS))
    }
    agreed = Agreed(salt=salt, digests=digests)
    took: dict[str, list[float]] = {SAFE: [], DURESS: []}
    for begun in range(0, pairs, TOGETHER):
        words = [word for _ in range(min(TOGETHER, pairs - begun)) for word in _pair(chance)]
        # Put under watch together and ended together: only what is measured costs its own time.
        people = await store.write(_arming(house, agreed, begun, len(words)))
        if begun == 0:
            await _answer(store, house, people.pop(), SAFE)
            people += await store.write(_arming(house, agreed, pairs, 1))
        for person, word in zip(people, words, strict=True):
            took[word].append(await _answer(store, house, person, word))
        await store.write(lambda tx, people=people: _end(tx, people))  # type: ignore[misc]
    free, forced = ([1_000 * one for one in took[word]] for word in (SAFE, DURESS))
    differences = [one - other for one, other in zip(forced, free, strict=True)]
    low, high = _interval(differences, chance)
    return {
        "pairs": pairs,
        "ok_median_ms": round(statistics.median(free), 3),
        "duress_median_ms": round(statistics.median(forced), 3),
        "difference_median_ms": round(statistics.median(differences), 4),
        "interval_99_ms": [round(low, 4), round(high, 4)],
        "inside_1_ms": -1 < low <= high < 1,
        "reply": "at a fixed time after the message came, whatever was computed",
    }


def _pair(chance: random.Random) -> tuple[str, str]:
    return (SAFE, DURESS) if chance.random() < 0.5 else (DURESS, SAFE)


def _arming(
    house: CheckIns, agreed: Agreed, first: int, count: int
) -> Callable[[Tx], list[Person]]:
    """Return a unit that puts so many trips under watch that are due."""

    def arm(tx: Tx) -> list[Person]:
        found = []
        for number in range(count):
            name = f"p{first}-{number}"
            id_ = tx.people.lock(CHANNEL, name)
            person = Person(
                id=id_, channel=CHANNEL, address=name, language=ENGLISH, language_hint=None
            )
            tx.people.put(person, at=NOW)
            tx.check_words.put(id_, agreed)
            wish = Wish(preset=Preset.TRIP, hours=1)
            watched = house.setup.arm(tx, id_, wish, ENGLISH, NOW - timedelta(minutes=61))
            found.append(person if not isinstance(watched, str) else _refuse(watched))
        return found

    return arm


async def _answer(store: Store, house: CheckIns, person: Person, word: str) -> float:
    """Answer a check-in that is due; return the seconds from arrival to commit."""
    words = Words(f"OK {word}")
    inbound = Inbound(
        channel=CHANNEL, update_id=person.address, address=person.address, kind=InboundKind.TEXT,
        received_at=NOW, words=words, message_ref=person.address,
    )  # fmt: skip
    moment = Moment(person=person, language=ENGLISH, at=NOW, key=person.address, inbound=inbound)
    began = time.perf_counter()
    salt = await store.read(lambda tx: house.hearing.salt(tx, person.id))
    tried = await derive(salt or b"", house.hearing.spoken(words))
    await store.write(lambda tx: house.hearing.text(tx, moment, words, tried))
    return time.perf_counter() - began


def _end(tx: Tx, people: Sequence[Person]) -> None:
    """Keep the tables as small for the last pair as for the first."""
    for person in people:
        for one in tx.plans.of(person.id):
            tx.plans.end(one.id, at=NOW)
            tx.timers.cancel("check-in", one.id)


def _refuse(code: str) -> Person:
    raise AssertionError(code)


def _interval(differences: list[float], chance: random.Random) -> tuple[float, float]:
    """Return the 99 % interval of the median by resampling."""
    medians = sorted(
        statistics.median(chance.choices(differences, k=len(differences))) for _ in range(RESAMPLES)
    )
    return medians[int(RESAMPLES * 0.005)], medians[int(RESAMPLES * 0.995) - 1]
