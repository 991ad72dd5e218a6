"""Who is signed in at a desk: challenges and tokens that the server can check without keeping any.

A challenge's nonce and a token's seal are keyed hashes under the application key, so every process
of an installation knows them. What must be remembered is little: a challenge that was answered, and
since when a coordinator's earlier tokens count no more. A token is bound to the coordinator and to
their present public key: whoever is removed or gets a new key is signed out at once.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.contract.session import Challenge, prove, write_challenge
from bot.domain.errors import VaultError
from bot.domain.ids import ChannelName, CoordinatorId

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.contract.session import AnswerChallenge
    from bot.domain.coordinators import Coordinator
    from bot.services.ports import Cipher, Clock, Tx

CHALLENGE_TTL = timedelta(minutes=2)
SESSION_TTL = timedelta(minutes=15)
"""A desk signs in again by itself while its identity is unlocked."""

_ANSWERED = ChannelName("desk-challenge")
_PARTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """Makes and checks challenges and tokens.

    Args:
        cipher: For keyed hashes.
        clock: The time.
        seal: Seals bytes to an age recipient.
    """

    cipher: Cipher
    clock: Clock
    seal: Callable[[str, bytes], bytes]

    def challenge(self, recipient: str, audience: str) -> Challenge:
        """Return a challenge, also for a recipient that nobody here has.

        Raises:
            VaultError: The recipient is no key.
        """
        until = self.clock.now() + CHALLENGE_TTL
        ticket = f"{secrets.token_hex(16)}.{_micros(until)}"
        sealed = self.seal(recipient, write_challenge(audience, self._nonce(ticket, recipient)))
        return Challenge(ticket=ticket, sealed=sealed, expires_at=until)

    def answered(self, tx: Tx, answer: AnswerChallenge) -> Coordinator | None:
        """Return whose identity answered; None when it is wrong, late, used or nobody's."""
        now = self.clock.now()
        _, _, until = answer.ticket.rpartition(".")
        right = prove(self._nonce(answer.ticket, answer.recipient), answer.ticket)
        if not hmac.compare_digest(right, answer.proof) or not _before(now, until):
            return None
        if not tx.seen.first_time(_ANSWERED, answer.ticket, at=now):
            return None
        return by_recipient(tx, answer.recipient)

    def token(self, who: Coordinator) -> tuple[str, datetime]:
        """Return a token and when it ends."""
        now = self.clock.now()
        until = now + SESSION_TTL
        body = f"{who.id}.{_micros(now)}.{_micros(until)}.{secrets.token_hex(8)}"
        return f"{body}.{self._mark(body, who.recipient)}", until

    def who(self, tx: Tx, token: str) -> Coordinator | None:
        """Return who holds a token; None when it is none, over, or counts no more."""
        parts = token.split(".")
        if len(parts) != _PARTS:
            return None
        id_, since, until, _, mark = parts
        found = tx.coordinators.get(CoordinatorId(id_))
        recipient = found.recipient if found else ""
        if not hmac.compare_digest(self._mark(token.rpartition(".")[0], recipient), mark):
            return None
        out = tx.leases.noted(self._out(id_))
        over = not _before(self.clock.now(), until) or (out is not None and int(since) <= int(out))
        return None if over else found

    def end(self, tx: Tx, who: Coordinator) -> None:
        """Sign a coordinator out everywhere."""
        tx.leases.note(self._out(who.id), str(_micros(self.clock.now())))

    def _nonce(self, ticket: str, recipient: str) -> bytes:
        asked = f"{ticket}\n{recipient}"
        halves = (self.cipher.tag(asked, purpose=f"desk-nonce-{half}") for half in (1, 2))
        return bytes.fromhex("".join(halves))

    def _mark(self, body: str, recipient: str) -> str:
        return self.cipher.tag(f"{body}\n{recipient}", purpose="desk-session")

    def _out(self, id_: str) -> str:
        return f"desk-out-{self.cipher.tag(id_, purpose='desk-out')}"


def by_recipient(tx: Tx, recipient: str) -> Coordinator | None:
    """Return the coordinator with this public key."""
    return next((one for one in tx.coordinators.all() if one.recipient == recipient), None)


def _micros(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)


def _before(now: datetime, until: str) -> bool:
    # A ticket may hold any digits; only those that we made pass the keyed check as well.
    return until.isdecimal() and now < datetime.fromtimestamp(
        min(int(until) / 1_000_000, 253_402_300_799), UTC
    )


__all__ = ["Sessions", "VaultError", "by_recipient"]
