"""A coordinator's identity and the recovery key: made, protected, split and put together again.

An identity is an age X25519 key in a file that a passphrase protects. The recovery key is split
into three shares of twenty words and more, of which any two give it back; no share lies on a
server.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyrage
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.domain.errors import VaultError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SHORTEST_PASSPHRASE = 12
DEMO_MARK = "# Vigil demo identity: everybody may have it, it protects nothing"
"""First line of the demo identity's file."""
_SECRET_BYTES = 32
_GLANCES = 8
_TOO_MUCH_WORK = "Excessive work"
"""How age says it; a test holds it against age itself."""
_SHARES, _NEEDED = 3, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A key pair; the secret never shows."""

    secret: str = field(repr=False)
    public: str


def new_identity() -> Identity:
    """Make an identity."""
    made = pyrage.x25519.Identity.generate()
    return Identity(secret=str(made), public=str(made.to_public()))


def save_identity(identity: Identity, path: Path, passphrase: str) -> None:
    """Write an identity, protected by a passphrase, into a new file that only its owner reads.

    Raises:
        VaultError: The passphrase is too short, or the file exists already.
    """
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise VaultError(f"A passphrase has at least {SHORTEST_PASSPHRASE} characters: use words.")
    sealed = pyrage.passphrase.encrypt(identity.secret.encode(), passphrase)
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        raise VaultError(f"{path} exists already; an identity is never overwritten.") from None
    with os.fdopen(handle, "wb") as file:
        file.write(sealed)


def load_identity(path: Path, passphrase: str) -> Identity:
    """Read an identity; the demo identity alone lies there without protection.

    Raises:
        VaultError: No such file, no identity, another passphrase, or too much work for now.
    """
    try:
        held = path.read_bytes()
        if held.startswith(DEMO_MARK.encode()):
            secret = held.decode().splitlines()[1].strip()
        else:
            secret = _opened(held, passphrase).decode()
        public = str(pyrage.x25519.Identity.from_str(secret).to_public())
    except OSError as error:
        raise VaultError(f"{path} cannot be read: {error.strerror}.") from None
    except (pyrage.DecryptError, pyrage.IdentityError, UnicodeDecodeError, IndexError):
        raise VaultError("The passphrase is not the right one, or this is no identity.") from None
    return Identity(secret=secret, public=public)


def new_root() -> tuple[bytes, bytes]:
    """Make the offline root: (private, public), 32 bytes each."""
    private = Ed25519PrivateKey.generate()
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


def save_root(private: bytes, path: Path, passphrase: str) -> None:
    """Write the root's private key like an identity.

    Raises:
        VaultError: The passphrase is too short, or the file exists already.
    """
    save_identity(Identity(secret=private.hex(), public=""), path, passphrase)


def load_root(path: Path, passphrase: str) -> tuple[bytes, bytes]:
    """Read the root: (private, public).

    Raises:
        VaultError: No such file, no root, another passphrase, or too much work for now.
    """
    try:
        private = bytes.fromhex(_opened(path.read_bytes(), passphrase).decode())
        public = Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
    except OSError as error:
        raise VaultError(f"{path} cannot be read: {error.strerror}.") from None
    except (pyrage.DecryptError, ValueError):
        raise VaultError("The passphrase is not the right one, or this is no root.") from None
    return private, public


def _opened(held: bytes, passphrase: str) -> bytes:
    """Take the passphrase's protection off.

    age refuses a file that would cost it far too long, judged by a glance at how fast this machine
    is. One that something else holds up at that moment looks slow, so it is asked more than once.

    Raises:
        VaultError: It would take too long every time.
        pyrage.DecryptError: Another passphrase, or no such file.
    """
    for _ in range(_GLANCES):
        try:
            opened: bytes = pyrage.passphrase.decrypt(held, passphrase)
        except pyrage.DecryptError as error:
            if not str(error).startswith(_TOO_MUCH_WORK):
                raise
        else:
            return opened
    raise VaultError(
        "Opening this would take this machine too long. If it is busy, try again in a moment."
    )


def split_secret(secret: bytes) -> tuple[str, ...]:
    """Split 32 bytes into three shares of words, any two of which give them back (SLIP-0039)."""
    import shamir_mnemonic  # noqa: PLC0415 - used in a drill a year, never on the server

    if len(secret) != _SECRET_BYTES:
        raise VaultError("Only a key of 32 bytes is split.")
    groups = shamir_mnemonic.generate_mnemonics(1, [(_NEEDED, _SHARES)], secret)
    return tuple(groups[0])


def join_shares(shares: Sequence[str]) -> bytes:
    """Put two shares together.

    Raises:
        VaultError: Too few, damaged, or of different keys.
    """
    import shamir_mnemonic  # noqa: PLC0415

    try:
        return bytes(shamir_mnemonic.combine_mnemonics([share.strip() for share in shares]))
    except shamir_mnemonic.MnemonicError:
        raise VaultError(
            "These shares do not make a key: too few, mistyped, or mixed up."
        ) from None


def recovery_identity(seed: bytes) -> Identity:
    """Return the identity that a recovered seed stands for."""
    made = pyrage.x25519.Identity.from_str(_bech32(seed))
    return Identity(secret=str(made), public=str(made.to_public()))


def new_seed() -> bytes:
    """Make the seed of a recovery identity."""
    return secrets.token_bytes(_SECRET_BYTES)


_LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_PREFIX = "age-secret-key-"


def _bech32(seed: bytes) -> str:
    """Write 32 bytes the way age writes a secret key (BIP 173)."""
    bits = int.from_bytes(seed, "big") << 4
    data = [(bits >> shift) & 31 for shift in range(255, -1, -5)]
    expanded = [ord(c) >> 5 for c in _PREFIX] + [0] + [ord(c) & 31 for c in _PREFIX]
    check = _polymod([*expanded, *data, 0, 0, 0, 0, 0, 0]) ^ 1
    data += [(check >> 5 * (5 - place)) & 31 for place in range(6)]
    return (_PREFIX + "1" + "".join(_LETTERS[value] for value in data)).upper()


def _polymod(values: Sequence[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for place, generator in enumerate(
            (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
        ):
            check ^= generator if (top >> place) & 1 else 0
    return check
