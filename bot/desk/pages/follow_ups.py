"""Follow-ups that are due: which bodies were written to, and what is asked when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.contract.follow_ups import AskFollowUps
from bot.desk.frame import WORKERS, Page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from bot.desk.frame import Desk, Form

_DAYS = 14
_MOST_DAYS = 400


async def show(desk: Desk, request: Request, form: Form) -> Response:
    """Show what is due."""
    del form
    asked = request.query_params.get("days", "")
    days = min(int(asked), _MOST_DAYS) if asked.isascii() and asked.isdecimal() else _DAYS
    found = await desk.ask("follow-ups.list", AskFollowUps(days=days))
    return desk.show("follow_ups.html", here="follow_ups", due=found.follow_ups, days=days)


PAGE = Page(
    name="follow_ups",
    path="/follow-ups",
    roles=WORKERS,
    order=20,
    routes=(("GET", "/follow-ups", show),),
)
