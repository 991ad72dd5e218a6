"""The seizure drill; that it opens every column is looked at with every change."""

from __future__ import annotations

import pytest
from sqlalchemy import LargeBinary

from bot.proofs.drill.drill import CANARIES, run
from bot.proofs.drill.opened import NOT_OF_PEOPLE, SEALED
from bot.storage.tables import metadata


def test_every_column_of_bytes_is_opened_or_known_to_hold_nobody() -> None:
    columns = {
        column
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    assert columns == set(SEALED) | NOT_OF_PEOPLE


@pytest.mark.prove
async def test_a_thief_finds_nothing_and_coordinators_read_everything() -> None:
    verdict = await run(60, seed=3)
    assert verdict.places == []
    assert verdict.found == 0
    assert verdict.decrypted_share == 1.0
    assert verdict.planted >= 60


@pytest.mark.prove
async def test_a_thief_finds_nothing_among_thousands() -> None:
    verdict = await run(CANARIES, seed=1)
    assert verdict.places == []
    assert verdict.clean
    assert verdict.planted >= CANARIES
