"""Check-ins: one pure transition table, `(plan, standing, event, now) → step`.

Decides who is asked, who is woken and when; knows nothing of rows, channels, words or keys. Where
the protocol gives a number it stands in this file, with its rule.

Two things run side by side in a standing: the *cycle* that everybody sees, and the *alarm*, which a
duress word, a panic word or a cry for help raises. The cycle goes on after a duress word exactly as
after an OK, so that nobody who watches the chat can tell them apart.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from bot.domain.watch import (
    ACK_WITHIN,
    CONFIRM_WITHIN,
    DECIDE_WITHIN,
    ESCALATED,
    EXTENSION,
    EXTENSIONS,
    OUTAGE,
    OWNER_REMINDED,
    SILENT,
    WATCHING,
    WRONG_WORDS,
    Acknowledged,
    Act,
    Alarm,
    Answered,
    CancelAsked,
    Cause,
    Confirmed,
    Cycle,
    Effect,
    Event,
    Extended,
    HelpAsked,
    Ladder,
    Outcome,
    PauseAsked,
    Plan,
    Reply,
    Resumed,
    Standing,
    State,
    StoodDown,
    Ticked,
    Unreachable,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What an event led to."""

    standing: Standing
    effects: tuple[Effect, ...] = ()
    wake_at: datetime | None = None
    """When time alone changes something next; None only for states that a human must leave."""


def step(plan: Plan, standing: Standing, event: Event, now: datetime) -> Step:
    """Take one event. Total: an event that means nothing here changes nothing."""
    standing, effects = _take(plan, standing, event, now)
    return Step(standing=standing, effects=tuple(effects), wake_at=wake_at(plan, standing))


def _take(
    plan: Plan, standing: Standing, event: Event, now: datetime
) -> tuple[Standing, list[Effect]]:
    match event:
        case Ticked():
            return _tick(plan, standing, now, event.down_for)
        case Answered():
            return _answer(plan, standing, event.reply, now)
        case HelpAsked():
            return _raise(plan, standing, event.cause, now)
        case Extended():
            return _extend(plan, standing, event, now)
        case PauseAsked():
            return _pause(plan, standing, event)
        case CancelAsked():
            return _cancel(standing, event)
        case Unreachable():
            return _unreachable(plan, standing)
        case Acknowledged():
            return _acknowledge(standing, event, now)
        case Confirmed():
            return _confirm(plan, standing, now)
        case StoodDown():
            return _stand_down(plan, standing, event)
        case Resumed():
            return _resume(standing, event)
        case _ as never:
            assert_never(never)


def can_arm(plan: Plan) -> str | None:
    """Return why a plan cannot be armed, as a code, or None.

    With fewer than two coordinators on duty nobody is there to be woken: only T1, and only when a
    trusted contact accepted.
    """
    if plan.needs_word and not plan.has_safe_word:
        return "safe-word-missing"
    if plan.coordinators < 2 and plan.needs_word:  # noqa: PLR2004 - two, because one may sleep
        return "nobody-on-duty"
    if plan.coordinators < 2 and plan.contacts == 0:  # noqa: PLR2004
        return "no-contact"
    return None


def wake_at(plan: Plan, standing: Standing) -> datetime | None:
    """Return the earliest moment at which time alone changes something."""
    moments = [at for at, _ in _agenda(plan, standing.cycle)]
    ladder = standing.cycle.ladder
    if ladder is not None and standing.cycle.state in ESCALATED:
        moments.append(ladder.next_page)
    if standing.alarm is not None:
        moments.append(standing.alarm.ladder.next_page)
        if not standing.alarm.pressed:
            moments.append(standing.alarm.decide_by)
    return min(moments, default=None)


# -- time ----------------------------------------------------------------------------------------


def _agenda(plan: Plan, cycle: Cycle) -> list[tuple[datetime, str]]:
    """Return (moment, what) of rungs ahead of a cycle, in the order in which they are climbed."""
    if cycle.state not in WATCHING:
        return []
    timings, due = plan.timings, cycle.due_at
    ahead: list[tuple[datetime, str]] = []
    if cycle.state not in ESCALATED:
        rest = timings.reminders[cycle.reminded :]
        ahead += [(due + offset, "remind") for offset in rest if offset < timings.l1]
        ahead.append((due + timings.l1, "l1"))
    held = cycle.held_until or due
    l2 = max(due + timings.l2, held)
    if cycle.state not in SILENT:
        if not cycle.confirm_asked:
            ahead.append((max(due + timings.l1, l2 - CONFIRM_WITHIN), "confirm"))
        ahead.append((l2, "l2"))
    if cycle.state is not State.L3:
        ahead.append((max(due + timings.l3, held, l2), "l3"))
    return ahead


def _tick(
    plan: Plan, standing: Standing, now: datetime, down_for: timedelta
) -> tuple[Standing, list[Effect]]:
    effects: list[Effect] = []
    cycle = standing.cycle
    outage = down_for > OUTAGE
    if outage:
        cycle, asked = _recover(plan, cycle, now)
        effects += asked
    while True:
        ahead = _agenda(plan, cycle)
        due = [(at, what) for at, what in ahead if at <= now]
        if not due:
            break
        at, what = due[0]
        late = now - at
        # Several reminders that were missed together are one question to the person.
        if what == "remind" and len(due) > 1 and due[1][1] == "remind":
            cycle = replace(cycle, reminded=cycle.reminded + 1, state=_asked(cycle.reminded + 1))
            continue
        cycle, done = _climb(plan, cycle, what, now, late)
        effects += done
    cycle, done = _nag(cycle, now)
    effects += done
    standing = replace(standing, cycle=cycle)
    alarm, done = _press_on(plan, standing, now)
    return replace(standing, alarm=alarm), [*effects, *done]


def _recover(plan: Plan, cycle: Cycle, now: datetime) -> tuple[Cycle, list[Effect]]:
    """After our own outage: ask again now, and let L2 and later wait one interval (rule 10)."""
    overdue = cycle.state in WATCHING and cycle.due_at + plan.timings.l1 <= now
    if not overdue or cycle.state in SILENT:
        return cycle, []
    held = now + plan.timings.between
    if cycle.held_until is not None:
        held = min(held, max(cycle.held_until, now))
    cycle = replace(cycle, held_until=held, reminded=len(plan.timings.reminders))
    return cycle, [Effect(act=Act.REASK, key=f"reask:{int(now.timestamp())}")]


def _climb(
    plan: Plan, cycle: Cycle, what: str, now: datetime, late: timedelta
) -> tuple[Cycle, list[Effect]]:
    match what:
        case "remind":
            number = cycle.reminded + 1
            cycle = replace(cycle, reminded=number, state=_asked(number))
            key = f"remind:{cycle.extensions}:{number}"
            return cycle, [Effect(act=Act.REMIND, key=key, late=late)]
        case "l1":
            cycle = _at_level(cycle, State.L1, now)
            return cycle, [
                Effect(act=Act.KEY, key="key"),
                Effect(act=Act.PAGE, key="l1", code=_code(plan, "l1"), late=late),
            ]
        case "confirm":
            return replace(cycle, confirm_asked=True), [Effect(act=Act.CONFIRM, key="confirm")]
        case "l2":
            return _level_two(plan, cycle, now, late)
        case _:
            cycle = _at_level(cycle, State.L3, now)
            order = "lawyer-first" if plan.lawyer_first else "plan"
            return cycle, [
                Effect(act=Act.PLAN, key="l3", code=_code(plan, order), late=late),
                Effect(act=Act.PAGE, key="l3-page", code=_code(plan, "l3"), late=late),
            ]


def _level_two(
    plan: Plan, cycle: Cycle, now: datetime, late: timedelta
) -> tuple[Cycle, list[Effect]]:
    cycle = replace(_at_level(cycle, State.L2, now), confirm_asked=True)
    effects = [Effect(act=Act.PAGE, key="l2", code=_code(plan, "l2"), late=late)]
    if plan.contacts and not plan.drill:
        effects.append(Effect(act=Act.CONTACTS, key="contacts", code=plan.tier, late=late))
    if plan.purge_when_silent:
        effects.append(Effect(act=Act.PURGE, key="purge"))
    return cycle, effects


def _nag(cycle: Cycle, now: datetime) -> tuple[Cycle, list[Effect]]:
    """Page the next person while nobody answers; remind the owner while no outcome is written."""
    ladder = cycle.ladder
    if cycle.state not in ESCALATED or ladder is None or ladder.next_page > now:
        return cycle, []
    ladder, effect = _next_page(ladder, now, cycle.state)
    return replace(cycle, ladder=ladder), [effect]


def _next_page(ladder: Ladder, now: datetime, what: str) -> tuple[Ladder, Effect]:
    number = ladder.pages + 1
    key = f"{what}:{int(ladder.since.timestamp())}:{number}"
    if ladder.acknowledged_by is None:
        moved = replace(ladder, pages=number, next_page=now + ACK_WITHIN)
        return moved, Effect(act=Act.PAGE, key=key, code="next-person")
    moved = replace(ladder, pages=number, next_page=now + OWNER_REMINDED)
    return moved, Effect(act=Act.OWNER, key=key, code=ladder.acknowledged_by)


def _press_on(plan: Plan, standing: Standing, now: datetime) -> tuple[Alarm | None, list[Effect]]:
    """Keep an alarm climbing: next person, then a second call for the decision that is late."""
    alarm, effects = standing.alarm, []
    if alarm is None:
        return None, []
    if alarm.ladder.next_page <= now:
        ladder, effect = _next_page(alarm.ladder, now, f"alarm-{alarm.cause}")
        alarm, effects = replace(alarm, ladder=ladder), [effect]
    if not alarm.pressed and alarm.decide_by <= now:
        alarm = replace(alarm, pressed=True)
        since = int(alarm.ladder.since.timestamp())
        effects.append(Effect(act=Act.PAGE, key=f"decide:{since}", code="decide-now"))
        if plan.duress_wakes_contacts and plan.contacts and not plan.drill:
            effects.append(Effect(act=Act.CONTACTS, key=f"alarm-contacts:{since}", code="alarm"))
    return alarm, effects


# -- what people do ------------------------------------------------------------------------------


def _answer(
    plan: Plan, standing: Standing, reply: Reply, now: datetime
) -> tuple[Standing, list[Effect]]:
    """Every answer has the same three effects, whatever it means: reply, sealed event, page."""
    cycle = standing.cycle
    if reply is Reply.TAP and not plan.needs_word:
        reply = Reply.OK
    stamp = int(now.timestamp() * 1_000)
    if cycle.state not in WATCHING:
        return standing, _three(stamp, "ok", "nothing")
    if reply is Reply.TAP:
        return standing, _three(stamp, "word", "nothing")
    if reply is Reply.WRONG and cycle.wrong + 1 < WRONG_WORDS:
        cycle = replace(cycle, wrong=cycle.wrong + 1)
        return replace(standing, cycle=cycle), _three(stamp, "word", "nothing")
    cause = {Reply.DURESS: Cause.DURESS, Reply.WRONG: Cause.WRONG_WORDS}.get(reply)
    if cause is not None:
        standing = replace(standing, alarm=standing.alarm or _alarm(cause, now))
    page = cause or ("answered-late" if cycle.state in ESCALATED else "nothing")
    effects = _three(stamp, "ok", page)
    if cycle.state in SILENT:
        # An answer in the chat stands nothing down from here on; it is a fact for coordinators.
        return standing, effects
    if cycle.state is State.L1 and cause is None:
        effects += [
            Effect(act=Act.ALL_CLEAR, key="all-clear"),
            Effect(act=Act.LEARN, key="learn", code=Outcome.FALSE_ALARM),
        ]
    cycle = replace(cycle, state=State.RESOLVED, ladder=None)
    effects.append(Effect(act=Act.NEXT, key="next"))
    return replace(standing, cycle=cycle), effects


def _three(stamp: int, reply: str, page: str) -> list[Effect]:
    return [
        Effect(act=Act.REPLY, key=f"reply:{stamp}", code=reply),
        Effect(act=Act.SEAL, key=f"seal:{stamp}"),
        Effect(act=Act.PAGE, key=f"answer:{stamp}", code=page),
    ]


def _raise(
    plan: Plan, standing: Standing, cause: Cause, now: datetime
) -> tuple[Standing, list[Effect]]:
    stamp = int(now.timestamp() * 1_000)
    effects = _three(stamp, "ok", _code(plan, cause))
    if standing.alarm is not None:
        return standing, effects
    return replace(standing, alarm=_alarm(cause, now)), effects


def _alarm(cause: Cause, now: datetime) -> Alarm:
    ladder = Ladder(since=now, next_page=now + ACK_WITHIN)
    return Alarm(cause=cause, ladder=ladder, decide_by=now + DECIDE_WITHIN)


def _extend(
    plan: Plan, standing: Standing, event: Extended, now: datetime
) -> tuple[Standing, list[Effect]]:
    """More time: with the PIN, before anybody is woken, at most an hour and twice from T2 on."""
    cycle, stamp = standing.cycle, int(now.timestamp() * 1_000)
    if event.duress:
        standing = replace(standing, alarm=standing.alarm or _alarm(Cause.DURESS, now))
    allowed = (
        (event.pin or event.duress)
        and cycle.state in {State.ARMED, State.DUE, State.GRACE}
        and timedelta() < event.by
        and (not plan.needs_word or (event.by <= EXTENSION and cycle.extensions < EXTENSIONS))
    )
    page = Cause.DURESS.value if event.duress else "nothing"
    if not allowed:
        return standing, _three(stamp, "refused", page)
    cycle = replace(
        cycle,
        due_at=max(cycle.due_at, now) + event.by if plan.needs_word else cycle.due_at + event.by,
        extensions=cycle.extensions + 1,
        state=State.ARMED,
        reminded=0,
    )
    return replace(standing, cycle=cycle), _three(stamp, "ok", page)


def _pause(plan: Plan, standing: Standing, event: PauseAsked) -> tuple[Standing, list[Effect]]:
    cycle = standing.cycle
    allowed = event.pin and cycle.state in WATCHING - ESCALATED
    if not allowed or (plan.needs_word and not event.coordinator):
        return standing, [Effect(act=Act.REPLY, key=f"pause:{cycle.number}", code="refused")]
    cycle = replace(cycle, state=State.PAUSED)
    return replace(standing, cycle=cycle), [
        Effect(act=Act.REPLY, key=f"pause:{cycle.number}", code="ok")
    ]


def _cancel(standing: Standing, event: CancelAsked) -> tuple[Standing, list[Effect]]:
    cycle = standing.cycle
    open_states = (WATCHING - ESCALATED) | {State.PAUSED, State.DRAFT}
    if not event.pin or cycle.state not in open_states:
        return standing, [Effect(act=Act.REPLY, key=f"cancel:{cycle.number}", code="refused")]
    cycle = replace(cycle, state=State.CANCELLED)
    return replace(standing, cycle=cycle), [
        Effect(act=Act.REPLY, key=f"cancel:{cycle.number}", code="ok")
    ]


def _unreachable(plan: Plan, standing: Standing) -> tuple[Standing, list[Effect]]:
    """The person cannot be asked: once due that is silence, so coordinators hear of it at once.

    Before the due time they hear of it too, but nothing is escalated: no alert before due + grace.
    """
    cycle = standing.cycle
    if cycle.state not in WATCHING:
        return standing, []
    key = f"unreachable:{cycle.state}"
    return standing, [Effect(act=Act.PAGE, key=key, code=_code(plan, "unreachable"))]


def _acknowledge(
    standing: Standing, event: Acknowledged, now: datetime
) -> tuple[Standing, list[Effect]]:
    ladder = standing.alarm.ladder if event.alarm and standing.alarm else standing.cycle.ladder
    if ladder is None or ladder.acknowledged_by is not None:
        return standing, []
    ladder = replace(ladder, acknowledged_by=event.by, next_page=now + OWNER_REMINDED)
    if event.alarm and standing.alarm is not None:
        return replace(standing, alarm=replace(standing.alarm, ladder=ladder)), []
    return replace(standing, cycle=replace(standing.cycle, ladder=ladder)), []


def _confirm(plan: Plan, standing: Standing, now: datetime) -> tuple[Standing, list[Effect]]:
    """One coordinator's word wakes the contacts before the ten minutes are over."""
    if standing.cycle.state is not State.L1:
        return standing, []
    cycle, effects = _level_two(plan, standing.cycle, now, timedelta())
    return replace(standing, cycle=cycle), effects


def _stand_down(plan: Plan, standing: Standing, event: StoodDown) -> tuple[Standing, list[Effect]]:
    """Only a human ends an escalation; from L2 on only with safe word and proof of life (rule 4).

    Where the worst has happened there is no safe word to be had: incident and unknown need none.
    """
    if event.alarm:
        if standing.alarm is None:
            return standing, []
        since = int(standing.alarm.ladder.since.timestamp())
        done = Effect(act=Act.ALL_CLEAR, key=f"alarm-over:{since}", code=event.outcome)
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


def _resume(standing: Standing, event: Resumed) -> tuple[Standing, list[Effect]]:
    if standing.cycle.state is not State.PAUSED:
        return standing, []
    cycle = Cycle(number=standing.cycle.number + 1, due_at=event.due_at)
    return replace(standing, cycle=cycle), []


def _at_level(cycle: Cycle, state: State, now: datetime) -> Cycle:
    ladder = Ladder(since=now, next_page=now + ACK_WITHIN)
    return replace(cycle, state=state, ladder=ladder, reached=cycle.reached | {state})


def _asked(number: int) -> State:
    return State.DUE if number <= 1 else State.GRACE


def _code(plan: Plan, code: str) -> str:
    """A drill says that it is one wherever it is heard (rule 11)."""
    return f"drill-{code}" if plan.drill else code
