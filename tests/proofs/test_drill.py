"""The seizure drill; that it opens every column is looked at with every change."""

from __future__ import annotations

import zlib
from random import Random
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import LargeBinary

from bot.proofs.drill.canaries import Cage, forms, number_forms
from bot.proofs.drill.drill import CANARIES, run
from bot.proofs.drill.opened import NOT_OF_PEOPLE, SEALED
from bot.proofs.drill.planters import PLANTERS
from bot.proofs.drill.search import Search
from bot.storage.tables import metadata

if TYPE_CHECKING:
    from pathlib import Path


def test_every_column_of_bytes_is_opened_or_known_to_hold_nobody() -> None:
    columns = {
        column
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    assert columns == set(SEALED) | NOT_OF_PEOPLE


@pytest.mark.prove
async def test_a_thief_finds_nothing_and_coordinators_read_everything(learnt: Path) -> None:
    gentle = [one for one in PLANTERS if not one.alone]
    verdict = await run(40, seed=3, planters=gentle, memory=False, learnt=learnt)
    assert verdict.places == []
    assert verdict.found == 0
    assert verdict.decrypted_share == 1.0
    assert verdict.planted >= 40


@pytest.mark.prove
async def test_a_thief_finds_nothing_among_thousands() -> None:
    verdict = await run(CANARIES, seed=1)
    assert verdict.places == []
    assert verdict.clean
    assert verdict.planted >= CANARIES


def test_a_search_finds_words_numbers_and_tokens_in_every_form_they_are_kept_in() -> None:
    cage = Cage(Random(7))  # noqa: S311 - what is planted need not be secret
    words, numbers = (
        [cage.word("here") for _ in range(60)],
        [cage.number("there") for _ in range(9)],
    )
    token = cage.known("invented-token-of-a-cookie", "cookie")
    search = Search(cage.markers, cage.first_number, cage.planted)
    for word in words:
        for form, raw in forms(word):
            found = search.look(b"x" * 37 + raw + b"y" * 11, "a file")
            assert word in {one.canary for one in found}, form
        packed = zlib.compress(f"before {word} after".encode())
        assert word in {one.canary for one in search.look(b"head" + packed, "a file")}
    for number in numbers:
        for form, raw in number_forms(str(number)):
            found = search.look(b"\0" * 5 + raw + b"\0" * 5, "a file")
            assert str(number) in {one.canary for one in found}, form
    assert [one.canary for one in search.look(token.encode(), "a file")] == [token]
    assert search.look(b"nothing of anybody " * 500, "a file") == []
