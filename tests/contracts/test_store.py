from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bot.domain.errors import RefusedError
from bot.domain.ids import ChannelName, FlowHash, FlowId, LanguageTag, OutboxId, PersonId, StepId
from bot.domain.messages import Attachment, Button, Keyboard, Outgoing
from bot.domain.people import Person
from bot.domain.words import Words
from bot.flow.session import Frame, Pending, Session
from bot.services.check_in_ports import Agreed
from bot.services.ports import ChatMessage, Envelope, Lane, Met, OutboxState, Timer

if TYPE_CHECKING:
    from bot.services.ports import Store, Tx

NOW = datetime(2031, 5, 4, 12, 0, 0, 123456, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WEB = ChannelName("web")


def someone(tx: Tx, address: str = "7001", channel: ChannelName = WEB) -> PersonId:
    id_ = tx.people.lock(channel, address)
    person = Person(
        id=id_, channel=channel, address=address,
        language=LanguageTag("ar"), language_hint=None, preferences=(("alias", "kestrel"),),
    )  # fmt: skip
    tx.people.put(person, at=NOW)
    return id_


def hello(text: str = "hello") -> Outgoing:
    return Outgoing(text=text, language=LanguageTag("en"))


def letter(person: PersonId, key: str, **changes: object) -> Envelope:
    plain = Envelope(person=person, message=hello(key), lane=Lane.REPLY, dedup_key=key, due_at=NOW)
    return replace(plain, **changes)


def claim(tx: Tx, *, now: datetime = NOW, limit: int = 50, worker: str = "w") -> list[str]:
    rows = tx.outbox.claim(
        worker=worker, now=now, lease=MINUTE, limit=limit, lanes=tuple(Lane), channels=(WEB,)
    )
    return [row.message.text for row in rows]


async def test_what_was_put_is_found_again(store: Store) -> None:
    id_ = await store.write(someone)
    found = await store.read(lambda tx: tx.people.find(id_))
    assert found is not None
    assert (found.address, found.language, found.preference("alias")) == ("7001", "ar", "kestrel")


async def test_a_unit_that_fails_leaves_nothing_and_its_neighbours_stay(store: Store) -> None:
    def fails(tx: Tx) -> None:
        tx.leases.note("mine", "written")
        raise RefusedError("no")

    units = [lambda tx, n=n: tx.leases.note(f"n{n}", str(n)) for n in range(20)]
    results = await asyncio.gather(
        *(store.write(unit) for unit in [*units[:10], fails, *units[10:]]), return_exceptions=True
    )
    assert [type(result) for result in results if result is not None] == [RefusedError]
    assert await store.read(lambda tx: tx.leases.noted("mine")) is None
    for n in range(20):
        assert await store.read(lambda tx, n=n: tx.leases.noted(f"n{n}")) == str(n)


async def test_an_update_is_seen_for_the_first_time_once(store: Store) -> None:
    def first(tx: Tx) -> bool:
        return tx.seen.first_time(WEB, "81", at=NOW)

    assert sorted(await asyncio.gather(*(store.write(first) for _ in range(8)))) == [False] * 7 + [
        True
    ]
    assert await store.write(lambda tx: tx.seen.forget_before(NOW + MINUTE)) == 1
    assert await store.write(first)


async def test_a_session_comes_back_as_it_was(store: Store) -> None:
    frame = Frame(
        flow=FlowId("report"), hash=FlowHash("ab"), step=StepId("where"),
        answers={"kind": "threat", "who": ("police", "army")}, trail=(StepId("kind"),),
        stale=frozenset({"who"}),
    )  # fmt: skip
    session = Session(frames=(frame,), turn=7, pending=Pending(kind="resume", options=("yes",)))
    id_ = await store.write(someone)
    await store.write(lambda tx: tx.sessions.save(id_, session, at=NOW))
    assert await store.read(lambda tx: tx.sessions.load(id_)) == session
    later = replace(session, turn=8)
    await store.write(lambda tx: tx.sessions.save(id_, later, at=NOW))
    assert await store.read(lambda tx: tx.sessions.load(id_)) == later
    assert await store.write(lambda tx: tx.sessions.forget_before(NOW, limit=9)) == []
    assert await store.write(lambda tx: tx.sessions.forget_before(NOW + MINUTE, limit=9)) == [id_]
    assert await store.read(lambda tx: tx.sessions.load(id_)) is None


async def test_a_message_is_sent_as_it_was_written(store: Store) -> None:
    message = Outgoing(
        text="نجوى: *look*", language=LanguageTag("ar"), keyboard=Keyboard.REPLY, protect=False,
        buttons=((Button(label="Yes", data="y"), Button(label="No", url="https://x.example")),),
        attachment=Attachment(name="l.txt", media_type="text/plain", content=b"\x00\xff"),
    )  # fmt: skip

    def unit(tx: Tx) -> list[Outgoing]:
        tx.outbox.add([letter(someone(tx), "k", message=message)])
        rows = tx.outbox.claim(
            worker="w", now=NOW, lease=MINUTE, limit=1, lanes=tuple(Lane), channels=(WEB,)
        )
        return [row.message for row in rows]

    assert await store.write(unit) == [message]


async def test_the_same_dedup_key_is_written_once_for_ever(store: Store) -> None:
    def unit(tx: Tx) -> int:
        id_ = someone(tx)
        return tx.outbox.add([letter(id_, "a"), letter(id_, "b"), letter(id_, "a")])

    assert await store.write(unit) == 2
    assert await store.write(unit) == 0
    rows = await store.write(
        lambda tx: tx.outbox.claim(
            worker="w", now=NOW, lease=MINUTE, limit=1, lanes=tuple(Lane), channels=(WEB,)
        )
    )
    sent = OutboxState.SENT
    assert await store.write(
        lambda tx: tx.outbox.settle([rows[0].id], worker="w", state=sent, at=NOW)
    )
    assert await store.write(unit) == 0


async def test_messages_of_a_person_never_overtake_each_other_in_a_lane(store: Store) -> None:
    def unit(tx: Tx) -> None:
        id_ = someone(tx)
        tx.outbox.add([letter(id_, "first", due_at=NOW + MINUTE), letter(id_, "second")])
        tx.outbox.add([letter(id_, "urgent", lane=Lane.SOS)])

    await store.write(unit)
    assert await store.write(claim) == ["urgent"]
    assert await store.write(claim) == []
    assert await store.write(lambda tx: claim(tx, now=NOW + MINUTE)) == ["first"]
    assert await store.write(lambda tx: claim(tx, now=NOW + MINUTE)) == []


async def test_lanes_go_before_age_and_a_person_gets_one_at_a_time(store: Store) -> None:
    def unit(tx: Tx) -> None:
        one, two = someone(tx, "1"), someone(tx, "2")
        tx.outbox.add([
            letter(one, "old alert", lane=Lane.ALERT, due_at=NOW - MINUTE),
            letter(one, "reply"),
            letter(two, "sos", lane=Lane.SOS),
            letter(two, "reply two"),
        ])  # fmt: skip

    await store.write(unit)
    assert await store.write(claim) == ["sos", "reply"]
    assert await store.write(claim) == ["reply two", "old alert"]


async def test_a_lost_lease_settles_nothing_and_counts_an_attempt(store: Store) -> None:
    await store.write(lambda tx: tx.outbox.add([letter(someone(tx), "a")]))

    def take(tx: Tx, worker: str, now: datetime) -> list[tuple[str, int]]:
        rows = tx.outbox.claim(
            worker=worker, now=now, lease=MINUTE, limit=5, lanes=tuple(Lane), channels=(WEB,)
        )
        return [(row.id, row.attempts) for row in rows]

    [(id_, attempts)] = await store.write(lambda tx: take(tx, "w1", NOW))
    assert attempts == 0
    assert await store.write(lambda tx: tx.outbox.recover(now=NOW)) == 0
    assert await store.write(lambda tx: tx.outbox.recover(now=NOW + MINUTE)) == 1
    assert await store.write(lambda tx: take(tx, "w2", NOW + MINUTE)) == [(id_, 1)]
    done = OutboxState.SENT
    settle = lambda tx, who: tx.outbox.settle([id_], worker=who, state=done, at=NOW)  # noqa: E731 - two uses
    assert not await store.write(lambda tx: settle(tx, "w1"))
    assert await store.write(lambda tx: settle(tx, "w2"))
    assert not await store.write(lambda tx: settle(tx, "w2"))


async def test_given_back_rows_wait_and_count_only_when_they_may_have_arrived(store: Store) -> None:
    await store.write(lambda tx: tx.outbox.add([letter(someone(tx), "a")]))

    def again(tx: Tx, now: datetime, *, count: bool) -> int:
        [row] = tx.outbox.claim(
            worker="w", now=now, lease=MINUTE, limit=5, lanes=tuple(Lane), channels=(WEB,)
        )
        assert tx.outbox.retry(row.id, worker="w", at=now + MINUTE, count=count)
        return row.attempts

    counted = [
        await store.write(lambda tx, n=n, c=c: again(tx, NOW + n * MINUTE, count=c))
        for n, c in enumerate((False, True, False))
    ]
    assert counted == [0, 0, 1]
    due = await store.read(lambda tx: tx.outbox.next_due(tuple(Lane)))
    assert due == NOW + 3 * MINUTE


async def test_expired_and_unreachable_messages_do_not_hold_up_the_rest(store: Store) -> None:
    def unit(tx: Tx) -> None:
        id_ = someone(tx)
        tx.outbox.add([letter(id_, "late", expires_at=NOW), letter(id_, "next")])
        tx.outbox.add([letter(PersonId("00" * 16), "nobody")])

    await store.write(unit)
    assert await store.write(claim) == ["next"]
    assert await store.read(lambda tx: tx.outbox.next_due(tuple(Lane))) is None


async def test_many_claimers_never_get_one_row_twice(store: Store) -> None:
    def fill(tx: Tx) -> None:
        tx.outbox.add([letter(someone(tx, str(n)), f"m{n}") for n in range(60)])

    await store.write(fill)
    batches = await asyncio.gather(
        *(store.write(lambda tx, n=n: claim(tx, limit=7, worker=f"w{n}")) for n in range(6))
    )
    got = [text for batch in batches for text in batch]
    assert len(got) == len(set(got)) > 0


async def test_what_waits_of_a_kind_is_listed_soonest_first_and_stays(store: Store) -> None:
    def fill(tx: Tx) -> None:
        for number in (3, 1, 2):
            due_at = NOW + number * MINUTE
            tx.timers.set(Timer(kind="ask", key=f"k{number}", due_at=due_at, payload={"n": number}))
        tx.timers.set(Timer(kind="other", key="k", due_at=NOW))

    await store.write(fill)

    found = await store.read(lambda tx: tx.timers.waiting("ask", until=NOW + 2 * MINUTE, limit=9))
    assert [one.timer.payload["n"] for one in found] == [1, 2]
    first = await store.read(lambda tx: tx.timers.waiting("ask", until=NOW + 9 * MINUTE, limit=1))
    assert [one.timer.key for one in first] == ["k1"]
    claimed = await store.write(
        lambda tx: tx.timers.claim(
            worker="w", now=NOW + 9 * MINUTE, lease=MINUTE, limit=9, kinds=("ask",)
        )
    )
    assert len(claimed) == 3, "looking takes nothing"


async def test_a_timer_set_again_replaces_the_claimed_one(store: Store) -> None:
    timer = Timer(kind="silence", key="k", due_at=NOW, fence=3, payload={"everything": True})

    def take(tx: Tx, now: datetime = NOW) -> list[tuple[str, Timer, int]]:
        due = tx.timers.claim(worker="w", now=now, lease=MINUTE, limit=9, kinds=("silence",))
        return [(one.id, one.timer, one.attempts) for one in due]

    await store.write(lambda tx: tx.timers.set(timer))
    [(id_, found, _)] = await store.write(take)
    assert found == timer
    assert await store.write(take) == []
    newer = replace(timer, fence=4, due_at=NOW + MINUTE)
    await store.write(lambda tx: tx.timers.set(newer))
    assert not await store.write(lambda tx: tx.timers.done(id_, worker="w"))
    assert await store.read(lambda tx: tx.timers.next_due()) == NOW + MINUTE
    [(second, found, attempts)] = await store.write(lambda tx: take(tx, NOW + MINUTE))
    assert (found.fence, attempts) == (4, 0)
    assert await store.write(lambda tx: tx.timers.recover(now=NOW + 2 * MINUTE)) == 1
    assert not await store.write(lambda tx: tx.timers.done(second, worker="w"))
    [(_, _, attempts)] = await store.write(lambda tx: take(tx, NOW + 2 * MINUTE))
    assert attempts == 1
    assert await store.write(lambda tx: tx.timers.cancel("silence", "k"))
    assert not await store.write(lambda tx: tx.timers.cancel("silence", "k"))


async def test_deletion_is_brought_forward_and_never_put_off(store: Store) -> None:
    def message(ref: str, *, sensitive: bool = True, keep: bool = False) -> ChatMessage:
        return ChatMessage(
            ref=ref, at=NOW, delete_at=NOW + 9 * MINUTE, sensitive=sensitive, keep=keep, ours=True
        )

    id_ = await store.write(someone)
    said = [message("1"), message("2", keep=True), message("3", sensitive=False)]
    await store.write(lambda tx: tx.chat.add([(id_, one) for one in said]))

    def hasten(tx: Tx, to: int, kept: int) -> int:
        return tx.chat.hasten(id_, to=NOW + to * MINUTE, everything=False, kept=NOW + kept * MINUTE)

    assert await store.write(lambda tx: tx.sessions.turned_at(id_)) is None
    await store.write(lambda tx: tx.sessions.save(id_, Session(), at=NOW))
    assert await store.write(lambda tx: tx.sessions.turned_at(id_)) == NOW
    assert not await store.write(
        lambda tx: tx.chat.hasten(id_, to=NOW, everything=True, kept=NOW, before=NOW)
    )
    assert await store.write(lambda tx: hasten(tx, 1, 5)) == 2
    assert await store.write(lambda tx: hasten(tx, 2, 6)) == 0

    def due(tx: Tx, minutes: int) -> object:
        return tx.chat.claim_due(worker="w", now=NOW + minutes * MINUTE, lease=MINUTE, limit=9)

    assert await store.write(lambda tx: due(tx, 1)) == [(id_, WEB, "7001", ("1",))]
    assert await store.write(lambda tx: due(tx, 1)) == []
    await store.write(lambda tx: tx.chat.deleted(id_, ["1"]))
    assert await store.write(lambda tx: due(tx, 9)) == [(id_, WEB, "7001", ("2", "3"))]
    await store.write(lambda tx: tx.chat.put_off(id_, ["3"], to=NOW + 12 * MINUTE))
    assert await store.write(lambda tx: due(tx, 11)) == [(id_, WEB, "7001", ("2",))]
    assert await store.write(lambda tx: due(tx, 12)) == [(id_, WEB, "7001", ("2", "3"))]
    assert await store.write(lambda tx: due(tx, 48 * 60)) == []


async def test_words_expire(store: Store) -> None:
    id_ = await store.write(someone)
    until = NOW + MINUTE
    await store.write(lambda tx: tx.drafts.keep(id_, "what", Words("they came"), until=until))
    assert await store.read(lambda tx: tx.drafts.read(id_, "what", now=NOW)) == Words("they came")
    assert await store.read(lambda tx: tx.drafts.read(id_, "what", now=until)) is None
    assert await store.write(lambda tx: tx.drafts.forget_before(until)) == 1


async def test_a_mailbox_keeps_order_and_place(store: Store) -> None:
    id_ = await store.write(someone)

    def put(tx: Tx, ref: str, text: str) -> None:
        tx.mailbox.put(id_, ref, hello(text), at=NOW, until=NOW + MINUTE)

    for ref, text in (("a", "1"), ("b", "2"), ("a", "1b")):
        await store.write(lambda tx, ref=ref, text=text: put(tx, ref, text))

    async def texts(ref: str | None, now: datetime = NOW) -> list[str]:
        rows = await store.read(lambda tx: tx.mailbox.after(id_, ref, now=now))
        return [message.text for _, _, message in rows]

    assert await texts(None) == ["1b", "2"]
    assert await texts("a") == ["2"]
    assert await texts("gone") == ["1b", "2"]
    assert await texts(None, NOW + MINUTE) == []
    assert await store.write(lambda tx: tx.mailbox.remove(id_, ["a", "x"])) == 1


async def test_a_lease_is_held_by_one(store: Store) -> None:
    def take(tx: Tx, worker: str, now: datetime) -> bool:
        return tx.leases.take("poll", worker=worker, now=now, until=now + MINUTE)

    assert await store.write(lambda tx: take(tx, "a", NOW))
    assert await store.write(lambda tx: take(tx, "a", NOW))
    assert not await store.write(lambda tx: take(tx, "b", NOW))
    assert await store.write(lambda tx: take(tx, "b", NOW + MINUTE))
    await store.write(lambda tx: tx.leases.release("poll", worker="a"))
    assert not await store.write(lambda tx: take(tx, "a", NOW + MINUTE))


async def test_definitions_are_kept_while_in_use(store: Store) -> None:
    flow, digest = FlowId("report"), FlowHash("ab")
    await store.write(lambda tx: tx.flows.keep(flow, digest, "x", at=NOW))
    await store.write(lambda tx: tx.flows.keep(flow, digest, "x", at=NOW + MINUTE))
    assert await store.write(lambda tx: tx.flows.forget_before(NOW + MINUTE)) == 0
    assert await store.read(lambda tx: tx.flows.all()) == [(flow, digest, "x")]


async def test_messages_are_leased_as_they_are_added_unless_earlier_ones_wait(
    store: Store,
) -> None:
    def add(tx: Tx, *keys: str) -> list[str]:
        person = tx.people.find(someone(tx))
        assert person is not None
        letters = [letter(person.id, key) for key in keys]
        found = tx.outbox.add_claimed(letters, to=person, worker="a", until=NOW + MINUTE)
        assert all(one.address == person.address for one in found)
        return [one.id for one in found]

    first = await store.write(lambda tx: add(tx, "1", "2"))
    assert len(first) == 2
    assert await store.write(lambda tx: add(tx, "3")) == []
    assert await store.write(claim) == []

    def settle(tx: Tx, worker: str) -> int:
        ids = [*map(OutboxId, first), OutboxId("of nobody")]
        return tx.outbox.settle(ids, worker=worker, state=OutboxState.SENT, at=NOW)

    assert await store.write(lambda tx: settle(tx, "b")) == 0
    assert await store.write(lambda tx: settle(tx, "a")) == 2
    assert len(await store.write(claim)) == 1


async def test_an_address_goes_when_nothing_is_scheduled(store: Store) -> None:
    def unit(tx: Tx) -> list[PersonId]:
        idle, written, timed = (someone(tx, n) for n in "123")
        tx.outbox.add([letter(written, "k")])
        tx.timers.set(Timer(kind="t", key="k", due_at=NOW, person=timed))
        return [idle, written, timed]

    ids = await store.write(unit)
    wipe = lambda tx, at: tx.people.forget_addresses(idle_before=at, limit=9)  # noqa: E731 - two uses
    assert await store.write(lambda tx: wipe(tx, NOW + 59 * MINUTE)) == 0
    assert await store.write(lambda tx: wipe(tx, NOW + 60 * MINUTE)) == 1
    people = await store.read(lambda tx: [tx.people.find(id_) for id_ in ids])
    assert [person and person.address for person in people] == ["", "2", "3"]


async def test_who_is_here_again_keeps_their_address(store: Store) -> None:
    id_ = await store.write(lambda tx: someone(tx, "1"))
    await store.write(lambda tx: tx.people.touch(id_, at=NOW + 90 * MINUTE))
    wipe = lambda tx, at: tx.people.forget_addresses(idle_before=at, limit=9)  # noqa: E731 - two uses
    assert await store.write(lambda tx: wipe(tx, NOW + 119 * MINUTE)) == 0
    assert await store.write(lambda tx: wipe(tx, NOW + 120 * MINUTE)) == 1


async def test_forgetting_a_person_leaves_no_row(store: Store) -> None:
    def unit(tx: Tx) -> PersonId:
        id_ = someone(tx)
        tx.outbox.add([letter(id_, "k")])
        tx.timers.set(Timer(kind="t", key="k", due_at=NOW, person=id_))
        tx.sessions.save(id_, Session(), at=NOW)
        tx.drafts.keep(id_, "n", Words("x"), until=NOW + MINUTE)
        tx.mailbox.put(id_, "r", hello(), at=NOW, until=NOW + MINUTE)
        tx.people.forget(id_)
        return id_

    id_ = await store.write(unit)

    def left(tx: Tx) -> list[object]:
        return [
            tx.people.find(id_), tx.sessions.load(id_), tx.drafts.read(id_, "n", now=NOW),
            tx.timers.next_due(), tx.outbox.next_due(tuple(Lane)),
        ]  # fmt: skip

    assert await store.read(left) == [None] * 5
    assert await store.read(lambda tx: tx.mailbox.after(id_, None, now=NOW)) == []


async def test_two_writers_on_one_person_wait_for_each_other(store: Store) -> None:
    def add_one(tx: Tx) -> None:
        id_ = tx.people.lock(WEB, "7001")
        session = tx.sessions.load(id_) or Session()
        tx.sessions.save(id_, replace(session, turn=session.turn + 1), at=NOW)

    await asyncio.gather(*(store.write(add_one) for _ in range(25)))
    id_ = await store.write(lambda tx: tx.people.lock(WEB, "7001"))
    session = await store.read(lambda tx: tx.sessions.load(id_))
    assert session is not None
    assert session.turn == 25


@pytest.mark.parametrize("times", [1, 2])
async def test_scrubbing_is_always_allowed(store: Store, times: int) -> None:
    for _ in range(times):
        await store.scrub()


async def test_what_is_known_of_somebody_is_asked_for_at_once(store: Store) -> None:
    def meet(tx: Tx) -> Met:
        return tx.people.meet(tx.people.lock(WEB, "7001"))

    nobody = Met(person=None, session=None, agreed=False)
    assert await store.write(meet) == nobody
    # Words are kept for whoever is under watch, even when everything else of them was forgotten.
    words = Agreed(salt=b"s" * 16, digests={}, harmless=True)
    await store.write(lambda tx: tx.check_words.put(tx.people.lock(WEB, "7001"), words))
    assert await store.write(meet) == replace(nobody, agreed=True)
    id_ = await store.write(someone)
    person = await store.read(lambda tx: tx.people.find(id_))
    assert await store.write(meet) == Met(person=person, session=None, agreed=True)
    session = Session(turn=7)
    await store.write(lambda tx: tx.sessions.save(id_, session, at=NOW))
    assert await store.write(meet) == Met(person=person, session=session, agreed=True)
    assert await store.write(lambda tx: tx.people.meet(tx.people.lock(WEB, "7002"))) == nobody
