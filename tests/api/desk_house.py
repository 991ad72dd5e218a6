"""The desk's API over a real store, with coordinators of every role and cases of every standing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx

from bot.api.desk import MOUNTED_AT, DeskApi, Standing
from bot.api.desk_acts import HouseActs
from bot.api.desk_sessions import Sessions
from bot.contract.openapi import in_body, in_path, in_query
from bot.contract.registry import OPERATIONS
from bot.contract.session import answer_challenge
from bot.contract.shapes import plain
from bot.domain.coordinators import Coordinator, Role
from bot.domain.ids import CoordinatorId, LanguageTag
from bot.vault.challenge import open_with, seal_to
from bot.vault.identity import new_identity, new_root
from bot.vault.keyring import Keyring
from bot.vault.recipients import Recipient, RecipientList, sign

if TYPE_CHECKING:
    from pathlib import Path

    from bot.services.ports import Store
    from bot.vault.cipher import ApplicationCipher

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
YEAR = timedelta(days=365)
HOST = "vigil.example"

PEOPLE = {
    "robin": {Role.COORDINATOR}, "wren": {Role.COORDINATOR}, "heron": {Role.LEAD},
    "kite": {Role.OPERATOR},
}  # fmt: skip


class Clock:
    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at


@dataclass
class DeskHouse:
    store: Store
    cipher: ApplicationCipher
    folder: Path
    clock: Clock = field(default_factory=Clock)
    acts: dict[str, Any] = field(default_factory=dict)
    standings: dict[str, Standing] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.identities = {name: new_identity() for name in PEOPLE}
        self.ids = {name: CoordinatorId(f"c-{name}") for name in PEOPLE}
        self.root, public = new_root()
        self.keyring = Keyring(keys=self.folder / "keys", home=self.folder)
        self.keyring.trust(public.hex())
        self.keyring.install(self.signed(1), now=NOON, last_seen=0)
        self.sessions = Sessions(cipher=self.cipher, clock=self.clock, seal=seal_to)
        self.house = HouseActs(sessions=self.sessions, clock=self.clock, keyring=self.keyring)
        self.api = DeskApi(
            store=self.store, clock=self.clock, sessions=self.sessions,
            acts={**self.house.acts(), **self.acts}, public=self.house.public(),
            standing=lambda _tx, case: self.standings.get(case), **self.options,
        )  # fmt: skip
        transport = httpx.ASGITransport(app=self.api.app())
        self.http = httpx.AsyncClient(transport=transport, base_url=f"https://{HOST}")

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
        response = await self.http.post(_at("/session/challenge"), json=body)
        return response.json()

    def answer(self, name: str, challenge: dict[str, Any]) -> dict[str, Any]:
        import base64  # noqa: PLC0415

        identity = self.identities[name]
        opened = open_with(identity.secret, base64.b64decode(challenge["sealed"]))
        proof = answer_challenge(opened, HOST, challenge["ticket"])
        return {"recipient": identity.public, "ticket": challenge["ticket"], "proof": proof}

    async def begin(self, answer: dict[str, Any]) -> httpx.Response:
        return await self.http.post(_at("/session"), json=answer)

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
            operation.method, _at(path), params=query or None, json=body or None,
            headers={"Authorization": f"Bearer {token}"},
        )  # fmt: skip


def _at(path: str) -> str:
    # The application is mounted by the server; here it is asked directly.
    assert MOUNTED_AT
    return path
