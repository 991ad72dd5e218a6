"""The transition table as a picture: found by asking it, never drawn by hand.

Walks every state that the table can reach with one plan of every tier, gives each of them every
kind of event, and writes down where that led.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.domain import watch
from bot.domain.checkins import step, wake_at
from bot.domain.watch import TIMINGS, Act, Cycle, Outcome, Plan, Reply, Standing, State, Tier

DUE = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
_DAY = timedelta(days=1)
_PATIENCE = 200
_NAMES = {
    State.ARMED: "armed", State.DUE: "due", State.GRACE: "grace", State.L1: "L1 coordinators",
    State.L2: "L2 contacts", State.L3: "L3 emergency plan", State.PAUSED: "paused",
    State.RESOLVED: "resolved", State.CANCELLED: "cancelled",
}  # fmt: skip

EVENTS: tuple[tuple[str, watch.Event], ...] = (
    ("OK", watch.Answered(reply=Reply.OK)),
    ("more time with PIN", watch.Extended(by=timedelta(minutes=30), pin=True)),
    ("pause with PIN", watch.PauseAsked(pin=True, lasting=_DAY)),
    ("coordinator allows the pause", watch.PauseAllowed(by="a")),
    ("end with PIN", watch.CancelAsked(pin=True)),
    ("coordinator confirms", watch.Confirmed(by="a")),
    ("safe and proven", watch.StoodDown(by="a", outcome=Outcome.SAFE, safe_word=True,
                                     proof_of_life=True)),
    ("incident", watch.StoodDown(by="a", outcome=Outcome.INCIDENT)),
)  # fmt: skip


def draw() -> str:
    """Return the diagram as Mermaid."""
    edges = _edges()
    lines = ["stateDiagram-v2"]
    lines += [f"    {state.value} : {name}" for state, name in _NAMES.items()]
    lines.append("    [*] --> armed")
    lines += [
        f"    {before.value} --> {after.value} : {' / '.join(sorted(labels))}"
        for (before, after), labels in sorted(edges.items())
    ]
    lines += ["    resolved --> armed : next slot", "    resolved --> [*]", "    cancelled --> [*]"]
    return "\n".join(lines)


def _edges() -> dict[tuple[State, State], set[str]]:
    found: dict[tuple[State, State], set[str]] = {}
    for tier in Tier:
        plan = Plan(tier=tier, timings=TIMINGS[tier], contacts=1, has_safe_word=True)
        wanted = [(Standing(cycle=Cycle(number=0, due_at=DUE)), DUE - timedelta(hours=1))]
        seen: set[tuple[State, bool]] = set()
        while wanted:
            standing, now = wanted.pop()
            here = _place(standing)
            if here in seen:
                continue
            seen.add(here)
            for label, after, at in [*_events(plan, standing, now), *_time(plan, standing, now)]:
                if after.cycle.state is not here[0] or label.startswith("more time"):
                    found.setdefault((here[0], after.cycle.state), set()).add(label)
                wanted.append((after, at))
    return found


def _place(standing: Standing) -> tuple[State, bool]:
    return standing.cycle.state, standing.cycle.pause_wanted is not None


def _events(plan: Plan, standing: Standing, now: datetime) -> list[tuple[str, Standing, datetime]]:
    """Return where each event leads that is not refused."""
    led = []
    for label, event in EVENTS:
        done = step(plan, standing, event, now)
        replies = [effect.code for effect in done.effects if effect.act is Act.REPLY]
        if (done.effects and "refused" not in replies) or _place(done.standing) != _place(standing):
            led.append((label, done.standing, now))
    return led


def _time(plan: Plan, standing: Standing, now: datetime) -> list[tuple[str, Standing, datetime]]:
    """Let time go by until the state changes, past pages and ticks that change nothing."""
    present = standing
    for _ in range(_PATIENCE):
        wake = wake_at(plan, present)
        if wake is None:
            break
        now = max(wake, now)
        present = step(plan, present, watch.Ticked(), now).standing
        if present.cycle.state is not standing.cycle.state:
            return [("time", present, now)]
    return []
