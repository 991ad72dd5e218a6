"""The adviser: which bodies can act on a case, which look right but are not, and why.

Pure. What each body needs and forbids stands beside its entry in knowledge/mechanisms/ as rules;
here stands only how a case is compared with them. A wrong forum is worse than a missing one: what
is not known to fit is not ranked first, and what is excluded is never ranked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from bot.content.rules import codes, condition
from bot.flow.conditions import holds
from bot.guidance.resources import areas

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.content.entries import Knowledge, Mechanism
    from bot.flow.session import Answer
    from bot.guidance.facts import Facts

MOST = 12
_SPEED = {"hours": 3, "days": 2, "weeks": 1, "months": 0}
_STATE = frozenset(
    {"police", "military", "prison-authority", "prosecutor-court", "local-government", "lawmaker"}
)
_BUSINESS = frozenset({"company", "state-owned-enterprise", "private-security"})
_BODILY = frozenset(
    {
        "arbitrary-arrest-detention", "death-threat", "physical-attack", "killing",
        "enforced-disappearance", "torture-ill-treatment", "gender-based-attack", "raid-seizure",
        "attack-on-family",
    }
)  # fmt: skip
_TELLS_THE_STATE = frozenset({"un", "regional"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """A time limit of a body, counted from the event or the last decision."""

    day: date
    days_left: int
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A body that can act. `reasons` are (code, value): see `reasons` in knowledge/codes.yaml."""

    entry: Mechanism
    score: int
    reasons: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    deadline: Deadline | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Excluded:
    """A body that looks right but is not, with the one reason that decides."""

    entry: Mechanism
    code: str
    expected: int
    """How much a non-lawyer might expect it: the higher, the more worth saying."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What the adviser says of one case."""

    ranked: tuple[Ranked, ...]
    excluded: tuple[Excluded, ...]
    warnings: tuple[str, ...]
    first_steps: tuple[str, ...]
    """Codes of the steps that come before any body."""
    unknown: tuple[str, ...] = field(default=())
    """Facts that would change the answer."""


def advise(knowledge: Knowledge, facts: Facts, today: date) -> Advice:
    """Compare a case with every body."""
    answers = situation_of(knowledge, facts)
    ranked: list[Ranked] = []
    excluded: list[Excluded] = []
    for entry in knowledge.mechanisms.values():
        fit = _fit(entry, facts, answers)
        if not fit:
            continue
        code = _exclusion(knowledge, entry, facts, answers)
        if code is not None:
            excluded.append(Excluded(entry=entry, code=code, expected=fit))
        else:
            ranked.append(_rank(knowledge, entry, facts, answers, today, fit))
    ranked.sort(key=lambda one: (-one.score, one.entry.id))
    excluded.sort(key=lambda one: (-one.expected, one.entry.id))
    return Advice(
        ranked=tuple(_several_levels(ranked)),
        excluded=tuple(excluded),
        warnings=tuple(codes(knowledge.rules.get("warnings"), answers)),
        first_steps=tuple(codes(knowledge.rules.get("first_steps"), answers)),
        unknown=_unknown(facts),
    )


def situation_of(knowledge: Knowledge, facts: Facts) -> dict[str, Answer]:
    """Return the facts as rules ask for them: with areas, and with what follows plainly."""
    answers = facts.answers()
    answers["area"] = areas(knowledge, facts.country)
    if facts.second_country:
        answers["second_area"] = areas(knowledge, facts.second_country)
    if facts.company_home_country:
        answers["home_area"] = areas(knowledge, facts.company_home_country)
    actors = set(facts.perpetrators)
    answers["state_actor"] = "yes" if actors & _STATE else "no" if actors else ""
    answers["business_actor"] = "yes" if actors & _BUSINESS else "no" if actors else ""
    answers["bodily"] = "yes" if set(facts.threats) & _BODILY else "no" if facts.threats else ""
    age = _age_of_event(facts)
    if age is not None:
        answers["event_days_ago"] = str(age)
    urgent = facts.urgency in {"hours", "days"} or facts.ongoing in {"ongoing", "imminent"}
    answers["urgent"] = "yes" if urgent else "no" if facts.urgency or facts.ongoing else ""
    return {name: value for name, value in answers.items() if value}


def _fit(entry: Mechanism, facts: Facts, answers: Mapping[str, Answer]) -> int:
    """Return how well a body's subject matches, 0 for not at all."""
    rules = entry.rules
    if rules.get("fits"):
        return 10 if holds(condition(rules["fits"]), answers) else 0
    shared = [threat for threat in facts.threats if threat in entry.threats_covered]
    groups = [group for group in facts.groups if group in entry.defender_groups]
    if facts.threats and not shared:
        return 0
    if not facts.threats and not groups:
        return 0
    return 6 * len(shared) + 3 * len(groups)


def _exclusion(
    knowledge: Knowledge, entry: Mechanism, facts: Facts, answers: Mapping[str, Answer]
) -> str | None:
    """Return the one code that decides against a body, or None."""
    held = codes(entry.rules.get("excludes"), answers)
    if held:
        return held[0]
    if facts.country:
        if entry.countries and facts.country not in entry.countries:
            return "wrong-country"
        regions = [region for region in entry.regions if region != "global"]
        inside = any(
            facts.country in knowledge.areas.get(region, frozenset()) for region in regions
        )
        if regions and "global" not in entry.regions and not inside and not entry.countries:
            return "region"
    if entry.remedies.required == "yes" and facts.domestic_remedies in {"none", "ongoing"}:
        return "remedies"
    if facts.consent == "private-to-me" and entry.level != "national":
        return "consent"
    if entry.id in facts.registered_with:
        return "duplication"
    return None


def _rank(
    knowledge: Knowledge,
    entry: Mechanism,
    facts: Facts,
    answers: Mapping[str, Answer],
    today: date,
    fit: int,
) -> Ranked:
    reasons: list[tuple[str, str]] = []
    score = fit
    threats = [threat for threat in facts.threats if threat in entry.threats_covered]
    if threats:
        reasons.append(("covers-threat", threats[0]))
    groups = [group for group in facts.groups if group in entry.defender_groups]
    special = len(entry.defender_groups) <= 6  # noqa: PLR2004 - made for some groups, not for all
    if groups:
        score += 8 if special else 2
        reasons.append(("for-group", groups[0]))
    urgent = answers.get("urgent") == "yes"
    if urgent:
        score += 8 * _SPEED[entry.urgency]
        if _SPEED[entry.urgency] >= _SPEED["days"]:
            reasons.append(("acts-fast", entry.urgency))
    elif answers.get("urgent") == "no":
        score += 3 * (3 - _SPEED[entry.urgency]) if entry.urgency == "weeks" else 0
    local = bool(entry.countries) or "global" not in entry.regions
    if local and facts.country:
        score += 8
        reasons.append(("works-in-country", facts.country))
    if entry.level == "business" and answers.get("business_actor") == "yes":
        score += 14
        reasons.append(("business-actor", ""))
    elif entry.level == "business":
        score -= 12
    if entry.remedies.required == "no":
        reasons.append(("no-remedies-needed", ""))
    for rule in entry.rules.get("prefer") or ():
        if not rule.get("if") or holds(condition(rule["if"]), answers):
            score += int(rule.get("score", 0))
    score += {"high": 4, "medium": 1, "low": -4}[entry.confidence]
    if entry.id in facts.reported_to:
        score -= 15
        reasons.append(("told-already", ""))
    warnings = [
        *codes(entry.rules.get("warnings"), answers),
        *codes(knowledge.rules.get(f"{entry.level}_warnings"), answers),
    ]
    return Ranked(
        entry=entry,
        score=score,
        reasons=tuple(reasons),
        warnings=tuple(dict.fromkeys(warnings)),
        deadline=_deadline(entry, facts, today),
    )


def _several_levels(ranked: Sequence[Ranked]) -> list[Ranked]:
    """Keep the best, and of each level at least its best: several at once is how it works."""
    chosen = list(ranked[: MOST - 3])
    for level in ("un", "regional", "national", "business"):
        best = next((one for one in ranked if one.entry.level == level), None)
        if best is not None and best not in chosen and best.score > 0:
            chosen.append(best)
    return sorted(chosen, key=lambda one: (-one.score, one.entry.id))[:MOST]


def _deadline(entry: Mechanism, facts: Facts, today: date) -> Deadline | None:
    """Return the time limit that runs for this case, as the entry's rules count it."""
    for rule in entry.rules.get("deadlines") or ():
        since = {
            "event": _age_of_event(facts),
            "decision": facts.last_decision_days_ago,
        }.get(rule["from"])
        if since is None:
            continue
        day = today - timedelta(days=since) + timedelta(days=int(rule["days"]))
        return Deadline(day=day, days_left=(day - today).days, rule=str(rule["code"]))
    return None


def _age_of_event(facts: Facts) -> int | None:
    if facts.days_ago is not None:
        return facts.days_ago
    if facts.hours_ago is not None:
        return facts.hours_ago // 24
    return None


def _unknown(facts: Facts) -> tuple[str, ...]:
    """Name facts whose answer could move a body in or out."""
    wanted = ["country", "threats", "ongoing", "perpetrators", "domestic_remedies", "consent"]
    if not facts.urgency:
        wanted.append("urgency")
    if facts.days_ago is None and facts.hours_ago is None and facts.in_days is None:
        wanted.append("when")
    return tuple(name for name in wanted if not getattr(facts, name, None))


def as_json(knowledge: Knowledge, advice: Advice, facts: Facts) -> dict[str, Any]:
    """Return the answer of `vigil advise --json`."""
    said = {name: text for table in knowledge.codes.values() for name, text in table.items()}
    return {
        "id": facts.id,
        "ranked": [
            {
                "id": one.entry.id,
                "score": one.score,
                "urgency": one.entry.urgency,
                "reasons": [_reason(said, code, value) for code, value in one.reasons]
                or [one.entry.what_it_does],
                "warnings": list(one.warnings),
                "deadline": {
                    "date": one.deadline.day.isoformat(),
                    "days_left": one.deadline.days_left,
                    "rule": one.deadline.rule,
                }
                if one.deadline
                else None,
                "gather": list(one.entry.information_needed),
                "consent": list(one.entry.consent_questions),
            }
            for one in advice.ranked
        ],
        "excluded": [
            {"id": one.entry.id, "code": one.code, "reason": said.get(one.code, one.code)}
            for one in advice.excluded
        ],
        "warnings": list(advice.warnings),
        "first_steps": [said.get(code, code) for code in advice.first_steps],
        "unknown": list(advice.unknown),
    }


def _reason(said: Mapping[str, str], code: str, value: str) -> str:
    text = said.get(code, code)
    return text.replace("{value}", value) if value else text
