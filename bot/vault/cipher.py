"""Encryption of what names or quotes a person, under the application key.

Promises that a sealed value opens only with the same key and in the same place (`context`), and
that pseudonyms of different purposes cannot be joined without the key. Promises nothing against
somebody who has both the database and the key file.

A sealed value is `algorithm (1 byte), nonce (12), ciphertext and tag`. The first byte lets a new
algorithm be added while old values stay readable. Keys are derived, one a table and one a purpose,
so that no key serves two ends. AES-GCM-SIV is taken where OpenSSL has it: a repeated nonce would
then show equality of two values and nothing more.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESGCMSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.domain.errors import VaultError
from bot.vault.keyfile import KEY_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping

    Aead = AESGCM | AESGCMSIV

GCM_SIV, GCM = b"\x01", b"\x02"
_NONCE = 12
_TAG_DIGITS = 32
"""128 bits of HMAC-SHA-256: enough that two people never share a pseudonym."""


class ApplicationCipher:
    """Implements the `Cipher` port with subkeys of one application key."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise VaultError(f"An application key has {KEY_BYTES} bytes, not {len(key)}.")
        self._key = key
        self._sealers: dict[str, Mapping[bytes, Aead]] = {}
        self._tag_keys: dict[str, bytes] = {}

    def __repr__(self) -> str:
        return "<application cipher>"

    def seal(self, clear: bytes, *, context: str) -> bytes:
        """Encrypt; two calls never give the same bytes."""
        algorithm, aead = next(iter(self._aeads(context).items()))
        nonce = os.urandom(_NONCE)
        return algorithm + nonce + aead.encrypt(nonce, clear, algorithm + context.encode())

    def open(self, sealed: bytes, *, context: str) -> bytes:
        """Decrypt.

        Raises:
            VaultError: Another key, another context, or changed bytes.
        """
        algorithm, nonce, body = sealed[:1], sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        aead = self._aeads(context).get(algorithm)
        if aead is None:
            raise VaultError("A sealed value has an algorithm that is not known here.")
        try:
            return aead.decrypt(nonce, body, algorithm + context.encode())
        except (InvalidTag, ValueError):
            raise VaultError("A sealed value does not open: wrong key, place or bytes.") from None

    def tag(self, clear: str, *, purpose: str) -> str:
        """Return a keyed pseudonym (HMAC, hex) that differs from purpose to purpose."""
        key = self._tag_keys.get(purpose)
        if key is None:
            key = self._tag_keys[purpose] = self._derive(f"tag/{purpose}")
        return hmac.digest(key, clear.encode(), hashlib.sha256).hex()[:_TAG_DIGITS]

    def _aeads(self, context: str) -> Mapping[bytes, Aead]:
        """Return the algorithms for a context's table, the one to seal with first."""
        table = context.partition("/")[0]
        aeads = self._sealers.get(table)
        if aeads is None:
            gcm = AESGCM(self._derive(f"gcm/{table}"))
            try:
                aeads = {GCM_SIV: AESGCMSIV(self._derive(f"gcm-siv/{table}")), GCM: gcm}
            except UnsupportedAlgorithm:
                aeads = {GCM: gcm}
            self._sealers[table] = aeads
        return aeads

    def _derive(self, purpose: str) -> bytes:
        info = f"vigil/1/{purpose}".encode()
        return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(self._key)
