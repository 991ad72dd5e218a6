"""The slow digest of words that were agreed on: Argon2id, one for each text, off the event loop.

The digest lies encrypted under the application key, so whoever has the database alone can try
nothing. Whoever has both tries at the price set here; a PIN of four digits does not withstand that.
"""

from __future__ import annotations

import asyncio
import secrets

from argon2.low_level import Type, hash_secret_raw

SALT_BYTES, DIGEST_BYTES = 16, 32
TIME_COST, MEMORY_KIB = 2, 19 * 1024
"""OWASP's smallest advised setting: an answer to a check-in must not wait on a small machine."""


def new_salt() -> bytes:
    """Return a random salt, one a person."""
    return secrets.token_bytes(SALT_BYTES)


def digest(
    salt: bytes, text: str, *, time_cost: int = TIME_COST, memory: int = MEMORY_KIB
) -> bytes:
    """Return the digest of a text; takes about as long for every text."""
    return hash_secret_raw(
        secret=text.encode(),
        salt=salt,
        time_cost=time_cost,
        memory_cost=memory,
        parallelism=1,
        hash_len=DIGEST_BYTES,
        type=Type.ID,
    )


async def derive(salt: bytes, text: str) -> bytes:
    """Return the digest of a text, computed beside the event loop."""
    return await asyncio.to_thread(digest, salt, text)
