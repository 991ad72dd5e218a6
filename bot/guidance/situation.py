"""What a conversation's coded answers say about a case, as facts.

Knows how the flows name their answers (`knowledge/taxonomy/intake.yaml` maps their buttons); what
follows from facts is decided by the adviser and the resource finder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.guidance.facts import ONGOING, Facts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.content.entries import Knowledge
    from bot.flow.session import Answer

_SOON = {"h24": "hours", "h72": "days"}
_WHO = {"asked": "other", "unaware": "other", "minor": "self"}
_BY_TIME = {"ongoing": "weeks", "imminent": "days", "past": "months"}


def situation(answers: Mapping[str, Answer], knowledge: Knowledge) -> Facts:
    """Read the answers of any flow as facts."""
    threats: dict[str, None] = {}
    for question in ("threat", "danger"):
        meaning = knowledge.intake.get(question, {})
        for code in several(answers.get(question)):
            threats |= dict.fromkeys(meaning.get(code, (code,)))
    who = one(answers.get("who"))
    days = one(answers.get("when_days"))
    ongoing = _ongoing(answers)
    taken = "danger" in answers and "taken" in several(answers.get("danger"))
    held = taken or (answers.get("threat") == "arrest" and ongoing != "past")
    return Facts(
        threats=tuple(threat for threat in threats if threat in knowledge.terms["threat_types"]),
        country=one(answers.get("country")),
        ongoing=ongoing,
        days_ago=int(days) if days and days.isdecimal() else None,
        who=_WHO.get(who, who) if who else None,
        groups=several(answers.get("groups")),
        perpetrators=several(answers.get("perpetrators")),
        needs=several(answers.get("needs")),
        urgency=_urgency(answers),
        visibility=one(answers.get("visibility")),
        language=one(answers.get("language")),
        detained=True if held else None,
        organisation=True if who == "organisation" else None,
    )


def one(answer: Answer | None) -> str | None:
    """Return an answer as one code; None when it was left open."""
    if isinstance(answer, tuple):
        return answer[0] if answer else None
    return answer or None


def several(answer: Answer | None) -> tuple[str, ...]:
    """Return an answer as codes; none when it was left open."""
    if isinstance(answer, tuple):
        return answer
    return (answer,) if answer else ()


def _urgency(answers: Mapping[str, Answer]) -> str | None:
    now = {answers.get("now_danger"), answers.get("danger_now")}
    if "yes" in now or one(answers.get("danger")):
        return "hours"
    soon = one(answers.get("soon"))
    if soon in _SOON:
        return _SOON[soon]
    return _BY_TIME.get(_ongoing(answers) or "")


def _ongoing(answers: Mapping[str, Answer]) -> str | None:
    if answers.get("now_danger") == "yes" or one(answers.get("danger")):
        return "ongoing"
    soon = one(answers.get("soon"))
    if soon in _SOON:
        return "imminent"
    # A report asks in one question how soon something happens and whether it goes on.
    found = soon if soon in ONGOING else one(answers.get("ongoing"))
    return found if found in ONGOING else None
