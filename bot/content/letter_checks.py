"""Whether letters make sense: every body has one, and its three languages say the same."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from bot.content.letters import LANGUAGES, Line, Said, Section, readable
from bot.content.marks import Problem
from bot.content.rules import FACT_NAMES, condition
from bot.flow.conditions import tests

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.content.entries import Knowledge
    from bot.content.letters import Letters, Template

BLANK = re.compile(r"\[\[(.+?)\]\]", re.DOTALL)
PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
NAMES = frozenset(
    {
        "country", "threats", "perpetrators", "groups", "when", "rights", "mandates",
        "home_country", "collective", "needs", "body",
    }
)  # fmt: skip
"""What a letter can be filled with. None of it names a person."""

INNER = frozenset({"language", "languages", "day", "articles"})
"""Values of the page's own short sentences."""

_FEWEST_BLANKS = 5


def check_letters(letters: Letters, knowledge: Knowledge) -> Iterator[Problem]:
    """Run every check of letters."""
    yield from _every_body(letters, knowledge)
    yield from _vocabulary(letters, knowledge)
    for template in letters.templates.values():
        yield from _template(letters, knowledge, template)
    for name, part in letters.parts.parts.items():
        yield from _section(letters, knowledge, "parts", part, "parts", name)
    for said, place in _shared(letters):
        yield from _said(letters, said, NAMES | INNER, *place)


def _every_body(letters: Letters, knowledge: Knowledge) -> Iterator[Problem]:
    """A body has no letter or two, or a letter is for nobody known."""
    named = Counter(id_ for one in letters.templates.values() for id_ in one.for_)
    for template in letters.templates.values():
        preferred = template.prefer.for_ if template.prefer else []
        for number, id_ in enumerate(template.for_):
            if id_ not in knowledge.mechanisms:
                yield _wrong(letters, template.id, "unknown-id", f"is for unknown {id_!r}",
                             "Use the id of a mechanism.", "for", number)  # fmt: skip
            elif named[id_] > 1:
                yield _wrong(letters, template.id, "letter-twice", f"{id_} has two letters",
                             "Keep one, or use prefer.", "for", number)  # fmt: skip
        for number, id_ in enumerate(preferred):
            if id_ not in named:
                yield _wrong(letters, template.id, "unknown-id",
                             f"prefers {id_!r}, which has no usual letter",
                             "Name it under for of another letter.",
                             "prefer", "for", number)  # fmt: skip
    for id_ in knowledge.mechanisms:
        if id_ not in named:
            yield Problem(place=knowledge.place("mechanisms", id_, "id"), rule="letter-missing",
                          message=f"{id_} has no letter",
                          remedy="Name it under for of a file in knowledge/letters/.")  # fmt: skip


def _vocabulary(letters: Letters, knowledge: Knowledge) -> Iterator[Problem]:
    """A term of the vocabularies has no name in letters, or a name belongs to none."""
    terms = letters.terms
    tables: dict[str, tuple[Mapping[str, Said], Mapping[str, Any]]] = {
        "threats": (terms.threats, knowledge.terms["threat_types"]),
        "groups": (terms.groups, knowledge.terms["defender_groups"]),
        "perpetrators": (terms.perpetrators, knowledge.terms["perpetrator_types"]),
    }
    for table, (said, known) in tables.items():
        for id_ in known:
            if id_ not in said:
                yield _wrong(letters, "terms", "unknown-code", f"{table} has no {id_!r}",
                             "Name it in the three languages.", table)  # fmt: skip
        for id_ in said:
            if id_ not in known:
                yield _wrong(letters, "terms", "unknown-code", f"{table} names unknown {id_!r}",
                             "Use an id of the vocabulary.", table, id_)  # fmt: skip
    wanted = {one for threat in terms.threats.values() for one in threat.mandates}
    wanted |= {one for several in terms.group_mandates.values() for one in several}
    for id_ in sorted(wanted - terms.mandates.keys()):
        yield _wrong(letters, "terms", "unknown-code", f"the mandate {id_!r} has no name",
                     "Name it under mandates.", "mandates")  # fmt: skip
    for table, ids in (("mandates", terms.mandates), ("bodies", terms.bodies)):
        for id_ in ids:
            if id_ not in knowledge.mechanisms:
                yield _wrong(letters, "terms", "unknown-id", f"{table} names unknown {id_!r}",
                             "Use the id of a mechanism.", table, id_)  # fmt: skip


def _template(letters: Letters, knowledge: Knowledge, template: Template) -> Iterator[Problem]:
    name = template.id
    for field in ("title", "to", "subject"):
        yield from _said(letters, getattr(template, field), NAMES, name, field)
    for number, said in enumerate(template.before):
        yield from _said(letters, said, NAMES, name, "before", number)
    if template.public not in letters.parts.before_body:
        yield _wrong(letters, name, "unknown-code", f"{template.public!r} says nothing",
                     "Use a key of before_body in parts.yaml.", "public")  # fmt: skip
    if template.prefer:
        yield from _condition(letters, knowledge, template.prefer.if_, name, "prefer", "if")
    blanks = 0
    for number, section in enumerate(template.sections):
        yield from _section(letters, knowledge, name, section, "sections", number)
        shown = letters.shown(section)
        blanks += sum(_holds_blank(line) for line in shown.lines) if shown else 0
    if "{body}" in f"{template.to.en}{template.subject.en}":
        yield from _bodies(letters, template)
    if blanks < _FEWEST_BLANKS:
        yield _wrong(letters, name, "blanks", f"{name} has {blanks} blanks",
                     "Who it is about is filled in on the person's own device: leave blanks.",
                     "sections")  # fmt: skip


def _bodies(letters: Letters, template: Template) -> Iterator[Problem]:
    for number, id_ in enumerate(template.for_):
        if id_ not in letters.terms.bodies:
            yield _wrong(letters, template.id, "missing-language",
                         f"{id_} has no name in letters", "Name it under bodies in terms.yaml.",
                         "for", number)  # fmt: skip


def _section(
    letters: Letters, knowledge: Knowledge, name: str, section: Section, *loc: str | int
) -> Iterator[Problem]:
    if section.if_:
        yield from _condition(letters, knowledge, section.if_, name, *loc, "if")
    if section.use is not None:
        if section.use not in letters.parts.parts or section.lines or section.heading:
            yield _wrong(letters, name, "unknown-part", f"uses the part {section.use!r}",
                         "Name a part of parts.yaml, and nothing beside it.",
                         *loc, "use")  # fmt: skip
        return
    if section.heading:
        yield from _said(letters, section.heading, NAMES, name, *loc, "heading")
    for number, line in enumerate(section.lines):
        at = (*loc, "lines", number)
        kinds = sum(one is not None for one in (line.say, line.field, line.item)) + line.words
        if kinds != 1 or (line.value is not None and line.field is None):
            yield _wrong(letters, name, "letter-line", "a line is one of say, field, item, words",
                         "Only a field has a value.", *at)  # fmt: skip
        if line.text is not None:
            yield from _said(letters, line.text, NAMES, name, *at)
        unknown = set(PLACEHOLDER.findall(line.value or "")) - NAMES
        if unknown:
            yield _wrong(letters, name, "placeholders", f"{unknown} fills nothing",
                         f"Use one of {', '.join(sorted(NAMES))}.", *at, "value")  # fmt: skip
        if line.if_:
            yield from _condition(letters, knowledge, line.if_, name, *at, "if")


def _said(
    letters: Letters, said: Said, allowed: frozenset[str], name: str, *loc: str | int
) -> Iterator[Problem]:
    """The languages of a sentence differ in what is filled in, or name what nothing fills."""
    found = {tag: Counter(PLACEHOLDER.findall(said.to(tag))) for tag in LANGUAGES}
    blanks = {tag: len(BLANK.findall(said.to(tag))) for tag in LANGUAGES}
    open_ = {tag: (said.to(tag).count("[["), said.to(tag).count("]]")) for tag in LANGUAGES}
    for tag in LANGUAGES:
        if found[tag] != found[LANGUAGES[0]]:
            yield _wrong(letters, name, "placeholders", f"{tag} has other {{placeholders}}",
                         "Keep what the English sentence has.", *loc)  # fmt: skip
        if blanks[tag] != blanks[LANGUAGES[0]] or open_[tag] != (blanks[tag], blanks[tag]):
            yield _wrong(letters, name, "blanks", f"{tag} has other [[blanks]]",
                         "Leave open what the English sentence leaves open.", *loc)  # fmt: skip
    unknown = set(found[LANGUAGES[0]]) - allowed
    if unknown:
        yield _wrong(letters, name, "placeholders", f"{', '.join(sorted(unknown))} fills nothing",
                     f"Use one of {', '.join(sorted(allowed))}.", *loc)  # fmt: skip


def _condition(
    letters: Letters, knowledge: Knowledge, text: str, name: str, *loc: str | int
) -> Iterator[Problem]:
    wrong = readable(text)
    if wrong:
        yield _wrong(letters, name, "condition", f"the condition {wrong}",
                     "Write it as the guide shows.", *loc)  # fmt: skip
        return
    known = {
        "threats": knowledge.terms["threat_types"],
        "groups": knowledge.terms["defender_groups"],
        "perpetrators": knowledge.terms["perpetrator_types"],
        "visibility": knowledge.terms["visibility_choice"],
    }
    for test in tests(condition(text)):
        if test.name not in FACT_NAMES:
            yield _wrong(letters, name, "condition", f"asks for {test.name}, which no case has",
                         "Ask for a fact of a case.", *loc)  # fmt: skip
        for value in test.values:
            if test.name in known and value not in known[test.name]:
                yield _wrong(letters, name, "unknown-code", f"{test.name} is never {value!r}",
                             "Use an id of the vocabulary.", *loc)  # fmt: skip


def _holds_blank(line: Line) -> bool:
    if line.field is not None:
        return line.value is None
    return line.text is not None and bool(BLANK.search(line.text.en))


def _shared(letters: Letters) -> Iterator[tuple[Said, tuple[str, ...]]]:
    terms, parts = letters.terms, letters.parts
    for table in ("threats", "groups", "perpetrators", "mandates", "treaties", "words", "hints",
                  "needs", "bodies"):  # fmt: skip
        for id_, said in getattr(terms, table).items():
            yield said, ("terms", table, id_)
    for said in parts.before:
        yield said, ("parts", "before")
    for key, said in parts.before_body.items():
        yield said, ("parts", "before_body", key)


def _wrong(
    letters: Letters, name: str, rule: str, message: str, remedy: str, *loc: str | int
) -> Problem:
    return Problem(
        place=letters.place(name, *loc), rule=rule, message=f"{name}: {message}", remedy=remedy
    )
