"""One cycle under everything that can happen to it, with every promise checked at every step.

Driven by Hypothesis in the short form and by plain chance in the long one: a million steps of the
former take hours, of the latter minutes, and what is checked is the same.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.domain import watch
from bot.domain.checkins import Step, step, wake_at
from bot.domain.watch import (
    ESCALATED,
    SILENT,
    TIMINGS,
    WATCHING,
    Act,
    Cycle,
    Outcome,
    Plan,
    Reply,
    Standing,
    State,
    Tier,
)

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

DUE = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
ENDED = frozenset({State.RESOLVED, State.CANCELLED, State.PAUSED})
CALM = WATCHING - ESCALATED


class Life:
    """One cycle; every method is something that happens, every one checks all promises."""

    def __init__(self, tier: Tier, *, contacts: int = 1, wakes: bool = False) -> None:
        self.plan = Plan(
            tier=tier,
            timings=TIMINGS[tier],
            contacts=contacts,
            has_safe_word=tier is not Tier.ROUTINE,
            duress_wakes_contacts=wakes,
        )
        self.standing = Standing(cycle=Cycle(number=0, due_at=DUE))
        self.now = DUE - timedelta(minutes=5)
        self.keys: set[str] = set()
        self.taken = 0
        self.latest = self.now
        """What the clock has shown so far: where it goes back, what was climbed stays climbed."""

    @property
    def over(self) -> bool:
        """Nothing is watched any more and nobody is looked for."""
        return self.standing.cycle.state in ENDED and self.standing.alarm is None

    # -- what may happen --------------------------------------------------------------------

    def time_goes_by(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self._tick(watch.Ticked())

    def the_timer_rings(self) -> None:
        """What the program itself waits for, which chance alone seldom hits."""
        wake = wake_at(self.plan, self.standing)
        self.now = max(self.now, wake or self.now)
        self._tick(watch.Ticked())

    def we_were_down(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        self._tick(watch.Ticked(down_for=timedelta(minutes=minutes)))

    def the_clock_jumps(self, minutes: int) -> None:
        """Forward or back, up to a day; back means that nothing is done twice."""
        self.now += timedelta(minutes=minutes)
        self._tick(watch.Ticked())

    def the_region_is_silent(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        before = self.standing.cycle.state
        self._tick(watch.Ticked(region_out=True))
        if self.plan.tier is Tier.ROUTINE and before not in SILENT:
            assert self.standing.cycle.state not in SILENT

    def they_answer(self, reply: Reply) -> None:
        self.now += timedelta(seconds=1)
        before = self.standing
        if reply is not Reply.TAP or not self.plan.needs_word:
            self._force_does_not_show()
        done = self._take(watch.Answered(reply=reply))
        assert [effect.act for effect in done.effects[:3]] == [Act.REPLY, Act.SEAL, Act.PAGE]
        if reply is Reply.DURESS:
            assert self.standing.alarm is not None
        if before.cycle.state in SILENT:
            assert self.standing.cycle.state is before.cycle.state

    def they_ask_for_help(self, cause: watch.Cause) -> None:
        self.now += timedelta(seconds=1)
        before = self.standing
        self._take(watch.HelpAsked(cause=cause))
        assert self.standing.alarm is not None
        assert self.standing.cycle == replace(before.cycle, acts=before.cycle.acts + 1)

    def they_ask_for_time(self, *, pin: bool, duress: bool, minutes: int) -> None:
        self.now += timedelta(seconds=1)
        before = self.standing.cycle
        event = watch.Extended(by=timedelta(minutes=minutes), pin=pin, duress=duress)
        self._take(event)
        self._pin_protects(before, allowed=pin or duress)
        if self.plan.needs_word:
            assert self.standing.cycle.extensions <= watch.EXTENSIONS
            assert self.standing.cycle.due_at <= max(before.due_at, self.now) + watch.EXTENSION
        assert self.standing.cycle.due_at >= before.due_at

    def they_ask_for_a_pause(self, *, pin: bool, hours: int) -> None:
        before = self.standing.cycle
        self._take(watch.PauseAsked(pin=pin, lasting=timedelta(hours=hours)))
        self._pin_protects(before, allowed=pin)
        if self.plan.needs_word and before.state is not State.PAUSED:
            assert self.standing.cycle.state is not State.PAUSED

    def they_ask_for_the_end(self, *, pin: bool) -> None:
        before = self.standing.cycle
        self._take(watch.CancelAsked(pin=pin))
        self._pin_protects(before, allowed=pin)

    def a_coordinator_allows_a_pause(self) -> None:
        before = self.standing.cycle
        self._take(watch.PauseAllowed(by="ada"))
        if before.pause_wanted is None or before.state in ESCALATED:
            assert self.standing.cycle == before

    def a_coordinator_wants_to_tell(self, *, what: str, by: str) -> None:
        self._take(watch.Approved(by=by, what=what))
        given = {who for told, who in self.standing.cycle.approvals if told == what}
        assert (f"approve:{what}:1" in self.keys) is (len(given) == 2)

    def the_channel_takes_nothing_any_more(self) -> None:
        state = self.standing.cycle.state
        self._take(watch.Unreachable())
        assert self.standing.cycle.state is state

    def a_coordinator_confirms(self) -> None:
        before = self.standing.cycle.state
        self._take(watch.Confirmed(by="ada"))
        if before is not State.L1:
            assert self.standing.cycle.state is before

    def a_coordinator_acknowledges(self, *, alarm: bool) -> None:
        state = self.standing.cycle.state
        self._take(watch.Acknowledged(by="ada", alarm=alarm))
        assert self.standing.cycle.state is state

    def a_coordinator_ends_it(
        self, *, outcome: Outcome, word: bool, proof: bool, alarm: bool
    ) -> None:
        before = self.standing
        self.keys.discard("refused:ada")
        event = watch.StoodDown(
            by="ada", outcome=outcome, safe_word=word, proof_of_life=proof, alarm=alarm
        )
        self._take(event, by_a_human=True)
        says_safe = outcome in {Outcome.SAFE, Outcome.FALSE_ALARM}
        proven = proof and (word or not self.plan.has_safe_word)
        if alarm or (before.cycle.state in SILENT and says_safe and not proven):
            assert self.standing.cycle.state is before.cycle.state

    # -- what must hold ---------------------------------------------------------------------

    def _tick(self, event: watch.Ticked) -> None:
        self._take(event)
        # The timer is taken a second time, by another worker: nothing is left for it to do.
        again = step(self.plan, self.standing, watch.Ticked(region_out=event.region_out), self.now)
        assert not again.effects
        assert again.standing == self.standing
        cycle = self.standing.cycle
        if cycle.state in CALM:
            assert self.now < cycle.due_at + self.plan.timings.l1, "overdue, and nobody was told"

    def _take(self, event: watch.Event, *, by_a_human: bool = False) -> Step:
        before = self.standing
        self.latest = max(self.latest, self.now)
        done = step(self.plan, before, event, self.now)
        # A crash before the commit: the same event is taken again from the same standing.
        assert step(self.plan, before, event, self.now) == done
        for effect in done.effects:
            # Back in the very second of an earlier outage the question is asked already.
            again = effect.act is Act.REASK and self.latest > self.now
            assert again or effect.key not in self.keys, effect.key
            self.keys.add(effect.key)
            self._comes_in_time(before, effect)
        after = done.standing
        was, now = before.cycle.state, after.cycle.state
        if was in SILENT and now not in SILENT:
            assert by_a_human, "an escalation ended by itself"
        if was is State.L1 and now not in ESCALATED:
            assert by_a_human or isinstance(event, watch.Answered)
        if before.alarm is not None and after.alarm is None:
            assert by_a_human, "an alarm ended by itself"
        if now in WATCHING or after.alarm is not None:
            assert done.wake_at is not None, "neither a next moment nor a human"
        assert done.wake_at == wake_at(self.plan, after)
        self.standing = after
        self.taken += 1
        return done

    def _comes_in_time(self, before: Standing, effect: watch.Effect) -> None:
        due, timings = before.cycle.due_at, self.plan.timings
        if effect.act in {Act.REMIND, Act.REASK}:
            assert before.cycle.state not in SILENT, "a question after L2"
            assert self.latest >= due
        if effect.key in {"l1", "key", "confirm"}:
            assert self.latest >= due + timings.l1
        if effect.key in {"l2", "contacts"}:
            # Ten minutes without anybody's word, or the word of a coordinator who was called.
            assert self.latest >= due + timings.l1
            assert State.L1 in before.cycle.reached or self.latest >= due + timings.l2
        if effect.key in {"l3", "l3-page"}:
            assert self.latest >= due + timings.l3
        if effect.act is Act.CONTACTS:
            assert self.plan.contacts > 0
            assert effect.key == "contacts" or self.plan.duress_wakes_contacts

    def _pin_protects(self, before: Cycle, *, allowed: bool) -> None:
        if not allowed or before.state in ESCALATED:
            assert self.standing.cycle == replace(before, acts=before.acts + 1)

    def _force_does_not_show(self) -> None:
        """Whatever stands: a forced answer and a free one look alike, now and at the next tick."""
        free = step(self.plan, self.standing, watch.Answered(reply=Reply.OK), self.now)
        forced = step(self.plan, self.standing, watch.Answered(reply=Reply.DURESS), self.now)
        assert _rows(free) == _rows(forced)
        assert _said(free) == _said(forced)
        assert free.standing.cycle == forced.standing.cycle
        if self.standing.alarm is None:
            assert free.wake_at == forced.wake_at


def _rows(done: Step) -> list[tuple[Act, str]]:
    return [(effect.act, effect.key) for effect in done.effects]


def _said(done: Step) -> list[str]:
    return [one.code for one in done.effects if one.act is Act.REPLY]


def walk(chance: random.Random, steps: int) -> int:
    """Live one random life; return how many transitions were taken."""
    life = Life(
        chance.choice(tuple(Tier)), contacts=chance.randrange(4), wakes=chance.random() < 0.5
    )
    for _ in range(steps):
        chance.choice(_HAPPENINGS)(life, chance)
        if life.over:
            break
    return life.taken


def _yes(chance: random.Random) -> bool:
    return chance.random() < 0.5


_RARE: tuple[Callable[[Life, random.Random], None], ...] = (
    lambda life, chance: life.we_were_down(chance.randint(3, 720)),
    lambda life, chance: life.the_clock_jumps(chance.randint(-1_440, 1_440)),
    lambda life, chance: life.the_region_is_silent(chance.randint(1, 90)),
    lambda life, chance: life.they_answer(chance.choice(tuple(Reply))),
    lambda life, chance: life.they_ask_for_help(chance.choice(tuple(watch.Cause))),
    lambda life, chance: life.they_ask_for_a_pause(pin=_yes(chance), hours=chance.randint(1, 72)),
    lambda life, chance: life.they_ask_for_the_end(pin=chance.random() < 0.2),
    lambda life, _: life.a_coordinator_allows_a_pause(),
    lambda life, chance: life.a_coordinator_ends_it(
        outcome=chance.choice(tuple(Outcome)),
        word=_yes(chance),
        proof=_yes(chance),
        alarm=_yes(chance),
    ),
)
_OFTEN: tuple[Callable[[Life, random.Random], None], ...] = (
    lambda life, chance: life.time_goes_by(chance.randint(1, 3_600)),
    lambda life, chance: life.time_goes_by(chance.randint(1, 60)),
    lambda life, _: life.the_timer_rings(),
    lambda life, chance: life.they_ask_for_time(
        pin=_yes(chance), duress=chance.random() < 0.2, minutes=chance.randint(1, 120)
    ),
    lambda life, chance: life.a_coordinator_wants_to_tell(
        what=chance.choice(("authorities", "publicity")), by=chance.choice(("ada", "ben"))
    ),
    lambda life, _: life.the_channel_takes_nothing_any_more(),
    lambda life, _: life.a_coordinator_confirms(),
    lambda life, chance: life.a_coordinator_acknowledges(alarm=_yes(chance)),
)
_HAPPENINGS = _RARE + 3 * _OFTEN
"""What ends a life comes seldom, so that lives become long."""
