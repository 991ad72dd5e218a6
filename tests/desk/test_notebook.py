"""The team's own pages: sealed here, for those on the signed list, and nowhere in clear."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.contract.notebook import SheetKind
from bot.desk import notebook
from bot.desk.pages.points import ADDRESSEES, POINTS
from bot.vault import VaultError
from bot.vault.identity import new_identity
from bot.vault.sheet import open_sheet

if TYPE_CHECKING:
    from tests.desk.conftest import Browser
    from tests.desk.small_server import SmallServer


@pytest.fixture
async def told(browser: Browser, server: SmallServer) -> Browser:
    await browser.post("/keys/root", root=server.root_public.hex())
    return browser


def sealed(server: SmallServer) -> bytes:
    return b"".join(one.sealed for one in server.sheets.values())


async def test_a_private_note_is_written_found_changed_and_taken_out(
    told: Browser, server: SmallServer
) -> None:
    before = len(server.asked)
    await told.post("/notes", title="Canary title", text="First ask the embassy, then the press.")
    assert "Canary title" in (await told.get("/notes")).text
    assert "Canary" not in repr(server.asked[before:])
    assert b"Canary" not in sealed(server)
    assert "Canary title" in (await told.get("/notes", params={"q": "EMBASSY"})).text
    assert "Canary title" not in (await told.get("/notes", params={"q": "nothing like it"})).text
    assert "notebook.search" not in repr(server.asked)
    (id_,) = server.sheets
    assert 'value="Canary title"' in (await told.get("/notes", params={"edit": id_})).text
    await told.post("/notes", id=id_, version="1", title="Second", text="")
    assert (server.sheets[id_].version, len(server.sheets)) == (2, 1)
    stale = await told.post("/notes", id=id_, version="1", title="Third", text="Do not lose me")
    assert "Somebody else was quicker" in stale.text
    assert "Do not lose me</textarea>" in stale.text
    assert server.sheets[id_].version == 2
    await told.post("/notes/remove", id=id_)
    assert not server.sheets


async def test_nothing_is_sealed_to_readers_that_nobody_vouched_for(
    browser: Browser, server: SmallServer
) -> None:
    response = await browser.post("/notes", title="Canary", text="x")
    assert "First enter the root key" in response.text
    assert not server.sheets


async def test_an_older_version_or_another_kind_does_not_pass_for_the_present_one(
    told: Browser, server: SmallServer
) -> None:
    await told.post("/notes", title="Old", text="x")
    (id_,) = server.sheets
    old = server.sheets[id_]
    await told.post("/notes", id=id_, version="1", title="New", text="x")
    from dataclasses import replace  # noqa: PLC0415

    server.sheets[id_] = replace(old, version=2)
    text = (await told.get("/notes")).text
    assert "Old" not in text
    assert "Your key does not open this" in text
    server.sheets[id_] = replace(old, kind=SheetKind.ALLY)
    assert "Old" not in (await told.get("/allies")).text


async def test_rotation_seals_the_notebook_to_the_new_readers(
    told: Browser, server: SmallServer
) -> None:
    await told.post("/notes", title="For all", text="x")
    server.identities["kite"] = new_identity()
    server.version = 2
    server.list = server.signed(("robin", "kite"))
    await told.post("/keys/rewrap")
    (one,) = server.sheets.values()
    place = {"sheet": one.sheet, "version": one.version, "kind": one.kind.value}
    assert b"For all" in open_sheet(one.sealed, server.identities["kite"].secret, **place)
    with pytest.raises(VaultError):
        open_sheet(one.sealed, server.identities["wren"].secret, **place)


async def test_allies_and_states_are_kept_and_filtered(told: Browser, server: SmallServer) -> None:
    await told.post("/allies/ally", name="Kestrel Gems", sort="company", country="ao", reach="x")
    await told.post("/allies/ally", name="Everywhere Law", sort="law-firm", country="")
    await told.post("/allies/state", country="no", stance="friend", topic="reprisals")
    page = (await told.get("/allies")).text
    assert "Kestrel Gems" in page
    assert "Norway" in page
    only = (await told.get("/allies", params={"country": "UG"})).text
    assert "Kestrel Gems" not in only
    assert "Everywhere Law" in only
    wrong = await told.post("/allies/state", country="norway", stance="friend")
    assert "not as it should be" in wrong.text
    assert len(server.sheets) == 3


async def test_the_public_record_of_states_is_there_before_anybody_wrote(told: Browser) -> None:
    page = (await told.get("/allies")).text
    for name in ("Belgium", "Ireland", "Luxembourg", "Netherlands", "Norway", "Finland"):
        assert name in page


@pytest.mark.parametrize("to", ["", *ADDRESSEES])
async def test_points_are_found_by_addressee_and_every_point_has_its_sentence(
    told: Browser, to: str
) -> None:
    page = (await told.get("/points", params={"to": to})).text
    wanted = {id_ for id_, whom in POINTS.items() if not to or whom == to}
    shown = {id_ for id_ in POINTS if f'action="/points/{id_}"' in page}
    assert shown == wanted
    assert "<p></p>" not in page


async def test_how_far_a_point_is_is_kept(told: Browser, server: SmallServer) -> None:
    await told.post("/points/hc-speak", status="promised", note="in the May meeting", to="")
    page = (await told.get("/points")).text
    assert "in the May meeting" in page
    assert b"May meeting" not in sealed(server)
    assert "not as it should be" in (await told.post("/points/none", status="done")).text


async def test_contacts_that_are_due_are_listed_and_what_was_found_is_kept(
    told: Browser, server: SmallServer
) -> None:
    page = (await told.get("/contacts", params={"days": "400"})).text
    due = told.desk.shelf.due(server.clock.now().date(), 400, "en")
    assert due
    assert due[0].id in page
    await told.post(f"/contacts/{due[0].id}", result="dead", note="the line is cut")
    assert "the line is cut" in (await told.get("/contacts")).text


async def test_a_sheet_that_is_no_object_is_shown_as_unreadable(
    told: Browser, server: SmallServer
) -> None:
    from bot.contract.notebook import Sheet  # noqa: PLC0415
    from bot.vault.sheet import seal_sheet  # noqa: PLC0415

    keys = [server.identities["robin"].public]
    body = seal_sheet(b"[1]", keys, sheet="s", version=1, kind="note")
    server.sheets["s"] = Sheet(
        sheet="s", kind=SheetKind.NOTE, version=1, at=server.clock.now(), sealed=body
    )
    assert "Your key does not open this" in (await told.get("/notes")).text
    assert await notebook.seal_anew(told.desk) == 1


async def test_follow_ups_that_are_due_name_the_body_and_nobody_else(
    told: Browser, server: SmallServer
) -> None:
    from bot.contract.follow_ups import FollowUp  # noqa: PLC0415

    assert "Nothing is due" in (await told.get("/follow-ups")).text
    body = next(iter(told.desk.shelf.library.knowledge.mechanisms))
    due = FollowUp(ref="A1B2C3", body=body, kind="answer", due_at=server.clock.now(), asked=2)
    server.follow_ups = (due,)
    page = (await told.get("/follow-ups", params={"days": "30"})).text
    assert told.desk.shelf.term("body", body, "en").split(",")[0] in page
    assert "Did they answer?" in page
    asked = dict(server.asked)["follow-ups.list"]
    assert asked.days == 30
