"""The Library: all content of one moment, immutable, swapped whole.

`load` makes one or says everything that is wrong; `Bookcase` holds the present one and keeps it
when a newer one has errors.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING, Any

from bot.content.catalogues import Catalogues, load_catalogues
from bot.content.entries import Knowledge, load_knowledge
from bot.content.flow_checks import check_flows
from bot.content.flows import definition, load_flow, parse_flow, texts
from bot.content.letters import Letters, load_letters
from bot.content.lists import (
    read_countries,
    read_day_words,
    read_mapping,
    read_numbers,
    read_phrases,
    read_plain_map,
    read_words,
    read_yes_no,
)
from bot.content.locale_checks import check_locales
from bot.content.mentions import Days
from bot.content.passages import entry_ids, load_questions
from bot.content.place import content_root
from bot.content.prepared import prepared_catalogues
from bot.content.reading import PlainReader, countries, month_names, plain
from bot.content.rendering import render
from bot.content.teaching import check_lines, load_lines
from bot.domain.errors import ContentError
from bot.domain.ids import FlowHash, FlowId, LanguageTag
from bot.domain.languages import SOURCE, best_match
from bot.flow.model import Flow, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date
    from pathlib import Path

    from bot.content.marks import Document, Problem
    from bot.content.mentions import Countries
    from bot.content.reading import Numbers
    from bot.domain.words import Words
    from bot.flow.inputs import Reader, Universal
    from bot.flow.model import Value

SAFETY_FLOWS = frozenset({"start", "sos", "danger", "person", "language", "help"})
"""What must be complete in a language before it is offered."""


@dataclass(frozen=True, kw_only=True)
class Library:
    """Everything people read, and how it is found. Without slots: names are read once and kept."""

    flows: Mapping[FlowId, Flow]
    documents: Mapping[FlowId, Document] = field(repr=False)
    phrases: Mapping[str, Text] = field(repr=False)
    later: tuple[str, ...] = field(repr=False)
    """Patterns of phrases that a language may lack when it is first offered."""
    words: Mapping[str, Universal] = field(repr=False)
    """Universal words of all languages, plain, and what they mean."""
    spoken: Mapping[str, frozenset[str]] = field(repr=False)
    """Universal words, plain, and the languages that have them."""
    intents: Mapping[str, FlowId]
    day_words: Mapping[str, int] = field(repr=False)
    numbers: Numbers = field(repr=False)
    yes_no: Mapping[str, str] = field(repr=False)
    """What means yes or no as a whole answer, plain."""
    called: tuple[tuple[str, str], ...] = field(repr=False)
    """Names of countries that lists of countries do not have, with their codes."""
    alarms: Mapping[str, Any] = field(repr=False)
    """Words that sound like danger: lists by language, and signs."""
    catalogues: Catalogues = field(repr=False)
    knowledge: Knowledge = field(repr=False)
    questions: Mapping[str, Mapping[str, tuple[str, ...]]] = field(repr=False)
    """What people ask, by language and entry; search reads it, nobody is shown it."""
    letters: Letters = field(repr=False)
    offered: tuple[LanguageTag, ...]
    """Languages of the picker: those in which every safety sentence is complete."""
    kept: Mapping[tuple[FlowId, FlowHash], Flow] = field(default_factory=dict, repr=False)
    """Earlier definitions in which somebody may still stand."""

    def current(self, flow: FlowId) -> Flow | None:
        """Return a flow as it is now."""
        return self.flows.get(flow)

    def pinned(self, flow: FlowId, digest: FlowHash) -> Flow | None:
        """Return a flow as it was when a session began with it."""
        present = self.flows.get(flow)
        return present if present and present.hash == digest else self.kept.get((flow, digest))

    def render(self, text: Text, language: LanguageTag) -> str:
        """Put a sentence into a language."""
        return render(text, language, self.catalogues)

    def say(self, phrase: str, language: LanguageTag, **values: Value) -> str:
        """Put one of our own short sentences into a language."""
        text = self.phrases.get(phrase)
        if text is None:
            return phrase
        return self.render(replace(text, values=tuple(values.items())), language)

    def interface(self, source: str, language: LanguageTag) -> str:
        """Put a sentence of the web page into a language."""
        return self.render(Text(source=source, context="", domain="interface"), language)

    def names(self) -> tuple[tuple[LanguageTag, str], ...]:
        """Return the offered languages with what their speakers call them."""
        return tuple(
            (one.tag, one.name) for one in self.catalogues.languages if one.tag in self.offered
        )

    def universal(self, words: Words) -> Universal | None:
        """Return the universal word that a whole message is, in whatever language."""
        return self.words.get(_whole(words))

    def tongue(self, words: Words) -> LanguageTag | None:
        """Return the language that a universal word gives away: the only one that has it.

        English words are used by people of every language, so they give nothing away.
        """
        known = self.spoken.get(_whole(words), frozenset())
        return LanguageTag(next(iter(known))) if len(known) == 1 and SOURCE not in known else None

    def is_country(self, words: Words) -> bool:
        """Tell whether a whole message is the name of a country, in any of our languages."""
        return plain(words.reveal()) in self._countries.names

    def language(self, tag: str | None) -> LanguageTag:
        """Return the offered language for a tag, else English."""
        return best_match(tag, self.offered) or SOURCE

    def reader(self, language: LanguageTag, today: date) -> Reader:
        """Return what reads answers for a person in this language."""
        return PlainReader(
            language=language,
            catalogues=self.catalogues,
            named=self._countries,
            days=self._days,
            numbers=self.numbers,
            yes_no=self.yes_no,
            today=today,
        )

    @cached_property
    def _countries(self) -> Countries:
        return countries(self._tags(), tuple(self.knowledge.countries), self.called)

    @cached_property
    def _days(self) -> Days:
        return Days(
            ago=self.day_words, numbers=self.numbers.words, months=month_names(self._tags())
        )

    def _tags(self) -> tuple[str, ...]:
        return tuple(one.tag for one in self.catalogues.languages)

    def definitions(self) -> list[tuple[FlowId, FlowHash, str]]:
        """Return every flow as text, to be kept for those who stand in it."""
        return [
            (id_, flow.hash, definition(self.documents[id_])) for id_, flow in self.flows.items()
        ]

    def keeping(self, kept: Iterable[tuple[FlowId, FlowHash, str]]) -> Library:
        """Return this Library with earlier definitions beside the present ones."""
        found = {}
        for id_, digest, text in kept:
            flow = parse_flow(text) if self.pinned(id_, digest) is None else None
            if flow is not None and flow.hash == digest:
                found[id_, digest] = flow
        return replace(self, kept={**self.kept, **found})


class Bookcase:
    """Holds the Library in use; a broken one is refused and the last good one stays."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def __call__(self) -> Library:
        """Return the Library in use."""
        return self._library

    def swap(self, root: Path, cache: Path | None = None) -> list[Problem]:
        """Load anew; on errors keep what is in use and return what is wrong.

        Definitions that were in use until now are kept: somebody may stand in them. An edit that
        leaves a safety sentence without its translations is an error like any other.
        """
        library, problems = load(root, cache)
        if library is not None and not errors(problems):
            present = self._library
            until_now = {(id_, flow.hash): flow for id_, flow in present.flows.items()}
            self._library = replace(library, kept={**present.kept, **until_now})
        return problems


def errors(problems: Iterable[Problem]) -> list[Problem]:
    """Return those problems that forbid using the content."""
    return [problem for problem in problems if problem.severity == "error"]


def open_library(root: Path | None = None, cache: Path | None = None) -> Library:
    """Load the Library or refuse.

    Raises:
        ContentError: The first problems, one a line.
    """
    library, problems = load(content_root(root), cache, thorough=False)
    wrong = errors(problems)
    if library is None or wrong:
        shown = "\n".join(f"  {problem}" for problem in sorted(wrong)[:5])
        raise ContentError(
            f"The content has {len(wrong)} errors; `vigil check` names all:\n{shown}"
        )
    return library


def load(
    root: Path, cache: Path | None = None, *, thorough: bool = True
) -> tuple[Library | None, list[Problem]]:
    """Read everything below `root` and report every problem at once.

    Args:
        root: The folder with flows/, locales/ and knowledge/.
        cache: Where parsed catalogues may be kept; by default with what set-up prepared.
        thorough: Also check every translation; `vigil check` does, a start does not.
    """
    problems: list[Problem] = []
    flows: dict[FlowId, Flow] = {}
    documents: dict[FlowId, Document] = {}
    for path in sorted((root / "flows").glob("*.yaml")):
        if path.stem in _SPECIAL:
            continue
        flow, document, more = load_flow(path, root=root)
        problems += more
        if flow is not None and document is not None:
            flows[flow.id], documents[flow.id] = flow, document
    phrases, later, more = read_phrases(root)
    problems += more
    words, spoken, more = read_words(root)
    problems += more
    intents, more = read_plain_map(root, "intents", str)
    problems += more
    days, more = read_day_words(root)
    problems += more
    called, more = read_countries(root)
    problems += more
    numbers, more = read_numbers(root)
    problems += more
    yes_no, more = read_yes_no(root)
    problems += more
    alarms, more = read_mapping(root, "alarms")
    problems += more
    catalogues, more = load_catalogues(root, cache or prepared_catalogues(root))
    problems += more
    knowledge, more = load_knowledge(root)
    problems += more
    questions, more = load_questions(root, entry_ids(knowledge))
    problems += more
    letters, more = load_letters(root)
    problems += more
    if letters is None:
        return None, problems
    library = Library(
        flows=flows,
        documents=documents,
        phrases=phrases,
        later=later,
        words=words,
        spoken=spoken,
        intents={name: FlowId(flow) for name, flow in intents.items()},
        day_words=days,
        numbers=numbers,
        yes_no=yes_no,
        called=called,
        alarms=alarms,
        catalogues=catalogues,
        knowledge=knowledge,
        questions=questions,
        letters=letters,
        offered=(),
    )
    library = replace(library, offered=_offered(library))
    problems += check_flows(library)
    if thorough:
        problems += check_locales(library, root)
        lines, more = load_lines(root)
        problems += [*more, *check_lines(lines, library.intents)]
    return library, problems


def safety_texts(library: Library) -> list[Text]:
    """Return every sentence that must be complete before a language is offered."""
    found = [
        text
        for id_, flow in library.flows.items()
        if id_ in SAFETY_FLOWS or flow.emergency
        for text in texts(flow)
    ]
    said = (text for name, text in library.phrases.items() if not _comes_later(library, name))
    return [*found, *said]


def _comes_later(library: Library, phrase: str) -> bool:
    """Tell whether the last pattern that fits a phrase lets it come later."""
    fits = [one for one in library.later if fnmatchcase(phrase, one.removeprefix("!"))]
    return bool(fits) and not fits[-1].startswith("!")


def all_texts(library: Library) -> list[Text]:
    """Return every sentence of the domain "flows"."""
    found = [text for flow in library.flows.values() for text in texts(flow)]
    return [*found, *library.phrases.values()]


def _whole(words: Words) -> str:
    """Return a whole message as universal words are kept; a sign without letters as it is."""
    raw = words.reveal().strip()
    return plain(raw).removeprefix("/").strip() or raw


_SPECIAL = frozenset(
    {"phrases", "words", "intents", "dates", "alarms", "numbers", "yes_no", "countries"}
)


def _offered(library: Library) -> tuple[LanguageTag, ...]:
    needed = safety_texts(library)
    offered = []
    for language in library.catalogues.languages:
        complete = language.tag == SOURCE or all(
            library.catalogues.find(language.tag, "flows", text.context, text.source)[1]
            == language.tag
            for text in needed
        )
        if complete:
            offered.append(language.tag)
    return tuple(offered)


__all__ = ["Bookcase", "ContentError", "Library", "errors", "load", "open_library"]
