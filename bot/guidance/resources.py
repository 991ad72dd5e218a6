"""The resource finder: who can protect or help this person, best first, each with its reasons.

Pure. Which entries exist and what each of them asks for is data in knowledge/resources/; here
stands only how a case is compared with it. Entries are ranked whatever their contacts; one whose
contacts nobody has ever read is not offered as help.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.content.entries import shown_channels
from bot.content.rules import codes, condition
from bot.flow.conditions import holds

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from bot.content.entries import Knowledge, Resource
    from bot.flow.session import Answer
    from bot.guidance.facts import Facts

MOST = 12
_UNSURE = 20
_FAST = frozenset({"hours", "days"})
_RELATED = {
    "whrd": "whrd-support",
    "lgbti": "lgbti-support",
    "journalist": "journalist-support",
    "land-environment": "land-environment-support",
    "indigenous": "land-environment-support",
    "academic": "academic-artist-support",
    "artist-writer": "academic-artist-support",
    "lawyer": "lawyer-support",
    "youth": "youth-support",
}
"""Which kind of resource is made for a group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A resource that fits. `reasons` are codes with their arguments: see knowledge/codes.yaml."""

    entry: Resource
    score: int
    reasons: tuple[tuple[str, str], ...]
    caveats: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """What was found and what was not meant for this person, with the one reason that decides."""

    ranked: tuple[Found, ...]
    excluded: tuple[tuple[str, str], ...]


def find_resources(knowledge: Knowledge, facts: Facts, today: date) -> Help:
    """Rank resources for a case."""
    answers = {**facts.answers(), "area": areas(knowledge, facts.country)}
    ranked: list[Found] = []
    excluded: list[tuple[str, str]] = []
    for entry in knowledge.resources.values():
        code = _exclusion(knowledge, entry, facts, answers, today)
        if code is not None:
            excluded.append((entry.id, code))
            continue
        found = _score(entry, facts, answers, today)
        if found is not None:
            ranked.append(found)
    ranked.sort(key=lambda one: (-one.score, one.entry.id))
    return Help(ranked=tuple(ranked[:MOST]), excluded=tuple(excluded))


def areas(knowledge: Knowledge, country: str | None) -> tuple[str, ...]:
    """Return regions and groups that a country belongs to."""
    if country is None:
        return ()
    return tuple(sorted(id_ for id_, members in knowledge.areas.items() if country in members))


def _exclusion(
    knowledge: Knowledge,
    entry: Resource,
    facts: Facts,
    answers: Mapping[str, Answer],
    today: date,
) -> str | None:
    rules = entry.rules
    only = rules.get("countries")
    if only and facts.country and facts.country not in only:
        return "wrong-country"
    if facts.country and "global" not in entry.regions:
        inside = any(
            facts.country in knowledge.areas.get(region, frozenset()) for region in entry.regions
        )
        if not inside:
            return "wrong-region"
    wanted = rules.get("groups")
    if wanted and facts.groups and not set(wanted) & set(facts.groups):
        other = rules.get("groups_or")
        if not (other and holds(condition(other), answers)):
            return "wrong-group"
    held = codes(rules.get("excludes"), answers)
    if held:
        return held[0]
    alone = facts.who in {"self", "family", "other"} and not facts.organisation
    alone = alone and (facts.collective or 1) < 2  # noqa: PLR2004 - a group begins with two
    if rules.get("organisation") and alone:
        return "not-eligible"
    if not shown_channels(entry.channels, today):
        return "unconfirmed-only"
    return None


def _score(
    entry: Resource,
    facts: Facts,
    answers: Mapping[str, Answer],
    today: date,
) -> Found | None:
    score = 0
    reasons: list[tuple[str, str]] = []
    needs = [need for need in facts.needs if need in entry.kind]
    for place, need in enumerate(facts.needs):
        if need in entry.kind:
            score += 40 - 5 * place
            reasons.append(("fits-need", need))
    local = bool(facts.country) and "global" not in entry.regions
    if local and facts.country:
        score += 18 if entry.rules.get("countries") else 14
        reasons.append(("works-in-country", facts.country))
    groups = [group for group in facts.groups if group in entry.defender_groups]
    made_for = [group for group in facts.groups if _RELATED.get(group) in entry.kind]
    if groups or made_for:
        score += 16 if entry.rules.get("groups") else 10
        reasons.append(("for-group", (groups or made_for)[0]))
    threats = [threat for threat in facts.threats if threat in entry.good_for_threats]
    if threats:
        score += 12
        reasons.append(("good-for-threat", threats[0]))
    if entry.rules.get("groups") and not facts.groups:
        # Whether the person is one of those it is made for is not known: those for everybody first.
        score -= _UNSURE
    if "global" not in entry.regions and not facts.country:
        score -= _UNSURE
    urgent = facts.urgency in _FAST
    line = _answers_anybody(entry) or not (facts.threats or facts.needs)
    line = "emergency-hotline" in entry.kind and (line or bool(needs or threats))
    if line:
        score += 20 if urgent or not facts.needs else 4
        if urgent:
            reasons.append(("answers-fast", ""))
    if facts.language and _speaks(entry, facts.language):
        score += 3
    caveats = codes(entry.rules.get("caveats"), answers)
    shown = shown_channels(entry.channels, today)
    if shown and shown[0].status == "old":
        caveats.append("old-contact")
        score -= 6
    if urgent and {"slow", "not-emergency"} & set(caveats):
        score -= 20
    score += {"high": 3, "medium": 1, "low": 0}[entry.confidence]
    asked = bool(facts.needs or facts.threats or facts.groups)
    relevant = bool(needs or threats or groups or made_for) or line
    if facts.needs and not needs and not line:
        # Somebody asked for a doctor: a fund for journalists is no answer, however near it is.
        relevant = local and bool(threats)
    if asked and not relevant:
        return None
    return Found(entry=entry, score=score, reasons=tuple(reasons), caveats=tuple(caveats))


def _answers_anybody(entry: Resource) -> bool:
    """Tell a line for people from one for phones and accounts, which is no answer to a beating."""
    return bool(set(entry.kind) - {"emergency-hotline", "digital-security"})


_NAMES = {
    "en": "English", "es": "Spanish", "fr": "French", "ar": "Arabic", "ru": "Russian",
    "pt": "Portuguese", "zh": "Chinese", "sw": "Swahili", "de": "German", "it": "Italian",
}  # fmt: skip


def _speaks(entry: Resource, language: str) -> bool:
    return _NAMES.get(language.split("-", maxsplit=1)[0], "") in entry.languages
