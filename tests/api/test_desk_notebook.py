"""The server keeps sheets that it cannot read, in versions, and only so many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.contract.notebook import AskSheets, NameSheet, PutSheet, SheetKind
from bot.services import notebook

if TYPE_CHECKING:
    import pytest

    from tests.api.desk_house import DeskHouse


def sheet(version: int = 1, id_: str = "s-1", kind: SheetKind = SheetKind.NOTE) -> PutSheet:
    return PutSheet(sheet=id_, kind=kind, version=version, sealed=b"x" * 64)


async def test_a_sheet_goes_from_version_to_version(house: DeskHouse) -> None:
    token = await house.token("robin")
    assert (await house.ask(token, "notebook.put", sheet())).status_code == 204
    for wrong in (sheet(), sheet(3), sheet(2, kind=SheetKind.ALLY), sheet(2, id_="s-2")):
        refused = await house.ask(token, "notebook.put", wrong)
        assert refused.json()["code"] == "changed-meanwhile"
    assert (await house.ask(token, "notebook.put", sheet(2))).status_code == 204
    found = (await house.ask(token, "notebook.list", AskSheets(kind=SheetKind.NOTE))).json()
    assert [(one["sheet"], one["version"]) for one in found["sheets"]] == [("s-1", 2)]
    none = (await house.ask(token, "notebook.list", AskSheets(kind=SheetKind.ALLY))).json()
    assert none == {"sheets": []}
    assert (await house.ask(token, "notebook.remove", NameSheet(sheet="s-1"))).status_code == 204
    gone = await house.ask(token, "notebook.remove", NameSheet(sheet="s-1"))
    assert gone.json()["code"] == "changed-meanwhile"


async def test_there_is_room_for_so_many_and_no_more(
    house: DeskHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notebook, "MOST", 2)
    token = await house.token("robin")
    for number in (1, 2):
        assert (await house.ask(token, "notebook.put", sheet(id_=f"s-{number}"))).status_code == 204
    full = await house.ask(token, "notebook.put", sheet(id_="s-3"))
    assert full.json()["code"] == "notebook-full"
    assert (await house.ask(token, "notebook.put", sheet(2, id_="s-2"))).status_code == 204


async def test_the_record_says_who_changed_what_and_no_more(house: DeskHouse) -> None:
    await house.ask(await house.token("robin"), "notebook.put", sheet())
    newest = (await house.store.read(lambda tx: tx.audit.entries()))[0]
    assert (newest.actor, newest.act, newest.subject, newest.note) == (
        "c-robin", "sheet", "s-1", "note"
    )  # fmt: skip
