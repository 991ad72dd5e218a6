"""A desk before a small server; its browser is reduced to forms, or a real one."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from bot.content.library import open_library
from bot.contract.items import Answers, CodedAnswer, Consent, WrittenWords
from bot.desk.app import DeskApp
from bot.desk.frame import Desk
from bot.desk.guard import Guard
from bot.desk.pages import every_page
from bot.desk.seat import Seat
from bot.desking import LibraryShelf
from bot.vault import VaultError
from bot.vault.identity import Identity
from tests.desk.small_server import NOON, SmallServer

if TYPE_CHECKING:
    from pathlib import Path

PASSPHRASE = "correct horse battery staple"
SERVER = "http://localhost:8080"


@cache
def shelf() -> LibraryShelf:
    return LibraryShelf(library=open_library())


def a_report() -> tuple[Any, ...]:
    codes = [
        ("threat", "threat", "choice", ("death-threat",)),
        ("country", "country", "country", ("UG",)),
        ("perpetrators", "perpetrators", "choices", ("police", "company")),
        ("needs", "needs", "choices", ("relocation", "legal-support")),
    ]  # fmt: skip
    answers = Answers(
        flow="report",
        answers=tuple(CodedAnswer(step=s, name=n, kind=k, values=v) for s, n, k, v in codes),
        at=NOON,
    )
    consent = Consent(level="coordinator-only", recipient="us", language="ar", version="1", at=NOON)
    words = WrittenWords(text="يراقبون بيتي منذ أيام.\nلا أعرف من هم.", language="ar", at=NOON)
    return answers, words, consent


@pytest.fixture
def server() -> SmallServer:
    made = SmallServer()
    made.add_case("7f3a-0001", *a_report())
    return made


@pytest.fixture(autouse=True)
def quick_lock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real passphrase is slow on purpose; one test has it, the others have this."""
    if "real_lock" in request.keywords:
        return

    def load(path: Path, passphrase: str) -> Identity:
        if passphrase != PASSPHRASE or not path.exists():
            raise VaultError("wrong")
        secret, public = path.read_text().split()
        return Identity(secret=secret, public=public)

    monkeypatch.setattr("bot.desk.seat.load_identity", load)


def make_desk(server: Any, tmp_path: Path, who: str = "robin", **options: Any) -> Desk:
    path = tmp_path / f"{who}.identity"
    if not path.exists():
        one = server.identities[who]
        path.write_text(f"{one.secret} {one.public}")
    seat = Seat(
        clock=server.clock,
        address=options.pop("address", SERVER),
        identity_file=str(path),
        **options,
    )
    return Desk(
        seat=seat, shelf=shelf(), clock=server.clock, guard=Guard(), pages=every_page(), extras={}
    )


class Browser:
    """A browser without script, reduced to forms."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        app = DeskApp(desk, asyncio.Event()).app()
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:5001",
            follow_redirects=True,
        )  # fmt: skip

    async def enter(self) -> httpx.Response:
        return await self.http.get("/enter", params={"key": self.desk.guard.link})

    async def sign_in(self, **changes: str) -> httpx.Response:
        fields = {
            "server": self.desk.seat.address, "identity": self.desk.seat.identity_file,
            "passphrase": PASSPHRASE,
        }  # fmt: skip
        return await self.post("/sign-in", **(fields | changes))

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.http.get(path, **options)

    async def post(self, path: str, headers: Any = None, **fields: Any) -> httpx.Response:
        data = {"token": self.desk.guard.token, **fields}
        return await self.http.post(path, data=data, headers=headers)


@pytest.fixture
async def browser(server: SmallServer, tmp_path: Path) -> Any:
    transport = httpx.ASGITransport(app=server.app())
    made = Browser(make_desk(server, tmp_path, transport=transport))
    await made.enter()
    await made.sign_in()
    yield made
    await made.desk.seat.lock()
    await made.http.aclose()
