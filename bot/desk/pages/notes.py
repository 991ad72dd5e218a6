"""Private notes: strategies and tactics of the team, which never leave the desk in clear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.contract.notebook import SheetKind
from bot.desk import notebook
from bot.desk.frame import WORKERS, Page
from bot.desk.notebook import Leaf
from bot.desk.server import AskError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from bot.desk.frame import Desk, Form


async def show(desk: Desk, request: Request, form: Form) -> Response:
    """Show the notes; searching happens here, on what was opened."""
    del form
    return await _page(desk, request)


async def _page(
    desk: Desk, request: Request, *, typed: Leaf | None = None, trouble: str = ""
) -> Response:
    words = request.query_params.get("q", "").strip().casefold()[:200]
    found = await notebook.leaves(desk, SheetKind.NOTE)
    edited = request.query_params.get("edit", "")
    return desk.show(
        "notes.html",
        status=409 if trouble else 200,
        here="notes",
        trouble=trouble,
        notes=[one for one in reversed(found) if words in f"{one.title} {one.text}".casefold()],
        edited=typed or next((one for one in found if one.id == edited), None),
        words=request.query_params.get("q", ""),
        longest=notebook.LONGEST,
    )


async def put(desk: Desk, request: Request, form: Form) -> Response:
    """Write a note; one that is not taken is given back."""
    version = form.one("version")
    typed = Leaf(
        id=form.one("id"),
        version=int(version) if version.isdecimal() else 0,
        at=desk.clock.now(),
        fields={
            "title": form.one("title"),
            "text": form.one("text").replace("\r\n", "\n"),
            "by": desk.seat.me.alias if desk.seat.me else "",
        },
    )
    if not typed.title.strip():
        return await _page(desk, request, typed=typed, trouble="empty")
    try:
        await notebook.write(
            desk, SheetKind.NOTE, typed.fields, id_=typed.id, version=typed.version
        )
    except AskError as error:
        if error.code == "locked":
            raise
        return await _page(desk, request, typed=typed, trouble=error.code)
    return desk.go("/notes", "saved")


async def remove(desk: Desk, request: Request, form: Form) -> Response:
    """Take a note out."""
    del request
    await notebook.remove(desk, form.one("id"))
    return desk.go("/notes", "saved")


PAGE = Page(
    name="notes",
    path="/notes",
    roles=WORKERS,
    order=60,
    routes=(("GET", "/notes", show), ("POST", "/notes", put), ("POST", "/notes/remove", remove)),
)
