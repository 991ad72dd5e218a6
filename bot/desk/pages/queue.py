"""The queue: what waits, most urgent and longest waiting first, and what is one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.contract.cases import AskCase, AskQueue, State
from bot.contract.operations import Nothing
from bot.contract.session import SetDuty
from bot.desk.frame import EVERYBODY, WORKERS, Page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from bot.contract.people import Coordinator
    from bot.desk.frame import Desk, Form


async def show(desk: Desk, request: Request, form: Form) -> Response:
    """Show the queue; an operator, who has none, sees the keys."""
    del form
    if not desk.roles & WORKERS:
        return desk.go("/keys")
    closed = "closed" in request.query_params
    queue = await desk.ask("cases.queue", AskQueue(closed=closed))
    desk.seat.endangered = queue.endangered
    by_id = await people(desk)
    at_work = [one for one in queue.cases if one.state is not State.CLOSED]
    groups = [
        ("waiting", [one for one in at_work if one.assigned_to is None]),
        ("mine", [one for one in at_work if one.mine]),
        ("others", [one for one in at_work if one.assigned_to and not one.mine]),
        ("closed", [one for one in queue.cases if one.state is State.CLOSED]),
    ]
    return desk.show(
        "queue.html",
        here="queue",
        groups=groups,
        closed=closed,
        queue=queue,
        by_id=by_id,
    )


async def people(desk: Desk) -> dict[str, Coordinator]:
    """Return all coordinators by id."""
    found = await desk.ask("coordinators.list", Nothing())
    return {one.id: one for one in found.coordinators}


async def take(desk: Desk, request: Request, form: Form) -> Response:
    """Take a case and open it."""
    del request
    case = form.one("case")
    await desk.ask("cases.take", AskCase(case=case))
    return desk.go(f"/cases/{case}", "taken")


async def duty(desk: Desk, request: Request, form: Form) -> Response:
    """Begin or end duty."""
    del request
    desk.seat.me = await desk.ask("duty.set", SetDuty(on_duty=form.one("on") == "1"))
    return desk.go("/", "on-duty" if desk.seat.me.on_duty else "off-duty")


PAGE = Page(
    name="queue",
    path="/",
    roles=EVERYBODY,
    order=10,
    routes=(("GET", "/", show), ("POST", "/take", take), ("POST", "/duty", duty)),
)
