"""The sealed form of one item of a case: padded, tagged with its algorithm, bound to its place.

    b"VGL" · version · algorithm · nonce · ciphertext

Promises: without the case key nobody reads an item; an item moved to another case, another place or
another kind does not open; its size tells a bucket and no more. Nothing is promised once the case
key is known: there is no forward secrecy, short retention stands in for it.
"""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from bot.domain.errors import VaultError

MAGIC = b"VGL"
VERSION = 1
AES_256_GCM_SIV = 1
"""The one algorithm in use; a second gets the next number and both are read."""

KEY_BYTES = 32
_NONCE_BYTES = 12
_LENGTH_BYTES = 4
_HEADER = len(MAGIC) + 2
BUCKETS = (1 << 10, 4 << 10, 16 << 10, 64 << 10)
"""Sizes that items are padded to, in bytes; larger ones to whole multiples of the last."""


def new_key() -> bytes:
    """Return a random case key or shred key."""
    return secrets.token_bytes(KEY_BYTES)


def bucket(size: int) -> int:
    """Return the padded size for so many bytes of content."""
    for limit in BUCKETS:
        if size <= limit:
            return limit
    return -(-size // BUCKETS[-1]) * BUCKETS[-1]


def seal_item(key: bytes, clear: bytes, *, case: str, sequence: int, kind: str) -> bytes:
    """Encrypt one item of a case under the case key."""
    padded = _pad(clear)
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = AESGCMSIV(key).encrypt(nonce, padded, _place(case, sequence, kind))
    return MAGIC + bytes((VERSION, AES_256_GCM_SIV)) + nonce + sealed


def open_item(key: bytes, sealed: bytes, *, case: str, sequence: int, kind: str) -> bytes:
    """Decrypt one item.

    Raises:
        VaultError: Another key, another place, changed bytes, or an algorithm not known here.
    """
    if sealed[: len(MAGIC)] != MAGIC or len(sealed) < _HEADER + _NONCE_BYTES:
        raise VaultError("This is not a sealed item.")
    version, algorithm = sealed[len(MAGIC)], sealed[len(MAGIC) + 1]
    if (version, algorithm) != (VERSION, AES_256_GCM_SIV):
        raise VaultError(f"Sealed with format {version}.{algorithm}, which is not known here.")
    nonce = sealed[_HEADER : _HEADER + _NONCE_BYTES]
    try:
        padded = AESGCMSIV(key).decrypt(
            nonce, sealed[_HEADER + _NONCE_BYTES :], _place(case, sequence, kind)
        )
    except InvalidTag:
        raise VaultError("The item does not open: another key, or it was changed.") from None
    return _unpad(padded)


def _place(case: str, sequence: int, kind: str) -> bytes:
    return f"{case}\n{sequence}\n{kind}".encode()


def _pad(clear: bytes) -> bytes:
    framed = len(clear).to_bytes(_LENGTH_BYTES, "big") + clear
    return framed.ljust(bucket(len(framed)), b"\0")


def _unpad(padded: bytes) -> bytes:
    length = int.from_bytes(padded[:_LENGTH_BYTES], "big")
    return padded[_LENGTH_BYTES : _LENGTH_BYTES + length]
