"""The desk's API over a real store, with coordinators of every role and cases of every standing."""

from __future__ import annotations

import functools
import secrets
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx

from bot.api.desk import DeskApi
from bot.api.desk_acts import DeskActs
from bot.api.desk_sessions import Sessions
from bot.content.library import open_library
from bot.contract.items import WrittenWords, write_item
from bot.contract.openapi import in_body, in_path, in_query
from bot.contract.registry import OPERATIONS
from bot.contract.session import answer_challenge
from bot.contract.shapes import plain
from bot.domain.broadcasts import Rules
from bot.domain.cases import Case, Reach, State, Way
from bot.domain.coordinators import Coordinator, Role, Urgency
from bot.domain.ids import ChannelName, CoordinatorId, LanguageTag
from bot.domain.people import Person
from bot.domain.subscriptions import Subscription
from bot.services.broadcast_desk import AlertDesk
from bot.services.broadcast_views import Views, vocabulary
from bot.services.broadcasts import Broadcasts
from bot.services.cases import CaseWork, standing
from bot.services.exports import ExportWork
from bot.services.keys import Keeping
from bot.services.relay import Relay
from bot.services.sealing import Sealing
from bot.vault.challenge import open_with, seal_to
from bot.vault.identity import new_identity, new_root
from bot.vault.keyring import Keyring
from bot.vault.recipients import Recipient, RecipientList, sign
from bot.vault.sealer import KeyringSealer

if TYPE_CHECKING:
    from pathlib import Path

    from bot.services.ports import Store
    from bot.vault.cipher import ApplicationCipher

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
YEAR = timedelta(days=365)
HOST = "vigil.example"
TELEGRAM = ChannelName("telegram")

PEOPLE = {
    "robin": {Role.COORDINATOR}, "wren": {Role.COORDINATOR}, "heron": {Role.LEAD},
    "kite": {Role.OPERATOR},
}  # fmt: skip


@functools.cache
def library() -> Any:
    return open_library()


class Clock:
    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at


@dataclass
class Standing:
    assigned_to: str | None
    closed: bool


@dataclass
class DeskHouse:
    store: Store
    cipher: ApplicationCipher
    folder: Path
    clock: Clock = field(default_factory=Clock)
    acts: dict[str, Any] = field(default_factory=dict)
    standings: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    rules: Rules = field(default_factory=Rules)

    def __post_init__(self) -> None:
        self.identities = {name: new_identity() for name in PEOPLE}
        self.ids = {name: CoordinatorId(f"c-{name}") for name in PEOPLE}
        self.root, public = new_root()
        self.keyring = Keyring(keys=self.folder / "keys", home=self.folder)
        self.keyring.trust(public.hex())
        self.keyring.install(self.signed(1), now=NOON, last_seen=0)
        self.sessions = Sessions(cipher=self.cipher, clock=self.clock, seal=seal_to)
        sealing = Sealing(sealer=KeyringSealer(self.keyring), new_id=lambda: secrets.token_hex(16))
        relay = Relay(sealer=sealing.sealer, library=self.library)
        self.sealing = sealing
        self.house = DeskActs(
            sessions=self.sessions, clock=self.clock,
            cases=CaseWork(clock=self.clock, sealing=sealing, relay=relay),
            exports=ExportWork(clock=self.clock, new_id=lambda: secrets.token_hex(12)),
            keeping=Keeping(clock=self.clock, sealing=sealing),
        )  # fmt: skip
        self.api = DeskApi(
            store=self.store, clock=self.clock, sessions=self.sessions,
            acts={**self.house.acts(), **self.alert_acts(), **self.acts},
            public=self.house.public(),
            standing=self._standing, **self.options,
        )  # fmt: skip
        transport = httpx.ASGITransport(app=self.api.app())
        self.http = httpx.AsyncClient(transport=transport, base_url=f"https://{HOST}")

    def alert_acts(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for kind in ("alerts", "drills"):
            acts = Broadcasts(
                clock=self.clock, drill=kind == "drills", rules=self.rules,
                vocabulary=lambda: vocabulary(self.library()), new_reference=lambda: "K7QF",
                new_id=lambda: secrets.token_hex(8),
            )  # fmt: skip
            views = Views(acts=acts, library=self.library)
            found |= AlertDesk(kind=kind, views=views).operations()
        return found

    async def subscribers(self, number: int, **more: Any) -> list[Any]:
        """Let so many people take alerts; every fourth speaks Arabic."""

        def unit(tx: Any) -> list[Any]:
            found = []
            for place in range(number):
                id_ = tx.people.lock(TELEGRAM, str(place))
                language = LanguageTag("ar" if place % 4 == 3 else "en")
                person = Person(
                    id=id_, channel=TELEGRAM, address=str(place), language=language,
                    language_hint=None,
                )  # fmt: skip
                tx.people.put(person, at=NOON)
                tx.subscribers.put(Subscription(person=id_, language=language, **more))
                found.append(id_)
            return found

        return await self.store.write(unit)

    def _standing(self, tx: Any, case: str) -> Any:
        return self.standings.get(case) or standing(tx, case)

    def library(self) -> Any:
        return library()

    async def case(self, **changes: Any) -> str:
        """Make a case with a sealed box; return its id."""

        def unit(tx: Any) -> str:
            now = self.clock.now()
            box = self.sealing.seal_new(tx, "case", now=now, until=now + YEAR)
            words = WrittenWords(text="Canary words", language="ar", at=now)
            self.sealing.append(tx, box, *write_item(words), now=now)
            made = Case(
                id=box.id, kind="report", urgency=Urgency.RED, state=State.WAITING,
                language=LanguageTag("ar"), created_at=now, answer_by=now + timedelta(minutes=15),
                expires_at=now + YEAR, longest_until=now + YEAR,
            )  # fmt: skip
            tx.cases.put(replace(made, **changes))
            receipt = new_identity()
            tx.cases.set_reach(box.id, Reach(way=Way.NONE, public=receipt.public))
            return str(box.id)

        return await self.store.write(unit)

    def signed(self, version: int, *names: str, root: bytes | None = None) -> str:
        recipients = tuple(
            Recipient(
                label=name, key=self.identities[name].public, role="coordinator",
                valid_from=NOON - YEAR, valid_until=NOON + YEAR,
            )
            for name in names or PEOPLE
        )  # fmt: skip
        made = RecipientList(
            version=version, valid_from=NOON - YEAR, valid_until=NOON + YEAR, recipients=recipients
        )
        return sign(made, root or self.root)

    async def people(self) -> None:
        for name, roles in PEOPLE.items():
            one = self.coordinator(name, roles)
            await self.store.write(lambda tx, one=one: tx.coordinators.put(one))

    def coordinator(self, name: str, roles: Any, **changes: Any) -> Coordinator:
        plain_one = {
            "id": self.ids[name], "alias": name.title(), "roles": frozenset(roles),
            "recipient": self.identities[name].public, "languages": (LanguageTag("fr"),),
        }  # fmt: skip
        return Coordinator(**(plain_one | changes))

    async def challenge(self, name: str) -> dict[str, Any]:
        body = {"recipient": self.identities[name].public}
        response = await self.http.post("/session/challenge", json=body)
        return response.json()

    def answer(self, name: str, challenge: dict[str, Any]) -> dict[str, Any]:
        import base64  # noqa: PLC0415

        identity = self.identities[name]
        opened = open_with(identity.secret, base64.b64decode(challenge["sealed"]))
        proof = answer_challenge(opened, HOST, challenge["ticket"])
        return {"recipient": identity.public, "ticket": challenge["ticket"], "proof": proof}

    async def begin(self, answer: dict[str, Any]) -> httpx.Response:
        return await self.http.post("/session", json=answer)

    async def token(self, name: str) -> str:
        response = await self.begin(self.answer(name, await self.challenge(name)))
        return str(response.json()["token"])

    async def ask(self, token: str, name: str, request: Any) -> httpx.Response:
        operation, written = OPERATIONS[name], plain(request)
        path = operation.path.format(**{one: written[one] for one in in_path(operation)})
        query = {one: written[one] for one in in_query(operation) if written[one] is not None}
        query = {one: str(value).lower() for one, value in query.items() if value != ""}
        body = {one: written[one] for one in in_body(operation)}
        return await self.http.request(
            operation.method, path, params=query or None, json=body or None,
            headers={"Authorization": f"Bearer {token}"},
        )  # fmt: skip
