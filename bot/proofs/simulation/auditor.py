"""Judges a simulation: what had to happen, worked out from slots and the protocol's numbers alone.

Shares no code with the transition table. Reads what was written (each event once, by its key) and
counts what was delivered, so that a rung that came twice, too early, too late or never is found.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.domain.recurrence import slot, upcoming
from bot.domain.watch import FORCED

if TYPE_CHECKING:
    from bot.domain.ids import PersonId, PlanId
    from bot.proofs.simulation.lives import Life
    from bot.services.check_in_ports import PlanEvent

SLACK = timedelta(seconds=60)
"""Lateness to L1 that the protocol allows beyond an outage."""

ASKED, WOKEN = "How are you?", "*Somebody who trusts you"
_PAGES = ("page", "confirm", "owner", "plan")


@dataclass(slots=True, kw_only=True)
class Round:
    """One cycle as it had to go."""

    number: int
    due: datetime
    life: Life
    levels: set[str] = field(default_factory=set)
    heard_of: bool = False
    """Some human answered a page of it."""


@dataclass(slots=True, kw_only=True)
class Auditor:
    """Everything that is counted."""

    rounds: dict[PlanId, Round] = field(default_factory=dict)
    absences: list[tuple[datetime, datetime]] = field(default_factory=list)
    pages_written: Counter[str] = field(default_factory=Counter)
    pages_delivered: Counter[str] = field(default_factory=Counter)
    asks_written: Counter[str] = field(default_factory=Counter)
    asks_delivered: Counter[str] = field(default_factory=Counter)
    wakes_written: Counter[str] = field(default_factory=Counter)
    wakes_delivered: int = 0
    persons: dict[PlanId, PersonId] = field(default_factory=dict)
    late: list[float] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    cycles: int = 0
    missed: Counter[str] = field(default_factory=Counter)
    """By what never came: `rung`, `page`, `duress`."""
    duplicates: int = 0
    early: int = 0
    too_late: int = 0
    escalations: int = 0
    false_alarms: int = 0
    silence_broken: int = 0
    forced: int = 0
    forced_told: int = 0
    out_of_step: int = 0
    refused: int = 0
    events: int = 0
    deaths: int = 0

    def expect(self, plan: PlanId, life: Life, after: datetime) -> tuple[int, datetime] | None:
        """Work out the next slot of a plan; return the cycle's number and when it is due."""
        found = upcoming(life.rhythm, life.zone, after)
        if found is None:
            return None
        due = slot(life.rhythm, found[0], life.zone)
        before = self.rounds.get(plan)
        number = before.number + 1 if before else 0
        if due is None:
            return None
        self.rounds[plan] = Round(number=number, due=due, life=life)
        self.cycles += 1
        return number, due

    def due(self, plan: PlanId) -> datetime:
        """Return when the present cycle of a plan is due."""
        return self.rounds[plan].due

    def open(self, plan: PlanId, number: int) -> bool:
        """Tell whether a cycle is still the present one."""
        return self.rounds[plan].number == number

    def away(self, start: datetime, end: datetime) -> None:
        """Note that nobody was there."""
        self.absences.append((start, end))

    def human(self, plan: PlanId, at: datetime) -> None:
        """Note that a human answered, the first time in a cycle."""
        found = self.rounds[plan]
        if not found.heard_of:
            found.heard_of = True
            self.waited.append((at - found.due).total_seconds() / 60)

    def read(self, event: PlanEvent) -> str:
        """Judge one event; return `over`, `paged` or `alarm` when people are to act on it."""
        self.events += 1
        found = self.rounds[event.plan]
        act, code, _late = event.code.split(":", maxsplit=2)
        if event.cycle != found.number:
            self.out_of_step += 1
            return ""
        self._count(event.plan, act, code)
        timings = found.life.plan.timings
        if event.key in {"l1", "l2", "l3"}:
            found.levels.add(event.key)
            earliest = found.due + {"l1": timings.l1, "l2": timings.l2, "l3": timings.l3}[event.key]
            self.early += event.at < earliest
        if event.key == "l1":
            self.escalations += 1
            lateness = event.at - self._returned(found.due + timings.l1)
            self.late.append(lateness.total_seconds())
            self.too_late += lateness > SLACK
        if event.key == "learn" and code != FORCED:
            self.false_alarms += 1
        if event.key == "next":
            self._ended(found, event.at)
            return "over"
        if act == "page" and code in {"duress", "wrong-words"}:
            self.forced_told += code == "duress"
            return "alarm"
        paged = act == "page" and code in {"l1", "l2", "l3", "next-person"}
        return ("alarm" if event.key.startswith("alarm-") else "paged") if paged else ""

    def delivered(self, person: PersonId, text: str, *, to_duty: bool) -> None:
        """Count one message that arrived."""
        if to_duty:
            self.pages_delivered[text.split("|", maxsplit=1)[0][:16]] += 1
        elif text == ASKED:
            self.asks_delivered[person] += 1
            self.silence_broken += any(
                self.persons.get(plan) == person and found.levels & {"l2", "l3"}
                for plan, found in self._of(person)
            )
        elif text.startswith(WOKEN):
            self.wakes_delivered += 1

    def close(self, now: datetime) -> None:
        """Judge what is still open, and whether everything written arrived once."""
        for found in self.rounds.values():
            self._must_have_come(found, now)
        for plan in set(self.pages_written) | set(self.pages_delivered):
            more = self.pages_delivered[plan] - self.pages_written[plan]
            self.duplicates += max(more, 0)
            self.missed["page"] += max(-more, 0)
        for person in self.asks_delivered:
            self.duplicates += max(self.asks_delivered[person] - self.asks_written[person], 0)
        self.duplicates += max(self.wakes_delivered - sum(self.wakes_written.values()), 0)
        self.missed["duress"] += max(self.forced - self.forced_told, 0)

    def figures(self) -> dict[str, Any]:
        """Return what was found."""
        late, waited = sorted(self.late), sorted(self.waited)
        return {
            "missed": self.missed.total(),
            "missed_by": {what: number for what, number in self.missed.items() if number},
            "duplicates": self.duplicates,
            "early": self.early,
            "later_than_60s": self.too_late,
            "lateness_p99_s": round(late[int(len(late) * 0.99)], 1) if late else 0.0,
            "lateness_max_s": round(late[-1], 1) if late else 0.0,
            "false_alarms": self.false_alarms,
            "escalations": self.escalations,
            "silence_broken": self.silence_broken,
            "out_of_step": self.out_of_step,
            "cycles": self.cycles,
            "events": self.events,
            "forced": self.forced,
            "minutes_to_human_p50": round(waited[len(waited) // 2], 1) if waited else 0.0,
            "minutes_to_human_p95": round(waited[int(len(waited) * 0.95)], 1) if waited else 0.0,
        }

    def _count(self, plan: PlanId, act: str, code: str) -> None:
        if act in _PAGES and code != "nothing":
            self.pages_written[plan[:16]] += 1
        if act in {"remind", "reask"}:
            self.asks_written[self.persons[plan]] += 1
        if act == "contacts":
            self.wakes_written[plan] += self.rounds[plan].life.plan.contacts

    def _ended(self, found: Round, at: datetime) -> None:
        if "l1" not in found.levels:
            self._must_have_come(found, at)

    def _must_have_come(self, found: Round, now: datetime) -> None:
        expected = self._returned(found.due + found.life.plan.timings.l1)
        if "l1" not in found.levels and now > expected + SLACK:
            self.missed["rung"] += 1

    def _returned(self, at: datetime) -> datetime:
        """Return a moment, or the end of the absence that it falls into."""
        for start, end in reversed(self.absences):
            if start <= at < end:
                return end
        return at

    def _of(self, person: PersonId) -> list[tuple[PlanId, Round]]:
        plan = self._plans.get(person)
        return [(plan, self.rounds[plan])] if plan is not None and plan in self.rounds else []

    @property
    def _plans(self) -> dict[PersonId, PlanId]:
        if len(self._index) != len(self.persons):
            self._index = {person: plan for plan, person in self.persons.items()}
        return self._index

    _index: dict[PersonId, PlanId] = field(default_factory=dict)
