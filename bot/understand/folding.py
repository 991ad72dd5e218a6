"""Folding: what people write alike becomes alike before it is compared.

The original stays for the human; these forms are for the machine and are never kept.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST = 400
"""Characters that are looked at; of a longer text its beginning and its end."""

_BEGINNING = 260
_KEEPS_MARKS = (("\u0900", "\u0dff"), ("\u0e00", "\u0fff"), ("\u1000", "\u109f"))
"""Scripts in which a mark is a letter: taking it away would change the word."""

_ARABIC = str.maketrans(
    {
        "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه", "ؤ": "و", "ئ": "ي",
        "ک": "ك", "ی": "ي", "ې": "ي", "ە": "ه", "ـ": None, "\u200c": " ", "\u200d": None,
    }
)  # fmt: skip
_QUOTES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'"})
_STRETCHED = re.compile(r"(\w)\1{2,}")
_SPACE = re.compile(r"\s+")


def shortened(text: str) -> str:
    """Return the text, or of a very long one its beginning and its end."""
    if len(text) <= LONGEST:
        return text
    return f"{text[:_BEGINNING]} {text[-(LONGEST - _BEGINNING) :]}"


def for_encoder(text: str) -> str:
    """Return what the sentence encoder reads: small letters, no emoji, Arabic without its marks."""
    folded = unicodedata.normalize("NFKC", shortened(text)).casefold().translate(_QUOTES)
    kept = "".join(
        letter
        for letter in folded
        if unicodedata.category(letter) not in {"So", "Sk", "Cs", "Co", "Cn", "Cf"}
        and not "\u064b" <= letter <= "\u0652"
        and letter != "ـ"
    )
    return _SPACE.sub(" ", kept).strip()


def for_grams(text: str) -> str:
    """Return what n-grams are cut from: letters and digits alone, without accents."""
    folded = unicodedata.normalize("NFKC", shortened(text)).casefold()
    folded = folded.translate(_ARABIC).translate(_QUOTES)
    bare = "".join(_kept(letter) for letter in unicodedata.normalize("NFD", folded))
    words = _SPACE.sub(" ", unicodedata.normalize("NFC", bare)).strip()
    return _STRETCHED.sub(r"\1\1", words)


def _kept(letter: str) -> str:
    """Return the letter, a space for what parts words, or nothing for what does not count."""
    kind = unicodedata.category(letter)
    if kind[0] in "LN":
        return letter
    if kind in {"Mn", "Mc"}:
        return letter if _is_letter_mark(letter) else ""
    return "" if kind == "Cf" or letter == "'" else " "


def _is_letter_mark(letter: str) -> bool:
    return any(first <= letter <= last for first, last in _KEEPS_MARKS)
