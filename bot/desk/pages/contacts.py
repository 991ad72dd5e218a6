"""The queue of contacts to check: entries whose review is due, and what somebody found out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.contract.notebook import SheetKind
from bot.desk import notebook
from bot.desk.frame import WORKERS, Page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from bot.desk.frame import Desk, Form

RESULTS = ("works", "changed", "dead", "silent")
_DAYS = 60
_MOST_DAYS = 400


async def show(desk: Desk, request: Request, form: Form) -> Response:
    """Show what is due."""
    del form
    asked = request.query_params.get("days", "")
    days = min(int(asked), _MOST_DAYS) if asked.isascii() and asked.isdecimal() else _DAYS
    found = {one.entry: one for one in await notebook.leaves(desk, SheetKind.CONTACT)}
    due = desk.shelf.due(desk.clock.now().date(), days, desk.language)
    return desk.show(
        "contacts.html", here="contacts", due=due, days=days, found=found, results=RESULTS
    )


async def write(desk: Desk, request: Request, form: Form) -> Response:
    """Write down what was found."""
    version, result = form.one("version"), form.one("result")
    if result not in RESULTS:
        return desk.go("/contacts", "wrong")
    await notebook.write(
        desk,
        SheetKind.CONTACT,
        {
            "entry": request.path_params["id"],
            "result": result,
            "note": form.one("note"),
            "by": desk.seat.me.alias if desk.seat.me else "",
        },
        id_=form.one("sheet"),
        version=int(version) if version.isdecimal() else 0,
    )
    return desk.go("/contacts", "saved")


PAGE = Page(
    name="contacts",
    path="/contacts",
    roles=WORKERS,
    order=65,
    routes=(("GET", "/contacts", show), ("POST", "/contacts/{id}", write)),
)
