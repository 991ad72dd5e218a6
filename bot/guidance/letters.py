"""A letter in the making: coded facts and a template give a document, with blanks for the rest.

Pure. Whoever it is about never stands here: names and what identifies a person are blanks that are
filled in on their own device. How a document looks on paper is decided in `bot.documents`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.content.entries import shown_channels
from bot.content.letter_checks import BLANK, PLACEHOLDER
from bot.content.letters import LANGUAGES, applies
from bot.content.rendering import country, day, language_name, language_tags, listed
from bot.domain.ids import LanguageTag
from bot.domain.languages import SOURCE
from bot.guidance.advice import advise

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from bot.content.entries import Knowledge, Mechanism, Resource
    from bot.content.letters import Letters, Said, Section, Template
    from bot.domain.words import Words
    from bot.flow.session import Answer
    from bot.guidance.facts import Facts

MANDATES = 6
"""Experts of one joint letter; naming everybody makes nobody responsible."""

FIRST_MANDATE = "un-sr-hrd"
_COUNTRY_MANDATE = "un-sp-country-mandates"
_NAMES = {"English": "en", "French": "fr", "Spanish": "es"}
_OPEN = ("any", "many", "local", "national", "eu languages", "language of")
"""How entries begin that accept more languages than they can list."""


class Kind(StrEnum):
    """What a block of a letter is."""

    TITLE = "title"
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    FIELD = "field"
    """A label, then its value or a blank."""
    ITEM = "item"
    CHECK = "check"
    """Something to do before sending."""
    WORDS = "words"
    """What the person wrote, as they wrote it."""
    PAGE = "page"
    """What follows begins a new page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A piece of a line. A blank holds the hint that says what belongs there."""

    text: str = field(repr=False)
    blank: bool = False
    strong: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One line of a letter."""

    kind: Kind
    runs: tuple[Run, ...] = field(default=(), repr=False)
    language: LanguageTag | None = None
    """Of the person's own words, where it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A document: what stands in it, in order, and in which language."""

    title: str
    language: LanguageTag
    page: str
    """The word for a page, in that language."""
    blocks: tuple[Block, ...] = field(repr=False)
    ask_again: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a letter is to be made from."""

    body: str
    """Id of a mechanism, or of a resource that is asked for support."""
    facts: Facts
    language: LanguageTag
    """One of those of letters: see `choose_language`."""
    today: date
    words: Words | None = field(default=None, repr=False)
    """What the person wrote; never from a messaging app."""
    words_language: LanguageTag | None = None
    also: tuple[str, ...] = ()
    """Bodies that the adviser ranks: mandates among them join the letter."""
    deadline: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """In which language a letter is written, and whether the body accepts that."""

    language: LanguageTag
    wished: bool
    """It is the language that was asked for."""
    accepted: bool
    """The body works in it."""
    body_languages: tuple[str, ...]


def accepted(languages: Sequence[str]) -> tuple[LanguageTag, ...]:
    """Return which languages of letters a body accepts, in the order in which it names them."""
    named = [LanguageTag(_NAMES[one]) for one in languages if one in _NAMES]
    more = any(one.casefold().startswith(_OPEN) for one in languages)
    return tuple(dict.fromkeys([*named, *(LANGUAGES if more else ())]))


def choose_language(languages: Sequence[str], wished: str) -> Tongue:
    """Choose the language of a letter: the wished one where the body accepts it, else its first."""
    fits = accepted(languages)
    tag = wished.replace("_", "-").split("-", maxsplit=1)[0].lower()
    if tag in fits:
        language = LanguageTag(tag)
    elif fits:
        language = fits[0]
    else:
        language = LanguageTag(tag) if tag in LANGUAGES else SOURCE
    return Tongue(
        language=language,
        wished=language == tag,
        accepted=bool(fits),
        body_languages=tuple(languages),
    )


def template_for(
    letters: Letters, knowledge: Knowledge, body: str, facts: Facts
) -> Template | None:
    """Return the template that a body or helper gets in this case; None for an unknown id."""
    if body in knowledge.mechanisms:
        return letters.for_mechanism(body, facts.answers())
    return letters.for_resource() if body in knowledge.resources else None


def write_letter(letters: Letters, knowledge: Knowledge, wish: Wish) -> Letter | None:
    """Make a letter from coded facts; None when there is no body of this id."""
    template = template_for(letters, knowledge, wish.body, wish.facts)
    if template is None:
        return None
    return _Writing(letters, knowledge, template, wish).letter()


class _Writing:
    """Fills one template."""

    def __init__(
        self, letters: Letters, knowledge: Knowledge, template: Template, wish: Wish
    ) -> None:
        self._letters = letters
        self._terms = letters.terms
        self._template = template
        self._wish = wish
        self._language = wish.language
        # Bodies write dates as Europe does; "5/4" must not be read in two ways.
        self._region = LanguageTag("en-GB") if wish.language == SOURCE else wish.language
        self._entry: Mechanism | Resource = (
            knowledge.mechanisms.get(wish.body) or knowledge.resources[wish.body]
        )
        self._answers: Mapping[str, Answer] = wish.facts.answers()
        self._values = self._filled()

    def letter(self) -> Letter:
        title = self._said(self._template.title)
        return Letter(
            title=title,
            language=self._language,
            page=self._word("page"),
            blocks=(*self._before(), *self._head(title), *self._body()),
            ask_again=timedelta(days=self._template.ask_again),
        )

    def _before(self) -> Iterator[Block]:
        yield Block(kind=Kind.HEADING, runs=(Run(text=self._word("before")),))
        parts = self._letters.parts
        deadline = self._wish.deadline
        if deadline is not None:
            shown = day(deadline, self._region)
            yield Block(kind=Kind.CHECK, runs=self._runs(self._word("deadline"), {"day": shown}))
        tongue = choose_language(self._entry.languages, self._language)
        if not tongue.accepted:
            named = ", ".join(self._tongue(one) for one in tongue.body_languages)
            runs = self._runs(self._word("wrong_language"), {"languages": named})
            yield Block(kind=Kind.CHECK, runs=runs)
        elif any(one.casefold().startswith(("local", "national")) for one in self._entry.languages):
            yield Block(kind=Kind.CHECK, runs=(Run(text=self._word("other_language")),))
        for said in (
            *self._template.before,
            parts.before_body[self._template.public],
            *parts.before,
        ):
            yield Block(kind=Kind.CHECK, runs=self._runs(self._said(said)))
        yield Block(kind=Kind.HEADING, runs=(Run(text=self._word("address")),))
        channels = shown_channels(list(self._entry.channels), self._wish.today)
        if not channels:
            yield Block(kind=Kind.PARAGRAPH, runs=(Run(text=self._word("no_address")),))
        for channel in channels:
            yield Block(kind=Kind.ITEM, runs=(Run(text=channel.value),))
        if channels and channels[0].status == "old":
            yield Block(kind=Kind.PARAGRAPH, runs=(Run(text=self._word("old")),))
        yield Block(kind=Kind.PAGE)

    def _head(self, title: str) -> Iterator[Block]:
        yield Block(kind=Kind.TITLE, runs=(Run(text=title),))
        for label, runs in (
            ("to", self._runs(self._said(self._template.to))),
            ("subject", self._runs(self._said(self._template.subject))),
            ("date", (Run(text=self._hint("today"), blank=True),)),
        ):
            yield self._field(self._word(label), runs)

    def _body(self) -> Iterator[Block]:
        for section in self._template.sections:
            shown = self._letters.shown(section)
            if shown is None or not applies(section.if_, self._answers):
                continue
            if not applies(shown.if_, self._answers):
                continue
            blocks = tuple(self._lines(shown))
            if blocks and shown.heading is not None:
                yield Block(kind=Kind.HEADING, runs=self._runs(self._said(shown.heading)))
            yield from blocks

    def _lines(self, section: Section) -> Iterator[Block]:
        for line in section.lines:
            if not applies(line.if_, self._answers):
                continue
            if line.words:
                yield from self._own_words()
            elif line.field is not None:
                blank = (Run(text=self._hint("blank"), blank=True),)
                runs = self._runs(line.value) if line.value else blank
                yield self._field(self._said(line.field), runs)
            elif line.item is not None:
                yield Block(kind=Kind.ITEM, runs=self._runs(self._said(line.item)))
            elif line.say is not None:
                yield Block(kind=Kind.PARAGRAPH, runs=self._runs(self._said(line.say)))

    def _own_words(self) -> Iterator[Block]:
        words = self._wish.words
        if not words:
            runs = (Run(text=self._word("own_words_blank"), blank=True),)
            yield Block(kind=Kind.PARAGRAPH, runs=runs)
            return
        tag = self._wish.words_language
        name = (language_name(tag, self._language) if tag else None) or self._word(
            "own_words_unknown"
        )
        heading = self._runs(self._word("own_words"), {"language": name})
        yield Block(
            kind=Kind.PARAGRAPH, runs=tuple(Run(text=run.text, strong=True) for run in heading)
        )
        # As written: a line stays a line, nothing is corrected, and no mark in it means anything.
        for written in words.reveal().splitlines():
            if written.strip():
                yield Block(kind=Kind.WORDS, runs=(Run(text=written),), language=tag)

    def _field(self, label: str, runs: tuple[Run, ...]) -> Block:
        colon = " " if label.endswith("?") else "\u00a0: " if self._language == "fr" else ": "
        return Block(kind=Kind.FIELD, runs=(Run(text=label + colon, strong=True), *runs))

    def _runs(self, text: str, values: Mapping[str, str] | None = None) -> tuple[Run, ...]:
        """Cut a sentence into text and blanks; what nobody answered becomes a blank as well."""
        found: list[Run] = []
        at = 0
        for match in BLANK.finditer(text):
            found += self._placed(text[at : match.start()], values)
            found.append(Run(text=match[1], blank=True))
            at = match.end()
        found += self._placed(text[at:], values)
        return tuple(run for run in found if run.text)

    def _placed(self, text: str, values: Mapping[str, str] | None) -> Iterator[Run]:
        at = 0
        known = self._values if values is None else values
        for match in PLACEHOLDER.finditer(text):
            yield Run(text=text[at : match.start()])
            value = known.get(match[1])
            if value is None:
                yield Run(text=self._hint(match[1]), blank=True)
            else:
                # A name of a body may itself leave something open.
                yield from self._runs(value, {})
            at = match.end()
        yield Run(text=text[at:])

    def _filled(self) -> dict[str, str]:
        facts, terms, language = self._wish.facts, self._terms, self._language
        found = {
            "country": country(facts.country, language) if facts.country else "",
            "home_country": country(facts.company_home_country, language)
            if facts.company_home_country
            else "",
            "threats": self._list(facts.threats, terms.threats),
            "perpetrators": self._list(facts.perpetrators, terms.perpetrators),
            "groups": self._list(facts.groups, terms.groups),
            "needs": self._list(facts.needs, terms.needs),
            "collective": str(facts.collective) if facts.collective else "",
            "when": self._when(),
            "rights": self._rights(),
            "mandates": self._mandates(),
            "body": self._body_name(),
        }
        return {name: value for name, value in found.items() if value}

    def _when(self) -> str:
        facts = self._wish.facts
        ago = facts.days_ago
        if ago is None and facts.hours_ago is not None:
            ago = facts.hours_ago // 24
        if ago is None or ago < 0:
            return ""
        shown = day(self._wish.today - timedelta(days=ago), self._region)
        return f"{shown} [[{self._hint('confirm')}]]"

    def _rights(self) -> str:
        named = []
        for treaty in ("udhr", "iccpr", "icescr"):
            articles = sorted(
                {
                    article
                    for threat in self._wish.facts.threats
                    if threat in self._terms.threats
                    for article in getattr(self._terms.threats[threat], treaty)
                }
            )
            if articles:
                numbers = listed([str(one) for one in articles], self._region)
                told = self._word("articles").replace("{articles}", numbers)
                named.append(f"{self._said(self._terms.treaties[treaty])}, {told}")
        return "; ".join(named)

    def _mandates(self) -> str:
        facts, terms = self._wish.facts, self._terms
        wanted = [self._wish.body]
        for threat in facts.threats:
            wanted += terms.threats[threat].mandates if threat in terms.threats else []
        for group in facts.groups:
            wanted += terms.group_mandates.get(group, [])
        wanted += [*self._wish.also, FIRST_MANDATE]
        chosen = [one for one in dict.fromkeys(wanted) if one in terms.mandates][:MANDATES]
        if FIRST_MANDATE not in chosen:
            chosen[-1] = FIRST_MANDATE
        names = [self._said(terms.mandates[one]) for one in chosen]
        if self._wish.body == _COUNTRY_MANDATE:
            names.insert(0, f"[[{self._hint('country_mandate')}]]")
        return "; ".join(names)

    def _body_name(self) -> str:
        said = self._terms.bodies.get(self._wish.body)
        return self._said(said) if said else self._entry.name

    def _list(self, codes: Sequence[str], names: Mapping[str, Said]) -> str:
        return listed([self._said(names[one]) for one in codes if one in names], self._region)

    def _tongue(self, name: str) -> str:
        tag = language_tags().get(name)
        return (language_name(tag, self._language) if tag else None) or name

    def _said(self, said: Said) -> str:
        return said.to(self._language)

    def _word(self, name: str) -> str:
        return self._said(self._terms.words[name])

    def _hint(self, name: str) -> str:
        said = self._terms.hints.get(name)
        return self._said(said) if said else name


def mandates_among(ids: Sequence[str], letters: Letters) -> tuple[str, ...]:
    """Return those bodies that can join a letter to several experts."""
    return tuple(one for one in ids if one in letters.terms.mandates)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A letter, and why it is in this language."""

    letter: Letter
    tongue: Tongue


def draft(
    letters: Letters,
    knowledge: Knowledge,
    *,
    body: str,
    facts: Facts,
    wished: str,
    today: date,
    words: Words | None = None,
    words_language: LanguageTag | None = None,
) -> Draft | None:
    """Make the letter for a body, with what the adviser says of the case; None without such a body.

    Args:
        letters: Every template.
        knowledge: Where bodies, their languages and their addresses stand.
        body: Id of a mechanism, or of a resource that is asked for support.
        facts: The case in codes.
        wished: Language tag of the letter; another is taken when the body does not accept it.
        today: Counts dates and time limits.
        words: What the person wrote, as they wrote it; never from a messaging app.
        words_language: In which language they wrote it.
    """
    entry = knowledge.mechanisms.get(body) or knowledge.resources.get(body)
    if entry is None:
        return None
    tongue = choose_language(entry.languages, wished)
    ranked = advise(knowledge, facts, today).ranked
    deadline = next((one.deadline for one in ranked if one.entry.id == body), None)
    letter = write_letter(
        letters,
        knowledge,
        Wish(
            body=body,
            facts=facts,
            language=tongue.language,
            today=today,
            words=words,
            words_language=words_language,
            also=mandates_among([one.entry.id for one in ranked], letters),
            deadline=deadline.day if deadline is not None else None,
        ),
    )
    return Draft(letter=letter, tongue=tongue) if letter is not None else None
