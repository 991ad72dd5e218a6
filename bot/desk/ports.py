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

    def due(self, today: date, days: int, language: str) -> Sequence[DueEntry]:
        """Return entries to be checked within so many days, longest overdue first."""
        ...

    def letter_bodies(
        self, answers: Mapping[str, tuple[str, ...]], today: date, language: str
    ) -> Sequence[tuple[str, str]]:
        """Return whom one can write to in such a case, best first: id and name."""
        ...

    def letter(
        self, body: str, answers: Mapping[str, tuple[str, ...]], words: LetterWords | None,
        wished: str, today: date,
    ) -> bytes | None:  # fmt: skip
        """Return a letter as a Word file, in a language that the body reads; None for no such body.

        What identifies somebody stays a blank.
        """
        ...

    def span(self, span: timedelta, language: str) -> str:
        """Return how long something takes or took, roughly."""
        ...


class LetterWords(Protocol):
    """What a person wrote, to stand in a letter as they wrote it."""

    @property
    def text(self) -> str:
        """Return the words."""
        ...

    @property
    def language(self) -> str:
        """Return their language."""
        ...


class DueEntry(Protocol):
    """An entry of the knowledge whose check is due."""

    @property
    def id(self) -> str:
        """Return its id."""
        ...

    @property
    def name(self) -> str:
        """Return its name in the coordinator's language."""
        ...

    @property
    def review_by(self) -> str:
        """Return the day by which it was to be checked; empty when it never was."""
        ...

    @property
    def channels(self) -> Sequence[str]:
        """Return its contacts."""
        ...
