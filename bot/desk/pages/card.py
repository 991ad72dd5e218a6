"""A card to be printed: what the bot is called, where it is, and how somebody makes sure of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.contract.operations import Nothing
from bot.desk.frame import EVERYBODY, Page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from bot.desk.frame import Desk, Form

_LONGEST = 120


async def show(desk: Desk, request: Request, form: Form) -> Response:
    """Show the card; what the server does not know can be typed in for printing."""
    del form
    card = await desk.ask("house.card", Nothing())
    typed = {
        name: request.query_params.get(name, "")[:_LONGEST].strip()
        for name in ("name", "telegram", "web", "onion", "phone")
    }
    return desk.show("card.html", here="card", card=card, typed=typed)


PAGE = Page(name="card", path="/card", roles=EVERYBODY, order=90, routes=(("GET", "/card", show),))
