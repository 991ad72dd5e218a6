"""What the measuring sets promise: size, spread, and that nobody was taught with them."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
LANGUAGES = ("en", "es", "fr", "ar", "ru", "pt", "zh", "sw")
INTENTS = frozenset(
    [
        "report_threat",
        "emergency_now",
        "find_resources",
        "un_guidance",
        "checkin_setup",
        "checkin_ok",
        "checkin_help",
        "talk_to_human",
        "delete_my_data",
        "change_language",
        "business_actor_help",
        "digital_security",
        "legal_help",
        "relocation_funds",
        "strategy_advice",
        "status_of_my_report",
        "greet",
        "thanks",
        "out_of_scope",
    ]
)
KNOWLEDGE = ("mechanisms", "resources", "strategies", "guides")


def rows(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE, strict=True))


def taught(data: Any) -> set[str]:
    """Return the example lines of a file in Rasa's NLU YAML, compared without regard to case."""
    return {
        line.removeprefix("-").strip().casefold()
        for block in data.get("nlu", [])
        for line in str(block.get("examples", "")).splitlines()
        if line.strip()
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_intent_is_measured_in_every_language(language: str) -> None:
    mine = [row for row in rows("messages.tsv") if row["lang"] == language]
    assert len(mine) >= 40
    counts = Counter(row["intent"] for row in mine)
    assert set(counts) == INTENTS
    assert min(counts.values()) >= 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_calm_messages_that_sound_like_danger_are_measured_too(language: str) -> None:
    hard = [row for row in rows("messages.tsv") if row["lang"] == language and row["hard"] == "1"]
    assert len(hard) >= 8
    assert {row["urgent"] for row in hard} == {"0"}


@pytest.mark.parametrize("name", ["messages.tsv", "variants.tsv"])
def test_every_row_is_whole_and_said_once(name: str) -> None:
    found = rows(name)
    assert all(None not in row and all(row.values()) for row in found)
    assert {row["intent"] for row in found} <= INTENTS
    assert {row["urgent"] for row in found} == {"0", "1"}
    assert all(row["urgent"] == "1" for row in found if row["intent"] == "emergency_now")
    assert len({(row["lang"], row["text"].casefold()) for row in found}) == len(found)


def test_a_sentence_in_two_scripts_means_the_same() -> None:
    pairs: dict[str, list[dict[str, str]]] = {}
    for row in rows("variants.tsv"):
        pairs.setdefault(row["pair"], []).append(row)
    for one, other in pairs.values():
        assert other["lang"] == f"{one['lang']}-Latn"
        assert (one["intent"], one["urgent"]) == (other["intent"], other["urgent"])
    languages = Counter(pair[0]["lang"] for pair in pairs.values())
    assert min(languages["ar"], languages["hi"]) >= 25


def test_every_acceptable_answer_is_an_entry() -> None:
    known = {path.stem for kind in KNOWLEDGE for path in (ROOT / "knowledge" / kind).glob("*.yaml")}
    found = rows("search.tsv")
    unknown = {id_ for row in found for id_ in row["acceptable"].split(",")} - known
    assert not unknown
    counts = Counter(row["lang"] for row in found)
    assert all(counts[language] >= 30 for language in ("en", "es", "fr", "ar", "ru"))
    assert all(counts[language] >= 10 for language in ("pt", "zh", "sw"))


def test_no_measured_sentence_was_taught() -> None:
    lines: set[str] = set()
    for path in (ROOT / "flows" / "understanding").glob("*.yml"):
        lines |= taught(yaml.safe_load(path.read_text(encoding="utf-8")))
    # One or two words ("hi", "gracias") are said by everybody; nobody can keep them apart.
    measured = {
        row["text"].casefold()
        for name in ("messages.tsv", "variants.tsv")
        for row in rows(name)
        if len(row["text"].split()) > 2 or (row["lang"] == "zh" and len(row["text"]) > 6)
    }
    # A number only: the texts stay unseen by whoever writes teaching lines.
    assert len(measured & lines) == 0
