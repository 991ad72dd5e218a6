"""Whatever people do and however the machine fails, the protocol's promises hold."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from bot.domain import answering, climbing
from bot.domain.watch import Cause, Outcome, Reply, State, Tier
from tests.properties.check_in_life import Life, walk

if TYPE_CHECKING:
    from bot.domain.watch import Cycle, Plan

FLAG = st.booleans()


class Lives(RuleBasedStateMachine):
    """One cycle under random answers, humans, outages, jumps of the clock and crashes."""

    @initialize(tier=st.sampled_from(Tier), contacts=st.integers(0, 3), wakes=FLAG)
    def arm(self, tier: Tier, contacts: int, wakes: bool) -> None:  # noqa: FBT001 - hypothesis names it
        self.life = Life(tier, contacts=contacts, wakes=wakes)

    @rule(seconds=st.integers(1, 3_600))
    def time_goes_by(self, seconds: int) -> None:
        self.life.time_goes_by(seconds)

    @rule()
    def the_timer_rings(self) -> None:
        self.life.the_timer_rings()

    @rule(minutes=st.integers(3, 720))
    def we_were_down(self, minutes: int) -> None:
        self.life.we_were_down(minutes)

    @rule(minutes=st.integers(-1_440, 1_440))
    def the_clock_jumps(self, minutes: int) -> None:
        self.life.the_clock_jumps(minutes)

    @rule(minutes=st.integers(1, 90))
    def the_region_is_silent(self, minutes: int) -> None:
        self.life.the_region_is_silent(minutes)

    @rule(reply=st.sampled_from(Reply))
    def they_answer(self, reply: Reply) -> None:
        self.life.they_answer(reply)

    @rule(cause=st.sampled_from(Cause))
    def they_ask_for_help(self, cause: Cause) -> None:
        self.life.they_ask_for_help(cause)

    @rule(pin=FLAG, duress=FLAG, minutes=st.integers(1, 120))
    def they_ask_for_time(self, pin: bool, duress: bool, minutes: int) -> None:  # noqa: FBT001
        self.life.they_ask_for_time(pin=pin, duress=duress, minutes=minutes)

    @rule(pin=FLAG, hours=st.integers(1, 72))
    @precondition(lambda self: not self.life.over)
    def they_ask_for_a_pause(self, pin: bool, hours: int) -> None:  # noqa: FBT001
        self.life.they_ask_for_a_pause(pin=pin, hours=hours)

    @rule(pin=FLAG)
    @precondition(lambda self: not self.life.over)
    def they_ask_for_the_end(self, pin: bool) -> None:  # noqa: FBT001
        self.life.they_ask_for_the_end(pin=pin)

    @rule()
    def a_coordinator_allows_a_pause(self) -> None:
        self.life.a_coordinator_allows_a_pause()

    @rule(what=st.sampled_from(["authorities", "publicity"]), by=st.sampled_from(["ada", "ben"]))
    def a_coordinator_wants_to_tell(self, what: str, by: str) -> None:
        self.life.a_coordinator_wants_to_tell(what=what, by=by)

    @rule()
    def the_channel_takes_nothing_any_more(self) -> None:
        self.life.the_channel_takes_nothing_any_more()

    @rule()
    def a_coordinator_confirms(self) -> None:
        self.life.a_coordinator_confirms()

    @rule(alarm=FLAG)
    def a_coordinator_acknowledges(self, alarm: bool) -> None:  # noqa: FBT001
        self.life.a_coordinator_acknowledges(alarm=alarm)

    @rule(outcome=st.sampled_from(Outcome), word=FLAG, proof=FLAG, alarm=FLAG)
    def a_coordinator_ends_it(self, outcome: Outcome, word: bool, proof: bool, alarm: bool) -> None:  # noqa: FBT001
        self.life.a_coordinator_ends_it(outcome=outcome, word=word, proof=proof, alarm=alarm)


Lives.TestCase.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
TestLives = Lives.TestCase


def walks(transitions: int, seed: int) -> int:
    chance, taken = random.Random(seed), 0  # noqa: S311 - to be repeated
    while taken < transitions:
        taken += walk(chance, 60)
    return taken


def test_random_lives_break_no_promise() -> None:
    assert walks(20_000, seed=7) >= 20_000


@pytest.mark.prove
def test_a_million_transitions_break_no_promise() -> None:
    assert walks(1_000_000, seed=1) >= 1_000_000


def test_random_lives_reach_every_state(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: Counter[State] = Counter()
    agenda = climbing.agenda

    def noted(plan: Plan, cycle: Cycle) -> object:
        seen[cycle.state] += 1
        return agenda(plan, cycle)

    monkeypatch.setattr(climbing, "agenda", noted)
    walks(3_000, seed=3)
    assert set(seen) == set(State) - {State.DRAFT}


def test_a_rung_that_nobody_climbs_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    agenda = climbing.agenda
    monkeypatch.setattr(
        climbing,
        "agenda",
        lambda plan, cycle: [rung for rung in agenda(plan, cycle) if rung[1] != "l1"],
    )
    with pytest.raises(AssertionError):
        walks(5_000, seed=3)


def test_a_forced_answer_that_shows_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "EARLY", -answering.EARLY)
    alarmed = answering._alarmed

    def shown(*told: object) -> object:
        standing = alarmed(*told)  # type: ignore[arg-type]
        return answering.replace(standing, cycle=answering.replace(standing.cycle, reminded=9))

    monkeypatch.setattr(answering, "_alarmed", shown)
    with pytest.raises(AssertionError):
        walks(5_000, seed=3)
