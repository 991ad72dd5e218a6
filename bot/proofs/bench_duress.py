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
    from bot.domain.plans import Watched
    from bot.services.check_in_house import CheckIns
    from bot.services.ports import Store, Tx

PAIRS = 10_000
RESAMPLES = 400
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
    await _answer(store, house, agreed, SAFE, 0)
    differences, free, forced = [], [], []
    for number in range(1, pairs + 1):
        took = {}
        order = [SAFE, DURESS]
        chance.shuffle(order)
        for place, word in enumerate(order):
            took[word] = await _answer(store, house, agreed, word, 2 * number + place)
        differences.append((took[DURESS] - took[SAFE]) * 1_000)
        free.append(took[SAFE] * 1_000)
        forced.append(took[DURESS] * 1_000)
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


async def _answer(store: Store, house: CheckIns, agreed: Agreed, word: str, number: int) -> float:
    """Arm a trip that is due, answer it, and return the seconds from arrival to commit."""
    name = f"p{number}"

    def arm(tx: Tx) -> Person:
        id_ = tx.people.lock(CHANNEL, name)
        person = Person(id=id_, channel=CHANNEL, address=name, language=ENGLISH, language_hint=None)
        tx.people.put(person, at=NOW)
        tx.check_words.put(id_, agreed)
        wish = Wish(preset=Preset.TRIP, hours=1)
        watched = house.setup.arm(tx, id_, wish, ENGLISH, NOW - timedelta(hours=1, minutes=1))
        return person if not isinstance(watched, str) else _refuse(watched)

    person = await store.write(arm)
    words = Words(f"OK {word}")
    inbound = Inbound(
        channel=CHANNEL, update_id=name, address=name, kind=InboundKind.TEXT, received_at=NOW,
        words=words, message_ref=name,
    )  # fmt: skip
    moment = Moment(person=person, language=ENGLISH, at=NOW, key=name, inbound=inbound)
    began = time.perf_counter()
    salt = await store.read(lambda tx: house.hearing.salt(tx, person.id))
    tried = await derive(salt or b"", house.hearing.spoken(words))
    await store.write(lambda tx: house.hearing.text(tx, moment, words, tried))
    took = time.perf_counter() - began
    await store.write(lambda tx: _end(tx, tx.plans.of(person.id)))
    return took


def _end(tx: Tx, plans: list[Watched]) -> None:
    """Keep the tables as small for the last pair as for the first."""
    for one in plans:
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
