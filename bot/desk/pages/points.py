"""Points of advocacy by whom they are addressed to, and how far each is.

The points are the desk's own content; how far they are is a sheet of the notebook each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.contract.notebook import SheetKind
from bot.desk import notebook
from bot.desk.frame import WORKERS, Page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from bot.desk.frame import Desk, Form

ADDRESSEES = ("high-commissioner", "states", "un", "nhris", "business", "donors", "civil-society")
POINTS = {
    "hc-consult": "high-commissioner", "hc-speak": "high-commissioner",
    "hc-accountability": "high-commissioner", "hc-declaration": "high-commissioner",
    "hc-indicators": "high-commissioner", "hc-alliances": "high-commissioner",
    "hc-procedure": "high-commissioner", "hc-audit": "high-commissioner",
    "hc-reprisals": "high-commissioner", "hc-access": "high-commissioner",
    "st-law": "states", "st-impunity": "states", "st-educate": "states", "st-listen": "states",
    "st-repeal": "states", "st-amendments": "states",
    "un-space": "un", "un-withdrawn": "un", "un-resolution": "un", "un-office": "un",
    "nh-protect": "nhris", "nh-monitor": "nhris",
    "bu-allies": "business", "bu-consult": "business", "bu-statement": "business",
    "bu-policy": "business", "bu-language": "business",
    "do-flexible": "donors", "do-quick": "donors",
    "cs-coalition": "civil-society", "cs-friends": "civil-society", "cs-stories": "civil-society",
}  # fmt: skip
"""Every point, by whom it is addressed to; the sentences stand in points.html."""
STATUSES = ("open", "begun", "promised", "done", "refused")


async def show(desk: Desk, request: Request, form: Form) -> Response:
    """Show the points of one addressee, or all."""
    del form
    to = request.query_params.get("to", "")
    to = to if to in ADDRESSEES else ""
    tracked = {one.point: one for one in await notebook.leaves(desk, SheetKind.POINT)}
    return desk.show(
        "points.html",
        here="points",
        to=to,
        addressees=ADDRESSEES,
        points=[(id_, whom) for id_, whom in POINTS.items() if not to or whom == to],
        tracked=tracked,
        statuses=STATUSES,
    )


async def track(desk: Desk, request: Request, form: Form) -> Response:
    """Write how far a point is."""
    point, status, version = request.path_params["id"], form.one("status"), form.one("version")
    if point not in POINTS or status not in STATUSES:
        return desk.go("/points", "wrong")
    await notebook.write(
        desk,
        SheetKind.POINT,
        {"point": point, "status": status, "note": form.one("note")},
        id_=form.one("sheet"),
        version=int(version) if version.isdecimal() else 0,
    )
    back = form.one("to")
    return desk.go(f"/points?to={back}" if back in ADDRESSEES else "/points", "saved")


PAGE = Page(
    name="points",
    path="/points",
    roles=WORKERS,
    order=55,
    routes=(("GET", "/points", show), ("POST", "/points/{id}", track)),
)
