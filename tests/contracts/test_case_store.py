from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.exc import IntegrityError

from bot.domain.cases import Case, Reach, State, Way
from bot.domain.coordinators import Urgency
from bot.domain.errors import ConflictError
from bot.domain.ids import CaseId, CoordinatorId, LanguageTag, PersonId

if TYPE_CHECKING:
    from bot.services.ports import Store

NOW = datetime(2031, 5, 4, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
KESTREL, WREN = CoordinatorId("c1"), CoordinatorId("c2")


def case(name: str = "aa01", **changes: Any) -> Case:
    plain = Case(
        id=CaseId(name), kind="report", urgency=Urgency.AMBER, state=State.WAITING,
        language=LanguageTag("fr"), created_at=NOW, answer_by=NOW + HOUR,
        expires_at=NOW + 90 * DAY, longest_until=NOW + 90 * DAY,
    )  # fmt: skip
    return replace(plain, **changes)


async def test_an_envelope_comes_back_as_it_was_and_changes_keep_receipt_and_reach(
    store: Store,
) -> None:
    one = case()
    reach = Reach(way=Way.RECEIPT, person=PersonId("p1"), public="age1x")
    await store.write(lambda tx: tx.cases.put(one))
    await store.write(lambda tx: tx.cases.set_receipt(one.id, "k" * 64))
    await store.write(lambda tx: tx.cases.set_reach(one.id, reach))
    later = case(state=State.TAKEN, assigned_to=KESTREL, seen=3, outcome="")
    await store.write(lambda tx: tx.cases.put(later))
    assert await store.read(lambda tx: tx.cases.get(one.id)) == later
    assert await store.write(lambda tx: tx.cases.lock(one.id)) == later
    assert await store.read(lambda tx: tx.cases.by_receipt("k" * 64)) == later
    assert await store.read(lambda tx: tx.cases.by_receipt("j" * 64)) is None
    assert await store.read(lambda tx: tx.cases.reach(one.id)) == reach
    await store.write(lambda tx: tx.cases.set_reach(one.id, None))
    assert await store.read(lambda tx: tx.cases.reach(one.id)) is None


async def test_a_receipt_belongs_to_one_case(store: Store) -> None:
    for name in ("aa01", "aa02"):
        one = case(name)
        await store.write(lambda tx, one=one: tx.cases.put(one))
    await store.write(lambda tx: tx.cases.set_receipt(CaseId("aa01"), "k" * 64))
    with pytest.raises((ConflictError, IntegrityError)):
        await store.write(lambda tx: tx.cases.set_receipt(CaseId("aa02"), "k" * 64))


async def test_the_queue_holds_what_waits_and_ones_own_most_urgent_and_oldest_first(
    store: Store,
) -> None:
    held = (
        case("aa01", created_at=NOW + HOUR),
        case("aa02"),
        case("aa03", urgency=Urgency.RED, created_at=NOW + 2 * HOUR),
        case("aa04", state=State.TAKEN, assigned_to=WREN),
        case("aa05", state=State.ANSWERED, assigned_to=KESTREL, urgency=Urgency.GREEN),
        case("aa06", state=State.CLOSED, assigned_to=KESTREL),
    )
    for one in held:
        await store.write(lambda tx, one=one: tx.cases.put(one))

    async def queue(**asked: Any) -> list[str]:
        return [one.id for one in await store.read(lambda tx: tx.cases.queue(**asked))]

    assert await queue(of=KESTREL) == ["aa03", "aa02", "aa01", "aa05"]
    assert await queue(of=WREN) == ["aa03", "aa02", "aa04", "aa01"]
    assert await queue(of=None) == ["aa03", "aa02", "aa04", "aa01", "aa05"]
    assert "aa06" in await queue(of=KESTREL, closed=True)
    assert "aa06" not in await queue(of=WREN, closed=True)


async def test_answers_are_numbered_and_go_with_their_case(store: Store) -> None:
    one = case()
    await store.write(lambda tx: tx.cases.put(one))
    for body in (b"first", b"second"):
        await store.write(lambda tx, body=body: tx.cases.reply(one.id, body, at=NOW))
    kept = await store.read(lambda tx: tx.cases.replies(one.id))
    assert [(reply.number, reply.body) for reply in kept] == [(1, b"first"), (2, b"second")]
    assert await store.write(lambda tx: tx.cases.remove([one.id])) == 1
    assert await store.read(lambda tx: tx.cases.replies(one.id)) == []
    assert await store.read(lambda tx: tx.cases.get(one.id)) is None


async def test_which_case_somebody_adds_to_is_known_for_a_while(store: Store) -> None:
    person = PersonId("p1")

    async def opened(now: datetime) -> tuple[CaseId, bool] | None:
        return await store.read(lambda tx: tx.cases.opened_by(person, now=now))

    until = NOW + HOUR
    await store.write(lambda tx: tx.cases.open_for(person, CaseId("a"), sent=False, until=until))
    assert await opened(NOW) == ("a", False)
    await store.write(lambda tx: tx.cases.open_for(person, CaseId("b"), sent=True, until=until))
    assert await opened(NOW) == ("b", True)
    assert await opened(until) is None
    assert await store.write(lambda tx: tx.cases.forget_opened(until)) == 1
    await store.write(lambda tx: tx.cases.open_for(person, CaseId("c"), sent=True, until=until))
    await store.write(lambda tx: tx.people.forget(person))
    assert await opened(NOW) is None, "whoever is forgotten adds to nothing"
