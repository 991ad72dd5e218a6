"""`vigil simulate checkins --engine pure`: the transition table alone, a year in minutes.

Each plan lives its own time line of events: due slots, answers, outages, humans who acknowledge and
stand down. Beside the table an *auditor* that shares no code with it works out from the protocol's
numbers when each rung had to come, and counts what is missing, double, early or late.
"""

from __future__ import annotations

import heapq
import random
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.domain import watch
from bot.domain.checkins import step
from bot.domain.recurrence import slot, upcoming
from bot.domain.watch import Act, Cycle, Outcome, Standing, State
from bot.proofs.simulation.lives import answer, lives, outages

if TYPE_CHECKING:
    from bot.domain.checkins import Step
    from bot.proofs.simulation.lives import Life, Outage

START = datetime(2026, 1, 5, tzinfo=UTC)
TICK = timedelta(seconds=5)
"""How late a sweep may take a timer when nothing is wrong."""


@dataclass(slots=True, kw_only=True)
class Tally:
    """What the auditor found."""

    cycles: int = 0
    missed: int = 0
    duplicates: int = 0
    early: int = 0
    late: list[float] = field(default_factory=list)
    """Seconds of lateness to L1 beyond outages."""
    false_alarms: int = 0
    escalations: int = 0
    acknowledged: list[float] = field(default_factory=list)
    """Minutes from due to the first human's acknowledgement."""
    transitions: int = 0
    silence_broken: int = 0
    """Questions to the person after L2: must stay 0."""


def simulate(plans: int, days: int, seed: int) -> dict[str, Any]:
    """Run so many plans for so many days; return the figures of the command."""
    began = time.process_time()
    chance = random.Random(seed)
    tally = Tally()
    down = outages(START, days, chance)
    for life in lives(plans, START, chance):
        _live(life, START + timedelta(days=days), down, random.Random(chance.random()), tally)
    late = sorted(tally.late)
    waited = sorted(tally.acknowledged)
    return {
        "engine": "pure",
        "plans": plans,
        "days": days,
        "seed": seed,
        "missed": tally.missed,
        "duplicates": tally.duplicates,
        "early": tally.early,
        "lateness_p99_s": round(late[int(len(late) * 0.99)], 1) if late else 0.0,
        "false_alarms": tally.false_alarms,
        "escalations": tally.escalations,
        "silence_broken": tally.silence_broken,
        "cycles": tally.cycles,
        "transitions": tally.transitions,
        "outages": len(down),
        "minutes_to_human_p50": round(waited[len(waited) // 2], 1) if waited else 0.0,
        "minutes_to_human_p95": round(waited[int(len(waited) * 0.95)], 1) if waited else 0.0,
        "seconds": round(time.process_time() - began, 1),
    }


def _live(
    life: Life, end: datetime, down: list[Outage], chance: random.Random, tally: Tally
) -> None:
    found = upcoming(life.rhythm, life.zone, START)
    number = found[0] if found else 0
    at = START
    while True:
        due = slot(life.rhythm, number, life.zone)
        if due is None or due >= end:
            return
        if due > at:
            at = _round(life, due, number, down, chance, tally)
        number += 1


def _round(
    life: Life, due: datetime, number: int, down: list[Outage], chance: random.Random, tally: Tally
) -> datetime:
    """Live one cycle to its end; return when it ended."""
    tally.cycles += 1
    standing = Standing(cycle=Cycle(number=number, due_at=due))
    seen: dict[str, datetime] = {}
    events: list[tuple[datetime, int, watch.Event]] = []
    reply = answer(life, chance)
    if reply is not None:
        heapq.heappush(events, (due + reply[0], 1, watch.Answered(reply=reply[1])))
        if reply[1] is watch.Reply.WRONG:
            again = watch.Answered(reply=watch.Reply.WRONG)
            heapq.heappush(events, (due + reply[0] + timedelta(minutes=1), 2, again))
    wake, count, now = due, 3, due
    while standing.cycle.state not in {State.RESOLVED, State.CANCELLED} or standing.alarm:
        away = _away(wake, down)
        at = (away.end if away else wake) + TICK * chance.random()
        if events and events[0][0] <= at:
            planned, _, event = heapq.heappop(events)
            # What a person writes during an outage is waiting when we return.
            hidden = _away(planned, down)
            now = max(now, hidden.end if hidden else planned)
        else:
            planned = wake
            lost = at - away.start if away else timedelta()
            event, now = watch.Ticked(down_for=lost), max(now, at)
        done = step(life.plan, standing, event, now)
        tally.transitions += 1
        _audit(life, standing, done, seen, now, due, down, tally)
        for human in _humans(done, now, chance, due, tally):
            count += 1
            heapq.heappush(events, (human[0], count, human[1]))
        standing = done.standing
        if done.wake_at is None and not events:
            break
        wake = done.wake_at or events[0][0]
        if now - due > timedelta(days=5):
            tally.missed += 1
            break
    _close(seen, reply, tally, standing)
    return now


def _humans(
    done: Step, now: datetime, chance: random.Random, due: datetime, tally: Tally
) -> list[tuple[datetime, watch.Event]]:
    """Coordinators: most acknowledge within minutes, some never; whoever does, ends it."""
    found: list[tuple[datetime, watch.Event]] = []
    alarm = done.standing.alarm is not None
    for effect in done.effects:
        if effect.act is not Act.PAGE or effect.code in {"nothing", "answered-late"}:
            continue
        if chance.random() < 0.35:
            continue
        wait = timedelta(minutes=chance.expovariate(1 / 4))
        tally.acknowledged.append((now + wait - due).total_seconds() / 60)
        found.append((now + wait, watch.Acknowledged(by="a", alarm=alarm)))
        outcome = chance.choice((Outcome.SAFE, Outcome.FALSE_ALARM, Outcome.INCIDENT))
        ended = now + wait + timedelta(minutes=chance.expovariate(1 / 90))
        found.append(
            (
                ended,
                watch.StoodDown(
                    by="a", outcome=outcome, safe_word=True, proof_of_life=True, alarm=alarm
                ),
            )
        )
        if alarm:
            found.append(
                (
                    ended,
                    watch.StoodDown(by="a", outcome=outcome, safe_word=True, proof_of_life=True),
                )
            )
    return found


def _audit(
    life: Life,
    before: Standing,
    done: Step,
    seen: dict[str, datetime],
    now: datetime,
    due: datetime,
    down: list[Outage],
    tally: Tally,
) -> None:
    timings = life.plan.timings
    earliest = {"l1": timings.l1, "l2": timings.l1, "l3": timings.l3, "contacts": timings.l1}
    for effect in done.effects:
        if effect.key in seen:
            tally.duplicates += 1
        seen[effect.key] = now
        if effect.key in earliest and now < due + earliest[effect.key]:
            tally.early += 1
        asks = effect.act in {Act.REMIND, Act.REASK}
        if asks and before.cycle.state in watch.SILENT:
            tally.silence_broken += 1
        if effect.key == "l1":
            tally.escalations += 1
            expected = due + timings.l1
            away = _away(expected, down)
            tally.late.append((now - (away.end if away else expected)).total_seconds())
        if effect.act is Act.LEARN and effect.code != watch.FORCED:
            tally.false_alarms += 1


def _close(
    seen: dict[str, datetime],
    reply: tuple[timedelta, watch.Reply] | None,
    tally: Tally,
    standing: Standing,
) -> None:
    """A silent person must have reached coordinators; a forced word must have, too."""
    silent = reply is None
    forced = reply is not None and reply[1] in {watch.Reply.DURESS, watch.Reply.WRONG}
    if silent and "l1" not in seen:
        tally.missed += 1
    if forced and not any(key.startswith(("act:", "l1")) for key in seen):
        tally.missed += 1
    if standing.cycle.state not in {State.RESOLVED, State.CANCELLED}:
        tally.missed += 1


def _away(at: datetime, down: list[Outage]) -> Outage | None:
    """Return the outage that `at` falls into."""
    low, high = 0, len(down)
    while low < high:
        middle = (low + high) // 2
        if down[middle].end <= at:
            low = middle + 1
        else:
            high = middle
    return down[low] if low < len(down) and down[low].start <= at else None
