"""A set of cases is taken out only when somebody else agreed, once, and the record names each."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.contract.exports import AskExport, Form, NameExport
from bot.contract.operations import Nothing
from bot.domain.cases import State
from bot.domain.coordinators import Role

if TYPE_CHECKING:
    from tests.api.desk_house import DeskHouse


@pytest.fixture
async def asked(house: DeskHouse) -> Any:
    cases = [await house.case(assigned_to=house.ids["robin"], state=State.TAKEN) for _ in range(2)]
    robin, wren = await house.token("robin"), await house.token("wren")
    response = await house.ask(robin, "exports.ask", AskExport(cases=tuple(cases), form=Form.JSON))
    return house, cases, robin, wren, NameExport(export=response.json()["export"])


async def test_two_people_take_a_set_out_and_the_record_names_every_case(asked: Any) -> None:
    house, cases, robin, wren, leave = asked
    early = await house.ask(robin, "exports.use", leave)
    assert early.json()["code"] == "not-approved"
    assert (await house.ask(wren, "exports.approve", leave)).json()["state"] == "approved"
    assert (await house.ask(robin, "exports.use", leave)).status_code == 200
    again = await house.ask(robin, "exports.use", leave)
    assert again.json()["code"] == "not-approved"
    entries = await house.store.read(lambda tx: tx.audit.entries())
    assert {one.subject for one in entries if one.act == "exported"} == set(cases)


async def test_nobody_approves_their_own_or_uses_somebody_elses(asked: Any) -> None:
    house, _cases, robin, wren, leave = asked
    own = await house.ask(robin, "exports.approve", leave)
    assert own.json()["code"] == "second-person"
    await house.ask(wren, "exports.approve", leave)
    stolen = await house.ask(wren, "exports.use", leave)
    assert stolen.json()["code"] == "not-approved"
    unknown = await house.ask(wren, "exports.approve", NameExport(export="nothing"))
    assert unknown.json()["code"] == "not-approved"


async def test_a_leave_ends_after_a_day(asked: Any) -> None:
    house, _cases, robin, wren, leave = asked
    await house.ask(wren, "exports.approve", leave)
    house.clock.at += timedelta(hours=24)
    robin = await house.token("robin")
    assert (await house.ask(robin, "exports.use", leave)).json()["code"] == "not-approved"
    shown = (await house.ask(robin, "exports.list", Nothing())).json()["exports"]
    assert [one["state"] for one in shown] == ["expired"]
    assert not (await house.ask(await house.token("wren"), "exports.list", Nothing())).json()[
        "exports"
    ]


async def test_only_ones_own_cases_and_only_while_they_are(asked: Any) -> None:
    house, cases, robin, wren, leave = asked
    other = await house.case(assigned_to=house.ids["wren"], state=State.TAKEN)
    for wrong, code in (((cases[0], other), "not-own"), ((cases[0], cases[0]), "named-twice")):
        response = await house.ask(robin, "exports.ask", AskExport(cases=wrong, form=Form.DOCX))
        assert response.json()["code"] == code
    await house.ask(wren, "exports.approve", leave)
    from bot.contract.cases import GiveCase  # noqa: PLC0415

    given = GiveCase(case=cases[0], to=house.ids["wren"])
    assert (await house.ask(robin, "cases.hand-over", given)).status_code == 200
    assert (await house.ask(robin, "exports.use", leave)).json()["code"] == "not-own"


async def test_whoever_lost_the_role_cannot_approve(asked: Any) -> None:
    house, _cases, _robin, wren, leave = asked
    lowered = house.coordinator("wren", {Role.OPERATOR})
    await house.store.write(lambda tx: tx.coordinators.put(lowered))
    assert (await house.ask(wren, "exports.approve", leave)).status_code == 403
