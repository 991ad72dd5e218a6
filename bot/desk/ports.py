"""What the desk needs from its surroundings: content in the coordinator's language, and the time.

Given by the wiring, out of the content that is installed beside the desk. A server that was taken
over can so show ciphertext, but it cannot put words into the desk's mouth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime, timedelta


class Clock(Protocol):
    """The time, aware and in UTC."""

    def now(self) -> datetime:
        """Return the present moment."""
        ...


class Shelf(Protocol):
    """Sentences, labels and knowledge; unknown codes come back as they are."""

    def languages(self) -> Sequence[tuple[str, str]]:
        """Return tags and what their speakers call them, in the order of the picker."""
        ...

    def is_right_to_left(self, language: str) -> bool:
        """Tell how a language is written."""
        ...

    def sentence(self, source: str, language: str) -> str:
        """Return one of the desk's own sentences."""
        ...

    def question(self, flow: str, step: str, name: str, language: str) -> str:
        """Return the short label of what a step asked."""
        ...

    def answer(self, flow: str, step: str, kind: str, value: str, language: str) -> str:
        """Return the label of one coded answer."""
        ...

    def term(self, kind: str, code: str, language: str) -> str:
        """Return the name of a code of the taxonomy, a country or a language."""
        ...

    def moment(self, moment: datetime, language: str) -> str:
        """Return date and time, in this machine's zone."""
        ...

    def day(self, day: date, language: str) -> str:
        """Return a date."""
        ...

    def span(self, span: timedelta, language: str) -> str:
        """Return how long something takes or took, roughly."""
        ...


class Guidance(Protocol):
    """The coordinator's part of the knowledge."""

    def mechanisms(self, codes: Mapping[str, Sequence[str]], language: str) -> Sequence[Advised]:
        """Return who can act on the coded answers of a case, best first."""
        ...


class Advised(Protocol):
    """One body that can act."""

    id: str
    title: str
    lines: Sequence[str]
