"""What to ask a person again, and when: pure, in codes.

A plan follows from the letter that was made: after so many days silence is worth a question, and a
time limit of the body is worth one before it ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from bot.guidance.advice import advise
from bot.guidance.letters import template_for

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.content.entries import Knowledge
    from bot.content.letters import Letters
    from bot.guidance.facts import Facts

AHEAD = timedelta(days=7)
"""How long before a time limit it is asked about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """One question for later. `kind` is answer (did they?) or deadline (is it done?)."""

    body: str
    kind: str
    day: date


def plan(
    letters: Letters, knowledge: Knowledge, body: str, facts: Facts, today: date
) -> tuple[FollowUp, ...]:
    """Return what to ask about a letter to this body; nothing for a body that is not known."""
    template = template_for(letters, knowledge, body, facts)
    if template is None:
        return ()
    found = [FollowUp(body=body, kind="answer", day=today + timedelta(days=template.ask_again))]
    limit = time_limit(knowledge, body, facts, today)
    if limit is not None and limit > today + timedelta(days=1):
        day = max(limit - AHEAD, today + timedelta(days=1))
        found.append(FollowUp(body=body, kind="deadline", day=day))
    return tuple(sorted(found, key=lambda one: one.day))


def time_limit(knowledge: Knowledge, body: str, facts: Facts, today: date) -> date | None:
    """Return the day on which a time limit of this body ends in this case, if one runs."""
    for found in advise(knowledge, facts, today).ranked:
        if found.entry.id == body and found.deadline is not None:
            return found.deadline.day
    return None


def write_all(waiting: Iterable[FollowUp]) -> str:
    """Return follow-ups as one code, for a profile; `read_all` is its inverse."""
    return ",".join(f"{one.body}~{one.kind}~{one.day.isoformat()}" for one in waiting)


def read_all(code: str | None) -> list[FollowUp]:
    """Read what `write_all` wrote; what cannot be read is left out."""
    found = []
    for part in (code or "").split(","):
        pieces = part.split("~")
        if len(pieces) == 3:  # noqa: PLR2004 - body, kind, day
            try:
                day = date.fromisoformat(pieces[2])
            except ValueError:
                continue
            found.append(FollowUp(body=pieces[0], kind=pieces[1], day=day))
    return found
