"""A person as the program may know one: a pseudonym and what they chose, nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.domain.ids import LanguageTag

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.ids import ChannelName, PersonId

HEARD = "heard"
"""Preference with the language that somebody clearly writes in and did not choose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who wrote to us.

    `address` is in clear only in memory; storage keeps it encrypted under the application key and
    wipes it when nothing is scheduled for the person.
    """

    id: PersonId
    channel: ChannelName
    address: str
    language: LanguageTag | None
    """What the person chose; None until they did, then their app's language serves."""
    language_hint: LanguageTag | None
    gone_since: datetime | None = None
    """They blocked us or their account is gone."""
    preferences: tuple[tuple[str, str], ...] = ()
    """Coded choices from settings (alias, quiet hours, zone …), kept in one encrypted blob."""

    seen_at: datetime | None = field(default=None, compare=False)
    """The beginning of the hour in which they were here last, as far as that is known."""

    def __repr__(self) -> str:
        return f"<person {self.id[:6]}>"

    @property
    def speaks(self) -> LanguageTag | None:
        """Return the language to answer in: chosen, else heard from them, else their app's."""
        heard = self.preference(HEARD)
        return self.language or (LanguageTag(heard) if heard else None) or self.language_hint

    def preference(self, name: str) -> str | None:
        """Return one coded choice, or None when it was never made."""
        return dict(self.preferences).get(name)
