"""The sealed form of one item of a case: padded, tagged with its algorithm, bound to its place.

    b"VGL" · version · algorithm · nonce · ciphertext

Promises: without the case key nobody reads an item; an item moved to another case, another place or
another kind does not open; its size tells a bucket and no more. Nothing is promised once the case
key is known: there is no forward secrecy, short retention stands in for it.
"""

from __future__ import annotations

import secrets

import pyrage
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.domain.errors import VaultError
from bot.vault.identity import recovery_identity

MAGIC = b"VGL"
VERSION = 1
AES_256_GCM_SIV = 1
"""Under the case key itself: what a desk writes, which holds that key."""

LATE = 2
"""Under a key of the item's own that is sealed to the case's public key: what the program writes,
which forgot the case key as soon as it was wrapped.
"""

KEY_BYTES = 32
_NONCE_BYTES = 12
_LENGTH_BYTES = 4
_HEADER = len(MAGIC) + 2
_KEY_LENGTH_BYTES = 2
_WRAPPED_ONCE = 1_024
"""Bytes of an item's own wrapped key: age adds a few hundred random ones to its header."""
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


def late_recipient(key: bytes) -> str:
    """Return the age recipient that belongs to a case key."""
    return _late_identity(key)[1]


def seal_late(public: str, clear: bytes, *, case: str, sequence: int, kind: str) -> bytes:
    """Encrypt one item to the case's public key, without knowing the case key.

    Raises:
        VaultError: `public` is no age recipient.
    """
    once = new_key()
    try:
        wrapped = bytes(pyrage.encrypt(once, [pyrage.x25519.Recipient.from_str(public)]))
    except pyrage.RecipientError:
        raise VaultError("The case has no public key.") from None
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = AESGCMSIV(once).encrypt(nonce, _pad(clear), _place(case, sequence, kind))
    head = MAGIC + bytes((VERSION, LATE)) + len(wrapped).to_bytes(_KEY_LENGTH_BYTES, "big")
    return head + wrapped.ljust(_WRAPPED_ONCE, b"\0") + nonce + sealed


def open_item(key: bytes, sealed: bytes, *, case: str, sequence: int, kind: str) -> bytes:
    """Decrypt one item.

    Raises:
        VaultError: Another key, another place, changed bytes, or an algorithm not known here.
    """
    if sealed[: len(MAGIC)] != MAGIC or len(sealed) < _HEADER + _NONCE_BYTES:
        raise VaultError("This is not a sealed item.")
    version, algorithm = sealed[len(MAGIC)], sealed[len(MAGIC) + 1]
    if (version, algorithm) == (VERSION, LATE):
        return open_late(_late_identity(key)[0], sealed, case=case, sequence=sequence, kind=kind)
    if (version, algorithm) != (VERSION, AES_256_GCM_SIV):
        raise VaultError(f"Sealed with format {version}.{algorithm}, which is not known here.")
    return _opened(key, sealed[_HEADER:], _place(case, sequence, kind))


def open_late(secret: str, sealed: bytes, *, case: str, sequence: int, kind: str) -> bytes:
    """Decrypt what `seal_late` made, with the identity that belongs to the public key.

    Raises:
        VaultError: Another identity, another place, or changed bytes.
    """
    start = _HEADER + _KEY_LENGTH_BYTES
    if sealed[:_HEADER] != MAGIC + bytes((VERSION, LATE)):
        raise VaultError("This is not a sealed item.")
    end = start + int.from_bytes(sealed[_HEADER:start], "big")
    try:
        identity = pyrage.x25519.Identity.from_str(secret)
        once = bytes(pyrage.decrypt(sealed[start:end], [identity]))
    except (pyrage.DecryptError, pyrage.IdentityError):
        raise VaultError("The item does not open: another key, or it was changed.") from None
    return _opened(once, sealed[start + _WRAPPED_ONCE :], _place(case, sequence, kind))


def _opened(key: bytes, sealed: bytes, place: bytes) -> bytes:
    try:
        padded = AESGCMSIV(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place)
    except (InvalidTag, ValueError):
        raise VaultError("The item does not open: another key, or it was changed.") from None
    return _unpad(padded)


def _late_identity(key: bytes) -> tuple[str, str]:
    seed = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"vigil/1/late").derive(key)
    made = recovery_identity(seed)
    return made.secret, made.public


def _place(case: str, sequence: int, kind: str) -> bytes:
    return f"{case}\n{sequence}\n{kind}".encode()


def _pad(clear: bytes) -> bytes:
    framed = len(clear).to_bytes(_LENGTH_BYTES, "big") + clear
    return framed.ljust(bucket(len(framed)), b"\0")


def _unpad(padded: bytes) -> bytes:
    length = int.from_bytes(padded[:_LENGTH_BYTES], "big")
    return padded[_LENGTH_BYTES : _LENGTH_BYTES + length]
