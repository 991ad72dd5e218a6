"""What the engine may know for one turn, put together from the Library and the house.

The only place that joins content, guidance and understanding for the engine; it decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.flow.inputs import Facts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date

    from bot.content.library import Library
    from bot.domain.ids import LanguageTag
    from bot.domain.messages import Inbound
    from bot.domain.people import Person
    from bot.domain.words import Words
    from bot.flow.inputs import Lookup, Understood
    from bot.flow.session import Answer
    from bot.services.ports import Clock, Tx


_HOUSE = frozenset({"on_duty", "demo"})


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """How the house stands at this moment: nothing about any person."""

    on_duty: bool
    """At least two coordinators are there and their keys are real."""
    demo: bool
    """Only demo keys exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What one service lets flows know of somebody: coded facts."""

    names: frozenset[str]
    """All that it may tell; what it does not tell is not known."""
    tell: Callable[[Tx, Person, Inbound | None], Mapping[str, Answer]]


class Known(Mapping[str, "Answer"]):
    """Facts by name; a source is asked when a flow first asks for one of its names, and once.

    Most turns ask for few: reading all of them for each cost half of a turn.
    """

    def __init__(
        self,
        before: Mapping[str, Answer],
        sources: Sequence[Source],
        ask: Callable[[Source], Mapping[str, Answer]],
    ) -> None:
        self._before = before
        """What is known anyhow, unless a source tells otherwise."""
        self._sources = {name: source for source in sources for name in source.names}
        self._ask = ask
        self._told: dict[Source, Mapping[str, Answer]] = {}

    def __getitem__(self, name: str) -> Answer:
        source = self._sources.get(name)
        if source is not None:
            if source not in self._told:
                told = self._told[source] = self._ask(source)
                if not told.keys() <= source.names:
                    raise ValueError(f"facts that nobody names: {told.keys() - source.names}")
            if name in self._told[source]:
                return self._told[source][name]
        return self._before[name]

    def __iter__(self) -> Iterator[str]:
        return (name for name in {**self._before, **self._sources} if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


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
    more: Sequence[Source] = ()

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
        search, understand = self.search, self.understand
        own: dict[str, Answer] = {
            **dict(person.preferences),
            "channel": inbound.channel if inbound else person.channel,
            "language": language,
        }
        return Facts(
            today=today,
            shelf=library,
            reader=library.reader(language, today),
            lookups=self.lookups(library, language, today),
            known=Known(
                own,
                (*self.more, Source(names=_HOUSE, tell=lambda tx, *_of: self._house(tx))),
                lambda source: source.tell(tx, person, inbound),
            ),
            understand=(lambda words: understand(words, language)) if understand else None,
            search=(lambda words: search(words, language)) if search else None,
            intent_flows=library.intents,
            phrases=library.phrases,
        )

    def _house(self, tx: Tx) -> dict[str, Answer]:
        house = self.house(tx)
        return {
            "on_duty": "yes" if house.on_duty else "no",
            "demo": "yes" if house.demo else "no",
        }
