"""What somebody wants of alerts: choices that they made themselves, and what they stopped."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bot.domain.quiet import OwnClock

if TYPE_CHECKING:
    from collections.abc import Collection

    from bot.domain.ids import LanguageTag, PersonId

KINDS = ("drill", "roll-call", "severity-green", "severity-amber", "severity-red")
"""What can be stopped by itself, beside single topics (`topic-…`)."""

MAX_CHOICES = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """Somebody who takes alerts."""

    person: PersonId
    language: LanguageTag
    """The one that they are spoken to in, so that alerts come in it."""
    choices: frozenset[tuple[str, str]] = field(default=frozenset(), repr=False)
    """(name, code) for country, region, topic, group and role."""
    stopped: frozenset[str] = frozenset()
    """Kinds that they do not want."""
    clock: OwnClock = field(default_factory=OwnClock, repr=False)

    def chosen(self, name: str) -> tuple[str, ...]:
        """Return the codes chosen under a name."""
        return tuple(sorted(code for one, code in self.choices if one == name))

    def choosing(self, name: str, codes: Collection[str]) -> Subscription:
        """Return it with other codes under a name."""
        others = {choice for choice in self.choices if choice[0] != name}
        new = others | {(name, code) for code in codes if code}
        return replace(self, choices=frozenset(sorted(new)[:MAX_CHOICES]))

    def stopping(self, kinds: Collection[str]) -> Subscription:
        """Return it without these kinds."""
        return replace(self, stopped=self.stopped | frozenset(kinds))
