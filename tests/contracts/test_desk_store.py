"""Sheets and leaves as every store must keep them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.domain.ids import CaseId, CoordinatorId
from bot.domain.leaves import Leave, LeaveState
from bot.services.case_ports import HeldSheet

if TYPE_CHECKING:
    from bot.services.ports import Store

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)


async def test_a_sheet_is_kept_as_it_is_and_replaced_by_its_next_version(store: Store) -> None:
    one = HeldSheet(id="s-1", kind="note", version=1, at=NOON, sealed=b"\0\xff sealed")
    other = replace(one, id="s-2", kind="ally")
    await store.write(lambda tx: (tx.notebook.put(one), tx.notebook.put(other)))
    assert await store.read(lambda tx: tx.notebook.get("s-1")) == one
    assert await store.read(lambda tx: tx.notebook.all("note")) == [one]
    second = replace(one, version=2, sealed=b"other")
    await store.write(lambda tx: tx.notebook.put(second))
    assert await store.read(lambda tx: tx.notebook.all("note")) == [second]
    assert await store.read(lambda tx: tx.notebook.size()) == 2
    assert await store.write(lambda tx: tx.notebook.remove("s-1"))
    assert not await store.write(lambda tx: tx.notebook.remove("s-1"))
    assert await store.read(lambda tx: tx.notebook.get("s-1")) is None


async def test_a_leave_is_kept_changed_and_forgotten(store: Store) -> None:
    leave = Leave(
        id="x-1", asked_by=CoordinatorId("c-robin"), form="json",
        cases=(CaseId("a"), CaseId("b")), asked_at=NOON, expires_at=NOON + timedelta(days=1),
    )  # fmt: skip
    await store.write(lambda tx: tx.leaves.put(leave))
    given = replace(leave, state=LeaveState.APPROVED, approved_by=CoordinatorId("c-wren"))
    await store.write(lambda tx: tx.leaves.put(given))
    assert await store.write(lambda tx: tx.leaves.lock("x-1")) == given
    assert await store.read(lambda tx: tx.leaves.all()) == [given]
    assert await store.write(lambda tx: tx.leaves.forget_before(NOON)) == 0
    assert await store.write(lambda tx: tx.leaves.forget_before(NOON + timedelta(days=2))) == 1
    assert await store.write(lambda tx: tx.leaves.lock("x-1")) is None
