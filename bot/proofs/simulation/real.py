"""`vigil simulate checkins --engine sqlite|postgres`: the real services and the real storage.

Only the clock, people, coordinators and the messaging app are played. Two workers sweep on
PostgreSQL, one on SQLite; units are killed before and after their commit; the program is away for
minutes or hours; the clock goes back. What was written and what was delivered is judged by an
auditor that works out from recurrence and the protocol's numbers what had to happen.
"""

from __future__ import annotations

import asyncio
import hashlib
import heapq
import os
import random
import shutil
import tempfile
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from bot.content.library import open_library
from bot.domain.contacts import Contact, ContactState
from bot.domain.errors import ConflictError, RefusedError
from bot.domain.ids import ChannelName, ContactId, LanguageTag, PersonId, PlanId
from bot.domain.messages import Inbound, InboundKind, Outgoing
from bot.domain.people import Person
from bot.domain.plans import Preset, Terms
from bot.domain.secret_words import Secret, fold
from bot.domain.watch import Outcome, Reply, Tier
from bot.domain.words import Words
from bot.proofs.postgres import start_postgres
from bot.proofs.simulation.auditor import Auditor
from bot.proofs.simulation.lives import answer, lives, outages
from bot.services import check_in_decide as decide
from bot.services.apply import Moment
from bot.services.check_in_house import Duty, make
from bot.services.check_in_ports import Agreed
from bot.services.due import DueTimers
from bot.services.ports import Envelope, Lane, OutboxState
from bot.storage.engine import open_store
from bot.vault.cipher import ApplicationCipher

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from bot.content.library import Library
    from bot.domain.plans import Watched
    from bot.proofs.simulation.lives import Life, Outage
    from bot.services.check_in_house import CheckIns
    from bot.services.check_in_ports import PlanEvent
    from bot.services.ports import Store, Tx

T = TypeVar("T")

START = datetime(2026, 3, 5, tzinfo=UTC)
"""Clocks change in America, Europe, Morocco and the Middle East within the month after it."""

STEP = timedelta(minutes=5)
"""People choose round times, and every rung lies so many minutes from them: a sweep at each."""

AFTER = timedelta(seconds=2)
"""The sweep comes so long after its time; after a kill another comes within the lease."""

KILLS = 1 / 1_500
"""Share of units in which the worker dies."""

CHANNEL = ChannelName("played")
_AT_ONCE = 500
_MEMORY, _SHORT = "/dev/shm", "/tmp"  # noqa: S108 - folders of our own are made inside
WORDS = {Secret.PIN: "2468", Secret.SAFE: "kestrel", Secret.DURESS: "harrier"}
_DUTIES = [PersonId(f"duty{number:02}") for number in range(64)]
"""Whoever is called; a claim takes one message a person."""

_CALLED = frozenset(_DUTIES)


class KilledError(Exception):
    """The worker died here."""


class SimClock:
    """A clock that the simulation moves."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        """Return the simulated moment."""
        return self.at


@dataclass(slots=True, kw_only=True)
class Mortal:
    """A store whose worker may die before or after any commit."""

    store: Store
    chance: random.Random
    kills: float = KILLS
    deadly: bool = True
    deaths: int = 0

    async def write(self, unit: Callable[[Tx], T]) -> T:
        """Run a unit, or die."""
        roll = self.chance.random() if self.deadly else 1.0
        if roll < self.kills / 2:

            def dies(tx: Tx) -> T:
                unit(tx)
                raise KilledError

            self.deaths += 1
            return await self.store.write(dies)
        result = await self.store.write(unit)
        if roll < self.kills:
            self.deaths += 1
            raise KilledError
        return result

    async def read(self, unit: Callable[[Tx], T]) -> T:
        """Run a unit that only reads."""
        return await self.store.read(unit)

    async def scrub(self) -> None:
        """Take deleted bytes out of the files."""
        await self.store.scrub()

    async def close(self) -> None:
        """Nothing: the store is its owner's."""


@dataclass(slots=True, kw_only=True)
class World:
    """Everything that is played."""

    stores: list[Mortal]
    clock: SimClock
    chance: random.Random
    lives: dict[PlanId, Life]
    down: list[Outage]
    end: datetime
    houses: list[CheckIns] = field(default_factory=list)
    sweeps: list[DueTimers] = field(default_factory=list)
    auditor: Auditor = field(default_factory=Auditor)
    queue: list[tuple[datetime, int, str, Any]] = field(default_factory=list)
    persons: dict[PlanId, PersonId] = field(default_factory=dict)
    answered: set[tuple[PlanId, int]] = field(default_factory=set)
    seen_events: int = 0
    numbers: int = 0
    deliveries: int = 0
    sweeps_done: int = 0
    jumps: int = 0

    def plan(self, at: datetime, what: str, data: Any) -> None:
        """Let something happen at a time."""
        self.numbers += 1
        heapq.heappush(self.queue, (at, self.numbers, what, data))


async def _digest(salt: bytes, text: str) -> bytes:
    """Stand in for the slow digest: what is measured here is everything else."""
    return hashlib.blake2b(salt + text.encode(), digest_size=32).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rough:
    """How rough a run is; a short one meets as much as a long one when it is rougher."""

    kills: float = KILLS
    """Share of units in which the worker dies."""
    silent: float | None = None
    """Chance that a due check-in is never answered; None leaves it to each life."""


async def simulate(
    engine: str, plans: int, days: int, seed: int, *, library: Library | None = None,
    rough: Rough | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Run so many plans for so many days; return the figures of the command."""
    began = time.perf_counter()
    chance, rough = random.Random(seed), rough or Rough()
    async with _stores(engine) as opened:
        library = library or open_library(None)
        clock = SimClock()
        end = START + timedelta(days=days)
        world = World(
            stores=[Mortal(store=store, chance=chance, kills=rough.kills) for store in opened],
            clock=clock,
            chance=chance,
            lives={},
            down=outages(START, days, chance),
            end=end,
        )
        for number, store in enumerate(world.stores):
            _open_house(world, store, library, f"worker-{number}")
        await _people(world, plans, rough.silent)
        await _live(world)
        world.auditor.close(world.clock.now())
        left = await opened[0].read(lambda tx: len(tx.plans.live(limit=plans + 1)))
        figures = world.auditor.figures()
    return {
        "engine": engine,
        "plans": plans,
        "days": days,
        "seed": seed,
        **figures,
        "workers": len(world.stores),
        "kills": sum(store.deaths for store in world.stores),
        "outages": len(world.down),
        "clock_jumps": world.jumps,
        "delivered": world.deliveries,
        "plans_left": left,
        "seconds": round(time.perf_counter() - began, 1),
    }


@asynccontextmanager
async def _stores(engine: str) -> AsyncIterator[list[Store]]:
    # In memory where the machine can: what is measured is not the disk.
    in_memory = engine == "sqlite" and os.access(_MEMORY, os.W_OK)
    folder = Path(tempfile.mkdtemp(prefix="sim-", dir=_MEMORY if in_memory else _SHORT))
    cipher = ApplicationCipher(bytes(range(32)))
    stop: Callable[[], None] | None = None
    opened: list[Store] = []
    try:
        if engine == "postgres":
            url, stop = start_postgres(folder)
            opened = [open_store(url, cipher) for _ in range(2)]
        else:
            opened = [open_store(f"sqlite:///{folder / 'vigil.db'}", cipher)]
        yield opened
    finally:
        for store in opened:
            await store.close()
        if stop is not None:
            stop()
        shutil.rmtree(folder, ignore_errors=True)


def _open_house(world: World, store: Mortal, library: Any, worker: str) -> None:
    counter = iter(range(1, 1_000_000_000))
    chance = random.Random(f"{worker}:{world.chance.random()}")

    def page(tx: Tx, what: str, urgency: int, ref: str) -> None:
        # One row a call: a page that were delivered twice would be counted twice.
        text = f"{ref}|{what}|{urgency}"
        message = Outgoing(text=text, language=LanguageTag("en"))
        key = f"page:{worker}:{next(counter)}:{chance.random()}"
        tx.outbox.add(
            [Envelope(person=chance.choice(_DUTIES), message=message, lane=Lane.ESCALATION,
                      dedup_key=key, due_at=world.clock.now())]
        )  # fmt: skip

    house = make(
        store=store,
        clock=world.clock,
        library=lambda: library,
        worker=worker,
        duty=Duty(
            page=page,
            acknowledged=lambda _tx, _ref: None,
            over=lambda _tx, _ref: None,
            on_duty=lambda _tx: 2,
        ),
        audit=lambda *_told: None,
        new_id=lambda: f"{chance.getrandbits(128):032x}",
        salt=lambda: b"salt",
        derive=_digest,
        shuffle=chance.shuffle,
    )
    world.houses.append(house)
    world.sweeps.append(
        DueTimers(
            store=store, clock=world.clock, worker=worker, services={}, batches=house.batches()
        )
    )


async def _people(world: World, count: int, silent: float | None) -> None:
    """Arm everybody."""
    made = lives(count, START, world.chance, silent=silent)
    digests = {secret: await _digest(b"salt", fold(word)) for secret, word in WORDS.items()}
    house, store = world.houses[0], world.stores[0].store

    def person(tx: Tx, name: str) -> PersonId:
        id_ = tx.people.lock(CHANNEL, name)
        tx.people.put(
            Person(id=id_, channel=CHANNEL, address=name, language=LanguageTag("en"),
                   language_hint=None),
            at=START,
        )  # fmt: skip
        return id_

    def duty(tx: Tx) -> None:
        for id_ in _DUTIES:
            tx.people.put(
                Person(id=id_, channel=CHANNEL, address=id_, language=LanguageTag("en"),
                       language_hint=None),
                at=START,
            )  # fmt: skip

    def arm(tx: Tx, number: int, life: Life) -> Watched | None:
        owner = person(tx, f"p{number}")
        agreed = dict(digests)
        if life.plan.tier is Tier.ROUTINE:
            agreed.pop(Secret.SAFE)
        tx.check_words.put(owner, Agreed(salt=b"salt", digests=agreed))
        for place in range(life.plan.contacts):
            helper = person(tx, f"c{number}-{place}")
            tx.contacts.put(
                Contact(id=ContactId(f"{number:08x}{place:08x}"), owner=owner, person=helper,
                        state=ContactState.ACTIVE, since=START)
            )  # fmt: skip
        return house.setup.watch(tx, owner, _terms(life), START)

    await store.write(duty)
    for number, life in enumerate(made):

        def unit(tx: Tx, number: int = number, life: Life = life) -> Watched | None:
            return arm(tx, number, life)

        watched = await store.write(unit)
        if watched is None:
            continue
        world.lives[watched.id] = life
        world.persons[watched.id] = watched.person
        world.auditor.persons[watched.id] = watched.person
        _expect(world, watched.id, START)


def _terms(life: Life) -> Terms:
    return Terms(
        tier=life.plan.tier,
        rhythm=life.rhythm,
        zone=life.zone.key,
        language=LanguageTag("en"),
        preset=Preset.DAILY,
        contacts=life.plan.contacts,
        coordinators=2,
        has_safe_word=life.plan.has_safe_word,
        duress_wakes_contacts=life.plan.duress_wakes_contacts,
    )


def _expect(world: World, plan: PlanId, after: datetime) -> None:
    """Tell the auditor which slot comes next, and let the person decide about it."""
    life = world.lives[plan]
    cycle = world.auditor.expect(plan, life, after)
    if cycle is None:
        return
    number, due = cycle
    reply = answer(life, world.chance)
    if reply is not None:
        world.plan(due + reply[0], "answer", (plan, number, reply[1]))
        if reply[1] is Reply.WRONG:
            world.plan(due + reply[0] + STEP, "answer", (plan, number, reply[1]))


async def _live(world: World) -> None:
    clock, chance = world.clock, world.chance
    down = iter([*world.down, None])
    away = next(down)
    jump_at = START + timedelta(days=chance.uniform(1, 5))
    clock.at = START + AFTER
    while clock.at < world.end:
        returned = away is not None and clock.at >= away.start
        if away is not None and returned:
            # Nobody is there. What people write meanwhile waits at the messaging app.
            clock.at = max(clock.at, away.end) + AFTER
            world.auditor.away(away.start, clock.at)
            away = next(down)
        if clock.at >= jump_at:
            clock.at -= timedelta(minutes=chance.uniform(1, 60))
            world.jumps += 1
            jump_at = clock.at + timedelta(days=chance.uniform(2, 6))
        due = await _round(world, returned=returned)
        clock.at = _next(world, due)
    clock.at = world.end
    for store in world.stores:
        store.deadly = False
    # Pages of the last step wait for the sweep after it, as everywhere.
    for _ in range(2):
        await _sweep(world)
    await _arrive(world, last=True)


def _next(world: World, due: datetime | None) -> datetime:
    """Return the next time at which anything can happen."""
    moments = [world.end] + ([due] if due else []) + ([world.queue[0][0]] if world.queue else [])
    at = max(min(moments), world.clock.at)
    step = START + (at - START) // STEP * STEP
    while step + AFTER <= world.clock.at or step < at:
        step += STEP
    return step + AFTER


async def _round(world: World, *, returned: bool) -> datetime | None:
    """Let everything happen that is due; return when the next timer is."""
    now = world.clock.at
    killed = await _sweep(world) if returned else False
    happened = []
    while world.queue and world.queue[0][0] <= now:
        at, _, what, data = heapq.heappop(world.queue)
        happened.append(_happen(world, now if returned else at, what, data))
    await asyncio.gather(*happened)
    killed |= await _sweep(world)
    due = await _arrive(world)
    while killed:
        # A worker that died is started again; what it had claimed comes back with its lease.
        world.clock.at += timedelta(seconds=40)
        killed = await _sweep(world)
        due = await _arrive(world)
    return due


async def _sweep(world: World) -> bool:
    await world.stores[0].store.write(lambda tx: tx.timers.recover(now=world.clock.now()))
    done = await asyncio.gather(*(one.sweep() for one in world.sweeps), return_exceptions=True)
    world.sweeps_done += len(done)
    for error in done:
        if isinstance(error, BaseException) and not isinstance(error, KilledError | ConflictError):
            raise error
    # A killed batch is logged by the sweep and tried one by one; all of it may have died.
    deaths = sum(store.deaths for store in world.stores)
    fresh = deaths > world.auditor.deaths
    world.auditor.deaths = deaths
    return fresh


async def _happen(world: World, at: datetime, what: str, data: Any) -> None:
    if what == "answer":
        await _answer(world, at, *data)
        return
    plan, alarm = data
    await _decide(world, at, plan, what, alarm=alarm)


async def _answer(world: World, now: datetime, plan: PlanId, number: int, reply: Reply) -> None:
    """Say it in the chat, through the same door as everybody."""
    if not world.auditor.open(plan, number):
        return
    life, person = world.lives[plan], world.persons[plan]
    house, store = world.chance.choice(list(zip(world.houses, world.stores, strict=True)))
    text = "OK"
    if reply is Reply.DURESS:
        text = f"OK {WORDS[Secret.DURESS]}"
    elif life.plan.has_safe_word:
        text = f"OK {WORDS[Secret.SAFE] if reply is Reply.OK else 'wren'}"
    world.auditor.forced += reply is Reply.DURESS
    words = Words(text)
    digest = await _digest(b"salt", house.hearing.spoken(words))
    world.numbers += 1
    key = f"played:{world.numbers}"
    inbound = Inbound(
        channel=CHANNEL, update_id=key, address=str(person), kind=InboundKind.TEXT,
        received_at=now, words=words, message_ref=key,
    )  # fmt: skip

    def unit(tx: Tx) -> None:
        if not tx.seen.first_time(CHANNEL, key, at=now):
            return
        who = tx.people.find(person)
        if who is not None:
            moment = Moment(
                person=who, language=LanguageTag("en"), at=now, key=key, inbound=inbound
            )
            house.hearing.text(tx, moment, words, digest)

    await _insistently(store, unit)


async def _decide(world: World, now: datetime, plan: PlanId, what: str, *, alarm: bool) -> None:
    house, store = world.chance.choice(list(zip(world.houses, world.stores, strict=True)))
    outcome = world.chance.choice((Outcome.SAFE, Outcome.FALSE_ALARM))

    def unit(tx: Tx) -> None:
        if what == "acknowledge":
            decide.acknowledge(tx, house.hands, plan, "ada", now, alarm=alarm)
            return
        if alarm:
            decide.stand_down(tx, house.hands, plan, "ada", outcome, now, alarm=True)
        decide.stand_down(tx, house.hands, plan, "ada", outcome, now, safe_word=True, way="voice")

    try:
        await _insistently(store, unit)
    except RefusedError:
        world.auditor.refused += 1


async def _insistently(store: Mortal, unit: Callable[[Tx], None]) -> None:
    """Bring an update again until it was taken, as messaging apps do."""
    while True:
        try:
            await store.write(unit)
        except (KilledError, ConflictError):
            continue
        return


async def _arrive(world: World, *, last: bool = False) -> datetime | None:
    """Have everything arrive that may go out, and let people act upon what was written.

    Returns when the next timer is due.
    """
    store = world.stores[0].store
    while True:
        now, before = world.clock.now() + timedelta(seconds=5), world.seen_events

        def unit(tx: Tx, now: datetime = now, before: int = before) -> Any:
            rows = tx.outbox.claim(
                worker="mouth", now=now, lease=STEP, limit=_AT_ONCE, lanes=tuple(Lane),
                channels=(CHANNEL,),
            )  # fmt: skip
            ids = [row.id for row in rows]
            tx.outbox.settle(ids, worker="mouth", state=OutboxState.SENT, at=now)
            shown = [(row.person, row.message.text) for row in rows]
            return shown, tx.plans.since(before), tx.timers.next_due()

        shown, (events, world.seen_events), due = await store.write(unit)
        for person, text in shown:
            world.auditor.delivered(person, text, to_duty=person in _CALLED)
        world.deliveries += len(shown)
        for event in events:
            _read(world, event)
        if len(shown) < (1 if last else _AT_ONCE):
            return due  # type: ignore[no-any-return]


def _read(world: World, event: PlanEvent) -> None:
    if event.plan not in world.lives:
        return
    told = world.auditor.read(event)
    if told == "over":
        _expect(world, event.plan, max(event.at, world.auditor.due(event.plan)))
    elif told in {"paged", "alarm"}:
        _humans(world, event.plan, event.at, alarm=told == "alarm")


def _humans(world: World, plan: PlanId, at: datetime, *, alarm: bool) -> None:
    """Coordinators: most acknowledge within minutes; whoever does, ends it."""
    if world.chance.random() < 0.35:
        return
    answered = at + timedelta(minutes=world.chance.expovariate(1 / 4))
    world.auditor.human(plan, answered)
    world.plan(answered, "acknowledge", (plan, alarm))
    ended = answered + timedelta(minutes=world.chance.expovariate(1 / 90))
    world.plan(ended, "stand-down", (plan, alarm))
