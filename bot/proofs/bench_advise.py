"""`vigil bench advise`: one advice with all entries loaded, on one core."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from statistics import median, quantiles
from typing import Any

from bot.content.entries import load_knowledge
from bot.content.place import content_root
from bot.guidance.advice import advise
from bot.guidance.facts import parse_facts
from bot.guidance.resources import find_resources

ROUNDS = 40
CASES: tuple[dict[str, Any], ...] = (
    {
        "threats": ["arbitrary-arrest-detention"], "country": "UG", "ongoing": "ongoing",
        "when": {"days_ago": 2}, "who": "family", "perpetrators": ["police"], "urgency": "hours",
    },
    {
        "threats": ["slapp", "online-harassment"], "country": "PE", "ongoing": "ongoing",
        "perpetrators": ["company"], "company_home_country": "FR", "groups": ["land-environment"],
    },
    {
        "threats": ["enforced-disappearance"], "country": "MX", "ongoing": "past",
        "when": {"days_ago": 400}, "who": "family", "domestic_remedies": "ongoing",
    },
    {"threats": ["surveillance-hacking"], "needs": ["digital-help", "emergency-grant"]},
)  # fmt: skip


def measure() -> dict[str, Any]:
    """Return milliseconds of CPU an answer, median and 99th percentile over varied cases."""
    knowledge, _ = load_knowledge(content_root())
    today = datetime.now(UTC).date()
    facts = [parse_facts(case, knowledge).facts for case in CASES]
    figures: dict[str, Any] = {"entries": len(knowledge.mechanisms) + len(knowledge.resources)}
    for name, ask in (("advice", advise), ("resources", find_resources)):
        spent = []
        for _ in range(ROUNDS):
            for case in facts:
                began = time.process_time_ns()
                ask(knowledge, case, today)
                spent.append((time.process_time_ns() - began) / 1e6)
        figures[f"{name}_ms_p50"] = round(median(spent), 2)
        figures[f"{name}_ms_p99"] = round(quantiles(spent, n=100)[98], 2)
    return figures
