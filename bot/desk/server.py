"""The server as the desk sees it: operations of the contract, asked over HTTPS.

Knows how to sign in with an identity and does it again when the session is over. Nothing that was
asked or answered is logged or quoted in an error.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import httpx

from bot.contract.openapi import in_body, in_path, in_query
from bot.contract.registry import OPERATIONS
from bot.contract.session import AnswerChallenge, AskChallenge, Me, answer_challenge
from bot.contract.shapes import ShapeError, parse, plain
from bot.vault.challenge import open_with

if TYPE_CHECKING:
    from bot.contract.operations import Operation
    from bot.vault.identity import Identity

MOUNTED_AT = "/desk/v1"
PATIENCE = 20.0
"""Seconds for one answer: an onion service is slow."""

_UNAUTHORISED = 401
_LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})


class AskError(Exception):
    """The server did not do it, or could not be asked.

    Args:
        code: One of the contract's, or `no-server`, `not-vigil`, `not-secure`, `wrong-identity`.
        field: Which field was wrong, for code `wrong`.
    """

    def __init__(self, code: str, field: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.field = field


def check_address(address: str) -> str:
    """Return the server's address without what is not needed.

    Raises:
        AskError: It is none, or the way to it could be listened to.
    """
    parts = urlsplit(address.strip())
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"} or not host:
        raise AskError("not-vigil")
    # An onion address encrypts by itself, and nobody listens on the loopback.
    if parts.scheme == "http" and host not in _LOCAL and not host.endswith(".onion"):
        raise AskError("not-secure")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


@dataclass(slots=True, kw_only=True)
class Server:
    """One server, asked as one coordinator.

    Args:
        address: `https://host` as `check_address` returned it.
        identity: The coordinator's key pair; its secret stays here.
        transport: Another than the network is for tests.
        proxy: An HTTP proxy on the way, or none.
    """

    address: str
    identity: Identity = field(repr=False)
    transport: httpx.AsyncBaseTransport | None = None
    proxy: str | None = None
    _token: str = field(default="", repr=False)
    _http: httpx.AsyncClient = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._http = httpx.AsyncClient(
            base_url=self.address + MOUNTED_AT,
            timeout=PATIENCE,
            transport=self.transport,
            proxy=self.proxy,
            trust_env=False,
            follow_redirects=False,
        )

    async def sign_in(self) -> Me:
        """Prove possession of the identity.

        Raises:
            AskError: The server does not know it, or is not the one it says it is.
        """
        public = self.identity.public
        challenge = await self._send("session.challenge", AskChallenge(recipient=public))
        try:
            opened = open_with(self.identity.secret, challenge.sealed)
            proof = answer_challenge(opened, self._audience, challenge.ticket)
        except Exception as error:
            raise AskError("not-vigil") from error
        answer = AnswerChallenge(recipient=public, ticket=challenge.ticket, proof=proof)
        try:
            session = await self._send("session.begin", answer)
        except AskError as error:
            raise AskError(
                "wrong-identity" if error.code == "not-signed-in" else error.code
            ) from None
        self._token = session.token
        me: Me = session.me
        return me

    async def ask(self, name: str, request: Any) -> Any:
        """Ask for one operation and return its answer.

        Raises:
            AskError: The server said no, or could not be asked.
        """
        try:
            return await self._send(name, request)
        except AskError as error:
            if error.code != "not-signed-in":
                raise
        await self.sign_in()
        return await self._send(name, request)

    async def close(self) -> None:
        """Let go of the connections."""
        self._token = ""
        await self._http.aclose()

    @property
    def _audience(self) -> str:
        return self._http.base_url.netloc.decode()

    async def _send(self, name: str, request: Any) -> Any:
        operation = OPERATIONS[name]
        written = plain(request)
        path = operation.path.format(
            **{one: quote(str(written[one]), safe="") for one in in_path(operation)}
        )
        query = {one: _string(written[one]) for one in in_query(operation)}
        body = {one: written[one] for one in in_body(operation)}
        headers = {} if operation.public else {"Authorization": f"Bearer {self._token}"}
        try:
            response = await self._http.request(
                operation.method,
                path,
                params={name: value for name, value in query.items() if value} or None,
                json=body if in_body(operation) else None,
                headers=headers,
            )
        except httpx.HTTPError:
            raise AskError("no-server") from None
        return _answer(operation, response)


def _string(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(str(one) for one in value)
    return "" if value is None else str(value)


def _answer(operation: Operation, response: httpx.Response) -> Any:
    if response.is_success:
        if operation.answer is None:
            return None
        if operation.answer is bytes:
            return response.content
        try:
            return parse(operation.answer, response.json())
        except (ShapeError, ValueError):
            raise AskError("not-vigil") from None
    try:
        problem = response.json()
        code, where = str(problem["code"]), str(problem.get("field", ""))
    except (ValueError, KeyError, TypeError, json.JSONDecodeError):
        raise AskError("not-vigil") from None
    raise AskError(code, where)
