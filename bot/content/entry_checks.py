"""Whether entries make sense: one function a check, each problem with file, line and remedy."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from bot.content.marks import Place, Problem
from bot.content.rules import FACT_NAMES
from bot.flow.conditions import ConditionError, names, parse, tests

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.content.entries import Guide, Knowledge, Mechanism, Resource, Strategy

_OLDEST_YEAR = 1990


def check_knowledge(knowledge: Knowledge, today: date) -> Iterator[Problem]:
    """Run every check of entries."""
    for kind, entries in _kinds(knowledge):
        for entry in entries.values():
            for check in CHECKS:
                yield from check(knowledge, kind, entry, today)
    yield from general_rules(knowledge)


def due(knowledge: Knowledge, today: date, days: int) -> Iterator[Problem]:
    """List what is to be reviewed within so many days, as warnings."""
    until = (today + timedelta(days=days)).isoformat()
    for kind, entries in _kinds(knowledge):
        for entry in entries.values():
            if entry.review_by is not None and today.isoformat() <= entry.review_by <= until:
                yield _problem(knowledge, kind, entry, "review-due",
                               f"is to be reviewed by {entry.review_by}",
                               "Read its sources again; then set checked_on, reviewer, review_by.",
                               "review_by", severity="warning")  # fmt: skip


def sources(knowledge: Knowledge, kind: str, entry: Any, _today: date) -> Iterator[Problem]:
    """An entry says nowhere where its facts come from."""
    if kind in {"mechanisms", "resources"} and not entry.source_urls:
        yield _problem(knowledge, kind, entry, "no-source", "names no source",
                       "Give at least one address in source_urls.", "source_urls",
                       severity="warning")  # fmt: skip


def dates(knowledge: Knowledge, kind: str, entry: Any, today: date) -> Iterator[Problem]:
    """A date cannot be, or the review is overdue."""
    checked = entry.checked_on
    if checked is not None and not str(_OLDEST_YEAR) <= checked <= today.isoformat():
        yield _problem(knowledge, kind, entry, "checked-on", f"was checked on {checked}?",
                       "Write the day of the last check.", "checked_on")  # fmt: skip
    if entry.reviewer is not None and checked is None:
        yield _problem(knowledge, kind, entry, "reviewer-without-date",
                       "has a reviewer but no date of the check", "Set checked_on.",
                       "reviewer")  # fmt: skip
    if entry.review_by is not None and entry.review_by < today.isoformat():
        yield _problem(knowledge, kind, entry, "review-overdue",
                       f"should have been reviewed by {entry.review_by}",
                       "Read its sources again; then set checked_on, reviewer, review_by.",
                       "review_by", severity="warning")  # fmt: skip


def references(knowledge: Knowledge, kind: str, entry: Any, _today: date) -> Iterator[Problem]:
    """An id is named that does not exist."""
    known: dict[str, Any] = {
        "threats_covered": knowledge.terms["threat_types"],
        "good_for_threats": knowledge.terms["threat_types"],
        "defender_groups": knowledge.terms["defender_groups"],
        "regions": knowledge.areas,
        "related_mechanisms": knowledge.mechanisms,
        "related_resources": knowledge.resources,
        **({"kind": knowledge.terms["resource_kinds"]} if kind == "resources" else {}),
        **({"countries": knowledge.countries} if kind == "mechanisms" else {}),
    }
    for name, ids in known.items():
        for number, id_ in enumerate(getattr(entry, name, ())):
            if id_ not in ids:
                yield _problem(knowledge, kind, entry, "unknown-id", f"names unknown {id_!r}",
                               "Use an id of the vocabulary.", name, number)  # fmt: skip


def channels(knowledge: Knowledge, kind: str, entry: Any, _today: date) -> Iterator[Problem]:
    """A contact is written twice, or is no contact of its kind."""
    seen: set[tuple[str, str]] = set()
    for number, channel in enumerate(getattr(entry, "channels", ())):
        at = ("channels", number)
        if (channel.type, channel.value) in seen:
            yield _problem(knowledge, kind, entry, "contact-twice", f"lists {channel.value} twice",
                           "Keep one.", *at, severity="warning")  # fmt: skip
        seen.add((channel.type, channel.value))
        wrong = {
            "email": "@" not in channel.value,
            "phone": not any(letter.isdigit() for letter in channel.value),
            "web-page": not channel.value.startswith(("http://", "https://")),
            "web-form": not channel.value.startswith(("http://", "https://")),
        }.get(channel.type, False)
        if wrong:
            yield _problem(knowledge, kind, entry, "contact-shape",
                           f"{channel.value!r} is no {channel.type}", "Correct it.",
                           *at, "value")  # fmt: skip


def rules(knowledge: Knowledge, kind: str, entry: Any, _today: date) -> Iterator[Problem]:
    """A rule beside an entry cannot be read, or names what does not exist."""
    found: Mapping[str, Any] = getattr(entry, "rules", {})
    for name in ("fits", "groups_or"):
        if found.get(name):
            yield from _condition(knowledge, kind, entry, found[name], "rules", name)
    for name in ("excludes", "caveats", "warnings", "prefer"):
        for number, rule in enumerate(found.get(name) or ()):
            at = ("rules", name, number)
            if rule.get("if"):
                yield from _condition(knowledge, kind, entry, rule["if"], *at, "if")
            code = rule.get("code")
            if code is not None and code not in _codes(knowledge, kind, name):
                yield _problem(knowledge, kind, entry, "unknown-code", f"uses the code {code!r}",
                               "Use a code of knowledge/codes.yaml.", *at, "code")  # fmt: skip
    for number, group in enumerate(found.get("groups") or ()):
        if group not in knowledge.terms["defender_groups"]:
            yield _problem(knowledge, kind, entry, "unknown-id", f"names the group {group!r}",
                           "Use an id of the vocabulary.", "rules", "groups", number)  # fmt: skip
    for number, code in enumerate(found.get("countries") or ()):
        if code not in knowledge.countries:
            yield _problem(knowledge, kind, entry, "unknown-id", f"names the country {code!r}",
                           "Use an ISO code.", "rules", "countries", number)  # fmt: skip


CHECKS = (sources, dates, references, channels, rules)


def general_rules(knowledge: Knowledge) -> Iterator[Problem]:
    """A rule that concerns every case cannot be read, or has a code without a sentence."""
    said = {code for table in knowledge.codes.values() for code in table}
    for name, found in knowledge.rules.items():
        for rule in found:
            place = Place(file="knowledge/rules.yaml")
            wrong = _reading(rule["if"]) if rule.get("if") else None
            if wrong:
                yield Problem(place=place, rule="condition", message=f"{name}: it {wrong}",
                              remedy="Write it as the guide shows.")  # fmt: skip
            if rule.get("code") not in said:
                yield Problem(place=place, rule="unknown-code",
                              message=f"{name}: {rule.get('code')!r} has no sentence",
                              remedy="Write one in knowledge/codes.yaml.")  # fmt: skip


def _condition(
    knowledge: Knowledge, kind: str, entry: Any, text: str, *loc: str | int
) -> Iterator[Problem]:
    wrong = _reading(text)
    if wrong:
        yield _problem(knowledge, kind, entry, "condition", f"the condition {wrong}",
                       "Write it as the guide shows.", *loc)  # fmt: skip
        return
    vocabularies: dict[str, Any] = {
        "threats": knowledge.terms["threat_types"],
        "groups": knowledge.terms["defender_groups"],
        "perpetrators": knowledge.terms["perpetrator_types"],
        "needs": knowledge.terms["resource_kinds"],
        "consent": knowledge.terms["consent_levels"],
        "area": knowledge.areas,
        "second_area": knowledge.areas,
        "home_area": knowledge.areas,
        "country": knowledge.countries,
        "reported_to": knowledge.mechanisms,
        "registered_with": knowledge.mechanisms,
    }
    for test in tests(parse(text)):
        for value in test.values:
            if test.name in vocabularies and value not in vocabularies[test.name]:
                yield _problem(knowledge, kind, entry, "unknown-id",
                               f"{test.name} is never {value!r}", "Use an id of the vocabulary.",
                               *loc)  # fmt: skip


def _reading(text: str) -> str | None:
    """Return what is wrong with a condition over facts, or None."""
    try:
        strange = names(parse(text)) - FACT_NAMES
    except ConditionError as error:
        return str(error)
    return f"asks for {', '.join(sorted(strange))}, which no case has" if strange else None


def _codes(knowledge: Knowledge, kind: str, name: str) -> set[str]:
    table = {
        ("resources", "excludes"): "resource_exclusion_codes",
        ("resources", "caveats"): "resource_caveat_codes",
        ("mechanisms", "excludes"): "mechanism_exclusion_codes",
        ("mechanisms", "warnings"): "warning_codes",
    }.get((kind, name))
    return set(knowledge.codes.get(table, {})) if table else set()


def _kinds(
    knowledge: Knowledge,
) -> list[tuple[str, Mapping[str, Mechanism | Resource | Strategy | Guide]]]:
    return [
        ("mechanisms", knowledge.mechanisms),
        ("resources", knowledge.resources),
        ("strategies", knowledge.strategies),
        ("guides", knowledge.guides),
    ]


def _problem(
    knowledge: Knowledge, kind: str, entry: Any, rule: str, message: str, remedy: str,
    *loc: str | int, severity: str = "error",
) -> Problem:  # fmt: skip
    return Problem(
        place=knowledge.place(kind, entry.id, *loc),
        rule=rule,
        message=f"{entry.id} {message}",
        remedy=remedy,
        severity=severity,
    )
