"""Check-ins: takes what happened to plans, and writes what follows, in one transaction.

Decides nothing about ladders: the transition table does. Knows nothing of what rows look like.
Whatever is done twice is recognised by its key within (plan, cycle) and done once.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.checkins import step
from bot.domain.checkins import wake_at as next_moment
from bot.domain.outages import WINDOW, Tally, seems_cut_off
from bot.domain.plans import following
from bot.domain.watch import ESCALATED, SILENT, Acknowledged, Act, State, Ticked, Unreachable
from bot.services.check_in_effects import Carrying, carry_out, ref_of
from bot.services.check_in_ports import PlanEvent
from bot.services.check_in_sheet import rests
from bot.services.ports import Timer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from bot.domain.plans import Watched
    from bot.domain.watch import Effect, Event
    from bot.services.check_in_effects import Hands
    from bot.services.ports import Tx

KIND = "check-in"
"""The timers of plans: the key is the plan, the fence its version."""

HUSHED = "check-in-silence"
"""Timers that nobody takes: while one stands, alerts leave its person out (the silence rule)."""

_FOR_EVER = timedelta(days=3_650)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What one or more events made of a plan, before anything is written."""

    before: Watched
    after: Watched
    effects: tuple[tuple[int, Effect], ...] = ()
    """Each with the number of its cycle."""
    wake_at: datetime | None = None
    ended: bool = False


def take(watched: Watched, event: Event, now: datetime) -> Taken:
    """Let the table decide on one event, and arm the next cycle when this one is over."""
    number = watched.standing.cycle.number
    done = step(watched.terms.plan, watched.standing, event, now)
    after, wake_at, ended = replace(watched, standing=done.standing), done.wake_at, False
    effects = tuple((number, effect) for effect in done.effects)
    if any(effect.act is Act.NEXT for effect in done.effects):
        rearmed = following(after, now)
        if rearmed is not None:
            after = rearmed
            wake_at = next_moment(after.terms.plan, after.standing)
    if after.over:
        ended = after.standing.echo_at is None
        wake_at = after.standing.echo_at
    return Taken(before=watched, after=after, effects=effects, wake_at=wake_at, ended=ended)


def then(taken: Taken, event: Event, now: datetime) -> Taken:
    """Let the table decide on a further event of the same plan."""
    more = take(taken.after, event, now)
    return replace(more, before=taken.before, effects=(*taken.effects, *more.effects))


def write(tx: Tx, all_taken: Sequence[Taken], now: datetime, hands: Hands) -> None:
    """Write plans, events, timers and messages of what was taken."""
    if not all_taken:
        return
    new = tx.plans.record(
        [
            PlanEvent(plan=taken.before.id, cycle=cycle, key=effect.key, at=now, code=_code(effect))
            for taken in all_taken
            for cycle, effect in taken.effects
        ]
    )
    carrying = Carrying()
    kept: list[Watched] = []
    timers: list[Timer] = []
    for taken in all_taken:
        after = taken.after
        for cycle, effect in taken.effects:
            if (after.id, cycle, effect.key) in new:
                after = carry_out(tx, carrying, taken.before, after, cycle, effect, now, hands)
        timers += _hush(tx, taken, now)
        if taken.ended:
            tx.plans.end(after.id, at=now)
            rests(tx, after.person, now)
            tx.timers.cancel(KIND, after.id)
            continue
        kept.append(after)
        if taken.wake_at is not None:
            timers.append(timer(after, taken.wake_at))
        else:
            tx.timers.cancel(KIND, after.id)
    tx.plans.save(kept)
    tx.timers.set_all([*timers, *carrying.pages])
    tx.outbox.add(carrying.envelopes)
    tx.regions.add(_counts(all_taken), at=now)


def _hush(tx: Tx, taken: Taken, now: datetime) -> list[Timer]:
    """Mark, or unmark, a chat to which nothing may be sent of our own accord."""
    was = taken.before.standing.cycle.state in SILENT
    silent = taken.after.standing.cycle.state in SILENT and not taken.ended
    if was and not silent:
        tx.timers.cancel(HUSHED, taken.after.id)
    if was or not silent:
        return []
    after = taken.after
    return [Timer(kind=HUSHED, key=after.id, due_at=now + _FOR_EVER, person=after.person)]


def renew(tx: Tx, changed: Sequence[Watched]) -> None:
    """Write plans whose terms changed, with the timer that belongs to their next version."""
    tx.plans.save(changed)
    for one in changed:
        at = next_moment(one.terms.plan, one.standing)
        if at is not None:
            tx.timers.set(timer(one, at))


def timer(watched: Watched, at: datetime) -> Timer:
    """Return the one timer of a plan, for the version that is being written."""
    return Timer(
        kind=KIND, key=watched.id, due_at=at, person=watched.person, fence=watched.version + 1
    )


@dataclass(slots=True, kw_only=True)
class Ticking:
    """Takes due timers of plans, many in one transaction."""

    hands: Hands
    acknowledged: Callable[[Tx, str], str | None]
    """Who took a page, by its ref."""
    cut_off: Mapping[str, bool] = field(default_factory=dict)

    def __call__(self, tx: Tx, found: Sequence[tuple[Watched, datetime]], now: datetime) -> None:
        """Let time do what it does to plans; each comes with when its timer was due."""
        regions = {one.terms.region for one, _ in found if one.terms.region}
        out = cut_off(tx, now) if regions else frozenset()
        write(tx, [self._tick(tx, one, due, now, out) for one, due in found], now, self.hands)

    def _tick(
        self, tx: Tx, watched: Watched, due: datetime, now: datetime, out: frozenset[str]
    ) -> Taken:
        taken = Taken(before=watched, after=watched)
        for event in self._answered_pages(tx, watched):
            taken = then(taken, event, now)
        # A timer that comes so late was missed because we were not there: rule 10.
        ticked = Ticked(down_for=max(now - due, _NONE), region_out=watched.terms.region in out)
        return then(taken, ticked, now)

    def _answered_pages(self, tx: Tx, watched: Watched) -> list[Event]:
        """Return acknowledgements of pages, which reach us through the page and not by a timer."""
        found: list[Event] = []
        cycle, alarm = watched.standing.cycle, watched.standing.alarm
        ladder = cycle.ladder
        if cycle.state in ESCALATED and ladder is not None and ladder.acknowledged_by is None:
            by = self.acknowledged(tx, ref_of(watched, cycle.number, cycle.state))
            found += [Acknowledged(by=by)] if by else []
        if alarm is not None and alarm.ladder.acknowledged_by is None:
            by = self.acknowledged(tx, ref_of(watched, cycle.number, "alarm"))
            found += [Acknowledged(by=by, alarm=True)] if by else []
        return found


def cut_off(tx: Tx, now: datetime) -> frozenset[str]:
    """Return the regions in which so many are silent that the network may be down."""
    lately = tx.regions.lately(since=now - WINDOW)
    return frozenset(name for name, tally in lately.items() if seems_cut_off(tally))


def unreachable(tx: Tx, watched: Sequence[Watched], now: datetime, hands: Hands) -> None:
    """The channel takes nothing any more for somebody under watch: a signal to escalate."""
    write(tx, [take(one, Unreachable(), now) for one in watched], now, hands)


def _counts(all_taken: Sequence[Taken]) -> dict[str, Tally]:
    """Count by region what was answered in time and what reached coordinators."""
    counts: dict[str, Tally] = {}
    for taken in all_taken:
        region = taken.before.terms.region
        if not region:
            continue
        weight = 3 if taken.before.terms.canary else 1
        before = counts.get(region, Tally())
        missed = sum(weight for _, effect in taken.effects if effect.key == "l1")
        in_time = taken.before.standing.cycle.state not in ESCALATED
        resolved = taken.after.standing.cycle.state is State.RESOLVED or (
            taken.after.standing.cycle.number > taken.before.standing.cycle.number
        )
        answered = weight if resolved and in_time and not missed else 0
        if missed or answered:
            counts[region] = Tally(
                answered=before.answered + answered, missed=before.missed + missed
            )
    return counts


def _code(effect: Effect) -> str:
    late = int(effect.late.total_seconds())
    return f"{effect.act}:{effect.code}:{late}"


_NONE = Ticked().down_for
