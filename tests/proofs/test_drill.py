"""The seizure drill; that it opens every column is looked at with every change."""

from __future__ import annotations

import base64
import sqlite3
import zlib
from contextlib import closing
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

import aiohttp
import pytest
from sqlalchemy import LargeBinary

from bot.proofs.drill.canaries import Cage, forms, number_forms
from bot.proofs.drill.drill import CANARIES, Verdict, run
from bot.proofs.drill.opened import NOT_OF_PEOPLE, SEALED
from bot.proofs.drill.planters import PLANTERS, Planter
from bot.proofs.drill.search import Search
from bot.storage.tables import metadata
from bot.vault.cipher import ApplicationCipher

if TYPE_CHECKING:
    from pathlib import Path

    from bot.proofs.drill.stage import Stage


def test_every_column_of_bytes_is_opened_or_known_to_hold_nobody() -> None:
    columns = {
        column
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    assert columns == set(SEALED) | NOT_OF_PEOPLE


async def test_a_thief_finds_what_leaks_and_nothing_else(learnt: Path) -> None:
    planters = (*PLANTERS, Planter(plant=_leak, share=0.01))
    verdict = await run(40, seed=3, planters=planters, memory=False, learnt=learnt)
    assert {place for place in verdict.places if "leak in" not in place} == set()
    assert {leak for leak in LEAKS if any(leak in place for place in verdict.places)} == LEAKS
    assert verdict.found == len(LEAKS)
    assert not verdict.clean
    assert verdict.decrypted_share == 1.0
    assert verdict.planted >= 40


LEAKS = {
    "without the key: home.log: leak in a log",
    "without the key: tmp/upload-1: leak in a temporary file (base64)",
    "without the key: home/vigil.db: leak in a plain column",
    "with the key: fact.value: leak in a sealed column",
    "with the token: a message of ours: leak in a chat",
}


async def _leak(stage: Stage, _share: int) -> None:
    """Keep words in every way that must be found."""
    word = stage.cage.name
    with stage.program.log.open("a") as log:
        log.write(f'{{"event": "said {word("leak in a log")}"}}\n')
    coded = base64.b64encode(b"upload: " + word("leak in a temporary file").encode())
    (stage.folder / "tmp" / "upload-1").write_bytes(coded)
    key = bytes.fromhex(stage.key_file.read_text().strip())
    sealed = ApplicationCipher(key).seal(
        word("leak in a sealed column").encode(), context="fact/value/leak"
    )
    with closing(sqlite3.connect(stage.home / "vigil.db", timeout=30)) as database, database:
        database.execute(
            "INSERT INTO lease VALUES ('leak', ?, 0)", (word("leak in a plain column"),)
        )
        database.execute("INSERT INTO fact VALUES ('leak', ?)", (sealed,))
    person = await stage.person("leaked to")
    await person.says("/start")
    async with aiohttp.ClientSession() as session:
        message = {"chat_id": person.chat_id, "text": word("leak in a chat")}
        at = f"{stage.api.base}/bot{stage.api.token}/sendMessage"
        (await session.post(at, json=message)).raise_for_status()


def test_a_drill_that_finds_something_or_cannot_read_its_reports_is_not_clean() -> None:
    good = Verdict(planted=40, found=0, decrypted_share=1.0, memory_found=3)
    assert good.clean
    assert not replace(good, found=1).clean
    assert not replace(good, decrypted_share=0.9).clean


@pytest.mark.prove
async def test_a_thief_finds_nothing_among_thousands() -> None:
    verdict = await run(CANARIES, seed=1)
    assert verdict.places == []
    assert verdict.clean
    assert verdict.planted >= CANARIES


def test_a_search_finds_words_numbers_and_tokens_in_every_form_they_are_kept_in() -> None:
    cage = Cage(Random(7))  # noqa: S311 - what is planted need not be secret
    words, numbers = (
        [cage.word("here") for _ in range(20)],
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
