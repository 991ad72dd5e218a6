"""What disturbs a message in the benchmark is what people do, and repeats itself."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from bot.domain.errors import RefusedError
from bot.flow.inputs import Understood
from bot.proofs import bench_robust, benchmarks

if TYPE_CHECKING:
    from pathlib import Path


def drawn(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - repeatable, guards nothing


WORDS = " ".join(f"danger{number}" for number in range(2_000))


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("détenue à Nairóbi", "detenue a Nairobi"),
        ("नहीं", "नहीं"),
        ("မနေ့က", "မနေ့က"),
        ("门口", "门口"),
    ],
)
def test_accents_go_and_marks_that_are_letters_stay(text: str, bare: str) -> None:
    assert bench_robust.without_accents(text) == bare


def test_about_the_promised_share_of_words_has_a_slip() -> None:
    slipped = bench_robust.with_slips(WORDS, drawn(1)).split(" ")
    share = sum(a != b for a, b in zip(slipped, WORDS.split(" "), strict=True)) / 2_000
    # A letter swapped with its like is no slip that anybody sees.
    assert 0.11 < share <= 0.17
    assert bench_robust.with_slips("no on it", drawn(1)) == "no on it"


def test_a_long_row_of_chinese_letters_is_many_words() -> None:
    text = "他们现在就在我家门口敲门怎么办"
    slips = sum(bench_robust.with_slips(text, drawn(seed)) != text for seed in range(200))
    assert slips > 100


def test_the_same_chance_disturbs_the_same_way() -> None:
    told = {bench_robust.with_slips(WORDS, drawn(7)) for _ in range(3)}
    assert len(told) == 1


def test_what_a_disturbance_costs_stands_beside_it() -> None:
    def understand(text: str) -> Understood:
        small = text == text.lower()
        return Understood(urgent="door" in text, intents=(("greet" if small else "thanks", 0.9),))

    row = {"lang": "en", "intent": "greet", "urgent": "0"}
    rows = [{**row, "text": "hello"}, {**row, "text": "a door", "urgent": "1"}]
    pairs = [{**row, "lang": "ar", "text": "مرحبا"}, {**row, "lang": "ar-Latn", "text": "Marhaba"}]
    found = bench_robust.disturbed(rows, pairs, understand)
    assert found["as_written"] == {
        "accuracy": 100.0, "emergency_recall": 100.0, "false_alarm_rate": 0.0,
    }  # fmt: skip
    assert found["upper_case"]["points_lost"] == 100.0
    assert found["upper_case"]["emergency_recall"] == 0.0
    assert found["emoji"]["points_lost"] == 0.0
    assert found["ar-Latn"]["points_lost"] == 100.0


def test_without_its_tables_it_says_what_it_needs(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="--data"):
        benchmarks.measure("robust")
    with pytest.raises(Exception, match=r"messages\.tsv cannot be read"):
        benchmarks.measure("robust", data=tmp_path)
