from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bot.domain.errors import ConflictError
from bot.domain.ids import CaseId
from bot.domain.sealed import SealedBox, SealedItem

if TYPE_CHECKING:
    from bot.services.ports import Store

NOW = datetime(2031, 5, 4, 12, 34, 56, tzinfo=UTC)
DAY = timedelta(days=1)
ONE = CaseId("aa01")


def box(id_: CaseId = ONE, **changes: object) -> SealedBox:
    plain = SealedBox(id=id_, kind="case", public="age1x", version=1, until=NOW + DAY)
    return replace(plain, **changes)


def item(sequence: int, body: bytes = b"sealed", box: CaseId = ONE) -> SealedItem:
    return SealedItem(
        box=box, sequence=sequence, kind="words", at=NOW, size=len(body), body=body, by="c1"
    )


async def test_a_box_comes_back_with_its_items_in_order(store: Store) -> None:
    await store.write(lambda tx: tx.sealed.make(box(), b"wrapped"))
    for place in range(3):
        await store.write(lambda tx, n=place: tx.sealed.add(item(n, bytes([n]) * (n + 1))))
    found = await store.read(lambda tx: tx.sealed.get(ONE))
    assert found == box(size=6, count=3)
    assert await store.read(lambda tx: tx.sealed.wrapped(ONE)) == b"wrapped"
    heads = await store.read(lambda tx: tx.sealed.heads(ONE))
    assert [(one.sequence, one.size, one.body) for one in heads] == [
        (0, 1, b""), (1, 2, b""), (2, 3, b"")
    ]  # fmt: skip
    last = await store.read(lambda tx: tx.sealed.item(ONE, 2))
    assert last is not None
    assert last.body == b"\2\2\2"
    assert last.at == NOW.replace(minute=0, second=0), "the hour and no more"


async def test_of_two_items_for_one_place_one_is_kept(store: Store) -> None:
    await store.write(lambda tx: tx.sealed.make(box(), b"w"))
    results = await asyncio.gather(
        *(store.write(lambda tx, n=n: tx.sealed.add(item(0, bytes([n])))) for n in range(4)),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in results) == ["ConflictError"] * 3 + ["NoneType"]
    assert (await store.read(lambda tx: tx.sealed.get(ONE))).count == 1  # type: ignore[union-attr]


async def test_nothing_is_added_to_a_box_that_is_gone(store: Store) -> None:
    with pytest.raises(ConflictError):
        await store.write(lambda tx: tx.sealed.add(item(0)))


async def test_boxes_whose_time_is_over_are_found_and_removed_whole(store: Store) -> None:
    for name, until in (("aa01", NOW), ("aa02", NOW + DAY), ("aa03", NOW - DAY)):
        one = box(CaseId(name), until=until)
        await store.write(lambda tx, one=one: tx.sealed.make(one, b"w"))
        await store.write(lambda tx, one=one: tx.sealed.add(item(0, box=one.id)))
    over = await store.read(lambda tx: tx.sealed.over(NOW, limit=9))
    assert over == ["aa03", "aa01"]
    await store.write(lambda tx: tx.sealed.keep_until(CaseId("aa01"), NOW + DAY))
    assert await store.read(lambda tx: tx.sealed.over(NOW, limit=9)) == ["aa03"]
    assert await store.write(lambda tx: tx.sealed.remove(over)) == 2
    assert await store.read(lambda tx: tx.sealed.ids()) == ["aa02"]
    assert await store.read(lambda tx: tx.sealed.heads(CaseId("aa03"))) == []


async def test_boxes_of_an_older_list_are_found_page_by_page_until_they_are_wrapped_anew(
    store: Store,
) -> None:
    for number in range(5):
        one = box(CaseId(f"aa0{number}"), version=1 + number % 2)
        await store.write(lambda tx, one=one: tx.sealed.make(one, b"w"))
    first = await store.read(lambda tx: tx.sealed.stale(2, limit=2))
    assert [one.id for one in first] == ["aa00", "aa02"]
    rest = await store.read(lambda tx: tx.sealed.stale(2, after="aa02"))
    assert [one.id for one in rest] == ["aa04"]
    assert await store.write(lambda tx: tx.sealed.rewrap(CaseId("aa00"), b"new", version=2))
    assert await store.read(lambda tx: tx.sealed.versions()) == {1: 2, 2: 3}
    assert await store.read(lambda tx: tx.sealed.wrapped(CaseId("aa00"))) == b"new"
