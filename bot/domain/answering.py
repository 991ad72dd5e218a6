"""What people do to a check-in: answers, more time, pauses, ends, and what coordinators decide.

Part of the transition table (`checkins`): pure, and total over every standing. Every act of the
person has the same three effects, whatever it means: one reply, one sealed event, one page.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.climbing import labelled, level_two
from bot.domain.watch import (
    ACK_WITHIN,
    DECIDE_WITHIN,
    EARLY,
    ESCALATED,
    EXTENSION,
    EXTENSIONS,
    FORCED,
    OWNER_REMINDED,
    PIN_TRIES,
    SILENT,
    WATCHING,
    WRONG_WORDS,
    Acknowledged,
    Act,
    Alarm,
    Approved,
    CancelAsked,
    Cause,
    Changed,
    Cycle,
    Effect,
    Extended,
    Ladder,
    Moved,
    Outcome,
    PauseAsked,
    Plan,
    Reply,
    Resumed,
    Standing,
    State,
    StoodDown,
)

if TYPE_CHECKING:
    from datetime import datetime

Taken = tuple[Standing, list[Effect]]


def answer(plan: Plan, standing: Standing, reply: Reply, now: datetime) -> Taken:
    """Take the answer to a check-in; duress goes on visibly exactly as an OK."""
    cycle = standing.cycle
    if reply is Reply.TAP and not plan.needs_word:
        reply = Reply.OK
    cause = {Reply.DURESS: Cause.DURESS, Reply.WRONG: Cause.WRONG_WORDS}.get(reply)
    if cycle.state not in WATCHING:
        if cause is Cause.DURESS:
            standing = _alarmed(standing, cause, now)
        return _acted(standing, now, "ok", "duress" if cause is Cause.DURESS else "nothing")
    if reply is Reply.TAP:
        return _acted(standing, now, "word", "nothing")
    if reply is Reply.WRONG and cycle.wrong + 1 < WRONG_WORDS:
        standing = replace(standing, cycle=replace(cycle, wrong=cycle.wrong + 1))
        return _acted(standing, now, "word", "nothing")
    if cause is not None:
        standing = _alarmed(standing, cause, now)
    if plan.repeats and cycle.state is State.ARMED and cycle.due_at - now > EARLY:
        # Too early to stand for the slot: it is thanked for, and the slot stays.
        return _acted(standing, now, "early", cause or "nothing")
    page = cause or ("answered-late" if cycle.state in ESCALATED else "nothing")
    standing, effects = _acted(standing, now, "ok", page)
    cycle = standing.cycle
    if cycle.state in SILENT:
        # An answer in the chat stands nothing down from here on; it is a fact for coordinators.
        return standing, effects
    if cycle.state is State.L1:
        # The ladder of silence is over in both cases: after a forced answer the alarm climbs
        # instead of it, and the chat asks just the same what the false alarm came from.
        effects.append(Effect(act=Act.ALL_CLEAR, key="all-clear"))
        if not plan.drill:
            code = FORCED if cause else Outcome.FALSE_ALARM
            effects.append(Effect(act=Act.LEARN, key="learn", code=code))
    cycle = replace(cycle, state=State.RESOLVED, ladder=None)
    effects.append(Effect(act=Act.NEXT, key="next"))
    return replace(standing, cycle=cycle), effects


def ask_for_help(plan: Plan, standing: Standing, cause: Cause, now: datetime) -> Taken:
    """Raise an alarm, openly or behind an innocent word."""
    return _acted(_alarmed(standing, cause, now), now, "ok", labelled(plan, cause))


def extend(plan: Plan, standing: Standing, event: Extended, now: datetime) -> Taken:
    """Give more time: with the PIN, before anybody is woken, an hour and twice at most from T2 on.

    Under the duress phrase it is given all the same, and is duress.
    """
    if not event.pin and not event.duress:
        return _wrong_pin(standing, now)
    cycle = standing.cycle
    if event.duress:
        standing = _alarmed(standing, Cause.DURESS, now)
    page = Cause.DURESS.value if event.duress else "nothing"
    allowed = (
        cycle.state in WATCHING - ESCALATED
        and timedelta() < event.by
        and (not plan.needs_word or (event.by <= EXTENSION and cycle.extensions < EXTENSIONS))
    )
    if not allowed:
        return _acted(standing, now, "refused", page)
    cycle = replace(
        cycle,
        due_at=max(cycle.due_at, now) + event.by if plan.needs_word else cycle.due_at + event.by,
        extensions=cycle.extensions + 1,
        state=State.ARMED,
        reminded=0,
    )
    return _acted(replace(standing, cycle=cycle, wrong_pins=0), now, "ok", page)


def pause(plan: Plan, standing: Standing, event: PauseAsked, now: datetime) -> Taken:
    """Watch nothing for a while: with the PIN, and from T2 on with a coordinator's word as well."""
    if not event.pin and not event.duress:
        return _wrong_pin(standing, now)
    cycle = standing.cycle
    if event.duress:
        standing = _alarmed(standing, Cause.DURESS, now)
    if cycle.state not in WATCHING - ESCALATED or event.lasting <= timedelta():
        return _acted(standing, now, "refused", Cause.DURESS if event.duress else "nothing")
    if plan.needs_word:
        cycle = replace(cycle, pause_wanted=event.lasting)
        reply, page = "waits", labelled(plan, "pause-asked")
    else:
        cycle = replace(cycle, state=State.PAUSED, resume_at=now + event.lasting)
        reply, page = "ok", "nothing"
    standing = replace(standing, cycle=cycle, wrong_pins=0)
    return _acted(standing, now, reply, Cause.DURESS if event.duress else page)


def allow_pause(standing: Standing, now: datetime) -> Taken:
    """Begin the pause that the person asked for, now that a coordinator agrees."""
    cycle = standing.cycle
    if cycle.pause_wanted is None or cycle.state not in WATCHING - ESCALATED:
        return standing, []
    cycle = replace(
        cycle, state=State.PAUSED, resume_at=now + cycle.pause_wanted, pause_wanted=None
    )
    return replace(standing, cycle=cycle), []


def cancel(standing: Standing, event: CancelAsked, now: datetime) -> Taken:
    """End it: with the PIN, before anybody is woken."""
    if not event.pin and not event.duress:
        return _wrong_pin(standing, now)
    cycle = standing.cycle
    if event.duress:
        standing = _alarmed(standing, Cause.DURESS, now)
    page = Cause.DURESS.value if event.duress else "nothing"
    if cycle.state not in (WATCHING - ESCALATED) | {State.PAUSED, State.DRAFT}:
        return _acted(standing, now, "refused", page)
    cycle = replace(cycle, state=State.CANCELLED, ladder=None)
    return _acted(replace(standing, cycle=cycle, wrong_pins=0), now, "ok", page)


def change(standing: Standing, event: Changed, now: datetime) -> Taken:
    """Loosen what was agreed, which whoever writes it down does: with the PIN."""
    if not event.pin and not event.duress:
        return _wrong_pin(standing, now)
    if event.duress:
        return _acted(_alarmed(standing, Cause.DURESS, now), now, "ok", Cause.DURESS)
    return _acted(replace(standing, wrong_pins=0), now, "ok", "nothing")


def acknowledge(standing: Standing, event: Acknowledged, now: datetime) -> Taken:
    """Somebody who was paged answers for it from now on."""
    ladder = standing.alarm.ladder if event.alarm and standing.alarm else standing.cycle.ladder
    if ladder is None or ladder.acknowledged_by is not None:
        return standing, []
    ladder = replace(ladder, acknowledged_by=event.by, next_page=now + OWNER_REMINDED)
    if event.alarm and standing.alarm is not None:
        return replace(standing, alarm=replace(standing.alarm, ladder=ladder)), []
    return replace(standing, cycle=replace(standing.cycle, ladder=ladder)), []


def confirm(plan: Plan, standing: Standing, now: datetime) -> Taken:
    """One coordinator's word wakes the contacts before the ten minutes are over."""
    if standing.cycle.state is not State.L1:
        return standing, []
    cycle, effects = level_two(plan, standing.cycle, now, timedelta())
    return replace(standing, cycle=cycle), effects


def approve(standing: Standing, event: Approved) -> Taken:
    """Authorities and publicity: the second of two different coordinators decides (rule 3)."""
    cycle = standing.cycle
    given = [by for what, by in cycle.approvals if what == event.what]
    if cycle.state not in ESCALATED or event.by in given or len(given) > 1:
        return standing, []
    cycle = replace(cycle, approvals=(*cycle.approvals, (event.what, event.by)))
    code = f"{event.what}-{'approved' if given else 'asked'}"
    page = Effect(act=Act.PAGE, key=f"approve:{event.what}:{len(given)}", code=code)
    return replace(standing, cycle=cycle), [page]


def stand_down(plan: Plan, standing: Standing, event: StoodDown) -> Taken:
    """Only a human ends an escalation; from L2 on only with safe word and proof of life (rule 4).

    Where the worst has happened there is no safe word to be had: incident and unknown need none.
    """
    if event.alarm:
        if standing.alarm is None:
            return standing, []
        key = f"alarm-over:{standing.alarm.name}"
        done = Effect(act=Act.ALL_CLEAR, key=key, code=event.outcome)
        return replace(standing, alarm=None), [done]
    cycle = standing.cycle
    if cycle.state not in ESCALATED:
        return standing, []
    claims_safe = event.outcome in {Outcome.SAFE, Outcome.FALSE_ALARM}
    proven = (event.safe_word or not plan.has_safe_word) and event.proof_of_life
    if cycle.state in SILENT and claims_safe and not proven:
        return standing, [Effect(act=Act.OWNER, key=f"refused:{event.by}", code="proof-missing")]
    cycle = replace(cycle, state=State.RESOLVED, ladder=None)
    effects = [Effect(act=Act.ALL_CLEAR, key="all-clear", code=event.outcome)]
    if event.outcome is Outcome.FALSE_ALARM:
        effects.append(Effect(act=Act.LEARN, key="learn", code=event.outcome))
    if claims_safe:
        effects.append(Effect(act=Act.NEXT, key="next"))
    return replace(standing, cycle=cycle), effects


def resume(standing: Standing, event: Resumed) -> Taken:
    """End a pause before its time."""
    if standing.cycle.state is not State.PAUSED:
        return standing, []
    cycle = Cycle(number=standing.cycle.number + 1, due_at=event.due_at)
    return replace(standing, cycle=cycle), []


def move(standing: Standing, event: Moved) -> Taken:
    """Follow the clock on the wall; a cycle that was asked about already stays where it is."""
    cycle = standing.cycle
    if cycle.state is not State.ARMED or cycle.extensions:
        return standing, []
    return replace(standing, cycle=replace(cycle, due_at=event.due_at)), []


def _acted(standing: Standing, now: datetime, reply: str, page: str) -> Taken:
    """Give the three effects of every act, and the tick that follows it whatever it meant."""
    number = standing.cycle.acts + 1
    cycle = replace(standing.cycle, acts=number)
    standing = replace(standing, cycle=cycle, echo_at=now + ACK_WITHIN)
    return standing, [
        Effect(act=Act.REPLY, key=f"reply:{number}", code=reply),
        Effect(act=Act.SEAL, key=f"seal:{number}"),
        Effect(act=Act.PAGE, key=f"act:{number}", code=page),
    ]


def _alarmed(standing: Standing, cause: Cause, now: datetime) -> Standing:
    if standing.alarm is not None:
        return standing
    ladder = Ladder(since=now, next_page=now + ACK_WITHIN)
    raised = Alarm(
        cause=cause, ladder=ladder, decide_by=now + DECIDE_WITHIN, act=standing.cycle.acts + 1
    )
    return replace(standing, alarm=raised)


def _wrong_pin(standing: Standing, now: datetime) -> Taken:
    """Refuse a wrong PIN; after five nothing is refused any more, nor done, and humans hear of it.

    Whoever tries PINs learns nothing from then on.
    """
    wrong = standing.wrong_pins + 1
    standing = replace(standing, wrong_pins=wrong)
    if wrong < PIN_TRIES:
        return _acted(standing, now, "refused", "nothing")
    return _acted(_alarmed(standing, Cause.WRONG_WORDS, now), now, "ok", Cause.WRONG_WORDS)
