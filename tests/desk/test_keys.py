"""Who can read is decided by the root's signature, checked at the desk; wrapping is done here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.vault import VaultError
from bot.vault.identity import new_identity, new_root
from bot.vault.wrap import unwrap_inner

if TYPE_CHECKING:
    from tests.desk.conftest import Browser
    from tests.desk.small_server import SmallServer

CASE = "7f3a-0001"


@pytest.fixture
async def told(browser: Browser, server: SmallServer) -> Browser:
    """A coordinator who was told the root key."""
    await browser.post("/keys/root", root=server.root_public.hex())
    return browser


async def test_without_the_root_nothing_is_wrapped(browser: Browser, server: SmallServer) -> None:
    page = await browser.post("/keys/rewrap")
    assert "First enter the root key" in page.text
    assert "keys.rewrap" not in [name for name, _ in server.asked]
    for wrong in ("", "abc", "g" * 64, server.root_public.hex() + "00"):
        assert "64 hex digits" in (await browser.post("/keys/root", root=wrong)).text


async def test_a_new_reader_opens_old_cases_after_wrapping_anew(
    told: Browser, server: SmallServer
) -> None:
    server.identities["kite"] = new_identity()
    with pytest.raises(VaultError):
        unwrap_inner(server.cases[CASE].wrapped, server.identities["kite"].secret)
    server.version = 2
    server.list = server.signed(("robin", "kite", "recovery"))
    page = await told.post("/keys/rewrap")
    assert "wrapped to the present list" in page.text
    held = server.cases[CASE]
    for name in ("robin", "kite", "recovery"):
        assert unwrap_inner(held.wrapped, server.identities[name].secret) == held.key
    with pytest.raises(VaultError):
        unwrap_inner(held.wrapped, server.identities["wren"].secret)


async def test_a_server_that_was_taken_over_cannot_name_readers_of_its_own(
    told: Browser, server: SmallServer
) -> None:
    server.identities["spy"] = new_identity()
    server.root, server.root_public = new_root()
    server.list = server.signed(("robin", "wren", "spy"))
    before = server.cases[CASE].wrapped
    page = await told.get("/keys")
    assert "another root key than the one you were told" in page.text
    assert "not what the root signed" in (await told.post("/keys/rewrap")).text
    assert server.cases[CASE].wrapped == before


async def test_a_new_list_is_checked_here_before_it_goes(
    told: Browser, server: SmallServer
) -> None:
    stranger, _ = new_root()
    forged = server.signed(("robin", "wren"), root=stranger)
    for bad in (forged, "{}", "nonsense"):
        assert "Nothing was done" in (await told.post("/keys/list", list=bad)).text
    assert "keys.put" not in [name for name, _ in server.asked]
    server.version = 1
    await told.post("/keys/list", list=server.signed(("wren", "robin")))
    assert "keys.put" in [name for name, _ in server.asked]


async def test_cases_that_this_key_does_not_open_are_left_and_said(
    told: Browser, server: SmallServer
) -> None:
    from bot.vault.wrap import wrap_inner  # noqa: PLC0415

    other = server.add_case("9999-0002")
    other.wrapped = wrap_inner(other.key, [server.identities["wren"].public])
    before = other.wrapped
    page = await told.post("/keys/rewrap")
    assert "Somebody else must do the others" in page.text
    assert server.cases["9999-0002"].wrapped == before


async def test_a_case_that_too_few_can_read_raises_an_alarm_on_every_page(
    browser: Browser, server: SmallServer
) -> None:
    server.add_case("bbbb-0003", readers=1)
    await browser.get("/")
    for path in ("/", "/keys", "/card"):
        assert "fewer than two living keys" in (await browser.get(path)).text
    assert "BBBB" in (await browser.get("/keys")).text


async def test_a_demo_is_marked_on_every_page(browser: Browser, server: SmallServer) -> None:
    server.demo = True
    await browser.post("/duty", on="1")
    for path in ("/", "/keys", "/card"):
        assert "DEMO" in (await browser.get(path)).text


async def test_the_card_shows_how_to_make_sure(browser: Browser) -> None:
    page = await browser.get("/card", params={"onion": "abc.onion", "phone": "<b>"})
    assert "@kestrel_example_bot" in page.text
    assert "abc.onion" in page.text
    assert "<b>" not in page.text
