from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text

from bot.domain.coordinators import AuditEntry, Coordinator, Invitation, Page, Role, Urgency
from bot.domain.ids import ChannelName, CoordinatorId, LanguageTag
from bot.domain.people import Person
from bot.storage.urls import parse, synchronous

if TYPE_CHECKING:
    from bot.services.ports import Store, Tx

NOW = datetime(2031, 5, 4, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def kestrel(**changes: object) -> Coordinator:
    one = Coordinator(
        id=CoordinatorId("c1"), alias="kestrel", roles=frozenset({Role.LEAD, Role.COORDINATOR}),
        recipient="age1x", languages=(LanguageTag("fr"), LanguageTag("en")),
    )  # fmt: skip
    return replace(one, **changes)


def entry(act: str, subject: str = "case-1") -> AuditEntry:
    return AuditEntry(at=NOW, actor="c1", act=act, subject=subject)


async def test_a_coordinator_comes_back_as_they_were(store: Store) -> None:
    one = kestrel(on_duty=True, demo=True)
    await store.write(lambda tx: tx.coordinators.put(one))
    assert await store.read(lambda tx: tx.coordinators.get(one.id)) == one
    assert await store.read(lambda tx: tx.coordinators.all()) == [one]
    assert await store.read(lambda tx: tx.coordinators.on_duty()) == [one]
    await store.write(lambda tx: tx.coordinators.put(replace(one, on_duty=False)))
    assert await store.read(lambda tx: tx.coordinators.on_duty()) == []
    assert await store.write(lambda tx: tx.coordinators.remove(one.id))
    assert not await store.write(lambda tx: tx.coordinators.remove(one.id))


async def test_an_invitation_works_once_and_in_time(store: Store) -> None:
    one = kestrel()

    def invite(token: str) -> None:
        return store.write(
            lambda tx: tx.coordinators.invite(
                Invitation(coordinator=one.id, token=token, until=NOW + HOUR)
            )
        )

    def redeem(token: str, now: datetime = NOW) -> CoordinatorId | None:
        return store.write(lambda tx: tx.coordinators.redeem(token, now=now))

    await store.write(lambda tx: tx.coordinators.put(one))
    await invite("first")
    await invite("second")
    assert await redeem("first") is None
    both = await asyncio.gather(redeem("second"), redeem("second"))
    assert sorted(both, key=str) == [None, one.id]
    await invite("late")
    assert await redeem("late", NOW + HOUR) is None
    await invite("gone")
    await store.write(lambda tx: tx.coordinators.remove(one.id))
    assert await redeem("gone") is None


async def test_whoever_is_forgotten_answers_no_more_and_whoever_answers_keeps_an_address(
    store: Store,
) -> None:
    web = ChannelName("web")

    def link(tx: Tx) -> None:
        id_ = tx.people.lock(web, "7001")
        person = Person(id=id_, channel=web, address="7001", language=None, language_hint=None)
        tx.people.put(person, at=NOW)
        tx.coordinators.put(kestrel(person=id_, on_duty=True))

    def address(tx: Tx) -> str:
        found = tx.people.find(tx.people.lock(web, "7001"))
        assert found is not None
        return found.address

    await store.write(link)
    late = NOW + timedelta(days=30)
    assert await store.write(lambda tx: tx.people.forget_addresses(idle_before=late, limit=9)) == 0
    assert await store.write(address) == "7001"
    linked = await store.write(lambda tx: tx.coordinators.by_person(tx.people.lock(web, "7001")))
    assert linked is not None
    await store.write(lambda tx: tx.people.forget(tx.people.lock(web, "7001")))
    left = await store.read(lambda tx: tx.coordinators.get(CoordinatorId("c1")))
    assert left is not None
    assert (left.person, left.on_duty) == (None, False)


async def test_of_two_who_acknowledge_one_has_it(store: Store) -> None:
    page = Page(ref="7f3a00", code="case", urgency=Urgency.AMBER, opened_at=NOW)
    assert await store.write(lambda tx: tx.pages.open_page(page))
    assert not await store.write(lambda tx: tx.pages.open_page(page)), "the same call again"
    redder = replace(page, urgency=Urgency.RED, opened_at=NOW + HOUR)
    assert await store.write(lambda tx: tx.pages.open_page(redder)), "it became more urgent"
    assert await store.read(lambda tx: tx.pages.waiting()) == [redder]

    def take(by: str) -> bool:
        return store.write(lambda tx: tx.pages.acknowledge("7f3a00", CoordinatorId(by), at=NOW))

    assert sorted(await asyncio.gather(take("c1"), take("c2"))) == [False, True]
    assert await store.read(lambda tx: tx.pages.waiting()) == []
    assert await store.write(lambda tx: tx.pages.forget_before(NOW + 2 * HOUR)) == 1
    assert await store.read(lambda tx: tx.pages.get("7f3a00")) is None


async def test_the_audit_log_is_one_chain_whoever_writes(store: Store) -> None:
    acts = [f"act-{number}" for number in range(40)]
    await asyncio.gather(
        *(store.write(lambda tx, act=act: tx.audit.add(entry(act))) for act in acts)
    )
    kept = await store.read(lambda tx: tx.audit.entries(limit=99))
    assert sorted(one.act for one in kept) == sorted(acts)
    assert await store.read(lambda tx: tx.audit.broken_at()) is None
    assert (await store.read(lambda tx: tx.audit.head()))[0] == 40
    assert await store.read(lambda tx: tx.audit.entries(subject="case-2")) == []


@pytest.mark.parametrize(
    ("harm", "seen_at"),
    [
        ("UPDATE audit SET actor = 'c9' WHERE seq = 3", 3),
        ("DELETE FROM audit WHERE seq = 2", 2),
        ("UPDATE audit SET digest = (SELECT digest FROM audit WHERE seq = 1) WHERE seq = 4", 4),
    ],
)
async def test_whoever_changes_the_audit_log_breaks_its_chain(
    store: Store, url: str, harm: str, seen_at: int
) -> None:
    for number in range(5):
        await store.write(lambda tx, n=number: tx.audit.add(entry(f"act-{n}")))
    engine = create_engine(synchronous(parse(url)))
    with engine.begin() as conn:
        conn.execute(text(harm))
    engine.dispose()
    assert await store.read(lambda tx: tx.audit.broken_at()) == seen_at
