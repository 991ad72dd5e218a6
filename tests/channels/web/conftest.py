"""A web chat over an in-memory store; a scripted reception answers in several languages."""

from __future__ import annotations

import re
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from starlette.applications import Starlette

from bot.channels.web.door import Door
from bot.channels.web.mailbox import WebChannel
from bot.domain.errors import ConflictError
from bot.domain.ids import LanguageTag
from bot.domain.messages import Attachment, Button, InboundKind, Outgoing
from tests.fixtures.serving import serving

if TYPE_CHECKING:
    from bot.domain.messages import Inbound


class Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class MemoryStore:
    """Keeps mailboxes and languages in dictionaries; what the adapter asks of a store, no more."""

    boxes: dict[str, dict[str, tuple[datetime, datetime, Outgoing]]] = field(default_factory=dict)
    languages: dict[str, LanguageTag] = field(default_factory=dict)

    async def write(self, unit: Any) -> Any:
        return unit(SimpleNamespace(mailbox=self, people=self))

    read = write

    def lock(self, channel: str, address: str) -> str:
        return f"{channel}:{address}"

    def find(self, person: str) -> Any:
        tag = self.languages.get(person)
        return SimpleNamespace(language=tag, language_hint=None, speaks=tag) if tag else None

    def put(
        self, person: str, ref: str, message: Outgoing, *, at: datetime, until: datetime
    ) -> None:
        self.boxes.setdefault(person, {})[ref] = (at, until, message)

    def after(self, person: str, ref: str | None, *, now: datetime) -> list[Any]:
        assert ref is None
        rows = self.boxes.get(person, {}).items()
        return [(ref, at, message) for ref, (at, until, message) in rows if until > now]

    def remove(self, person: str, refs: Any) -> int:
        box = self.boxes.get(person, {})
        return sum(box.pop(ref, None) is not None for ref in list(refs))


B = Button
SAYS = {
    "en": Outgoing(
        text="*I am here.* What do you need?\nCall +49 30 1234567 <b>now</b>.",
        language=LanguageTag("en"),
        buttons=(
            (B(label="I am in danger now", data="a.1.sos", style="danger"),),
            (B(label="Report a threat", data="a.1.report"),),
            (B(label="Yes", data="a.1.yes"), B(label="No", data="a.1.no")),
            (B(label="Front Line", copy="+353 1 210 0489"),),
            (
                B(label="Website", url="https://example.org/help"),
                B(label="Bad", url="javascript:1"),
            ),
        ),
    ),
    "ar": Outgoing(
        text="*أنا هنا.* ماذا تحتاج؟\nاتصل على \u2068+49 30 1234567\u2069 في أي وقت.",
        language=LanguageTag("ar"),
        buttons=(
            (B(label="أنا في خطر الآن", data="a.1.sos", style="danger"),),
            (B(label="الإبلاغ عن تهديد", data="a.1.report"),),
            (B(label="نعم", data="a.1.yes"), B(label="لا", data="a.1.no")),
            (B(label="+353 1 210 0489", copy="+353 1 210 0489"),),
        ),
    ),
}


@dataclass
class Script:
    """Answers what arrives, once for each update."""

    store: MemoryStore
    channel: WebChannel
    taken: list[Inbound] = field(default_factory=list)
    failing: bool = False

    async def __call__(self, inbound: Inbound) -> None:
        if self.failing:
            raise ConflictError("locked")
        if inbound.update_id in {one.update_id for one in self.taken}:
            return
        self.taken.append(inbound)
        tag = (inbound.language_hint or "en") if inbound.language_hint in SAYS else "en"
        message = SAYS[tag]
        if inbound.kind is InboundKind.BUTTON:
            message = Outgoing(text=f"Pressed {inbound.data}", language=LanguageTag("en"))
        elif inbound.words is not None and inbound.words.reveal() == "letter":
            file = Attachment(name="letter é.txt", media_type="text/plain", content=b"Dear body")
            message = Outgoing(text="Your letter", language=LanguageTag("en"), attachment=file)
        elif inbound.words is not None and inbound.words.reveal() == "عربي":
            self.store.languages[f"web:{inbound.address}"] = LanguageTag("ar")
            message = SAYS["ar"]
        await self.channel.send(inbound.address, message)


ARABIC = {
    "Send": "إرسال", "Leave quickly": "مغادرة سريعة", "I am in danger now": "أنا في خطر الآن",
    "Start": "ابدأ", "Chat": "محادثة", "Your message": "رسالتك",
    "You can talk here": "يمكنك التحدث هنا",
}  # fmt: skip


@dataclass
class House:
    store: MemoryStore
    channel: WebChannel
    script: Script
    door: Door
    app: Starlette


def make_house(**options: Any) -> House:
    store = MemoryStore()
    channel = WebChannel(store=store, clock=Clock())
    script = Script(store, channel)
    options.setdefault("patience", 0.0)
    door = Door(
        receive=script,
        channel=channel,
        clock=Clock(),
        translate=lambda tag, source: ARABIC.get(source, source) if tag == "ar" else source,
        languages=lambda: [(LanguageTag("en"), "English"), (LanguageTag("ar"), "العربية")],
        **options,
    )
    return House(store, channel, script, door, Starlette(routes=door.routes()))


@pytest.fixture
def house() -> House:
    return make_house()


class Visitor:
    """A browser without script, reduced to forms."""

    def __init__(self, house: House, **headers: str) -> None:
        transport = httpx.ASGITransport(app=house.app)
        self.http = httpx.AsyncClient(
            transport=transport, base_url="http://chat.onion", headers=headers
        )

    async def form(self) -> dict[str, str]:
        page = (await self.http.get("/")).text
        found = re.findall(r'name="(token|nonce|lang)" value="([^"]*)"', page)
        return dict(found)

    async def post(self, path: str, form: dict[str, str] | None = None, **fields: str) -> Any:
        return await self.http.post(path, data={**(form or await self.form()), **fields})


@pytest.fixture
async def visitor(house: House) -> Any:
    guest = Visitor(house)
    yield guest
    await guest.http.aclose()


@pytest.fixture
def make_site() -> Any:
    """Give a function that serves a house; everything is stopped at the end."""
    with ExitStack() as stack:

        def make(**options: Any) -> tuple[House, str]:
            house = make_house(look_every=0.2, **{"patience": 2.0, **options})
            return house, f"{stack.enter_context(serving(house.app, stopping=house.door.close))}/"

        yield make
