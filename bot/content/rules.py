"""Rules beside entries: conditions that an editor can read, compiled once when content is loaded.

A rule is a code with an optional condition in the small language of flows, over the facts of a case
(`bot.guidance.facts`), `area`, the regions and groups that its country belongs to, and what
knowledge/rules.yaml derives from them. This module knows the shape of rules; how a body is chosen
with them is decided in `bot.guidance.advice`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, get_args

from bot.flow.conditions import All, AnyOf, Condition, ConditionError, Not, Test, holds, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from bot.flow.session import Answer

Codes = tuple[str, ...]
Prepared = dict[str, Codes]
"""Answers as a case asks for them: every one a tuple of codes."""
Pace = Literal["event", "decision", "hearing", "court", "vote", "removal"]

SHAPES: Mapping[str, frozenset[str]] = {
    "mechanisms": frozenset(
        {
            "like", "weight", "core", "made_for", "fits", "reaches", "parties", "excludes",
            "warnings", "reasons", "prefer", "deadlines", "examples",
        }
    ),
    "resources": frozenset(
        {"groups", "groups_or", "countries", "excludes", "caveats", "organisation"}
    ),
}  # fmt: skip
"""Which keys the rules of an entry may have."""

PACES: frozenset[str] = frozenset(get_args(Pace))
"""What a time limit may be counted from."""

FACT_NAMES = frozenset(
    {
        "id", "threats", "country", "ongoing", "days_ago", "in_days", "in_hours", "who", "groups",
        "perpetrators", "company_home_country", "reported_to", "domestic_remedies",
        "cooperated_with_un", "consent", "urgency", "language", "needs", "detained",
        "location_known", "environmental_link", "organisation", "collective", "union",
        "victim_age", "visibility", "reported_nationally", "registered_with",
        "cooperated_with_regional", "last_decision_days_ago", "hearing_in_days",
        "court_deadline_in_days", "date_of_vote_in_days", "removal_in_hours", "death_sentence",
        "written_order", "civil_case", "hours_ago", "disappearance_year", "second_country",
        "second_country_role", "msi", "finance",
        "area", "second_area", "home_area", "event_days_ago", "event_date", "told", "home_abroad",
    }
)  # fmt: skip
"""What a rule may ask before anything is derived: the facts of a case, and what is computed from
them: regions of the three countries, age and date (as 20260131) of the event, levels that were
told already, and whether the company is at home elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A condition ready to be asked many times."""

    text: str
    test: Callable[[Prepared], bool] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A code that holds when its condition does; without one it always holds."""

    code: str
    condition: Compiled | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """Points for a body when a condition holds."""

    score: int
    condition: Compiled | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A time limit of a body."""

    since: Pace
    days: int
    months: int
    working_days: int
    """So many working days earlier than that."""
    code: str
    bars: bool
    """When it has passed, the body is closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """A fact that follows plainly from others: the first whose condition holds gives its value."""

    name: str
    value: str
    condition: Compiled | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyRules:
    """When a body can act on a case, as its entry and the families it belongs to say."""

    weight: int = 8
    core: frozenset[str] = frozenset()
    """Threats for which it is a first address."""
    made_for: frozenset[str] = frozenset()
    """Groups for which it was made."""
    fits: Compiled | None = None
    reaches: Compiled | None = None
    """Opens the body outside its regions."""
    parties: tuple[Rule, ...] = ()
    """What is decided before geography: whether the State is bound at all."""
    excludes: tuple[Rule, ...] = ()
    warnings: tuple[Rule, ...] = ()
    reasons: tuple[Rule, ...] = ()
    prefer: tuple[Preference, ...] = ()
    deadlines: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviceRules:
    """All rules of advice, compiled."""

    facts: tuple[Derived, ...] = ()
    unknown: tuple[Rule, ...] = ()
    """Facts worth asking for: names as codes, each when it could change the answer."""
    general: Mapping[str, tuple[Rule, ...]] = field(default_factory=dict)
    bodies: Mapping[str, BodyRules] = field(default_factory=dict)


class Case:
    """One case under one advice: no condition is worked out twice."""

    __slots__ = ("_answers", "_held")

    def __init__(self, answers: Mapping[str, Answer], derived: Iterable[Derived] = ()) -> None:
        self._answers: Prepared = {name: codes_of(value) for name, value in answers.items()}
        self._held: dict[str, bool] = {}
        for fact in derived:
            if fact.name in self._answers:
                continue
            # Not remembered: what is derived later may be asked for by the same text.
            if fact.condition is None or fact.condition.test(self._answers):
                self._answers[fact.name] = (fact.value,)

    def holds(self, condition: Compiled | None) -> bool:
        """Tell whether a condition is true for this case; none always is."""
        if condition is None:
            return True
        known = self._held.get(condition.text)
        if known is None:
            known = self._held[condition.text] = condition.test(self._answers)
        return known

    def codes(self, rules: Iterable[Rule]) -> list[str]:
        """Return the codes of the rules that hold, in order, each once."""
        return list(dict.fromkeys(rule.code for rule in rules if self.holds(rule.condition)))

    def first(self, rules: Iterable[Rule]) -> str | None:
        """Return the code of the first rule that holds."""
        return next((rule.code for rule in rules if self.holds(rule.condition)), None)

    def one(self, name: str) -> str:
        """Return an answer with one code; nothing when it is unknown."""
        found = self._answers.get(name, ())
        return found[0] if found else ""

    def knows(self, name: str) -> bool:
        """Tell whether a fact is known."""
        return bool(self._answers.get(name))


@lru_cache(maxsize=4_096)
def condition(text: str) -> Condition:
    """Return a parsed condition; the same text is parsed once.

    Raises:
        ConditionError: It is none; the check of entries reports it with file and line.
    """
    return parse(text)


@lru_cache(maxsize=4_096)
def compiled(text: str) -> Compiled:
    """Return a condition ready to be asked. One that cannot be read never holds.

    Content with such a condition is never served: the check of entries refuses it.
    """
    try:
        return Compiled(text=text, test=_test_of(condition(text)))
    except ConditionError:
        return Compiled(text=text, test=lambda _: False)


def codes(raw: Iterable[Mapping[str, Any]] | None, facts: Mapping[str, Answer]) -> list[str]:
    """Return codes of the rules that hold, in order, each once."""
    found = (
        str(one["code"])
        for one in raw or ()
        if not one.get("if") or holds(condition(one["if"]), facts)
    )
    return list(dict.fromkeys(found))


def rules(raw: Iterable[Mapping[str, Any]] | None) -> tuple[Rule, ...]:
    """Return rules as an entry writes them: `{code: …, if: …}`."""
    return tuple(
        Rule(code=str(one["code"]), condition=_maybe(one.get("if")))
        for one in raw or ()
        if one.get("code")
    )


def body_rules(raw: Mapping[str, Any], families: Mapping[str, Mapping[str, Any]]) -> BodyRules:
    """Return the rules of a body: its own first, then those of its families."""
    parts = _with_families(raw, families)

    def every(key: str) -> Sequence[Any]:
        return [one for part in parts for one in part.get(key) or ()]

    own = next((part["weight"] for part in parts if "weight" in part), 8)
    return BodyRules(
        weight=int(own),
        core=frozenset(every("core")),
        made_for=frozenset(every("made_for")),
        fits=_maybe(next((part["fits"] for part in parts if part.get("fits")), None)),
        reaches=_maybe(raw.get("reaches")),
        parties=rules(every("parties")),
        excludes=rules(every("excludes")),
        warnings=rules(every("warnings")),
        reasons=rules(every("reasons")),
        prefer=tuple(
            Preference(score=one["score"], condition=_maybe(one.get("if")))
            for one in every("prefer")
            if isinstance(one.get("score"), int)
        ),
        deadlines=tuple(
            Limit(
                since=one["from"],
                days=int(one.get("days", 0)),
                months=int(one.get("months", 0)),
                working_days=int(one.get("working_days", 0)),
                code=str(one["code"]),
                bars=bool(one.get("bars", False)),
            )
            for one in every("deadlines")
            if one.get("from") in PACES and one.get("code")
        ),
    )


def _with_families(
    raw: Mapping[str, Any], families: Mapping[str, Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Return rules and those of every family they belong to, nearest first, each family once."""
    parts: list[Mapping[str, Any]] = [raw]
    named: list[str] = []
    for part in parts:
        for name in part.get("like") or ():
            if name not in named and name in families:
                named.append(name)
                parts.append(families[name])
    return parts


def advice_rules(raw: Mapping[str, Any], bodies: Mapping[str, Mapping[str, Any]]) -> AdviceRules:
    """Compile knowledge/rules.yaml and the rules beside every body."""
    families = raw.get("families") or {}
    return AdviceRules(
        facts=derived(raw.get("facts")),
        unknown=rules(raw.get("unknown")),
        general={name: rules(found) for name, found in (raw.get("rules") or {}).items()},
        bodies={id_: body_rules(own, families) for id_, own in bodies.items()},
    )


def derived(raw: Iterable[Mapping[str, Any]] | None) -> tuple[Derived, ...]:
    """Return facts as knowledge/rules.yaml derives them: `{name: …, value: …, if: …}`."""
    return tuple(
        Derived(name=str(one["name"]), value=str(one["value"]), condition=_maybe(one.get("if")))
        for one in raw or ()
    )


def codes_of(answer: Answer) -> Codes:
    """Return an answer as codes, without empty ones."""
    if isinstance(answer, str):
        return (answer,) if answer else ()
    return tuple(code for code in answer if code)


def _maybe(text: str | None) -> Compiled | None:
    return compiled(text) if text else None


def _test_of(asked: Condition) -> Callable[[Prepared], bool]:
    """Turn a condition into a function; it agrees with `bot.flow.conditions.holds`."""
    if isinstance(asked, Test):
        return _single(asked)
    if isinstance(asked, Not):
        inner = _test_of(asked.inner)
        return lambda answers: not inner(answers)
    parts = tuple(_test_of(part) for part in asked.parts)
    match asked:
        case All():
            return lambda answers: all(part(answers) for part in parts)
        case AnyOf():
            return lambda answers: any(part(answers) for part in parts)


def _single(test: Test) -> Callable[[Prepared], bool]:
    name, values = test.name, test.values
    among = frozenset(values)
    match test.operator:
        case "known":
            return lambda answers: bool(answers.get(name))
        case "unknown":
            return lambda answers: not answers.get(name)
        case "is":
            return lambda answers: answers.get(name, ()) == values
        case "is-not":
            return lambda answers: answers.get(name, ()) != values
        case "has":
            return lambda answers: not among.isdisjoint(answers.get(name, ()))
        case "in":
            return lambda answers: _only(answers.get(name, ())) in among
        case _:
            return lambda answers: holds(test, answers)


def _only(found: Codes) -> str | None:
    return found[0] if len(found) == 1 else None
