"""Whatever people do and however the machine fails, the protocol's promises hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot.domain import watch
from bot.domain.checkins import Step, step, wake_at
from bot.domain.watch import TIMINGS, Act, Cycle, Outcome, Plan, Reply, Standing, State, Tier

DUE = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
ENDED = {State.RESOLVED, State.CANCELLED, State.PAUSED}


class Life(RuleBasedStateMachine):
    """One cycle under random answers, humans, outages and crashes between any two steps."""

    @initialize(tier=st.sampled_from(Tier), contacts=st.integers(0, 3), wakes=st.booleans())
    def arm(self, tier: Tier, contacts: int, wakes: bool) -> None:  # noqa: FBT001 - hypothesis names it
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
        self.silent = False
        self.forced = False
        self.told = False

    def take(self, event: watch.Event) -> Step:
        before = self.standing
        done = step(self.plan, before, event, self.now)
        # A crash before the commit: the same event is taken again from the same standing.
        assert step(self.plan, before, event, self.now) == done
        for effect in done.effects:
            assert effect.key not in self.keys, effect.key
            self.keys.add(effect.key)
            if effect.act is Act.PAGE and effect.code not in {"nothing", "unreachable"}:
                self.told = True
            if effect.act in {Act.REMIND, Act.REASK}:
                assert before.cycle.state not in watch.SILENT
            if effect.act in {Act.CONTACTS, Act.PLAN} and "alarm" not in effect.key:
                assert self.now >= before.cycle.due_at + self.plan.timings.l1
            if effect.key == "l1":
                assert self.now >= before.cycle.due_at + self.plan.timings.l1
        self.standing = done.standing
        assert done.wake_at == wake_at(self.plan, self.standing)
        return done

    @rule(seconds=st.integers(1, 3_600))
    def time_goes_by(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self.take(watch.Ticked())

    @rule(minutes=st.integers(3, 720))
    def we_were_down(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        self.take(watch.Ticked(down_for=timedelta(minutes=minutes)))

    @rule(reply=st.sampled_from(Reply))
    def they_answer(self, reply: Reply) -> None:
        self.now += timedelta(seconds=1)
        open_before = self.standing.cycle.state in watch.WATCHING
        done = self.take(watch.Answered(reply=reply))
        assert [e.act for e in done.effects][:3] == [Act.REPLY, Act.SEAL, Act.PAGE]
        if reply is Reply.DURESS and open_before:
            self.forced = True
            assert self.standing.alarm is not None

    @rule(pin=st.booleans(), duress=st.booleans(), minutes=st.integers(1, 120))
    def they_ask_for_time(self, pin: bool, duress: bool, minutes: int) -> None:  # noqa: FBT001
        self.now += timedelta(seconds=1)
        before = self.standing.cycle
        by = timedelta(minutes=minutes)
        self.take(watch.Extended(by=by, pin=pin, duress=duress))
        if not pin and not duress:
            assert self.standing.cycle == replace(before, acts=before.acts + 1)

    @rule(pin=st.booleans(), hours=st.integers(1, 72))
    @precondition(lambda self: self.standing.cycle.state not in ENDED)
    def they_ask_for_a_pause(self, pin: bool, hours: int) -> None:  # noqa: FBT001
        before = self.standing.cycle
        self.take(watch.PauseAsked(pin=pin, lasting=timedelta(hours=hours)))
        if not pin or before.state in watch.ESCALATED:
            assert self.standing.cycle == replace(before, acts=before.acts + 1)

    @rule()
    def a_coordinator_allows_a_pause(self) -> None:
        before = self.standing.cycle
        self.take(watch.PauseAllowed(by="ada"))
        if before.pause_wanted is None or before.state in watch.ESCALATED:
            assert self.standing.cycle == before

    @rule(pin=st.booleans())
    @precondition(lambda self: self.standing.cycle.state not in ENDED)
    def they_ask_for_the_end(self, pin: bool) -> None:  # noqa: FBT001
        before = self.standing.cycle
        self.take(watch.CancelAsked(pin=pin))
        if not pin or before.state in watch.ESCALATED:
            assert self.standing.cycle == replace(before, acts=before.acts + 1)

    @rule(what=st.sampled_from(["authorities", "publicity"]), by=st.sampled_from(["ada", "ben"]))
    def a_coordinator_wants_to_tell(self, what: str, by: str) -> None:
        self.take(watch.Approved(by=by, what=what))
        given = {who for told, who in self.standing.cycle.approvals if told == what}
        assert (f"approve:{what}:1" in self.keys) is (len(given) == 2)

    @rule()
    def the_channel_takes_nothing_any_more(self) -> None:
        state = self.standing.cycle.state
        self.take(watch.Unreachable())
        assert self.standing.cycle.state is state

    @rule(minutes=st.integers(1, 90))
    def the_region_is_silent(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        before = self.standing.cycle.state
        self.take(watch.Ticked(region_out=True))
        if self.plan.tier is Tier.ROUTINE and before not in watch.SILENT:
            assert self.standing.cycle.state not in watch.SILENT

    @rule()
    def a_coordinator_confirms(self) -> None:
        self.take(watch.Confirmed(by="ada"))

    @rule(alarm=st.booleans())
    def a_coordinator_acknowledges(self, alarm: bool) -> None:  # noqa: FBT001
        self.take(watch.Acknowledged(by="ada", alarm=alarm))

    @rule(word=st.booleans(), proof=st.booleans())
    @precondition(lambda self: self.standing.cycle.state in watch.ESCALATED)
    def a_coordinator_says_safe(self, word: bool, proof: bool) -> None:  # noqa: FBT001
        before = self.standing.cycle.state
        self.keys.discard("refused:ada")
        self.take(
            watch.StoodDown(by="ada", outcome=Outcome.SAFE, safe_word=word, proof_of_life=proof)
        )
        if before in watch.SILENT and not proof:
            assert self.standing.cycle.state is before

    @invariant()
    def whoever_is_watched_has_a_next_moment_or_a_human(self) -> None:
        if hasattr(self, "standing") and self.standing.cycle.state in watch.WATCHING:
            assert wake_at(self.plan, self.standing) is not None

    @invariant()
    def what_is_overdue_was_told_to_a_human(self) -> None:
        if not hasattr(self, "standing"):
            return
        cycle = self.standing.cycle
        overdue = self.now >= cycle.due_at + self.plan.timings.l1 + timedelta(hours=1)
        if overdue and cycle.state in watch.ESCALATED:
            assert self.told

    @invariant()
    def an_escalation_ends_by_a_human_only(self) -> None:
        if hasattr(self, "standing") and State.L2 in self.standing.cycle.reached:
            ended = self.standing.cycle.state is State.RESOLVED
            assert not ended or "all-clear" in self.keys


SLOW = [HealthCheck.too_slow]
Life.TestCase.settings = settings(
    max_examples=300, stateful_step_count=40, deadline=None, suppress_health_check=SLOW
)
TestLife = Life.TestCase


class ManyLives(Life):
    """The same for the long proof, counted."""

    taken = 0

    def take(self, event: watch.Event) -> Step:
        ManyLives.taken += 1
        return super().take(event)


ManyLives.TestCase.settings = settings(
    max_examples=40_000, stateful_step_count=50, deadline=None, suppress_health_check=SLOW,
    database=None,
)  # fmt: skip


@pytest.mark.prove
def test_a_million_transitions_break_no_promise() -> None:
    run_state_machine_as_test(ManyLives, settings=ManyLives.TestCase.settings)
    assert ManyLives.taken >= 1_000_000
