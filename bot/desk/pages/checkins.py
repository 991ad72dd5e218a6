"""The board of check-ins: who is overdue, on which rung, who answers for it, what comes next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.contract.checkins import (
    ApproveTelling,
    NamePlan,
    Outcome,
    StandDown,
    TakePlan,
    Told,
    Way,
)
from bot.contract.operations import Nothing
from bot.desk.frame import WORKERS, Page
from bot.desk.pages.queue import people
from bot.desk.sheets import open_sheet

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from bot.contract.checkins import BoardRow, CheckInBoard
    from bot.desk.frame import Desk, Form

HERE = "/check-ins"
LONGEST_NOTE = 20_000
_HOURS, _WIDE, _HIGH, _LEFT = 24, 480, 18, 50
_DRAWN = 40
"""Rows of the picture; whoever waits longest for nothing is below it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One rung in the picture."""

    x: int
    y: int
    what: str


async def show(desk: Desk, request: Request, form: Form) -> Response:
    """Show the board."""
    del request, form
    board = await desk.ask("checkins.board", Nothing())
    return desk.show(
        "checkins.html",
        here="checkins",
        board=board,
        marks=picture(board),
        drawn=board.rows[:_DRAWN],
        wide=_WIDE + _LEFT,
        left=_LEFT,
        high=_HIGH,
        hours=[(_LEFT + hour * _WIDE // _HOURS, hour) for hour in range(0, _HOURS + 1, 3)],
        outcomes=tuple(Outcome),
        ways=tuple(Way),
        by_id=await people(desk),
    )


def picture(board: CheckInBoard) -> list[Mark]:
    """Return where each rung of the next day stands."""
    return [
        Mark(x=_place(board, row, number), y=line * _HIGH + _HIGH // 2, what=rung.what)
        for line, row in enumerate(board.rows[:_DRAWN])
        for number, rung in enumerate(row.rungs)
    ]


def _place(board: CheckInBoard, row: BoardRow, number: int) -> int:
    ahead = (row.rungs[number].at - board.now).total_seconds() / 3_600
    return _LEFT + int(min(max(ahead, 0), _HOURS) * _WIDE / _HOURS)


async def take(desk: Desk, request: Request, form: Form) -> Response:
    """Answer for an escalation."""
    del request
    asked = TakePlan(plan=form.one("plan"), alarm=form.one("alarm") == "1")
    await desk.ask("checkins.take", asked)
    return desk.go(HERE)


async def confirm(desk: Desk, request: Request, form: Form) -> Response:
    """Wake the contacts now."""
    del request
    await desk.ask("checkins.confirm", NamePlan(plan=form.one("plan")))
    return desk.go(HERE)


async def pause(desk: Desk, request: Request, form: Form) -> Response:
    """Agree to a pause."""
    del request
    await desk.ask("checkins.pause", NamePlan(plan=form.one("plan")))
    return desk.go(HERE)


async def approve(desk: Desk, request: Request, form: Form) -> Response:
    """Be one of two."""
    del request
    asked = ApproveTelling(plan=form.one("plan"), what=Told(form.one("what")))
    await desk.ask("checkins.approve", asked)
    return desk.go(HERE)


async def stand_down(desk: Desk, request: Request, form: Form) -> Response:
    """End an escalation."""
    del request
    asked = StandDown(
        plan=form.one("plan"),
        outcome=Outcome(form.one("outcome")),
        word=form.one("word"),
        way=Way(form.one("way") or Way.NONE),
        alarm=form.one("alarm") == "1",
    )
    await desk.ask("checkins.stand-down", asked)
    return desk.go(HERE)


async def sheet(desk: Desk, request: Request, form: Form) -> Response:
    """Show what somebody who is missed wants others to know."""
    del form
    return await _sheet(desk, request.path_params["plan"])


async def _sheet(desk: Desk, plan: str, *, draft: str = "") -> Response:
    opened = await open_sheet(desk.ask, desk.seat.identity, plan)
    return desk.show(
        "sheet.html",
        status=409 if draft else 200,
        here="checkins",
        plan=plan,
        items=[one for one in opened.parts if one.item is not None],
        unreadable=sum(one.item is None for one in opened.parts),
        trouble=bool(draft),
        draft=draft,
    )


async def note(desk: Desk, request: Request, form: Form) -> Response:
    """Seal a note for whoever goes on."""
    plan, text = request.path_params["plan"], form.one("text").replace("\r\n", "\n").strip()
    if not text or len(text) > LONGEST_NOTE:
        return await _sheet(desk, plan, draft=text or " ")
    opened = await open_sheet(desk.ask, desk.seat.identity, plan)
    by = desk.seat.me.alias if desk.seat.me else ""
    await desk.ask("checkins.note", opened.note(text, by, desk.clock.now()))
    return desk.go(f"{HERE}/{plan}/sheet", "saved")


async def tighten(desk: Desk, request: Request, form: Form) -> Response:
    """Have humans told sooner."""
    del request
    await desk.ask("checkins.tighten", NamePlan(plan=form.one("plan")))
    return desk.go(HERE)


PAGE = Page(
    name="checkins",
    path=HERE,
    roles=WORKERS,
    order=20,
    routes=(
        ("GET", HERE, show),
        ("POST", f"{HERE}/take", take),
        ("POST", f"{HERE}/confirm", confirm),
        ("POST", f"{HERE}/pause", pause),
        ("POST", f"{HERE}/approve", approve),
        ("POST", f"{HERE}/stand-down", stand_down),
        ("POST", f"{HERE}/tighten", tighten),
        ("GET", f"{HERE}/{{plan}}/sheet", sheet),
        ("POST", f"{HERE}/{{plan}}/sheet", note),
    ),
)
