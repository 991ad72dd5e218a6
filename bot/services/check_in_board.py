"""The board: who is due, overdue, on which rung, who answers for it, and how the regions look.

Codes only. The same for the desk and, shorter, for coordinators in their chat.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.checkins import wake_at
from bot.domain.climbing import agenda
from bot.domain.watch import ESCALATED, State
from bot.flow.model import Literal
from bot.services.check_in import cut_off

if TYPE_CHECKING:
    from datetime import datetime

    from bot.content.library import Library
    from bot.domain.ids import LanguageTag, PlanId
    from bot.domain.plans import Watched
    from bot.services.ports import Tx

AHEAD = timedelta(hours=24)
_PART = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One plan on the board."""

    watched: Watched
    next_at: datetime | None
    """When time alone changes something."""
    rungs: tuple[tuple[datetime, str], ...]
    """What comes within the next day: (when, what)."""
    late: timedelta
    """How long the answer is overdue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Everything under watch."""

    rows: tuple[Row, ...]
    """Alarms first, then the highest rung, then who is due next."""
    cut_off: tuple[str, ...]
    """Regions in which so many are silent that the network may be down."""


def board(tx: Tx, now: datetime) -> Board:
    """Return the board."""
    rows: list[Row] = []
    after: PlanId | None = None
    while part := tx.plans.live(after=after, limit=_PART):
        after = part[-1].id
        rows += [row(one, now) for one in part]
    return Board(rows=tuple(sorted(rows, key=_place)), cut_off=tuple(sorted(cut_off(tx, now))))


def lines(
    tx: Tx, library: Library, language: LanguageTag, now: datetime
) -> list[tuple[Watched, str]]:
    """Return what a coordinator's chat shows: what is overdue or asks for a decision, in codes."""
    found = []
    for one in board(tx, now).rows:
        cycle, alarm = one.watched.standing.cycle, one.watched.standing.alarm
        asked = cycle.pause_wanted is not None
        if cycle.state not in ESCALATED and alarm is None and not asked:
            continue
        rung = "alarm" if alarm is not None else "pause" if asked else str(cycle.state)
        minutes = int(one.late.total_seconds()) // 60
        text = library.say(
            "board_line", language, ref=Literal(text=one.watched.id[:4].upper()),
            tier=Literal(text=one.watched.terms.tier),
            rung=Literal(text=library.say(f"board_rung_{rung}", language)), n=minutes,
        )  # fmt: skip
        found.append((one.watched, text))
    return found


def row(watched: Watched, now: datetime) -> Row:
    """Return one plan as the board shows it."""
    plan, cycle = watched.terms.plan, watched.standing.cycle
    rungs = tuple((at, what) for at, what in agenda(plan, cycle) if at <= now + AHEAD)
    waiting = cycle.state in {State.DUE, State.GRACE} | ESCALATED
    return Row(
        watched=watched,
        next_at=wake_at(plan, watched.standing),
        rungs=rungs,
        late=max(now - cycle.due_at, timedelta()) if waiting else timedelta(),
    )


_RANK = {State.L3: 1, State.L2: 2, State.L1: 3, State.GRACE: 4, State.DUE: 5}


def _place(row: Row) -> tuple[int, datetime, str]:
    standing = row.watched.standing
    rank = 0 if standing.alarm is not None else _RANK.get(standing.cycle.state, 9)
    return rank, standing.cycle.due_at, row.watched.id
