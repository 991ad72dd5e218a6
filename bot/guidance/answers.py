"""What `vigil advise --json` and `vigil resources --json` print: a contract, so it stands apart.

Reasons are sentences in English with what they are about; codes stay codes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.content.entries import shown_channels

if TYPE_CHECKING:
    from datetime import date

    from bot.content.entries import Knowledge
    from bot.guidance.advice import Advice, Ranked
    from bot.guidance.facts import Facts
    from bot.guidance.resources import Help

_NAMED = ("threat_types", "defender_groups", "resource_kinds")


def advice_as_json(knowledge: Knowledge, advice: Advice, facts: Facts) -> dict[str, Any]:
    """Return the answer of the adviser."""
    return {
        "id": facts.id,
        "ranked": [_ranked(knowledge, one) for one in advice.ranked],
        "excluded": [
            {"id": one.entry.id, "code": one.code, "reason": _excluded(knowledge, one.code)}
            for one in advice.excluded
        ],
        "warnings": list(advice.warnings),
        "first_steps": [sentence(knowledge, code) for code in advice.first_steps],
        "unknown": list(advice.unknown),
    }


def help_as_json(knowledge: Knowledge, found: Help, facts: Facts, today: date) -> dict[str, Any]:
    """Return the answer of the resource finder."""
    return {
        "id": facts.id,
        "ranked": [
            {
                "id": one.entry.id,
                "score": one.score,
                "reasons": [sentence(knowledge, code, value) for code, value in one.reasons],
                "caveats": list(one.caveats),
                "checked_on": one.entry.checked_on,
                "channels": [
                    {
                        "type": channel.type,
                        "value": channel.value,
                        "status": channel.status,
                        "note": channel.note,
                    }
                    for channel in shown_channels(one.entry.channels, today)
                ],
            }
            for one in found.ranked
        ],
        "excluded": [{"id": id_, "code": code} for id_, code in found.excluded],
    }


def sentence(knowledge: Knowledge, code: str, value: str = "") -> str:
    """Return what a code says in English, about what it is about."""
    text = next((table[code] for table in knowledge.codes.values() if code in table), code)
    return text.replace("{value}", named(knowledge, value)) if value else text


def _excluded(knowledge: Knowledge, code: str) -> str:
    return knowledge.codes["mechanism_exclusion_codes"].get(code, code)


def named(knowledge: Knowledge, value: str) -> str:
    """Return the name of a term or a country; other values stay as they are."""
    for vocabulary in _NAMED:
        term = knowledge.terms[vocabulary].get(value)
        if term:
            return str(term["name"])
    country = knowledge.countries.get(value)
    return country.name if country else value


def _ranked(knowledge: Knowledge, one: Ranked) -> dict[str, Any]:
    reasons = [sentence(knowledge, code, value) for code, value in one.reasons]
    limit = one.deadline
    return {
        "id": one.entry.id,
        "score": one.score,
        "urgency": one.entry.urgency,
        "reasons": reasons or [one.entry.what_it_does],
        "cannot": list(one.entry.when_not_to_use),
        "warnings": list(one.warnings),
        "deadline": None
        if limit is None
        else {"date": limit.day.isoformat(), "days_left": limit.days_left, "rule": limit.rule},
        "gather": list(one.entry.information_needed),
        "consent": list(one.entry.consent_questions),
    }
