"""The adviser: which bodies can act on a case, which look right but are not, and why.

Pure. What each body needs and forbids stands beside its entry in knowledge/mechanisms/ as rules,
what bodies of a kind have in common in knowledge/rules.yaml; here stands only how a case is
compared with them. A wrong forum is worse than a missing one: what is excluded is never ranked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.content.rules import BodyRules, Case
from bot.guidance.limits import Deadline, age_of_event, barred, before, deadline
from bot.guidance.resources import areas

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from bot.content.entries import Knowledge, Mechanism
    from bot.flow.session import Answer
    from bot.guidance.facts import Facts

MOST = 12
"""So many bodies are ranked at most."""
_NONE = BodyRules()
_LEVELS = ("un", "regional", "national", "business")
_SUITS: Mapping[str, Mapping[str, int]] = {
    "hours": {"hours": 12, "days": 6, "weeks": -6, "months": -14},
    "days": {"hours": 9, "days": 8, "weeks": 0, "months": -8},
    "weeks": {"hours": 2, "days": 5, "weeks": 6, "months": 0},
    "months": {"hours": -2, "days": 1, "weeks": 4, "months": 6},
}
"""Points for how fast a body is, by how much time the case leaves."""
_TRUST = {"high": 3, "medium": 1, "low": -2}
_CORE, _COVERED, _MADE_FOR, _GROUP, _ONE_COUNTRY, _REGION, _TOLD = 12, 4, 16, 2, 12, 8, -15
_WHERE_UNKNOWN = -15
"""A body of one region is not offered first while the country is not known."""
_GENERAL = 25
"""A body for so many threats is a general address."""
_WORTH, _FEW = 0, 3
"""Below so many points a body is left out, unless fewer than so many were found."""
_CROWD_AFTER, _CROWDED = 3, 3
"""Beyond so many bodies of a level, each further one steps back by so many points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A body that can act. `reasons` are (code, value): see `reason_codes` in codes.yaml."""

    entry: Mechanism
    score: int
    reasons: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    deadline: Deadline | None

    @property
    def deadline_rule(self) -> str | None:
        """The code of the time limit, if one is counted."""
        return self.deadline.rule if self.deadline else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Excluded:
    """A body that must not be used now, with the one reason that decides."""

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
    unknown: tuple[str, ...] = ()
    """Facts that would change the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """Everything one comparison looks at."""

    knowledge: Knowledge
    facts: Facts
    case: Case
    today: date


def advise(knowledge: Knowledge, facts: Facts, today: date) -> Advice:
    """Compare a case with every body."""
    rules = knowledge.advice
    case = Case(answers_of(knowledge, facts, today), rules.facts)
    asked = _Asked(knowledge=knowledge, facts=facts, case=case, today=today)
    ranked: list[Ranked] = []
    excluded: list[Excluded] = []
    closed: list[str] = []
    for entry in knowledge.mechanisms.values():
        own = rules.bodies.get(entry.id, _NONE)
        code = _exclusion(asked, entry, own)
        if code is not None:
            excluded.append(Excluded(entry=entry, code=code, expected=_expected(asked, entry, own)))
            if code == "time-bar" and _fits(asked, entry, own):
                closed += [limit.code for limit in own.deadlines if limit.bars]
        elif _fits(asked, entry, own):
            ranked.append(_rank(asked, entry, own))
    excluded.sort(key=lambda one: (-one.expected, one.entry.id))
    general = rules.general
    warnings = [*case.codes(general.get("warnings", ())), *closed]
    return Advice(
        ranked=tuple(_several_levels(ranked)),
        excluded=tuple(excluded),
        warnings=tuple(dict.fromkeys(warnings)),
        first_steps=tuple(case.codes(general.get("first_steps", ()))),
        unknown=tuple(case.codes(rules.unknown)),
    )


def answers_of(knowledge: Knowledge, facts: Facts, today: date) -> dict[str, Answer]:
    """Return the facts as rules ask for them, with what is counted or looked up from them."""
    answers = facts.answers()
    for name, country in (
        ("area", facts.country),
        ("second_area", facts.second_country),
        ("home_area", facts.company_home_country),
    ):
        if country:
            answers[name] = areas(knowledge, country)
    if facts.company_home_country and facts.country:
        abroad = facts.company_home_country != facts.country
        answers["home_abroad"] = "yes" if abroad else "no"
    told = {knowledge.mechanisms[id_].level for id_ in facts.reported_to + facts.registered_with}
    if told:
        answers["told"] = tuple(sorted(told))
    age = age_of_event(facts)
    if age is not None:
        answers["event_days_ago"] = str(age)
        answers["event_date"] = f"{before(today, age):%Y%m%d}"
    return answers


def _exclusion(asked: _Asked, entry: Mechanism, own: BodyRules) -> str | None:
    """Return the one code that decides against a body, or None."""
    case, country = asked.case, asked.facts.country
    if country and entry.countries and country not in entry.countries:
        return "wrong-country"
    bound = case.first(own.parties)
    if bound is not None:
        return bound
    if country and not entry.countries and not _inside(asked.knowledge, entry, country):
        reached = own.reaches is not None and case.holds(own.reaches)
        if not reached:
            return "region"
    decided = case.first(own.excludes)
    if decided is not None:
        return decided
    return "time-bar" if barred(own.deadlines, asked.facts, asked.today) else None


def _inside(knowledge: Knowledge, entry: Mechanism, country: str) -> bool:
    return "global" in entry.regions or any(
        country in knowledge.areas.get(region, frozenset()) for region in entry.regions
    )


def _fits(asked: _Asked, entry: Mechanism, own: BodyRules) -> bool:
    """Tell whether the case is a subject of the body."""
    if entry.countries and not asked.facts.country:
        return False
    if own.fits is not None:
        return asked.case.holds(own.fits)
    facts = asked.facts
    if facts.threats:
        return not set(facts.threats).isdisjoint(entry.threats_covered)
    # What happened is not known yet: the general addresses, and those made for the group.
    everything = len(entry.threats_covered) >= _GENERAL
    return everything or not set(facts.groups).isdisjoint(own.made_for)


def _expected(asked: _Asked, entry: Mechanism, own: BodyRules) -> int:
    """Return how much somebody might think of a body: by its subject, its place, its speed."""
    facts = asked.facts
    shared = len(set(facts.threats) & (set(entry.threats_covered) | own.core))
    near = bool(entry.countries) and facts.country in entry.countries
    far = bool(entry.countries) and not near
    return own.weight + 6 * shared + 8 * _fits(asked, entry, own) + 6 * near - 20 * far


def _rank(asked: _Asked, entry: Mechanism, own: BodyRules) -> Ranked:
    facts, case = asked.facts, asked.case
    reasons: list[tuple[str, str]] = []
    score = own.weight + _TRUST[entry.confidence]
    core = [threat for threat in facts.threats if threat in own.core]
    covered = [threat for threat in facts.threats if threat in entry.threats_covered]
    if core:
        score += _CORE + 3 * (len(core) - 1)
        reasons.append(("first-address", core[0]))
    elif covered:
        score += _COVERED + 2 * (len(covered) - 1)
        reasons.append(("covers-threat", covered[0]))
    made_for = [group for group in facts.groups if group in own.made_for]
    groups = [group for group in facts.groups if group in entry.defender_groups]
    if made_for:
        score += _MADE_FOR
        reasons.append(("made-for-group", made_for[0]))
    elif groups:
        score += _GROUP
        reasons.append(("for-group", groups[0]))
    pace = case.one("pace")
    if pace:
        score += _SUITS[pace][entry.urgency]
    if pace in {"hours", "days"} and entry.urgency in {"hours", "days"}:
        reasons.append(("acts-fast", entry.urgency))
    if facts.country and (entry.countries or "global" not in entry.regions):
        score += _ONE_COUNTRY if entry.countries else _REGION
        reasons.append(("works-in-country", facts.country))
    elif not facts.country and "global" not in entry.regions:
        score += _WHERE_UNKNOWN
    reasons += [(code, "") for code in case.codes(own.reasons)]
    if entry.remedies.required == "no" and entry.level in {"un", "regional"}:
        reasons.append(("no-remedies-needed", ""))
    score += sum(one.score for one in own.prefer if case.holds(one.condition))
    if entry.id in facts.reported_to or entry.id in facts.registered_with:
        score += _TOLD
        reasons.append(("told-already", ""))
    limit = deadline(own.deadlines, facts, asked.today)
    warnings = case.codes(own.warnings)
    if limit is not None and limit.rule in asked.knowledge.codes["warning_codes"]:
        warnings.append(limit.rule)
    return Ranked(
        entry=entry,
        score=score,
        reasons=tuple(reasons),
        warnings=tuple(dict.fromkeys(warnings)),
        deadline=limit,
    )


def _several_levels(found: Sequence[Ranked]) -> list[Ranked]:
    """Order the best so that no level hides the others: several at once is how it works.

    A letter, a regional measure, a national step and an embassy belong together; the fifth letter
    of one kind is worth less than the first call of another.
    """
    waiting = sorted(found, key=lambda one: (-one.score, one.entry.id))
    taken = dict.fromkeys(_LEVELS, 0)
    chosen: list[Ranked] = []

    def standing(one: Ranked) -> int:
        return one.score - _CROWDED * max(0, taken[one.entry.level] - _CROWD_AFTER + 1)

    while waiting and len(chosen) < MOST:
        best = max(waiting, key=standing)
        standing_then = standing(best)
        waiting.remove(best)
        taken[best.entry.level] += 1
        if standing_then <= _WORTH and len(chosen) >= _FEW:
            break
        chosen.append(replace(best, score=standing_then))
    return chosen
