"""Whether the examples beside each body come out as its rules promise; part of `vigil check`.

A rule without a case that shows it cannot be trusted, and one that another rule overtakes does
nothing: here every example is asked, so that an editor learns of it with file and line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.content.marks import Problem
from bot.guidance.advice import advise
from bot.guidance.facts import parse_facts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from bot.content.entries import Knowledge


def check_examples(knowledge: Knowledge, today: date) -> Iterator[Problem]:
    """Ask the adviser every example; an answer that is not the expected one is a problem."""
    for entry in knowledge.mechanisms.values():
        for number, example in enumerate(entry.rules.get("examples") or ()):
            place = knowledge.place("mechanisms", entry.id, "rules", "examples", number)
            parsed = parse_facts(example.get("facts") or {}, knowledge)
            strange = [*parsed.unknown_keys, *parsed.unknown_values]
            if strange:
                yield Problem(
                    place=place,
                    rule="example-facts",
                    message=f"{entry.id} has an example with {', '.join(strange)}",
                    remedy="Use the keys and ids of fact files.",
                )
                continue
            advice = advise(knowledge, parsed.facts, today)
            found = {one.entry.id: one.code for one in advice.excluded}
            found |= {one.entry.id: "ranked" for one in advice.ranked}
            got = found.get(entry.id, "not named")
            if got != example.get("expect"):
                yield Problem(
                    place=place,
                    rule="example",
                    message=f"{entry.id} expects {example.get('expect')} here; it is {got}",
                    remedy="Change the rule or the example.",
                )
