"""Pictures of an alert, as numbers for SVG: how far it has come, and a roll call over time.

Decides places only; every picture has a table with the same numbers beside it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.contract.alerts import AlertCount, Board

OUTCOMES = ("delivered", "waiting", "uncertain", "unreachable", "opted_out", "excluded", "expired")
"""In the order in which they are shown; `claimed` counts as waiting."""
WIDE, HIGH = 640, 180
"""Of the chart, in its own units; the page scales it."""
_ANSWERS = ("safe", "help", "later")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """How many stand where: a line a language and a sum, and the reasons behind exclusions."""

    columns: tuple[str, ...]
    lines: tuple[tuple[str, tuple[int, ...]], ...]
    sums: tuple[int, ...]
    total: int
    reasons: tuple[tuple[str, int], ...]

    def of(self, outcome: str) -> int:
        """Return a sum."""
        return dict(zip(self.columns, self.sums, strict=True)).get(outcome, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A piece of the bar."""

    outcome: str
    x: float
    width: float
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One answer over time."""

    answer: str
    points: str
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Answers to a roll call, added up minute by minute."""

    lines: tuple[Line, ...]
    top: int
    begin: datetime
    end: datetime
    rows: tuple[tuple[datetime, int, int, int], ...]
    """The same as a table: until when, and how many by then."""


def table(counts: Sequence[AlertCount]) -> Table:
    """Add up what the server counted."""
    cells: Counter[tuple[str, str]] = Counter()
    reasons: Counter[str] = Counter()
    for one in counts:
        outcome = "waiting" if one.outcome == "claimed" else one.outcome
        cells[one.language, outcome] += one.number
        if one.reason:
            reasons[one.reason] += one.number
    used = {outcome for _, outcome in cells}
    columns = tuple(one for one in OUTCOMES if one in used | {"delivered", "waiting"})
    languages = sorted({language for language, _ in cells})
    lines = tuple((tag, tuple(cells[tag, one] for one in columns)) for tag in languages)
    sums = tuple(sum(cells[tag, one] for tag in languages) for one in columns)
    return Table(
        columns=columns, lines=lines, sums=sums, total=sum(sums),
        reasons=tuple(sorted(reasons.items())),
    )  # fmt: skip


def bar(found: Table) -> tuple[Piece, ...]:
    """Return the pieces of a bar that is as wide as the chart."""
    pieces, x = [], 0.0
    for outcome, number in zip(found.columns, found.sums, strict=True):
        width = WIDE * number / found.total if found.total else 0.0
        if number:
            pieces.append(
                Piece(outcome=outcome, x=round(x, 2), width=round(width, 2), number=number)
            )
        x += width
    return tuple(pieces)


def chart(board: Board) -> Chart | None:
    """Return the chart of a roll call; None before the first answer."""
    if not board.chart:
        return None
    begin = board.chart[0].at - timedelta(minutes=1)
    end = board.chart[-1].at
    rows: list[tuple[datetime, int, int, int]] = []
    safe = help_ = later = 0
    for one in board.chart:
        safe, help_, later = safe + one.safe, help_ + one.help, later + one.later
        rows.append((one.at, safe, help_, later))
    top = max(safe, help_, later)
    span = (end - begin).total_seconds()

    def place(at: datetime, number: int) -> str:
        x = WIDE * (at - begin).total_seconds() / span
        return f"{x:.1f},{HIGH - HIGH * number / top:.1f}"

    lines = []
    for number, answer in enumerate(_ANSWERS):
        points, before = [place(begin, 0)], 0
        for at, *sums in rows:
            # A step at the minute in which they came: nobody answered in between.
            points += [place(at, before), place(at, sums[number])]
            before = sums[number]
        if before:
            lines.append(Line(answer=answer, points=" ".join(points), last=before))
    return Chart(lines=tuple(lines), top=top, begin=begin, end=end, rows=tuple(rows))
