"""Whether entries make sense: one function a check, each problem with file, line and remedy."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from bot.content.marks import Problem
from bot.content.rule_checks import general_rules, rules_beside

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.content.entries import (
        Guide,
        Knowledge,
        Mechanism,
        Note,
        Resource,
        Story,
        Strategy,
    )

_OLDEST_YEAR = 1990


def check_knowledge(knowledge: Knowledge, today: date) -> Iterator[Problem]:
    """Run every check of entries."""
    for kind, entries in _kinds(knowledge):
        for entry in entries.values():
            for check in CHECKS:
                yield from check(knowledge, kind, entry, today)
    yield from general_rules(knowledge)


def due(knowledge: Knowledge, today: date, days: int) -> Iterator[Problem]:
    """List what is to be reviewed within so many days, as warnings: what is overdue, too.

    An entry that nobody has checked and that names no day is always due.
    """
    until = (today + timedelta(days=days)).isoformat()
    for kind, entries in _kinds(knowledge):
        for entry in entries.values():
            if entry.review_by is None and entry.reviewer is None:
                yield _problem(knowledge, kind, entry, "review-due",
                               "was never checked by a person",
                               "Read its sources; then write a review in knowledge/reviews.yaml.",
                               "review_by", severity="warning")  # fmt: skip
            elif entry.review_by is not None and today.isoformat() <= entry.review_by <= until:
                yield _problem(knowledge, kind, entry, "review-due",
                               f"is to be reviewed by {entry.review_by}",
                               "Read its sources again; then write into knowledge/reviews.yaml.",
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
                       "Read its sources again; then write into knowledge/reviews.yaml.",
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
        **({"countries": knowledge.countries} if kind in {"mechanisms", "stories"} else {}),
        "strategies": knowledge.strategies,
        "related_strategies": knowledge.strategies,
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
    yield from rules_beside(knowledge, kind, entry.id, getattr(entry, "rules", {}))


CHECKS = (sources, dates, references, channels, rules)


def _kinds(
    knowledge: Knowledge,
) -> list[tuple[str, Mapping[str, Mechanism | Resource | Strategy | Guide | Story | Note]]]:
    return [
        ("mechanisms", knowledge.mechanisms),
        ("resources", knowledge.resources),
        ("strategies", knowledge.strategies),
        ("guides", knowledge.guides),
        ("stories", knowledge.stories),
        ("notes", knowledge.notes),
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
