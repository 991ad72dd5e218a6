from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.checkins import Step, can_arm, step
from bot.domain.watch import (
    TIMINGS,
    Acknowledged,
    Act,
    Answered,
    Approved,
    CancelAsked,
    Cause,
    Confirmed,
    Cycle,
    Event,
    Extended,
    Moved,
    Outcome,
    PauseAllowed,
    PauseAsked,
    Plan,
    Reply,
    Standing,
    State,
    StoodDown,
    Ticked,
    Tier,
    Unreachable,
)

DUE = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def plan(tier: Tier = Tier.HIGH_RISK, **more: object) -> Plan:
    settings = {"contacts": 2, "has_safe_word": True, **more}
    return Plan(tier=tier, timings=TIMINGS[tier], **settings)  # type: ignore[arg-type]


def armed() -> Standing:
    return Standing(cycle=Cycle(number=1, due_at=DUE))


def tick(of: Plan, standing: Standing, minutes: float, down: timedelta = timedelta()) -> Step:
    return step(of, standing, Ticked(down_for=down), DUE + minutes * MINUTE)


def acts(result: Step) -> list[Act]:
    return [effect.act for effect in result.effects]


def climb(of: Plan, *minutes: float) -> tuple[Standing, list[tuple[float, Act]]]:
    standing, seen = armed(), []
    for minute in minutes:
        result = tick(of, standing, minute)
        standing = result.standing
        seen += [(minute, act) for act in acts(result)]
    return standing, seen


@pytest.mark.parametrize("tier", list(Tier))
def test_silence_climbs_every_rung_at_its_time_and_once(tier: Tier) -> None:
    of, timings = plan(tier), TIMINGS[tier]
    standing, seen = armed(), []
    now = DUE - timedelta(hours=1)
    while now <= DUE + timings.l3:
        result = step(of, standing, Ticked(), now)
        standing = result.standing
        seen += [(now - DUE, effect.key) for effect in result.effects]
        now += MINUTE
    at = {key: offset for offset, key in seen}
    assert len(at) == len(seen)
    for number, offset in enumerate(timings.reminders, 1):
        assert at[f"remind:0:{number}"] == offset
    assert (at["l1"], at["l2"], at["l3"]) == (timings.l1, timings.l2, timings.l3)
    assert standing.cycle.state is State.L3


def test_nobody_is_woken_before_due_and_grace() -> None:
    standing, seen = climb(plan(), *[minute / 2 for minute in range(-10, 30)])
    assert {act for _, act in seen} == {Act.REMIND}
    assert standing.cycle.state is State.GRACE


def test_contacts_are_woken_without_confirmation_after_ten_minutes() -> None:
    _, seen = climb(plan(), 15, 20, 30)
    assert (20, Act.CONFIRM) in seen
    assert (30, Act.CONTACTS) in seen


def test_a_confirmation_wakes_contacts_at_once() -> None:
    of = plan()
    standing = tick(of, armed(), 15).standing
    result = step(of, standing, Confirmed(by="ada"), DUE + 16 * MINUTE)
    assert Act.CONTACTS in acts(result)
    assert result.standing.cycle.state is State.L2


def test_a_page_goes_to_the_next_person_until_somebody_answers() -> None:
    of = plan(Tier.ROUTINE)
    standing = tick(of, armed(), 120).standing
    result = tick(of, standing, 130)
    assert result.effects[0].code == "next-person"
    standing = step(of, result.standing, Acknowledged(by="ada"), DUE + 131 * MINUTE).standing
    assert tick(of, standing, 145).effects == ()
    assert tick(of, standing, 200).effects[0].act is Act.OWNER


def test_ok_and_duress_look_the_same_toward_the_chat() -> None:
    of = plan()
    standing = tick(of, armed(), 0).standing
    at = DUE + 3 * MINUTE
    fine = step(of, standing, Answered(reply=Reply.OK), at)
    forced = step(of, standing, Answered(reply=Reply.DURESS), at)
    assert [(e.act, e.key) for e in fine.effects] == [(e.act, e.key) for e in forced.effects]
    assert fine.standing.cycle == forced.standing.cycle
    assert fine.effects[0] == forced.effects[0]
    assert fine.standing.alarm is None
    assert forced.standing.alarm is not None
    assert forced.effects[2].code == Cause.DURESS


def test_a_tap_without_the_safe_word_is_not_an_ok_where_one_was_agreed() -> None:
    standing = tick(plan(), armed(), 0).standing
    result = step(plan(), standing, Answered(reply=Reply.TAP), DUE + MINUTE)
    assert result.standing.cycle.state is State.DUE
    assert result.effects[0].code == "word"


def test_the_wrong_word_twice_reads_ok_and_tells_coordinators() -> None:
    of = plan()
    standing = tick(of, armed(), 0).standing
    standing = step(of, standing, Answered(reply=Reply.WRONG), DUE + MINUTE).standing
    result = step(of, standing, Answered(reply=Reply.WRONG), DUE + 2 * MINUTE)
    assert result.effects[0].code == "ok"
    assert result.standing.alarm is not None
    assert result.standing.alarm.cause is Cause.WRONG_WORDS


def test_a_late_reply_after_l1_still_closes_the_check_in() -> None:
    of = plan(Tier.ROUTINE)
    standing = tick(of, armed(), 121).standing
    result = step(of, standing, Answered(reply=Reply.TAP), DUE + 125 * MINUTE)
    assert result.standing.cycle.state is State.RESOLVED
    assert Act.ALL_CLEAR in acts(result)


def test_after_l2_no_answer_in_the_chat_stands_anything_down() -> None:
    of = plan()
    standing, _ = climb(of, 15, 20, 30)
    result = step(of, standing, Answered(reply=Reply.OK), DUE + 31 * MINUTE)
    assert result.standing.cycle.state is State.L2
    assert Act.NEXT not in acts(result)


def test_standing_down_after_l2_needs_word_and_proof_of_life() -> None:
    of = plan()
    standing, _ = climb(of, 15, 20, 30)
    now = DUE + 40 * MINUTE
    claim = StoodDown(by="ada", outcome=Outcome.SAFE, safe_word=True)
    assert step(of, standing, claim, now).standing.cycle.state is State.L2
    proven = StoodDown(by="ada", outcome=Outcome.SAFE, safe_word=True, proof_of_life=True)
    result = step(of, standing, proven, now)
    assert result.standing.cycle.state is State.RESOLVED
    assert Act.ALL_CLEAR in acts(result)


def test_after_our_outage_l1_fires_at_once_and_l2_waits_one_interval() -> None:
    of = plan()
    result = tick(of, armed(), 45, down=timedelta(minutes=50))
    assert acts(result)[0] is Act.REASK
    keys = {effect.key: effect for effect in result.effects}
    assert "l1" in keys
    assert keys["l1"].late == 30 * MINUTE
    assert "l2" not in keys
    after = tick(of, result.standing, 50)
    assert "l2" in {effect.key for effect in after.effects}


def test_after_an_outage_a_person_who_was_silent_at_l2_is_not_asked_again() -> None:
    of = plan()
    standing, _ = climb(of, 15, 20, 30)
    result = tick(of, standing, 100, down=timedelta(minutes=60))
    assert Act.REASK not in acts(result)
    assert Act.PLAN in acts(result)


def test_time_is_given_twice_for_an_hour_and_only_with_the_pin() -> None:
    of, standing = plan(), armed()
    for expected in ("ok", "ok", "refused"):
        result = step(of, standing, Extended(by=timedelta(hours=1), pin=True), DUE - MINUTE)
        standing = result.standing
        assert result.effects[0].code == expected


@pytest.mark.parametrize(
    "event",
    [
        PauseAsked(pin=False, lasting=DAY),
        CancelAsked(pin=False),
        Extended(by=MINUTE, pin=False),
    ],
)
def test_without_the_pin_nothing_that_protects_can_be_taken_away(event: Event) -> None:
    standing = armed()
    for attempt in range(1, 9):
        result = step(plan(), standing, event, DUE)
        standing = result.standing
        assert standing.cycle.state is State.ARMED
        assert (standing.cycle.due_at, standing.cycle.resume_at) == (DUE, None)
        # From the fifth on everything looks accepted, and coordinators know.
        assert result.effects[0].code == ("refused" if attempt < 5 else "ok")
        assert (standing.alarm is not None) is (attempt >= 5)


@pytest.mark.parametrize(
    ("right", "forced"),
    [
        (PauseAsked(pin=True, lasting=DAY), PauseAsked(pin=False, lasting=DAY, duress=True)),
        (CancelAsked(pin=True), CancelAsked(pin=False, duress=True)),
        (Extended(by=MINUTE, pin=True), Extended(by=MINUTE, pin=False, duress=True)),
        (Answered(reply=Reply.OK), Answered(reply=Reply.DURESS)),
    ],
)
@pytest.mark.parametrize("tier", list(Tier))
@pytest.mark.parametrize("minute", [-200, -3, 2, 14, 16, 45, 500])
def test_whatever_is_done_under_duress_looks_as_if_it_were_free(
    right: Event, forced: Event, tier: Tier, minute: int
) -> None:
    of, standing, at = plan(tier), armed(), DUE + minute * MINUTE
    for moment in range(-200, minute):
        standing = step(of, standing, Ticked(), DUE + moment * MINUTE).standing
    free, bound = step(of, standing, right, at), step(of, standing, forced, at)
    hidden = {Act.PAGE, Act.LEARN}
    assert [(e.act, e.key, "" if e.act in hidden else e.code) for e in free.effects] == [
        (e.act, e.key, "" if e.act in hidden else e.code) for e in bound.effects
    ]
    assert bound.standing.alarm is not None
    assert free.standing.cycle == bound.standing.cycle
    assert free.standing.echo_at == bound.standing.echo_at


def test_the_hour_of_the_next_timer_is_the_same_after_ok_and_duress() -> None:
    of, at = plan(), DUE + 3 * MINUTE
    standing = tick(of, armed(), 0).standing
    fine = step(of, standing, Answered(reply=Reply.OK), at)
    forced = step(of, standing, Answered(reply=Reply.DURESS), at)
    assert fine.wake_at == forced.wake_at == at + 10 * MINUTE


def test_a_pause_from_t2_on_waits_for_a_coordinator_and_ends_by_itself() -> None:
    of = plan()
    asked = step(of, armed(), PauseAsked(pin=True, lasting=DAY), DUE - MINUTE)
    assert asked.standing.cycle.state is State.ARMED
    assert asked.effects[0].code == "waits"
    assert asked.effects[2].code == "pause-asked"
    paused = step(of, asked.standing, PauseAllowed(by="ada"), DUE)
    assert paused.standing.cycle.state is State.PAUSED
    over = step(of, paused.standing, Ticked(), DUE + DAY)
    assert Act.NEXT in acts(over)


def test_a_pause_that_nobody_asked_for_cannot_be_allowed() -> None:
    assert step(plan(), armed(), PauseAllowed(by="ada"), DUE).standing == armed()


def test_authorities_and_publicity_need_two_different_coordinators() -> None:
    of = plan()
    standing = tick(of, armed(), 15).standing
    codes = []
    for by in ("ada", "ada", "ben", "cyd"):
        result = step(of, standing, Approved(by=by, what="authorities"), DUE + 16 * MINUTE)
        standing = result.standing
        codes += [effect.code for effect in result.effects]
    assert codes == ["authorities-asked", "authorities-approved"]
    assert step(of, armed(), Approved(by="ada", what="publicity"), DUE).effects == ()


def test_where_a_whole_region_is_silent_routine_check_ins_stay_with_coordinators() -> None:
    for tier, climbs in ((Tier.ROUTINE, False), (Tier.HIGH_RISK, True), (Tier.CUSTODY, True)):
        of, standing, seen = plan(tier), armed(), set()
        for minute in range(0, 24 * 60, 5):
            result = step(of, standing, Ticked(region_out=True), DUE + minute * MINUTE)
            standing = result.standing
            seen |= {effect.key for effect in result.effects}
            assert result.wake_at is not None
        assert "l1" in seen
        assert ("l2" in seen) is climbs
        back = step(of, standing, Ticked(), DUE + 25 * 60 * MINUTE)
        assert ("l2" in {effect.key for effect in back.effects}) is not climbs


def test_a_channel_that_takes_nothing_is_told_to_coordinators_once() -> None:
    first = step(plan(), armed(), Unreachable(), DUE - MINUTE)
    assert [effect.code for effect in first.effects] == ["unreachable"]
    assert first.standing.cycle.state is State.ARMED
    assert step(plan(), first.standing, Unreachable(), DUE).effects == ()


def test_an_answer_long_before_its_time_does_not_stand_for_the_slot() -> None:
    of = plan(Tier.ROUTINE)
    result = step(of, armed(), Answered(reply=Reply.OK), DUE - timedelta(hours=20))
    assert result.standing.cycle.state is State.ARMED
    assert result.effects[0].code == "early"
    trip = plan(repeats=False)
    arrived = step(trip, armed(), Answered(reply=Reply.OK), DUE - timedelta(hours=20))
    assert arrived.standing.cycle.state is State.RESOLVED


def test_a_slot_follows_the_wall_clock_until_it_was_asked_about() -> None:
    later = DUE + timedelta(hours=1)
    assert step(plan(), armed(), Moved(due_at=later), DUE - DAY).standing.cycle.due_at == later
    asked = tick(plan(), armed(), 0).standing
    assert step(plan(), asked, Moved(due_at=later), DUE).standing == asked


def test_a_drill_says_so_to_everybody_and_wakes_no_contact() -> None:
    _, seen = climb(plan(drill=True), *range(0, 200, 5))
    assert Act.CONTACTS not in {act for _, act in seen}
    standing, codes = armed(), set()
    for minute in range(0, 200, 5):
        result = tick(plan(drill=True), standing, minute)
        standing = result.standing
        codes |= {effect.code for effect in result.effects if effect.act in {Act.PAGE, Act.PLAN}}
    # It shows how the ladder begins, and ends by itself before anybody outside would be woken.
    assert codes - {"next-person"} == {"drill-l1"}
    assert standing.cycle.state is State.RESOLVED


def test_nothing_is_armed_that_nobody_would_hear() -> None:
    assert can_arm(plan(coordinators=1)) == "nobody-on-duty"
    assert can_arm(plan(has_safe_word=False)) == "safe-word-missing"
    assert can_arm(plan(Tier.ROUTINE, coordinators=0, contacts=0)) == "no-contact"
    assert can_arm(plan(Tier.ROUTINE, coordinators=0, contacts=1)) is None
    assert can_arm(plan(Tier.ROUTINE), has_pin=False) == "pin-missing"


def test_an_alarm_calls_for_a_decision_within_fifteen_minutes() -> None:
    of = plan(Tier.ROUTINE)
    standing = tick(of, armed(), 0).standing
    standing = step(of, standing, Answered(reply=Reply.DURESS), DUE + MINUTE).standing
    result = tick(of, standing, 17)
    assert "decide-now" in {effect.code for effect in result.effects}
    over = StoodDown(by="ada", outcome=Outcome.INCIDENT, alarm=True)
    assert step(of, result.standing, over, DUE + 20 * MINUTE).standing.alarm is None
