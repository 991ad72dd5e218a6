"""Whoever else is on the machine, or on another page, gets nothing from the desk."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from bot.desk.guard import COOKIE
from bot.desk.pages import every_page
from bot.desk.seat import IDLE
from bot.desking import check_listen
from bot.domain.errors import SettingsError
from tests.desk.conftest import Browser, make_desk

if TYPE_CHECKING:
    from pathlib import Path

    from tests.desk.small_server import SmallServer

CASE = "7f3a-0001"
NAMED = {"{case}": CASE, "{sequence}": "0", "{verb}": "submit"}


def every_route() -> list[tuple[str, str]]:
    found = [(method, path) for page in every_page() for method, path, _ in page.routes]
    own = [("GET", "/events"), ("GET", "/sign-in"), ("POST", "/sign-in"), ("POST", "/lock")]
    return [
        (method, re.sub("{[a-z]+}", lambda named: NAMED.get(named[0], "x-0"), path))
        for method, path in [*found, *own]
    ]


async def test_the_link_works_once(server: SmallServer, tmp_path: Path) -> None:
    desk = make_desk(server, tmp_path)
    link = desk.guard.link
    first, second = Browser(desk), Browser(desk)
    assert (await first.http.get("/enter", params={"key": link})).url.path == "/sign-in"
    refused = await second.http.get("/enter", params={"key": link})
    assert refused.status_code == 403
    assert COOKIE not in second.http.cookies
    wrong = await Browser(make_desk(server, tmp_path)).http.get("/enter", params={"key": "x"})
    assert wrong.status_code == 403


@pytest.mark.parametrize(("method", "path"), every_route())
async def test_a_stranger_on_the_machine_sees_no_page(
    browser: Browser, method: str, path: str
) -> None:
    async with httpx.AsyncClient(
        transport=browser.http._transport, base_url="http://127.0.0.1:5001"
    ) as stranger:
        response = await stranger.request(method, path, data={"token": browser.desk.guard.token})
        stranger.cookies.set(COOKIE, "x" * 43)
        guessed = await stranger.request(method, path)
    for one in (response, guessed):
        assert one.status_code == 403
        assert "Robin" not in one.text
        assert "7F3A" not in one.text


@pytest.mark.parametrize(("method", "path"), every_route())
async def test_a_name_that_was_bound_to_the_loopback_opens_nothing(
    browser: Browser, method: str, path: str
) -> None:
    headers = {"host": "evil.example:5001"}
    response = await browser.http.request(method, path, headers=headers, data={"token": "x"})
    assert response.status_code == 403


@pytest.mark.parametrize(("method", "path"), [one for one in every_route() if one[0] == "POST"])
@pytest.mark.parametrize(
    ("headers", "token"),
    [
        ({}, "wrong"),
        ({}, ""),
        ({"origin": "https://evil.example"}, None),
        ({"sec-fetch-site": "cross-site"}, None),
        ({"sec-fetch-site": "same-site"}, None),
    ],
)
async def test_a_form_from_elsewhere_does_nothing(
    browser: Browser, server: SmallServer, method: str, path: str, headers: Any, token: str | None
) -> None:
    before = len(server.asked)
    fields = {"token": browser.desk.guard.token if token is None else token}
    response = await browser.http.request(method, path, data=fields, headers=headers)
    assert response.status_code == 403
    assert len(server.asked) == before


async def test_every_answer_forbids_what_is_not_ours(browser: Browser) -> None:
    for path in ("/", f"/cases/{CASE}", "/keys", "/nothing-here", "/static/x/desk.css"):
        response = await browser.get(path)
        policy = response.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert "http" not in policy
        assert response.headers["cache-control"].startswith("no-store")
        assert response.headers["x-frame-options"] == "DENY"


async def test_nothing_of_a_page_comes_from_another_place(browser: Browser) -> None:
    await browser.post("/take", case=CASE)
    for path in ("/", f"/cases/{CASE}", "/keys", "/card"):
        text = (await browser.get(path)).text
        assert 'src="http' not in text
        assert 'href="http' not in text
        assert "<style" not in text
        assert " style=" not in text
        assert "<script>" not in text


async def test_the_desk_locks_itself_when_nobody_is_there(
    browser: Browser, server: SmallServer
) -> None:
    server.clock.at += IDLE / 2
    assert (await browser.get("/")).url.path == "/"
    server.clock.at += IDLE / 2
    # An open page that looks by itself is nobody.
    assert (await browser.get("/", headers={"x-by": "look"})).url.path == "/"
    server.clock.at += IDLE
    assert (await browser.get("/")).url.path == "/sign-in"
    assert browser.desk.seat._server is None


async def test_what_was_written_before_the_lock_is_there_after_unlocking(
    browser: Browser, server: SmallServer
) -> None:
    await browser.post("/take", case=CASE)
    server.clock.at += IDLE * 2
    locked = await browser.post(f"/cases/{CASE}/answer", words="Nous venons.", language="fr")
    assert locked.url.path == "/sign-in"
    assert "Nous venons." not in locked.text
    back = await browser.sign_in()
    assert back.url.path == f"/cases/{CASE}"
    assert "Nous venons." in back.text


@pytest.mark.parametrize("listen", ["0.0.0.0:1", "192.0.2.1:0", "[::]:0", "desk.example:1", "x"])
def test_the_desk_listens_on_the_loopback_only(listen: str) -> None:
    with pytest.raises(SettingsError):
        check_listen(listen)
    assert check_listen("[::1]:0")
