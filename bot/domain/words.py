"""Words that a person wrote: the type that never shows what it holds.

Anything that prints, logs or formats it sees a length. Only `reveal` gives the text, so every place
that reads words can be found by searching for it.
"""

from __future__ import annotations


class Words:
    """A person's own text; `repr`, `str` and `format` show its length only."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text; the caller must not log, store in clear or raise it."""
        return self._text

    def __len__(self) -> int:
        return len(self._text)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __repr__(self) -> str:
        return f"<words: {len(self._text)} characters>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Words) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> str:
        # Pickle would write the text in clear to whatever asked for it.
        message = "words are not pickled"
        raise TypeError(message)
