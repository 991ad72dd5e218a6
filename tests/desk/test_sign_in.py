"""Signing in proves possession of the identity, to the right server, and gives nothing away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from bot.contract.operations import Nothing
from bot.desk.server import AskError, Server, check_address
from bot.vault.challenge import seal_to
from bot.vault.identity import new_identity, save_identity
from tests.desk.conftest import PASSPHRASE, SERVER, Browser, make_desk

if TYPE_CHECKING:
    from pathlib import Path

    from tests.desk.small_server import SmallServer


def ask(server: SmallServer, who: str = "robin") -> Server:
    transport = httpx.ASGITransport(app=server.app())
    return Server(address=SERVER, identity=server.identities[who], transport=transport)


async def test_the_identity_signs_in_and_its_secret_stays(server: SmallServer) -> None:
    one = ask(server)
    me = await one.sign_in()
    assert me.alias == "Robin"
    assert server.identities["robin"].secret not in repr(server.asked)
    assert "AGE-SECRET" not in repr(one)


async def test_somebody_else_does_not_get_in(server: SmallServer) -> None:
    server.identities["robin"] = new_identity()
    with pytest.raises(AskError, match="wrong-identity"):
        await ask(server).sign_in()


async def test_a_challenge_passed_on_from_another_server_is_not_answered(
    server: SmallServer,
) -> None:
    server.audience = "real.example"
    with pytest.raises(AskError, match="not-vigil"):
        await ask(server).sign_in()
    assert [name for name, _ in server.asked] == ["session.challenge"]


async def test_the_desk_opens_no_case_key_for_a_server_that_calls_it_a_challenge(
    server: SmallServer,
) -> None:
    server.sealed = seal_to(server.identities["robin"].public, b"k" * 32)
    with pytest.raises(AskError, match="not-vigil"):
        await ask(server).sign_in()
    assert [name for name, _ in server.asked] == ["session.challenge"]


async def test_a_session_that_is_over_is_begun_again_unseen(server: SmallServer) -> None:
    one = ask(server)
    await one.sign_in()
    server.sign_out_everybody()
    found = await one.ask("coordinators.list", Nothing())
    assert len(found.coordinators) == 2


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("http://vigil.example", "not-secure"), ("http://10.0.0.1:80", "not-secure"),
        ("ftp://vigil.example", "not-vigil"), ("vigil.example", "not-vigil"), ("", "not-vigil"),
        ("https://", "not-vigil"),
    ],
)  # fmt: skip
def test_a_way_that_can_be_listened_to_is_refused(address: str, code: str) -> None:
    with pytest.raises(AskError, match=code):
        check_address(address)


@pytest.mark.parametrize(
    "address", ["https://vigil.example", "http://127.0.0.1:8080", f"http://{'a' * 56}.onion"]
)
def test_a_safe_way_is_taken(address: str) -> None:
    assert check_address(address + "/") == address


async def test_what_is_wrong_is_said_and_what_was_typed_stays(
    server: SmallServer, tmp_path: Path
) -> None:
    desk = make_desk(server, tmp_path, transport=httpx.ASGITransport(app=server.app()))
    browser = Browser(desk)
    await browser.enter()
    wrong = await browser.sign_in(passphrase="another pass phrase")
    assert wrong.status_code == 409
    assert "do not fit together" in wrong.text
    assert "another pass phrase" not in wrong.text
    assert SERVER in wrong.text
    nowhere = await browser.sign_in(server="http://vigil.example")
    assert "not encrypted" in nowhere.text
    missing = await browser.sign_in(identity=str(tmp_path / "nothing"))
    assert "do not fit together" in missing.text
    assert (await browser.get("/")).url.path == "/sign-in"


@pytest.mark.real_lock
async def test_an_identity_file_opens_with_its_passphrase_only(
    server: SmallServer, tmp_path: Path
) -> None:
    path = tmp_path / "real.identity"
    save_identity(server.identities["robin"], path, PASSPHRASE)
    desk = make_desk(server, tmp_path, transport=httpx.ASGITransport(app=server.app()))
    browser = Browser(desk)
    await browser.enter()
    assert (await browser.sign_in(identity=str(path), passphrase="wrong words")).status_code == 409
    assert (await browser.sign_in(identity=str(path))).url.path == "/"


class Gone(httpx.AsyncBaseTransport):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("gone", request=request)


class Strange(httpx.AsyncBaseTransport):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, html="<h1>Please sign in to the hotel's network</h1>")


@pytest.mark.parametrize(("transport", "says"), [(Gone(), "reached"), (Strange(), "not our")])
async def test_a_server_that_is_not_there_or_not_ours_is_told_apart(
    server: SmallServer, tmp_path: Path, transport: httpx.AsyncBaseTransport, says: str
) -> None:
    browser = Browser(make_desk(server, tmp_path, transport=transport))
    await browser.enter()
    assert says in (await browser.sign_in()).text


async def test_locking_forgets_the_identity(browser: Browser) -> None:
    assert (await browser.post("/lock")).url.path == "/sign-in"
    with pytest.raises(AskError, match="locked"):
        _ = browser.desk.seat.identity
    assert (await browser.get("/")).url.path == "/sign-in"
