"""The record: who did what to which, and whether the chain of entries is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.contract.operations import Role
from bot.contract.people import AskAudit
from bot.desk.frame import Page
from bot.desk.pages.queue import people

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from bot.desk.frame import Desk, Form

_ID = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")
_LONGEST = 64


async def show(desk: Desk, request: Request, form: Form) -> Response:
    """Show the newest entries, or those about one subject."""
    del form
    subject = request.query_params.get("subject", "").strip()
    subject = subject if set(subject) <= _ID else ""
    audit = await desk.ask("audit.list", AskAudit(subject=subject[:_LONGEST]))
    return desk.show(
        "audit.html", here="audit", audit=audit, subject=subject, by_id=await people(desk)
    )


PAGE = Page(
    name="audit",
    path="/audit",
    roles=frozenset({Role.LEAD, Role.OPERATOR}),
    order=85,
    routes=(("GET", "/audit", show),),
)
