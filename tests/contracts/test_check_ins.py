"""What storage promises about check-ins, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from bot.domain.contacts import Contact, ContactState
from bot.domain.ids import ContactId, LanguageTag, PersonId, PlanId
from bot.domain.outages import Tally
from bot.domain.plans import Preset, Terms, Watched, Wish, first_cycle, terms
from bot.domain.recurrence import Rhythm
from bot.domain.secret_words import Secret
from bot.domain.watch import (
    TIMINGS,
    Alarm,
    Cause,
    Cycle,
    Ladder,
    Standing,
    State,
    Tier,
)
from bot.services.check_in_ports import Agreed, PlanEvent, Ticket
from bot.services.ports import Timer
from bot.storage.check_tables import plan

if TYPE_CHECKING:
    from bot.services.ports import Store, Tx

NOW = datetime(2031, 5, 4, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
AMINA, BRUNO = PersonId("a" * 32), PersonId("b" * 32)
LADDER = Ladder(since=NOW, pages=2, next_page=NOW + MINUTE, acknowledged_by="ada")
FULL = Standing(
    cycle=Cycle(
        number=7, due_at=NOW, state=State.L2, reminded=3, extensions=1, wrong=1,
        confirm_asked=True, held_until=NOW + MINUTE, ladder=LADDER,
        reached=frozenset({State.L1, State.L2}), acts=4, region_out=True, unreachable=True,
        pause_wanted=timedelta(days=1), resume_at=NOW, approvals=(("authorities", "ada"),),
    ),
    alarm=Alarm(cause=Cause.DURESS, ladder=LADDER, decide_by=NOW, pressed=True),
    echo_at=NOW, wrong_pins=2,
)  # fmt: skip


def agreed() -> Terms:
    return Terms(
        tier=Tier.CUSTODY,
        rhythm=Rhythm(first=NOW.replace(tzinfo=None), interval=timedelta(hours=12)),
        zone="Asia/Gaza",
        language=LanguageTag("ar"),
        preset=Preset.OPEN,
        timings=TIMINGS[Tier.HIGH_RISK],
        region="PS",
        quiet=(22, 6),
        shuffled=True,
        contacts=3,
        coordinators=2,
        has_safe_word=True,
        duress_wakes_contacts=True,
        purge=True,
        false_alarms=(date(2031, 4, 30),),
        causes=("no-battery",),
    )


def watched(id_: str = "p1", person: PersonId = AMINA, standing: Standing = FULL) -> Watched:
    return Watched(id=PlanId(id_), person=person, terms=agreed(), standing=standing, slot=9)


async def test_a_plan_comes_back_as_it_was(store: Store) -> None:
    await store.write(lambda tx: tx.plans.add(watched()))
    found = await store.read(lambda tx: tx.plans.find([PlanId("p1")]))
    assert found == {"p1": watched()}
    assert await store.read(lambda tx: tx.plans.of(AMINA)) == [watched()]
    assert await store.read(lambda tx: tx.plans.of(BRUNO)) == []


async def test_a_change_counts_up_and_an_end_wipes(store: Store) -> None:
    def change(tx: Tx) -> None:
        tx.plans.add(watched())
        (held,) = tx.plans.of(AMINA, hold=True)
        tx.plans.save([replace(held, standing=replace(held.standing, alarm=None))])

    await store.write(change)
    (after,) = await store.read(lambda tx: tx.plans.of(AMINA))
    assert (after.version, after.standing.alarm) == (1, None)
    await store.write(lambda tx: tx.plans.end(PlanId("p1"), at=NOW))
    assert await store.read(lambda tx: tx.plans.find([PlanId("p1")])) == {}
    assert await store.write(lambda tx: tx.plans.forget_before(NOW + timedelta(days=2))) == 1


async def test_an_event_of_the_same_key_happens_once(store: Store) -> None:
    def event(key: str, code: str = "l1") -> PlanEvent:
        return PlanEvent(plan=PlanId("p1"), cycle=3, key=key, at=NOW, code=code)

    first = await store.write(lambda tx: tx.plans.record([event("l1"), event("key")]))
    again = await store.write(lambda tx: tx.plans.record([event("l1"), event("l2")]))
    assert first == {("p1", 3, "l1"), ("p1", 3, "key")}
    assert again == {("p1", 3, "l2")}
    seen = await store.read(lambda tx: tx.plans.events(PlanId("p1")))
    assert [one.key for one in seen] == ["l2", "key", "l1"] or len(seen) == 3


async def test_live_plans_are_walked_in_parts(store: Store) -> None:
    def many(tx: Tx) -> None:
        for number in range(7):
            tx.plans.add(watched(f"p{number}"))
        tx.plans.end(PlanId("p3"), at=NOW)

    await store.write(many)
    seen: list[str] = []
    last = None
    while part := await store.read(lambda tx, last=last: tx.plans.live(after=last, limit=2)):
        last = part[-1].id
        seen += [one.id for one in part]
    assert seen == ["p0", "p1", "p2", "p4", "p5", "p6"]


async def test_a_contact_is_found_by_link_by_owner_and_by_themselves(store: Store) -> None:
    asked = Contact(id=ContactId("c1"), owner=AMINA, state=ContactState.INVITED, since=NOW)
    await store.write(lambda tx: tx.contacts.put(asked, token="tok"))
    assert await store.read(lambda tx: tx.contacts.invited("tok")) == asked
    assert await store.read(lambda tx: tx.contacts.invited("other")) is None
    active = replace(asked, state=ContactState.ACTIVE, person=BRUNO)
    await store.write(lambda tx: tx.contacts.put(active))
    assert await store.read(lambda tx: tx.contacts.invited("tok")) is None
    assert await store.read(lambda tx: tx.contacts.of(AMINA)) == [active]
    assert await store.read(lambda tx: tx.contacts.who_is(BRUNO)) == [active]
    assert await store.read(lambda tx: tx.contacts.who_is(AMINA)) == []
    later = NOW + timedelta(days=85)
    assert await store.read(lambda tx: tx.contacts.old(before=later)) == [active]
    await store.write(lambda tx: tx.contacts.remove(ContactId("c1")))
    assert await store.read(lambda tx: tx.contacts.get(ContactId("c1"))) is None


async def test_agreed_words_and_links_that_work_once(store: Store) -> None:
    words = Agreed(
        salt=b"s" * 16, digests={Secret.PIN: b"1" * 32, Secret.DURESS: b"2" * 32},
        harmless=True, awaiting="word", awaiting_until=NOW, box="b0c5", place_at=NOW,
    )  # fmt: skip
    await store.write(lambda tx: tx.check_words.put(AMINA, words))
    assert await store.read(lambda tx: tx.check_words.get(AMINA)) == words
    assert await store.read(lambda tx: tx.check_words.get(BRUNO)) is None
    ticket = Ticket(token="tok", person=AMINA, purpose="words", until=NOW + MINUTE)
    await store.write(lambda tx: tx.check_words.give(ticket))
    assert await store.read(lambda tx: tx.check_words.ticket("tok", now=NOW)) == ticket
    assert await store.read(lambda tx: tx.check_words.ticket("tok", now=NOW + MINUTE)) is None
    assert await store.write(lambda tx: tx.check_words.spend("tok"))
    assert not await store.write(lambda tx: tx.check_words.spend("tok"))
    await store.write(lambda tx: tx.check_words.forget(AMINA))
    assert await store.read(lambda tx: tx.check_words.get(AMINA)) is None


async def test_counts_of_a_region_add_up_within_the_window(store: Store) -> None:
    for minutes in (0, 5, 20, 200):
        at = NOW + minutes * MINUTE
        some = {"PS": Tally(answered=1, missed=2), "UG": Tally(answered=1)}
        await store.write(lambda tx, at=at, some=some: tx.regions.add(some, at=at))
    found = await store.read(lambda tx: tx.regions.lately(since=NOW))
    assert found == {"PS": Tally(answered=4, missed=8), "UG": Tally(answered=4)}
    recent = await store.read(lambda tx: tx.regions.lately(since=NOW + 100 * MINUTE))
    assert recent["PS"] == Tally(answered=1, missed=2)
    assert await store.write(lambda tx: tx.regions.forget_before(NOW + 100 * MINUTE)) == 4


async def test_several_timers_are_set_and_done_together(store: Store) -> None:
    def put(tx: Tx) -> None:
        tx.timers.set_all(
            [Timer(kind="check-in", key=f"k{n % 3}", due_at=NOW, fence=n) for n in range(5)]
        )

    def claim(tx: Tx, worker: str) -> list[tuple[str, int]]:
        due = tx.timers.claim(worker=worker, now=NOW, lease=MINUTE, limit=9, kinds=("check-in",))
        claimed[worker] = [one.id for one in due]
        return [(one.timer.key, one.timer.fence) for one in due]

    claimed: dict[str, list] = {}  # type: ignore[type-arg]
    await store.write(put)
    assert sorted(await store.write(lambda tx: claim(tx, "w"))) == [("k0", 3), ("k1", 4), ("k2", 2)]
    renewed = Timer(kind="check-in", key="k0", due_at=NOW, fence=9)
    await store.write(lambda tx: tx.timers.set(renewed))
    assert len(await store.write(lambda tx: tx.timers.done_all(claimed["w"], worker="x"))) == 0
    assert len(await store.write(lambda tx: tx.timers.done_all(claimed["w"], worker="w"))) == 2
    assert await store.write(lambda tx: claim(tx, "w")) == [("k0", 9)]


@pytest.mark.parametrize("raised", [True, False])
async def test_an_alarm_does_not_show_in_the_size_of_a_row(
    store: Store,
    raised: bool,  # noqa: FBT001
) -> None:
    standing = FULL if raised else replace(FULL, alarm=None)
    bare = Standing(cycle=Cycle(number=1, due_at=NOW))
    await store.write(lambda tx: tx.plans.add(watched("p1", standing=standing)))
    await store.write(lambda tx: tx.plans.add(watched("p2", standing=bare)))
    sizes = await store.write(_sizes)
    assert len(set(sizes)) == 1


def _sizes(tx: Tx) -> list[int]:
    rows = tx.plans.conn.execute(select(plan.c.standing))  # type: ignore[attr-defined]
    return [len(row.standing) for row in rows]


def test_presets_give_tiers_and_first_slots() -> None:
    zone = "Africa/Kampala"
    wishes = {
        Preset.TRIP: Wish(preset=Preset.TRIP, hours=3),
        Preset.PROTEST: Wish(preset=Preset.PROTEST, minutes=60),
        Preset.COURT: Wish(preset=Preset.COURT, hours=4),
        Preset.DAILY: Wish(preset=Preset.DAILY, at_hour=9, zone=zone),
        Preset.OPEN: Wish(preset=Preset.OPEN, at_hour=21, zone=zone),
    }
    tiers, dues = {}, {}
    for preset, wish in wishes.items():
        made = terms(wish, LanguageTag("en"), NOW)
        begun = first_cycle(made, NOW)
        assert begun is not None
        tiers[preset], dues[preset] = made.tier, begun[1].cycle.due_at
    assert tiers == {
        Preset.TRIP: Tier.TRAVEL, Preset.PROTEST: Tier.HIGH_RISK, Preset.COURT: Tier.CUSTODY,
        Preset.DAILY: Tier.ROUTINE, Preset.OPEN: Tier.ROUTINE,
    }  # fmt: skip
    assert dues[Preset.TRIP] == NOW + timedelta(hours=3)
    assert dues[Preset.PROTEST] == NOW + timedelta(hours=1)
    assert dues[Preset.DAILY].astimezone(ZoneInfo(zone)).hour == 9
    assert dues[Preset.OPEN].astimezone(ZoneInfo(zone)).hour in {9, 21}
