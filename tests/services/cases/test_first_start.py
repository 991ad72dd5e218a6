from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.domain.errors import SettingsError
from bot.first_start import begin
from bot.opening import keyring_of
from bot.services import duty
from bot.settings import Settings
from bot.vault.identity import load_identity

if TYPE_CHECKING:
    from tests.services.cases.conftest import House

TOKEN = "7001:" + "x" * 35


def with_token(house: House, *, demo: bool = False) -> Settings:
    return Settings(home=house.settings.home, telegram_token=TOKEN, demo=demo)  # type: ignore[arg-type]


async def test_the_first_start_makes_one_demo_coordinator_and_the_next_none(house: House) -> None:
    begun = await begin(house.settings, house.store, house.clock)
    assert begun.demo
    await begin(house.settings, house.store, house.clock)
    known = await house.store.read(lambda tx: tx.coordinators.all())
    assert [(one.alias, one.demo) for one in known] == [("demo", True)]
    assert load_identity(begun.identity, "").public == known[0].recipient
    standing = await house.store.read(duty.house)
    assert (standing.on_duty, standing.demo) == (False, True)
    assert keyring_of(house.settings).demo(now=house.clock.now())


async def test_beside_a_real_bot_no_demo_is_made(house: House) -> None:
    begun = await begin(with_token(house), house.store, house.clock)
    assert not begun.demo
    assert await house.store.read(lambda tx: tx.coordinators.all()) == []
    assert not keyring_of(house.settings).installed


async def test_a_demo_that_is_there_refuses_a_token_unless_it_is_only_tried_out(
    house: House,
) -> None:
    await begin(house.settings, house.store, house.clock)
    with pytest.raises(SettingsError, match="VIGIL_DEMO=1"):
        await begin(with_token(house), house.store, house.clock)
    assert (await begin(with_token(house, demo=True), house.store, house.clock)).demo
