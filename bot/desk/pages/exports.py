"""Taking out a set of one's own cases: asked for here, approved by somebody else, used once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.contract.cases import AskQueue
from bot.contract.exports import AskExport, ExportState, NameExport
from bot.contract.exports import Form as FileForm
from bot.contract.operations import Nothing
from bot.desk.export import write_export
from bot.desk.frame import WORKERS, Page
from bot.desk.opening import open_case
from bot.desk.pages.case import download
from bot.desk.pages.queue import people

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from bot.desk.frame import Desk, Form

_FEWEST = 2


async def show(desk: Desk, request: Request, form: Form) -> Response:
    """Show leaves and one's own cases."""
    del request, form
    found = await desk.ask("exports.list", Nothing())
    queue = await desk.ask("cases.queue", AskQueue(closed=True))
    own = desk.seat.me.id if desk.seat.me else ""
    return desk.show(
        "exports.html",
        here="exports",
        exports=found.exports,
        own=own,
        cases=[one for one in queue.cases if one.mine],
        by_id=await people(desk),
        ExportState=ExportState,
    )


async def ask(desk: Desk, request: Request, form: Form) -> Response:
    """Ask for leave."""
    del request
    chosen = form.all("case")
    if len(chosen) < _FEWEST:
        return desk.go("/exports", "choose-two")
    await desk.ask("exports.ask", AskExport(cases=chosen, form=_kind(form)))
    return desk.go("/exports", "export-asked")


async def approve(desk: Desk, request: Request, form: Form) -> Response:
    """Give leave to somebody else."""
    del form
    await desk.ask("exports.approve", NameExport(export=request.path_params["export"]))
    return desk.go("/exports", "export-approved")


async def use(desk: Desk, request: Request, form: Form) -> Response:
    """Write the file; every case is opened before the leave is used up."""
    del form
    name = request.path_params["export"]
    found = await desk.ask("exports.list", Nothing())
    leave = next((one for one in found.exports if one.export == name), None)
    if leave is None:
        return desk.go("/exports", "not-found")
    opened = [await open_case(desk.ask, desk.seat.identity, one) for one in leave.cases]
    mark = await desk.ask("exports.use", NameExport(export=name))
    return download(*write_export(desk, opened, leave.form, mark))


def _kind(form: Form) -> FileForm:
    return FileForm.JSON if form.one("form") == FileForm.JSON else FileForm.DOCX


PAGE = Page(
    name="exports",
    path="/exports",
    roles=WORKERS,
    order=70,
    routes=(
        ("GET", "/exports", show),
        ("POST", "/exports", ask),
        ("POST", "/exports/{export}/approve", approve),
        ("POST", "/exports/{export}/use", use),
    ),
)
