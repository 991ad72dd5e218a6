"""What the engine may know for one turn, put together from the Library and the house.

The only place that joins content, guidance and understanding for the engine; it decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.flow.inputs import Facts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from bot.content.library import Library
    from bot.domain.ids import LanguageTag
    from bot.domain.messages import Inbound
    from bot.domain.people import Person
    from bot.domain.words import Words
    from bot.flow.inputs import Lookup, Understood
    from bot.flow.session import Answer
    from bot.services.ports import Clock, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """How the house stands at this moment: nothing about any person."""

    on_duty: bool
    """At least two coordinators are there and their keys are real."""
    demo: bool
    """Only demo keys exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactBook:
    """Gives the facts of a turn."""

    clock: Clock
    house: Callable[[Tx], House]
    lookups: Callable[[Library, LanguageTag, date], Mapping[str, Lookup]]
    understand: Callable[[Words, LanguageTag], Understood] | None = None
    """What words seem to mean; where reception has heard them before, that counts instead."""
    search: Callable[[Words, LanguageTag], tuple[str, ...]] | None = None
    """Ids of the entries that fit words in a language."""
    more: Sequence[Callable[[Tx, Person, Inbound | None], Mapping[str, Answer]]] = ()
    """What other services let flows know of somebody: coded facts by name."""

    def __call__(
        self,
        tx: Tx,
        library: Library,
        language: LanguageTag,
        inbound: Inbound | None,
        person: Person,
    ) -> Facts:
        """Return what may be known while `person` is answered in `language`."""
        today = self.clock.now().date()
        house = self.house(tx)
        search, understand = self.search, self.understand
        return Facts(
            today=today,
            shelf=library,
            reader=library.reader(language, today),
            lookups=self.lookups(library, language, today),
            known={
                **dict(person.preferences),
                **self._more(tx, person, inbound),
                "channel": inbound.channel if inbound else person.channel,
                "language": language,
                "on_duty": "yes" if house.on_duty else "no",
                "demo": "yes" if house.demo else "no",
            },
            understand=(lambda words: understand(words, language)) if understand else None,
            search=(lambda words: search(words, language)) if search else None,
            intent_flows=library.intents,
            phrases=library.phrases,
        )

    def _more(self, tx: Tx, person: Person, inbound: Inbound | None) -> dict[str, Answer]:
        found: dict[str, Answer] = {}
        for tell in self.more:
            found |= tell(tx, person, inbound)
        return found
