"""Who can read cases: a list signed by an offline root, and refused when in doubt.

Sealed boxes prove nothing about who made them; without this list whoever adds a key to the server
reads everything. The server holds the root's public key only. A list is refused when its signature
is not the root's, when it is not valid now, when it is older than the last one seen, or when it
names fewer than two readers.
"""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from bot.domain.errors import VaultError

FORMAT = "vigil-recipients-1"
SLOTS = 8
"""Keys that every case key is wrapped to; free slots hold keys that nobody has."""

FEWEST = 2
ROLES = frozenset({"coordinator", "lead", "recovery", "demo"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Somebody who can open cases. `label` is a code name, never a person's name."""

    label: str
    key: str
    """age X25519 recipient (age1…)."""
    role: str
    valid_from: datetime
    valid_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientList:
    """All who can open cases, with a number that only grows."""

    version: int
    valid_from: datetime
    valid_until: datetime
    recipients: tuple[Recipient, ...]

    @property
    def demo(self) -> bool:
        """Tell whether a demo key is among them: then nothing real may be written."""
        return any(recipient.role == "demo" for recipient in self.recipients)

    def live(self, now: datetime) -> tuple[Recipient, ...]:
        """Return those whose key is valid now."""
        return tuple(one for one in self.recipients if one.valid_from <= now < one.valid_until)

    def readers(self, now: datetime) -> int:
        """Count live keys in the hands of people at work, without the recovery key."""
        return sum(one.role != "recovery" for one in self.live(now))


def sign(recipients: RecipientList, root: bytes) -> str:
    """Return the signed list as text; `root` is the offline Ed25519 private key, 32 bytes."""
    body = _body(recipients)
    signature = Ed25519PrivateKey.from_private_bytes(root).sign(body)
    return json.dumps(
        {
            "format": FORMAT,
            "body": body.decode(),
            "signature": base64.b64encode(signature).decode(),
        },
        indent=1,
    )


def verify(text: str, *, root: bytes, now: datetime, last_seen: int) -> RecipientList:
    """Read a signed list.

    Args:
        text: The file as `sign` wrote it.
        root: The root's Ed25519 public key, 32 bytes.
        now: The present moment.
        last_seen: The highest version ever accepted here.

    Raises:
        VaultError: One sentence: unsigned, not valid now, older than the last seen, too few.
    """
    try:
        wrapper = json.loads(text)
        body = wrapper["body"].encode()
        signature = base64.b64decode(wrapper["signature"], validate=True)
        known = wrapper["format"] == FORMAT
    except (ValueError, KeyError, TypeError, AttributeError):
        raise VaultError("The recipient list is damaged.") from None
    if not known:
        raise VaultError("The recipient list is of a format not known here.")
    try:
        Ed25519PublicKey.from_public_bytes(root).verify(signature, body)
    except InvalidSignature:
        raise VaultError("The recipient list is not signed by our root key.") from None
    found = _parse(body)
    if not found.valid_from <= now < found.valid_until:
        raise VaultError("The recipient list is not valid at this time; sign a new one.")
    if found.version < last_seen:
        raise VaultError(
            f"The recipient list is number {found.version}; {last_seen} was seen before."
        )
    if found.readers(now) < FEWEST and not found.demo:
        raise VaultError("The recipient list has fewer than two people who can read a case.")
    if len(found.live(now)) > SLOTS:
        raise VaultError(f"The recipient list has more than {SLOTS} live keys.")
    return found


def read_unchecked(text: str) -> RecipientList:
    """Read a list that is about to be signed anew; proves nothing about who wrote it.

    Raises:
        VaultError: It is damaged.
    """
    try:
        body = json.loads(text)["body"].encode()
    except (ValueError, KeyError, TypeError, AttributeError):
        raise VaultError("The recipient list is damaged.") from None
    return _parse(body)


def _body(recipients: RecipientList) -> bytes:
    plain = asdict(recipients)
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), default=_iso).encode()


def _iso(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _parse(body: bytes) -> RecipientList:
    try:
        plain: dict[str, Any] = json.loads(body)
        recipients = tuple(
            Recipient(
                label=one["label"],
                key=one["key"],
                role=one["role"],
                valid_from=datetime.fromisoformat(one["valid_from"]),
                valid_until=datetime.fromisoformat(one["valid_until"]),
            )
            for one in plain["recipients"]
        )
        if not all(one.role in ROLES for one in recipients):
            raise VaultError("The recipient list names a role that is not known here.")
        return RecipientList(
            version=int(plain["version"]),
            valid_from=datetime.fromisoformat(plain["valid_from"]),
            valid_until=datetime.fromisoformat(plain["valid_until"]),
            recipients=recipients,
        )
    except (ValueError, KeyError, TypeError):
        raise VaultError("The recipient list is damaged.") from None
