"""The case key in its two wrappers: for its readers, and for its end.

Inside, age wraps the case key to a fixed number of slots, the free ones filled with keys that
nobody has, so that the wrapper does not tell how many people can read. Outside, a shred key of the
case's own encrypts that; the shred key lies in a small store that is never backed up. Destroying it
ends the live rows and every backup of them together.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pyrage
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from bot.domain.errors import VaultError
from bot.vault.recipients import SLOTS

if TYPE_CHECKING:
    from collections.abc import Sequence

MAGIC = b"VGW\x01\x01"
_NONCE_BYTES = 12
_LENGTH_BYTES = 2
PADDED = 2_048
"""Bytes of every wrapped key: age's own header varies by a few hundred."""


def wrap(case_key: bytes, keys: Sequence[str], shred_key: bytes, *, case: str) -> bytes:
    """Wrap a case key to its readers, then under the case's shred key.

    Raises:
        VaultError: No reader, too many, or a key that is none.
    """
    return outer(wrap_inner(case_key, keys), shred_key, case=case)


def outer(inner: bytes, shred_key: bytes, *, case: str) -> bytes:
    """Put the outer wrapper around an age wrapper, whoever made that.

    Raises:
        VaultError: It is too long to be one of ours.
    """
    if not 0 < len(inner) <= PADDED - _LENGTH_BYTES:
        raise VaultError("This is not a wrapped case key.")
    nonce = secrets.token_bytes(_NONCE_BYTES)
    framed = (len(inner).to_bytes(_LENGTH_BYTES, "big") + inner).ljust(PADDED, b"\0")
    return MAGIC + nonce + AESGCMSIV(shred_key).encrypt(nonce, framed, case.encode())


def wrap_inner(case_key: bytes, keys: Sequence[str]) -> bytes:
    """Return the age wrapper alone: what a reader's desk makes when readers change."""
    if not 0 < len(keys) <= SLOTS:
        raise VaultError(f"A case needs between one and {SLOTS} readers.")
    try:
        slots = [pyrage.x25519.Recipient.from_str(key) for key in keys]
    except pyrage.RecipientError:
        raise VaultError("A reader's key is not an age recipient.") from None
    while len(slots) < SLOTS:
        slots.append(pyrage.x25519.Identity.generate().to_public())
    secrets.SystemRandom().shuffle(slots)
    return bytes(pyrage.encrypt(case_key, slots))


def unwrap_outer(wrapped: bytes, shred_key: bytes, *, case: str) -> bytes:
    """Take the outer wrapper off; what remains only a reader can open.

    Raises:
        VaultError: The shred key is another's, or the bytes were changed.
    """
    if wrapped[: len(MAGIC)] != MAGIC:
        raise VaultError("This is not a wrapped key.")
    rest = wrapped[len(MAGIC) :]
    try:
        framed = AESGCMSIV(shred_key).decrypt(
            rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], case.encode()
        )
    except (InvalidTag, ValueError):
        raise VaultError("The wrapped key does not open: it was shredded or changed.") from None
    length = int.from_bytes(framed[:_LENGTH_BYTES], "big")
    return framed[_LENGTH_BYTES : _LENGTH_BYTES + length]


def unwrap_inner(inner: bytes, identity: str) -> bytes:
    """Open the age wrapper with a reader's identity (AGE-SECRET-KEY-…); done at the desk only.

    Raises:
        VaultError: This identity is not among the case's readers.
    """
    try:
        return bytes(pyrage.decrypt(inner, [pyrage.x25519.Identity.from_str(identity)]))
    except (pyrage.DecryptError, pyrage.IdentityError):
        raise VaultError("This identity cannot open the case.") from None
