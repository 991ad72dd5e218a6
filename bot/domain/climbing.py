"""What time does to a check-in: reminders, the ladder, pages that go to the next person.

Part of the transition table (`checkins`): pure, and total over every standing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain.watch import (
    ACK_WITHIN,
    CONFIRM_WITHIN,
    ESCALATED,
    OUTAGE,
    OWNER_REMINDED,
    SILENT,
    WATCHING,
    Act,
    Alarm,
    Cycle,
    Effect,
    Ladder,
    Plan,
    Standing,
    State,
    Ticked,
    Tier,
)

if TYPE_CHECKING:
    from datetime import datetime, timedelta


def wake_at(plan: Plan, standing: Standing) -> datetime | None:
    """Return the earliest moment at which time alone changes something."""
    cycle = standing.cycle
    moments = [at for at, _ in agenda(plan, cycle)]
    if cycle.ladder is not None and cycle.state in ESCALATED:
        moments.append(cycle.ladder.next_page)
    if cycle.state is State.PAUSED and cycle.resume_at is not None:
        moments.append(cycle.resume_at)
    if standing.alarm is not None:
        moments.append(standing.alarm.ladder.next_page)
        if not standing.alarm.pressed:
            moments.append(standing.alarm.decide_by)
    if standing.echo_at is not None:
        moments.append(standing.echo_at)
    return min(moments, default=None)


def agenda(plan: Plan, cycle: Cycle) -> list[tuple[datetime, str]]:
    """Return (moment, what) of rungs ahead of a cycle, in the order in which they are climbed."""
    if cycle.state not in WATCHING:
        return []
    timings, due = plan.timings, cycle.due_at
    ahead: list[tuple[datetime, str]] = []
    if cycle.state not in ESCALATED:
        rest = timings.reminders[cycle.reminded :]
        ahead += [(due + offset, "remind") for offset in rest if offset < timings.l1]
        ahead.append((due + timings.l1, "missed" if plan.canary else "l1"))
    if plan.canary:
        return ahead
    if plan.drill:
        # It shows how the ladder begins, and ends by itself before anybody else would be woken.
        return [*ahead, (due + timings.l2, "over")]
    if cycle.region_out and plan.tier is Tier.ROUTINE:
        # Everybody there is silent: coordinators know, and nobody else is woken (rule 9).
        return ahead
    held = cycle.held_until or due
    l2 = max(due + timings.l2, held)
    if cycle.state not in SILENT:
        if not cycle.confirm_asked:
            ahead.append((max(due + timings.l1, l2 - CONFIRM_WITHIN), "confirm"))
        ahead.append((l2, "l2"))
    if cycle.state is not State.L3:
        ahead.append((max(due + timings.l3, held, l2), "l3"))
    return ahead


def tick(
    plan: Plan, standing: Standing, event: Ticked, now: datetime
) -> tuple[Standing, list[Effect]]:
    """Do everything that is due now, rung after rung."""
    effects: list[Effect] = []
    cycle = standing.cycle
    if cycle.region_out is not event.region_out:
        cycle = replace(cycle, region_out=event.region_out)
    if event.down_for > OUTAGE:
        cycle, effects = _recover(plan, cycle, now)
    while due := [(at, what) for at, what in agenda(plan, cycle) if at <= now]:
        at, what = due[0]
        # Several reminders that were missed together are one question to the person.
        if what == "remind" and len(due) > 1 and due[1][1] == "remind":
            number = cycle.reminded + 1
            cycle = replace(cycle, reminded=number, state=_asked(number))
            continue
        cycle, done = _climb(plan, cycle, what, now, now - at)
        effects += done
    cycle, done = _nag(cycle, now)
    effects += done
    if cycle.state is State.PAUSED and cycle.resume_at is not None and cycle.resume_at <= now:
        cycle = replace(cycle, state=State.RESOLVED, resume_at=None)
        effects.append(Effect(act=Act.NEXT, key="next"))
    alarm, done = _press_on(plan, standing, now)
    effects += done
    echo = standing.echo_at
    if echo is not None and echo <= now:
        echo = None
    return replace(standing, cycle=cycle, alarm=alarm, echo_at=echo), effects


def unreachable(plan: Plan, standing: Standing) -> tuple[Standing, list[Effect]]:
    """The person cannot be asked: once due that is silence, so coordinators hear of it at once.

    Before the due time they hear of it too, but nothing is escalated: no alert before due + grace.
    """
    cycle = standing.cycle
    if cycle.state not in WATCHING or cycle.unreachable:
        return standing, []
    cycle = replace(cycle, unreachable=True)
    page = Effect(act=Act.PAGE, key="unreachable", code=labelled(plan, "unreachable"))
    return replace(standing, cycle=cycle), [page]


def level_two(
    plan: Plan, cycle: Cycle, now: datetime, late: timedelta
) -> tuple[Cycle, list[Effect]]:
    """Wake trusted contacts; from here on the bot is silent toward the chat."""
    cycle = replace(at_level(cycle, State.L2, now), confirm_asked=True)
    effects = [Effect(act=Act.PAGE, key="l2", code=labelled(plan, "l2"), late=late)]
    if plan.contacts and not plan.drill:
        effects.append(Effect(act=Act.CONTACTS, key="contacts", code=plan.tier, late=late))
    if plan.purge_when_silent:
        effects.append(Effect(act=Act.PURGE, key="purge"))
    return cycle, effects


def at_level(cycle: Cycle, state: State, now: datetime) -> Cycle:
    """Return a cycle that has just climbed to a level, with a new ladder of pages."""
    ladder = Ladder(since=now, next_page=now + ACK_WITHIN)
    return replace(cycle, state=state, ladder=ladder, reached=cycle.reached | {state})


def labelled(plan: Plan, code: str) -> str:
    """Return a code that says of a drill that it is one, wherever it is heard (rule 11)."""
    return f"drill-{code}" if plan.drill else code


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
            cycle = at_level(cycle, State.L1, now)
            return cycle, [
                Effect(act=Act.KEY, key="key"),
                Effect(act=Act.PAGE, key="l1", code=labelled(plan, "l1"), late=late),
            ]
        case "confirm":
            return replace(cycle, confirm_asked=True), [
                Effect(act=Act.CONFIRM, key="confirm", late=late)
            ]
        case "missed":
            # Nobody is looked for: the count of the region is all that a canary is for.
            return replace(cycle, state=State.RESOLVED), [
                Effect(act=Act.SEAL, key="l1"),
                Effect(act=Act.NEXT, key="next"),
            ]
        case "over":
            return replace(cycle, state=State.RESOLVED, ladder=None), [
                Effect(act=Act.ALL_CLEAR, key="all-clear"),
                Effect(act=Act.OVER, key="over"),
                Effect(act=Act.NEXT, key="next"),
            ]
        case "l2":
            return level_two(plan, cycle, now, late)
        case _:
            cycle = at_level(cycle, State.L3, now)
            order = "lawyer-first" if plan.lawyer_first else "plan"
            return cycle, [
                Effect(act=Act.PLAN, key="l3", code=labelled(plan, order), late=late),
                Effect(act=Act.PAGE, key="l3-page", code=labelled(plan, "l3"), late=late),
            ]


def _nag(cycle: Cycle, now: datetime) -> tuple[Cycle, list[Effect]]:
    """Page the next person while nobody answers; remind the owner while no outcome is written."""
    ladder = cycle.ladder
    if cycle.state not in ESCALATED or ladder is None or ladder.next_page > now:
        return cycle, []
    ladder, effect = _next_page(ladder, now, _since(cycle.state, ladder))
    return replace(cycle, ladder=ladder), [effect]


def _next_page(ladder: Ladder, now: datetime, what: str) -> tuple[Ladder, Effect]:
    number = ladder.pages + 1
    key = f"{what}:{number}"
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
        ladder, effect = _next_page(alarm.ladder, now, f"alarm-{alarm.cause}:{alarm.name}")
        alarm, effects = replace(alarm, ladder=ladder), [effect]
    if not alarm.pressed and alarm.decide_by <= now:
        alarm = replace(alarm, pressed=True)
        effects.append(Effect(act=Act.PAGE, key=f"decide:{alarm.name}", code="decide-now"))
        if plan.duress_wakes_contacts and plan.contacts and not plan.drill:
            effects.append(
                Effect(act=Act.CONTACTS, key=f"alarm-contacts:{alarm.name}", code="alarm")
            )
    return alarm, effects


def _since(state: State, ladder: Ladder) -> str:
    return f"{state}:{int(ladder.since.timestamp())}"


def _asked(number: int) -> State:
    return State.DUE if number <= 1 else State.GRACE
