"""Only whoever holds a registered identity is signed in, for a short time, and nobody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.api.desk_sessions import CHALLENGE_TTL, SESSION_TTL
from bot.contract.operations import Nothing
from bot.contract.session import SetDuty
from bot.contract.shapes import ShapeError
from bot.domain.coordinators import Role
from bot.vault.identity import new_identity

if TYPE_CHECKING:
    from tests.api.desk_house import DeskHouse

SECOND = timedelta(seconds=1)


async def me(house: DeskHouse, token: str) -> Any:
    return await house.ask(token, "session.me", Nothing())


async def test_the_identity_signs_in_and_the_token_is_its_own(house: DeskHouse) -> None:
    token = await house.token("robin")
    assert (await me(house, token)).json()["alias"] == "Robin"
    assert house.identities["robin"].secret not in token


async def test_a_challenge_is_answered_once(house: DeskHouse) -> None:
    answer = house.answer("robin", await house.challenge("robin"))
    assert (await house.begin(answer)).status_code == 200
    assert (await house.begin(answer)).status_code == 401


async def test_a_challenge_ends(house: DeskHouse) -> None:
    answer = house.answer("robin", await house.challenge("robin"))
    house.clock.at += CHALLENGE_TTL
    assert (await house.begin(answer)).status_code == 401


async def test_somebody_elses_challenge_serves_nobody(house: DeskHouse) -> None:
    answer = house.answer("robin", await house.challenge("robin"))
    stolen = answer | {"recipient": house.identities["heron"].public}
    assert (await house.begin(stolen)).status_code == 401
    moved = await house.challenge("heron") | {"sealed": (await house.challenge("robin"))["sealed"]}
    assert (await house.begin(house.answer("robin", moved))).status_code == 401


async def test_a_changed_ticket_or_proof_is_refused(house: DeskHouse) -> None:
    challenge = await house.challenge("robin")
    answer = house.answer("robin", challenge)
    until = challenge["ticket"].rpartition(".")[0] + ".9999999999999999"
    for changed in ({"proof": "0" * 64}, {"ticket": until}, {"ticket": "x" * 20}):
        assert (await house.begin(answer | changed)).status_code == 401


async def test_who_is_not_registered_cannot_tell_and_gets_nothing(house: DeskHouse) -> None:
    known = await house.challenge("robin")
    house.identities["robin"] = new_identity()
    unknown = await house.challenge("robin")
    assert set(known) == set(unknown)
    assert len(known["ticket"]) == len(unknown["ticket"])
    assert (await house.begin(house.answer("robin", unknown))).status_code == 401


async def test_a_challenge_names_the_server_it_is_for(house: DeskHouse) -> None:
    body = {"recipient": house.identities["robin"].public}
    passed_on = await house.http.post(
        "/session/challenge", json=body, headers={"host": "evil.example"}
    )
    with pytest.raises(ShapeError):
        house.answer("robin", passed_on.json())


async def test_a_session_ends_by_itself(house: DeskHouse) -> None:
    token = await house.token("robin")
    house.clock.at += SESSION_TTL - SECOND
    assert (await me(house, token)).status_code == 200
    house.clock.at += SECOND
    assert (await me(house, token)).status_code == 401


async def test_signing_out_ends_every_session_of_that_coordinator(house: DeskHouse) -> None:
    first, second, other = [await house.token(name) for name in ("robin", "robin", "wren")]
    house.clock.at += SECOND
    assert (await house.ask(first, "session.end", Nothing())).status_code == 204
    assert (await me(house, second)).status_code == 401
    assert (await me(house, other)).status_code == 200
    house.clock.at += SECOND
    assert (await me(house, await house.token("robin"))).status_code == 200


async def test_whoever_is_removed_or_gets_a_new_key_is_out_at_once(house: DeskHouse) -> None:
    token, other = await house.token("robin"), await house.token("wren")
    await house.store.write(lambda tx: tx.coordinators.remove(house.ids["robin"]))
    assert (await me(house, token)).status_code == 401
    changed = house.coordinator("wren", {Role.COORDINATOR}, recipient=new_identity().public)
    await house.store.write(lambda tx: tx.coordinators.put(changed))
    assert (await me(house, other)).status_code == 401


async def test_a_role_that_is_taken_away_counts_at_once(house: DeskHouse) -> None:
    token = await house.token("heron")
    from bot.contract.people import AskAudit  # noqa: PLC0415

    assert (await house.ask(token, "audit.list", AskAudit())).status_code == 200
    lowered = house.coordinator("heron", {Role.COORDINATOR})
    await house.store.write(lambda tx: tx.coordinators.put(lowered))
    assert (await house.ask(token, "audit.list", AskAudit())).status_code == 403


async def test_no_changed_token_is_taken(house: DeskHouse) -> None:
    token = await house.token("robin")
    for place in range(0, len(token), 3):
        for other in "0.a":
            if token[place] != other:
                changed = token[:place] + other + token[place + 1 :]
                assert (await me(house, changed)).status_code == 401
    for nonsense in ("", ".", "....", "a.b.c.d.e", "c-robin.1.2.3." + "0" * 32, token + "0"):
        assert (await me(house, nonsense)).status_code == 401


async def test_a_token_of_another_installation_is_not_taken(house: DeskHouse) -> None:
    from bot.vault.cipher import ApplicationCipher  # noqa: PLC0415

    foreign = replace(house.sessions, cipher=ApplicationCipher(b"\1" * 32))
    token, _ = foreign.token(house.coordinator("robin", {Role.COORDINATOR}))
    assert (await me(house, token)).status_code == 401


async def test_strangers_are_slowed_down_and_coordinators_are_not(house: DeskHouse) -> None:
    stranger = {"recipient": new_identity().public}
    codes = [
        (await house.http.post("/session/challenge", json=stranger)).status_code for _ in range(60)
    ]
    assert codes[0] == 200
    assert codes[-1] == 429
    assert await house.token("robin")


async def test_a_desk_that_asks_without_end_is_slowed_down_alone(house: DeskHouse) -> None:
    token, other = await house.token("robin"), await house.token("wren")
    codes = {(await me(house, token)).status_code for _ in range(320)}
    assert codes == {200, 429}
    assert (await me(house, other)).status_code == 200


async def test_duty_begins_and_ends_and_the_record_says_so(house: DeskHouse) -> None:
    token = await house.token("robin")
    for on_duty in (True, True, False):
        found = await house.ask(token, "duty.set", SetDuty(on_duty=on_duty))
        assert found.json()["on_duty"] is on_duty
    entries = await house.store.read(lambda tx: tx.audit.entries())
    noted = [one.act for one in entries if one.act.endswith("duty")]
    assert noted == ["off-duty", "on-duty"]
