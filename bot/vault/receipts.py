"""Receipts: six words that find a case again and open what was answered to it.

Argon2id with one salt for the whole installation turns the words into a key that finds the case and
a secret that opens the answers; neither the words nor the secret is kept. Six of 2,048 words are 66
bits: with database, key file and salt in hand, trying them all is out of reach.
"""

from __future__ import annotations

import secrets
import unicodedata
from functools import cache
from pathlib import Path

import mnemonic
from argon2.low_level import Type, hash_secret_raw

from bot.domain.messages import ReceiptKey
from bot.vault.identity import recovery_identity

WORDS = 6
LISTS = {
    "en": "english", "es": "spanish", "fr": "french", "pt": "portuguese", "ru": "russian",
    "zh": "chinese_simplified", "tr": "turkish",
}  # fmt: skip
"""Lists of 2,048 words by language; other languages write in English words."""

SALT_BYTES = 16
_TIME, _MEMORY_KIB = 2, 32 * 1024
_HALF = 32


def new_receipt(language: str) -> str:
    """Return six random words of a language's list."""
    words = _list(LISTS.get(language, "english"))
    return " ".join(secrets.choice(words) for _ in range(WORDS))


def is_receipt(text: str) -> bool:
    """Tell whether a text could be a receipt: six words, all of one list."""
    words = _plain(text).split()
    return len(words) == WORDS and any(
        all(word in _known(name) for word in words) for name in LISTS.values()
    )


def key_of(text: str, salt: bytes) -> ReceiptKey:
    """Return what a receipt stands for; takes about a tenth of a second of one core."""
    raw = hash_secret_raw(
        " ".join(_plain(text).split()).encode(), salt, time_cost=_TIME, memory_cost=_MEMORY_KIB,
        parallelism=1, hash_len=2 * _HALF, type=Type.ID,
    )  # fmt: skip
    identity = recovery_identity(raw[_HALF:])
    return ReceiptKey(finds=raw[:_HALF].hex(), secret=identity.secret, public=identity.public)


def _plain(text: str) -> str:
    """Fold what people type differently: case, accents, commas, numbers before the words."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    kept = (one for one in folded if not unicodedata.combining(one))
    return "".join(one if one.isalpha() else " " for one in kept)


@cache
def _list(name: str) -> tuple[str, ...]:
    file = Path(mnemonic.__file__).parent / "wordlist" / f"{name}.txt"
    return tuple(file.read_text("utf-8").split())


@cache
def _known(name: str) -> frozenset[str]:
    return frozenset(_plain(word) for word in _list(name))
