from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.alert_texts import faults
from bot.domain.broadcasts import (
    ENDED,
    TRANSITIONS,
    Act,
    Actor,
    Alert,
    Answer,
    Content,
    Outcome,
    Plan,
    Reason,
    Rules,
    Severity,
    State,
    adds_up,
    after,
    canary_failed,
    canary_size,
    kinds,
    needs_second,
    refusal,
    stands_over,
)
from bot.domain.ids import AlertId, LanguageTag

NOW = datetime(2031, 5, 4, 12, 0, tzinfo=UTC)
EN, ES = LanguageTag("en"), LanguageTag("es")
AUTHOR = Actor(id="author", roles=frozenset({"coordinator"}))
EDITOR = Actor(id="editor", roles=frozenset({"coordinator"}))
SECOND = Actor(id="second", roles=frozenset({"coordinator"}))
LEAD = Actor(id="lead", roles=frozenset({"lead"}))
OPERATOR = Actor(id="machine", roles=frozenset({"operator"}))
NOBODY = Actor(id="nobody", roles=frozenset())


def alert(state: State = State.DRAFT, **more: object) -> Alert:
    severity = more.pop("severity", Severity.AMBER)
    content = Content(
        severity=severity,  # type: ignore[arg-type]
        audience="everyone",
        texts={EN: "Stay inside."},
        fallback=EN,
        correction={EN: "All clear."},
    )
    plain = Alert(
        id=AlertId("a1"), reference="K7QF", state=state, version=3, drill=False, content=content,
        created_by="author", created_at=NOW, editors=frozenset({"editor"}), frozen=500,
    )  # fmt: skip
    return replace(plain, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("act", list(Act))
def test_nobody_without_a_role_that_answers_may_do_anything(state: State, act: Act) -> None:
    for who in (OPERATOR, NOBODY):
        assert refusal(alert(state), act, who) == "role"


@pytest.mark.parametrize("act", [Act.BEGIN, Act.WIDEN, Act.FINISH, Act.EMPTIED])
def test_what_the_house_does_nobody_can_ask_for(act: Act) -> None:
    for state in State:
        assert refusal(alert(state), act, LEAD) == "role"


def test_authors_cannot_approve_their_own_alert() -> None:
    waiting = alert(State.SUBMITTED, submitted_by="submitter")
    submitter = Actor(id="submitter", roles=frozenset({"lead"}))
    for who in (AUTHOR, EDITOR, submitter):
        assert refusal(waiting, Act.APPROVE, who, version=3) == "own-alert"
    assert refusal(waiting, Act.APPROVE, SECOND, version=3) is None


def test_red_needs_a_second_person_however_few_it_is_for() -> None:
    rules = Rules(alone_up_to=1_000)
    small = alert(State.SUBMITTED, frozen=2)
    red = replace(small, content=replace(small.content, severity=Severity.RED))
    assert refusal(small, Act.APPROVE, AUTHOR, version=3, rules=rules) is None
    assert refusal(red, Act.APPROVE, AUTHOR, version=3, rules=rules) == "own-alert"
    assert needs_second(replace(small, frozen=1_001), rules)


def test_approval_is_for_the_version_that_was_seen() -> None:
    assert refusal(alert(State.SUBMITTED), Act.APPROVE, SECOND, version=2) == "changed"


def test_after_it_was_frozen_nothing_can_be_changed() -> None:
    for state in set(State) - {State.DRAFT}:
        assert refusal(alert(state), Act.EDIT, LEAD) == "state"
        assert refusal(alert(state), Act.SUBMIT, LEAD) == "state"


def test_everybody_who_answers_can_stop_an_alert_but_not_let_it_go_on() -> None:
    for act in (Act.PAUSE, Act.ABORT):
        assert refusal(alert(State.SENDING), act, SECOND) is None
    paused = alert(State.PAUSED, paused_by="second")
    assert refusal(paused, Act.RESUME, AUTHOR) == "not-yours"
    assert refusal(paused, Act.RESUME, SECOND) is None
    assert refusal(paused, Act.RESUME, LEAD) is None


def test_what_the_house_paused_goes_on_by_a_lead_who_did_not_write_it() -> None:
    paused = alert(State.PAUSED, paused_for="canary")
    assert refusal(paused, Act.RESUME, SECOND) == "not-yours"
    assert refusal(replace(paused, created_by="lead"), Act.RESUME, LEAD) == "own-alert"
    assert refusal(paused, Act.RESUME, LEAD) is None


def test_a_correction_is_sent_once_and_only_when_it_was_approved_with_the_alert() -> None:
    done = alert(State.COMPLETE)
    assert refusal(done, Act.CORRECT, SECOND) is None
    assert refusal(replace(done, corrected=True), Act.CORRECT, SECOND) == "state"
    bare = replace(done, content=replace(done.content, correction={}))
    assert refusal(bare, Act.CORRECT, SECOND) == "no-text"
    assert refusal(alert(State.SENDING), Act.CORRECT, SECOND) == "state"


def test_every_state_can_be_reached_and_every_moving_one_can_be_left() -> None:
    reached, before = {State.DRAFT}, 0
    while len(reached) > before:
        before = len(reached)
        ways = [(at, to) for (at, _), found in TRANSITIONS.items() for to in found]
        reached |= {to for at, to in ways if at in reached}
    assert reached == set(State)
    for state in set(State) - ENDED:
        assert any(at is state for at, _ in TRANSITIONS), state


def test_no_way_leads_from_frozen_to_sending_past_an_approval() -> None:
    sending = {State.SCHEDULED, State.CANARY, State.SENDING}
    early = {State.DRAFT, State.SUBMITTED}
    ways = {act for (at, act), found in TRANSITIONS.items() if at in early and sending & set(found)}
    assert ways == {Act.APPROVE}
    assert after(alert(State.DRAFT), Act.APPROVE) is None


def test_the_canary_goes_first_unless_it_has_no_hold_or_was_well() -> None:
    ready = alert(State.SCHEDULED)
    assert after(ready, Act.BEGIN) is State.CANARY
    at_once = replace(ready, content=replace(ready.content, plan=Plan(hold=timedelta())))
    assert after(at_once, Act.BEGIN) is State.SENDING
    assert after(alert(State.PAUSED), Act.RESUME) is State.CANARY
    assert after(alert(State.PAUSED, widened=True), Act.RESUME) is State.SENDING


def test_one_in_a_hundred_goes_first_and_at_least_one() -> None:
    assert [canary_size(n) for n in (0, 1, 99, 100, 101, 10_000)] == [0, 1, 1, 1, 2, 100]


def test_a_canary_that_is_refused_stops_the_others() -> None:
    refused = {(Outcome.EXCLUDED, Reason.REFUSED.value): 30, (Outcome.DELIVERED, ""): 70}
    gone = {(Outcome.UNREACHABLE, ""): 90, (Outcome.DELIVERED, ""): 10}
    assert canary_failed(refused)
    assert not canary_failed(gone)
    assert not canary_failed({})


def test_rows_add_up_only_when_all_are_final_and_all_are_there() -> None:
    five = alert(State.SENDING, frozen=5)
    done = {(Outcome.DELIVERED, ""): 3, (Outcome.EXCLUDED, "silence"): 2}
    assert adds_up(five, done)
    assert not adds_up(five, {**done, (Outcome.EXPIRED, ""): 1})
    assert not adds_up(five, {(Outcome.DELIVERED, ""): 4})
    assert not adds_up(five, {(Outcome.DELIVERED, ""): 4, (Outcome.CLAIMED, ""): 1})


def test_later_takes_nothing_back() -> None:
    for old, new in itertools.product(Answer, Answer):
        kept = new is Answer.LATER and old in {Answer.SAFE, Answer.HELP}
        assert stands_over(old, new) is not kept


def test_somebody_who_stopped_drills_still_gets_alerts() -> None:
    real = alert()
    drill = replace(real, drill=True)
    assert "drill" not in kinds(real)
    assert "severity-amber" not in kinds(drill)


def test_a_translation_keeps_numbers_links_and_marks() -> None:
    source = "*Call* +1 555 0100 or see https://example.org/a."
    good = {EN: source, ES: "*Llama* al +1 555 0100 o mira https://example.org/a."}
    assert not faults(good, EN)
    for bad, code in (
        ("*Llama* al +1 555 0101 o mira https://example.org/a.", "numbers"),
        ("*Llama* al +1 555 0100 o mira https://example.org/b.", "links"),
        ("Llama al +1 555 0100 o mira https://example.org/a.", "markup"),
        ("  ", "empty"),
        ("*Llama* {nombre} +1 555 0100 https://example.org/a.", "placeholder"),
    ):
        assert code in {fault.code for fault in faults({EN: source, ES: bad}, EN)}


def test_a_number_in_another_languages_digits_is_the_same_number() -> None:
    arabic = LanguageTag("ar")
    assert not faults({EN: "Call 555 0100.", arabic: "اتصل بالرقم ٥٥٥ ٠١٠٠."}, EN)


def test_texts_without_the_fallback_are_refused() -> None:
    assert [fault.code for fault in faults({ES: "Hola"}, EN)] == ["fallback"]
    assert [fault.code for fault in faults({}, EN)] == ["missing"]
