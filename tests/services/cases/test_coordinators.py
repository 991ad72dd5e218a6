from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.domain.coordinators import Role
from bot.domain.errors import RefusedError
from bot.domain.ids import CoordinatorId
from bot.services.coordinators import (
    INVITED_FOR,
    NewCoordinator,
    find,
    invite,
    link,
    remove,
    set_roles,
)
from bot.vault.identity import new_identity

if TYPE_CHECKING:
    from bot.domain.coordinators import Coordinator
    from tests.services.cases.conftest import House

KEY = "age1" + "q" * 58


async def take_in(
    house: House, alias: str = "kestrel", key: str = KEY, role: Role = Role.COORDINATOR
) -> Coordinator:
    wanted = NewCoordinator(alias=alias, roles=frozenset({role}), recipient=key, languages=())
    return await house.store.write(
        lambda tx: invite(
            tx, wanted, id_=f"id {alias}", token=f"token-{alias}", now=house.clock.now()
        )
    )


async def linked(house: House) -> bool:
    return (await house.store.read(lambda tx: find(tx, "kestrel"))).person is not None


async def test_the_link_ties_a_chat_once(house: House) -> None:
    await take_in(house)
    shown = await house.says("7001", "/start c-token-kestrel")
    assert "not on duty" in shown[-1].text
    assert await linked(house)
    again = await house.says("7002", "/start c-token-kestrel")
    assert "What do you need?" in again[-1].text
    assert "duty" not in again[-1].text


async def test_a_link_that_is_over_shows_the_menu_and_no_more(house: House) -> None:
    await take_in(house)
    await house.settle(INVITED_FOR + timedelta(seconds=1))
    shown = await house.says("7001", "/start c-token-kestrel")
    assert "What do you need?" in shown[-1].text
    assert not await linked(house)


@pytest.mark.parametrize("payload", ["c-", "c-x", "x-token", "-", "c", "c-" + "x" * 4_000])
async def test_any_other_payload_shows_the_menu(house: House, payload: str) -> None:
    shown = await house.says("7001", f"/start {payload}")
    assert "What do you need?" in shown[-1].text


async def test_a_new_link_ends_the_one_before(house: House) -> None:
    one = await take_in(house)
    now = house.clock.now()
    await house.store.write(lambda tx: link(tx, one, token="newer", now=now))
    await house.says("7001", "/start c-token-kestrel")
    assert not await linked(house)
    await house.says("7001", "/start c-newer")
    assert await linked(house)


async def test_whoever_is_removed_is_nobody_at_once(house: House) -> None:
    await take_in(house)
    await house.says("7001", "/start c-token-kestrel")
    await house.presses("7001", "Begin my duty")
    await house.store.write(lambda tx: remove(tx, "KESTREL", now=house.clock.now()))
    shown = await house.says("7001", "/duty")
    assert "nothing here for you" in shown[-1].text
    assert await house.store.read(lambda tx: tx.coordinators.on_duty()) == []
    acts = [one.act for one in await house.store.read(lambda tx: tx.audit.entries())]
    assert acts == ["removed", "on-duty", "linked", "invited"]


async def test_whoever_forgets_themselves_answers_no_more(house: House) -> None:
    await take_in(house)
    await house.says("7001", "/start c-token-kestrel")
    await house.store.write(lambda tx: tx.people.forget(tx.people.lock("chat", "7001")))
    assert not await linked(house)


@pytest.mark.parametrize("alias", ["", "-", "x" * 40, "a\nb\x00", "KESTREL", "<b>"])
async def test_an_alias_that_cannot_be_used_is_refused(house: House, alias: str) -> None:
    await take_in(house)
    with pytest.raises(RefusedError):
        await take_in(house, alias, new_identity().public)
    assert len(await house.store.read(lambda tx: tx.coordinators.all())) == 1


@pytest.mark.parametrize("key", ["", "age1short", KEY, KEY.upper(), "AGE-SECRET-KEY-1QQ"])
async def test_a_key_that_cannot_be_used_is_refused(house: House, key: str) -> None:
    await take_in(house)
    with pytest.raises(RefusedError):
        await take_in(house, "wren", key)


async def test_an_operator_needs_no_key_and_cannot_become_a_reader_without(house: House) -> None:
    await take_in(house, "op", "", Role.OPERATOR)
    with pytest.raises(RefusedError):
        await house.store.write(lambda tx: set_roles(tx, "op", [Role.LEAD], now=house.clock.now()))


async def test_roles_change_and_whoever_reads_no_more_is_off_duty(house: House) -> None:
    await take_in(house)
    await house.says("7001", "/start c-token-kestrel")
    await house.presses("7001", "Begin my duty")
    await house.store.write(
        lambda tx: set_roles(tx, "kestrel", [Role.OPERATOR], now=house.clock.now())
    )
    one = await house.store.read(lambda tx: tx.coordinators.get(CoordinatorId("id kestrel")))
    assert one is not None
    assert (one.on_duty, one.roles) == (False, {Role.OPERATOR})
