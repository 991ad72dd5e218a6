"""Signing in: whoever can open what was sealed to a registered age recipient is its coordinator.

The server seals a nonce to the recipient. The desk opens it with its identity, looks whether the
seal names the server that it talks to (else somebody in the middle passes it on) and answers with
an HMAC of the nonce. What the desk opens is never sent back, so a server cannot have a case key
opened by calling it a challenge.
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from bot.contract.operations import EVERYBODY, Nothing, Operation, Role
from bot.contract.shapes import Id, Recipient, ShapeError, Size, Tag, Text

Proof = Annotated[str, Text(shortest=64, longest=64, pattern="[0-9a-f]{64}")]
Ticket = Annotated[str, Text(shortest=16, longest=400, pattern=r"[A-Za-z0-9_.-]+")]

_HEAD = b"vigil-desk-challenge-1\n"
NONCE_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class AskChallenge:
    """Who wants to sign in."""

    recipient: Recipient


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """What only the identity can answer. A recipient that is not known here gets one as well."""

    ticket: Ticket = field(repr=False)
    sealed: Annotated[bytes, Size(least=1, most=4096)] = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerChallenge:
    """The answer to a challenge; each is taken once."""

    recipient: Recipient
    ticket: Ticket = field(repr=False)
    proof: Proof = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """The coordinator who asks."""

    id: Id
    alias: Annotated[str, Text(longest=64)]
    roles: tuple[Role, ...]
    languages: tuple[Tag, ...]
    on_duty: bool
    demo: bool = False
    """Only demo keys exist: nothing real may be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Signed in until `expires_at`; the token goes into `Authorization: Bearer`."""

    token: Ticket = field(repr=False)
    expires_at: datetime
    me: Me


@dataclass(frozen=True, slots=True, kw_only=True)
class SetDuty:
    """Whether one is there to be called."""

    on_duty: bool


def write_challenge(audience: str, nonce: bytes) -> bytes:
    """Return what the server seals: for which server it is, and the nonce."""
    return _HEAD + audience.encode() + b"\n" + nonce


def answer_challenge(opened: bytes, audience: str, ticket: str) -> str:
    """Return the proof for an opened challenge.

    Args:
        opened: What the identity opened.
        audience: Host and port of the server that the desk talks to.
        ticket: The challenge's ticket.

    Raises:
        ShapeError: It is no challenge, or one of another server.
    """
    begin = _HEAD + audience.encode() + b"\n"
    nonce = opened[len(begin) :]
    if not opened.startswith(begin) or len(nonce) != NONCE_BYTES:
        raise ShapeError("sealed", "is not a challenge of this server")
    return prove(nonce, ticket)


def prove(nonce: bytes, ticket: str) -> str:
    """Return what both sides compute from the nonce."""
    return hmac.new(nonce, b"vigil-desk-proof\n" + ticket.encode(), hashlib.sha256).hexdigest()


OPERATIONS = (
    Operation(
        name="session.challenge",
        method="POST",
        path="/session/challenge",
        summary="Ask for something that only a registered identity can open.",
        allowed={},
        public=True,
        request=AskChallenge,
        answer=Challenge,
        weight=2,
    ),
    Operation(
        name="session.begin",
        method="POST",
        path="/session",
        summary="Sign in with the answer to a challenge.",
        allowed={},
        public=True,
        request=AnswerChallenge,
        answer=Session,
        weight=2,
    ),
    Operation(
        name="session.me",
        method="GET",
        path="/session",
        summary="Tell who is signed in.",
        allowed=EVERYBODY,
        request=Nothing,
        answer=Me,
    ),
    Operation(
        name="session.end",
        method="DELETE",
        path="/session",
        summary="Sign out, everywhere.",
        allowed=EVERYBODY,
        request=Nothing,
    ),
    Operation(
        name="duty.set",
        method="PUT",
        path="/duty",
        summary="Begin or end one's duty.",
        allowed={Role.COORDINATOR: EVERYBODY[Role.COORDINATOR], Role.LEAD: EVERYBODY[Role.LEAD]},
        request=SetDuty,
        answer=Me,
    ),
)
