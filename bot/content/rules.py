"""Rules beside entries: conditions that an editor can read, compiled once when content is loaded.

A rule is a code with an optional condition in the small language of flows, over the facts of a case
(`bot.guidance.facts`) and `area`, the regions and groups that its country belongs to.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from bot.flow.conditions import Condition, holds, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.flow.session import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A code that holds when its condition does; without one it always holds."""

    code: str
    condition: Condition | None


@lru_cache(maxsize=4_096)
def condition(text: str) -> Condition:
    """Return a parsed condition; the same text is parsed once.

    Raises:
        ConditionError: It is none; the check of entries reports it with file and line.
    """
    return parse(text)


def rules(raw: Iterable[Mapping[str, Any]] | None) -> tuple[Rule, ...]:
    """Return rules as an entry writes them: `{code: …, if: …}`."""
    return tuple(
        Rule(code=str(one["code"]), condition=condition(one["if"]) if one.get("if") else None)
        for one in raw or ()
    )


def codes(raw: Iterable[Mapping[str, Any]] | None, facts: Mapping[str, Answer]) -> list[str]:
    """Return codes of the rules that hold, in order, each once."""
    found = (
        rule.code for rule in rules(raw) if rule.condition is None or holds(rule.condition, facts)
    )
    return list(dict.fromkeys(found))


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
        "area", "second_area", "home_area", "state_actor", "business_actor", "bodily",
        "event_days_ago", "urgent",
    }
)  # fmt: skip
"""What a rule may ask: the facts of a case, and what follows plainly from them."""
