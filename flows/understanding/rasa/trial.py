"""One trial of Rasa on tables of messages: `python trial.py CONFIG TRAIN.tsv TEST.tsv…`.

Runs in Rasa's own environment (Python 3.10). Prints one JSON object: what learning cost, and for
each table how many percent of its messages got the intent that its column `intent` names.
"""

from __future__ import annotations

import asyncio
import csv
import json
import logging
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

# Before Rasa is imported: no telemetry, nothing kept between trials, no chatter.
os.environ.update(
    RASA_TELEMETRY_ENABLED="false",
    RASA_MAX_CACHE_SIZE="0",
    TF_CPP_MIN_LOG_LEVEL="3",
    LOG_LEVEL="ERROR",
)


def rows(path: str) -> list[tuple[str, str]]:
    """Return (text, intent) of a table, written so that Rasa reads both as they are meant.

    Brackets and braces in a text are markup to it, and a stroke in an intent parts two names of
    which it would answer only the first.
    """
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        found = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        bare = str.maketrans(dict.fromkeys("[](){}", " "))
        return [
            (row["text"].translate(bare).strip() or ".", row["intent"].replace("/", "+"))
            for row in found
        ]


def taught(lines: list[tuple[str, str]]) -> str:
    """Return lines in Rasa's form."""
    intents: dict[str, list[str]] = {}
    for text, intent in lines:
        intents.setdefault(intent, []).append(" ".join(text.split()))
    blocks = ['version: "3.1"', "nlu:"]
    for intent, texts in intents.items():
        blocks += [f"- intent: {json.dumps(intent)}", "  examples: |"]
        blocks += [f"    - {text}" for text in texts]
    return "\n".join(blocks) + "\n"


def spent() -> float:
    """Return CPU seconds of this process and of those that it waited for."""
    told = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in told)


async def accuracy(agent: object, lines: list[tuple[str, str]]) -> float:
    """Return percent of messages with the right intent."""
    right = 0
    for text, intent in lines:
        answer = await agent.parse_message(text)
        right += answer["intent"].get("name") == intent
    return round(100 * right / max(1, len(lines)), 1)


def main(config: str, train: str, tests: list[str]) -> dict[str, object]:
    """Learn from one table and ask all others."""
    import structlog
    from rasa.core.agent import Agent
    from rasa.model_training import train_nlu

    # As a library Rasa says every message aloud.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))

    with tempfile.TemporaryDirectory() as folder:
        nlu = Path(folder) / "nlu.yml"
        nlu.write_text(taught(rows(train)), encoding="utf-8")
        began = spent()
        model = train_nlu(config=config, nlu_data=str(nlu), output=folder)
        cost = spent() - began
        agent = Agent.load(model)
        began = time.thread_time()
        each = {Path(test).name: asyncio.run(accuracy(agent, rows(test))) for test in tests}
        asked = sum(len(rows(test)) for test in tests)
    return {
        "accuracy": each,
        "training_cpu_s": round(cost, 1),
        "message_cpu_ms": round(1000 * (time.thread_time() - began) / max(1, asked), 2),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    # Whatever Rasa prints goes aside: standard output holds the answer alone.
    out, sys.stdout = sys.stdout, sys.stderr
    print(json.dumps(main(sys.argv[1], sys.argv[2], sys.argv[3:])), file=out)
