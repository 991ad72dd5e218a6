"""Whether the rules of advice can be read and say what exists; one function a check.

Whether a body's own examples come out as it promises is tried by `bot.guidance.examples`, which
knows how a case is compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.content.marks import Place, Problem
from bot.content.rules import FACT_NAMES, PACES, SHAPES
from bot.flow.conditions import ConditionError, names, parse, tests

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.content.entries import Knowledge
    from bot.content.marks import Loc

_CODES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("resources", "excludes"): ("resource_exclusion_codes",),
    ("resources", "caveats"): ("resource_caveat_codes",),
    ("mechanisms", "excludes"): ("mechanism_exclusion_codes",),
    ("mechanisms", "parties"): ("mechanism_exclusion_codes",),
    ("mechanisms", "warnings"): ("warning_codes",),
    ("mechanisms", "reasons"): ("reason_codes",),
    ("mechanisms", "deadlines"): ("warning_codes", "deadline_codes"),
}
_ALONE = ("fits", "reaches", "groups_or")
_NAMED = ("groups", "countries", "core", "made_for")


def rules_beside(knowledge: Knowledge, kind: str, id_: str, found: Any) -> Iterator[Problem]:
    """Check the rules beside an entry: their shape, their conditions, their codes, their ids."""
    known = SHAPES.get(kind, frozenset())
    place = _Places(knowledge, kind, id_, ("rules",))
    for key in found:
        if key not in known:
            yield place.problem("rule-key", f"has the unknown rule {key!r}",
                                f"Use one of {', '.join(sorted(known))}.", key)  # fmt: skip
    yield from _rules(knowledge, kind, found, place)
    families = knowledge.rules.get("families") or {}
    for number, name in enumerate(found.get("like") or ()):
        if name not in families:
            yield place.problem("unknown-id", f"is like {name!r}, which is no family",
                                "Use a family of rules.yaml.", "like", number)  # fmt: skip
    if kind == "mechanisms" and found:
        yield from _examples(found, place)


def general_rules(knowledge: Knowledge) -> Iterator[Problem]:
    """Check knowledge/rules.yaml: what follows from facts, families, rules of every case."""
    raw = knowledge.rules
    place = _Places(knowledge, "rules", "rules", ())
    for section in ("facts", "unknown"):
        for number, rule in enumerate(raw.get(section) or ()):
            yield from _condition(knowledge, rule.get("if"), place, section, number, "if")
    said = {code for table in knowledge.codes.values() for code in table}
    for section, found in (raw.get("rules") or {}).items():
        for number, rule in enumerate(found):
            at = ("rules", section, number)
            yield from _condition(knowledge, rule.get("if"), place, *at, "if")
            if rule.get("code") not in said:
                yield place.problem("unknown-code", f"{rule.get('code')!r} has no sentence",
                                    "Write one in knowledge/codes.yaml.", *at)  # fmt: skip
    for name, family in (raw.get("families") or {}).items():
        yield from _rules(
            knowledge,
            "mechanisms",
            family,
            _Places(knowledge, "rules", "rules", ("families", name)),
        )


class _Places:
    """Where the rules stand, so that a problem names its line."""

    def __init__(self, knowledge: Knowledge, kind: str, id_: str, base: Loc) -> None:
        self._document = knowledge.places.get((kind, id_))
        self._file = f"knowledge/{kind}/{id_}.yaml"
        self._id = id_
        self._base = base

    def problem(self, rule: str, message: str, remedy: str, *loc: str | int) -> Problem:
        place = (
            self._document.place(*self._base, *loc) if self._document else Place(file=self._file)
        )
        return Problem(place=place, rule=rule, message=f"{self._id} {message}", remedy=remedy)


def _rules(
    knowledge: Knowledge, kind: str, found: Mapping[str, Any], place: _Places
) -> Iterator[Problem]:
    for name in _ALONE:
        yield from _condition(knowledge, found.get(name), place, name)
    for (of, name), tables in _CODES.items():
        codes = {code for table in tables for code in knowledge.codes.get(table, {})}
        for number, rule in enumerate(found.get(name) or () if of == kind else ()):
            yield from _condition(knowledge, rule.get("if"), place, name, number, "if")
            if rule.get("code") not in codes:
                yield place.problem("unknown-code", f"uses the code {rule.get('code')!r}",
                                    "Use a code of knowledge/codes.yaml.", name, number,
                                    "code")  # fmt: skip
    for number, rule in enumerate(found.get("prefer") or ()):
        yield from _condition(knowledge, rule.get("if"), place, "prefer", number, "if")
        if not isinstance(rule.get("score"), int):
            yield place.problem("rule-score", "prefers without points",
                                "Give a whole number as score.", "prefer", number)  # fmt: skip
    for number, rule in enumerate(found.get("deadlines") or ()):
        if rule.get("from") not in PACES:
            yield place.problem("rule-deadline", f"counts from {rule.get('from')!r}",
                                f"Count from one of {', '.join(sorted(PACES))}.",
                                "deadlines", number)  # fmt: skip
    vocabularies = {
        "groups": knowledge.terms["defender_groups"],
        "made_for": knowledge.terms["defender_groups"],
        "core": knowledge.terms["threat_types"],
        "countries": knowledge.countries,
    }
    for name in _NAMED:
        for number, id_ in enumerate(found.get(name) or ()):
            if id_ not in vocabularies[name]:
                yield place.problem("unknown-id", f"names unknown {id_!r}",
                                    "Use an id of the vocabulary.", name, number)  # fmt: skip


def _examples(found: Mapping[str, Any], place: _Places) -> Iterator[Problem]:
    """Each reason to leave a body out, and the body itself, has a case that shows it."""
    shown = {one.get("expect") for one in found.get("examples") or ()}
    wanted = {"ranked"}
    for name in ("parties", "excludes"):
        wanted |= {str(rule.get("code")) for rule in found.get(name) or ()}
    if any(limit.get("bars") for limit in found.get("deadlines") or ()):
        wanted.add("time-bar")
    for code in sorted(wanted - shown):
        yield place.problem("rule-example", f"has no example for {code!r}",
                            "Add facts and what is expected.", "examples")  # fmt: skip


def _condition(
    knowledge: Knowledge, text: Any, place: _Places, *loc: str | int
) -> Iterator[Problem]:
    if text is None:
        return
    derived = {rule.get("name") for rule in knowledge.rules.get("facts") or ()}
    try:
        read = parse(str(text))
    except ConditionError as error:
        yield place.problem("condition", f"the condition {error}", "Write it as the guide shows.",
                            *loc)  # fmt: skip
        return
    strange = sorted(names(read) - FACT_NAMES - derived)
    if strange:
        yield place.problem("condition", f"asks for {', '.join(strange)}, which no case has",
                            "Use a fact of the guide.", *loc)  # fmt: skip
    vocabularies: dict[str, Any] = {
        "threats": knowledge.terms["threat_types"],
        "groups": knowledge.terms["defender_groups"],
        "perpetrators": knowledge.terms["perpetrator_types"],
        "needs": knowledge.terms["resource_kinds"],
        "consent": knowledge.terms["consent_levels"],
        "visibility": knowledge.terms["visibility_choice"],
        "area": knowledge.areas,
        "second_area": knowledge.areas,
        "home_area": knowledge.areas,
        "country": knowledge.countries,
        "company_home_country": knowledge.countries,
        "reported_to": knowledge.mechanisms,
        "registered_with": knowledge.mechanisms,
    }
    for test in tests(read):
        for value in test.values:
            if test.name in vocabularies and value not in vocabularies[test.name]:
                yield place.problem("unknown-id", f"{test.name} is never {value!r}",
                                    "Use an id of the vocabulary.", *loc)  # fmt: skip
