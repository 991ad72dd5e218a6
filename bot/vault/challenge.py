"""Proof that somebody holds an identity: what is sealed to it comes back opened, or not at all."""

from __future__ import annotations

import pyrage

from bot.domain.errors import VaultError


def seal_to(recipient: str, clear: bytes) -> bytes:
    """Seal a few bytes to one recipient.

    Raises:
        VaultError: The recipient is none.
    """
    try:
        return bytes(pyrage.encrypt(clear, [pyrage.x25519.Recipient.from_str(recipient)]))
    except (pyrage.RecipientError, pyrage.EncryptError):
        raise VaultError("This is not an age recipient.") from None


def open_with(identity: str, sealed: bytes) -> bytes:
    """Open what was sealed to an identity.

    Raises:
        VaultError: It was sealed to somebody else, or is nothing sealed.
    """
    try:
        return bytes(pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(identity)]))
    except (pyrage.DecryptError, pyrage.IdentityError):
        raise VaultError("This identity does not open it.") from None
