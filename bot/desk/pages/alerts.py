"""Alerts and drills: the list, one alert with its phones, its picture and its roll call, and acts.

Whether something may be done is the server's to say (`may`); a page only shows what it said.
"""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING

from markupsafe import Markup, escape
from starlette.responses import Response

from bot.contract.alerts import ActOnAlert, ApproveAlert, NameAlert, RecallAlert
from bot.contract.operations import Nothing
from bot.desk.frame import WORKERS, Page
from bot.desk.pages import alert_chart, alert_compose
from bot.desk.pages.alert_compose import kind_of
from bot.desk.pages.queue import people

if TYPE_CHECKING:
    from starlette.requests import Request

    from bot.contract.alerts import AlertView
    from bot.desk.frame import Desk, Form

_BOLD = re.compile(r"(?<!\\)\*((?:\\\*|[^*])+?)(?<!\\)\*", re.DOTALL)
_FROM_LEFT = re.compile(r"(https?://[^\s<>\"]+|(?<!\w)\+?\d[\d ()/.-]{4,}\d)")
_DIGITS = 9
BEFORE = frozenset({"draft", "submitted"})
"""States in which nothing has left yet."""


async def index(desk: Desk, request: Request, form: Form) -> Response:
    """List alerts, or drills."""
    del form
    kind = kind_of(request)
    found = await desk.ask(f"{kind}.list", Nothing())
    by_id = await people(desk)
    return desk.show("alerts.html", here="alerts", kind=kind, alerts=found.alerts, by_id=by_id)


async def show(desk: Desk, request: Request, form: Form) -> Response:
    """Show one."""
    del form
    kind, asked = kind_of(request), NameAlert(alert=request.path_params["alert"])
    view: AlertView = await desk.ask(f"{kind}.show", asked)
    board = None
    if view.written.roll_call and view.head.state not in BEFORE:
        board = await desk.ask(f"{kind}.board", asked)
    found = alert_chart.table(view.counts)
    return desk.show(
        "alert.html",
        here="alerts",
        kind=kind,
        view=view,
        head=view.head,
        before=view.head.state in BEFORE,
        own=desk.seat.me.id if desk.seat.me else "",
        by_id=await people(desk),
        table=found,
        bar=alert_chart.bar(found),
        board=board,
        chart=alert_chart.chart(board) if board else None,
        wide=alert_chart.WIDE,
        high=alert_chart.HIGH,
        phone=phone,
        label=lambda name, code: alert_compose.label(desk, name, code),
    )


def phone(text: str) -> Markup:
    """Return a text as a phone shows it: `*bold*` is markup, nothing else is."""
    pieces: list[Markup] = []
    end = 0
    for found in _BOLD.finditer(text):
        pieces += [_bare(text[end : found.start()]), Markup("<b>"), _bare(found[1]), Markup("</b>")]
        end = found.end()
    return Markup("").join([*pieces, _bare(text[end:])])


def _bare(text: str) -> Markup:
    """Escape a text; numbers and links go from left to right in every script."""
    pieces = _FROM_LEFT.split(text.replace(r"\*", "*"))
    return Markup("").join(
        _from_left(one) if place % 2 else escape(one) for place, one in enumerate(pieces)
    )


def _from_left(text: str) -> Markup:
    # A number is never broken into two lines, a link may be.
    kind = Markup("") if text.startswith("http") else Markup(' class="number"')
    return Markup('<bdi dir="ltr"{}>{}</bdi>').format(kind, text)


async def act(desk: Desk, request: Request, form: Form) -> Response:
    """Do something with an alert, as the one who pressed saw it."""
    kind, alert = kind_of(request), request.path_params["alert"]
    verb = request.path_params["verb"]
    version, frozen = _number(form.one("version")), _number(form.one("frozen"))
    match verb:
        case "submit" | "return":
            await desk.ask(f"{kind}.{verb}", ActOnAlert(alert=alert, version=version))
        case "approve":
            seen = ApproveAlert(alert=alert, version=version, frozen=frozen)
            await desk.ask(f"{kind}.approve", seen)
        case "recall":
            edits = form.one("edits") == "1"
            await desk.ask(f"{kind}.recall", RecallAlert(alert=alert, edits=edits))
        case "correct":
            child = await desk.ask(f"{kind}.correct", NameAlert(alert=alert))
            return desk.go(f"/{kind}/{child.alert}", "alert-corrected")
        case "discard":
            await desk.ask(f"{kind}.discard", NameAlert(alert=alert))
            return desk.go(f"/{kind}", "alert-discarded")
        case "pause" | "resume" | "abort":
            await desk.ask(f"{kind}.{verb}", NameAlert(alert=alert))
        case _:
            return desk.show("trouble.html", status=404, code="not-found", field="")
    return desk.go(f"/{kind}/{alert}", f"alert-{verb}")


async def export(desk: Desk, request: Request, form: Form) -> Response:
    """Write the numbers as a file; the server has hidden the small ones."""
    del form
    kind, alert = kind_of(request), request.path_params["alert"]
    content: bytes = await desk.ask(f"{kind}.export", NameAlert(alert=alert))
    media, ending = "text/csv; charset=utf-8", "csv"
    if request.url.path.endswith(".json"):
        rows = list(csv.DictReader(io.StringIO(content.decode())))
        content, media = json.dumps({"rows": rows}, indent=1).encode(), "application/json"
        ending = "json"
    name = f"{kind.removesuffix('s')}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media, headers=headers)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) <= _DIGITS else 0


PAGE = Page(
    name="alerts",
    path="/alerts",
    roles=WORKERS,
    order=15,
    routes=tuple(
        (method, f"/{kind}{path}", handler)
        for kind in ("alerts", "drills")
        for method, path, handler in (
            ("GET", "", index),
            ("GET", "/new", alert_compose.new),
            ("GET", "/{alert}", show),
            ("GET", "/{alert}/edit", alert_compose.edit),
            ("GET", "/{alert}/export.csv", export),
            ("GET", "/{alert}/export.json", export),
            ("POST", "/{alert}/write", alert_compose.write),
            ("POST", "/{alert}/{verb}", act),
        )
    ),
)
