"""Allies and States: who may help, who stands where, and what the public record says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.contract.notebook import SheetKind
from bot.desk import notebook
from bot.desk.frame import WORKERS, Page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from bot.desk.frame import Desk, Form

ALLY = ("name", "sort", "country", "statement", "reach", "note", "checked")
STATE = ("country", "stance", "topic", "note", "checked")
STANCES = ("friend", "undecided", "opponent")
SORTS = ("company", "investor", "law-firm", "organisation", "diplomat", "office")

KNOWN = (
    ("NO", "friend", "ga-2015"),
    ("BE", "friend", "reprisals-2021"),
    ("IE", "friend", "reprisals-2021"),
    ("LU", "friend", "reprisals-2021"),
    ("NL", "friend", "reprisals-2021"),
    ("FI", "friend", "egypt-2021"),
    ("CA", "friend", "china-2021"),
    ("FR", "friend", "china-2021"),
    ("CN", "opponent", "ga-2015"),
    ("RU", "opponent", "ga-2015"),
)
"""What the public record says: country, stance, and at which occasion."""


async def show(desk: Desk, request: Request, form: Form) -> Response:
    """Show allies and States."""
    del form
    country = request.query_params.get("country", "").strip().upper()[:2]
    allies = await notebook.leaves(desk, SheetKind.ALLY)
    states = await notebook.leaves(desk, SheetKind.STATE)
    edited = request.query_params.get("edit", "")
    return desk.show(
        "allies.html",
        here="allies",
        allies=[one for one in allies if not country or one.country in {country, ""}],
        states=sorted(states, key=lambda one: (_place(one.stance), one.country)),
        known=KNOWN,
        sorts=SORTS,
        stances=STANCES,
        country=country,
        edited=next((one for one in (*allies, *states) if one.id == edited), None),
        edited_state=any(one.id == edited for one in states),
    )


def _place(stance: str) -> int:
    return STANCES.index(stance) if stance in STANCES else len(STANCES)


async def put_ally(desk: Desk, request: Request, form: Form) -> Response:
    """Write an ally."""
    del request
    if not form.one("name").strip() or form.one("sort") not in SORTS:
        return desk.go("/allies", "wrong", "name")
    return await _put(desk, form, SheetKind.ALLY, ALLY)


async def put_state(desk: Desk, request: Request, form: Form) -> Response:
    """Write where a State stands."""
    del request
    country = form.one("country").strip()
    if len(country) != 2 or not country.isalpha() or form.one("stance") not in STANCES:  # noqa: PLR2004
        return desk.go("/allies", "wrong", "country")
    return await _put(desk, form, SheetKind.STATE, STATE)


async def _put(desk: Desk, form: Form, kind: SheetKind, names: tuple[str, ...]) -> Response:
    fields = {name: form.one(name) for name in names}
    fields["country"] = fields["country"].strip().upper()[:2]
    version = form.one("version")
    await notebook.write(
        desk,
        kind,
        fields,
        id_=form.one("id"),
        version=int(version) if version.isdecimal() else 0,
    )
    return desk.go("/allies", "saved")


async def remove(desk: Desk, request: Request, form: Form) -> Response:
    """Take one out."""
    del request
    await notebook.remove(desk, form.one("id"))
    return desk.go("/allies", "saved")


PAGE = Page(
    name="allies",
    path="/allies",
    roles=WORKERS,
    order=50,
    routes=(
        ("GET", "/allies", show),
        ("POST", "/allies/ally", put_ally),
        ("POST", "/allies/state", put_state),
        ("POST", "/allies/remove", remove),
    ),
)
