"""Alerts, ledger, audiences and pace, the same on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from bot.domain.audiences import Both, Chose, Either, Everyone, Without, matches, parse
from bot.domain.broadcasts import (
    Alert,
    Answer,
    Content,
    Outcome,
    Plan,
    Reason,
    Severity,
    State,
    Timing,
)
from bot.domain.errors import ConflictError
from bot.domain.ids import AlertId, ChannelName, LanguageTag, PersonId
from bot.domain.people import Person
from bot.domain.quiet import OwnClock, due
from bot.domain.subscriptions import Subscription
from bot.services.broadcast_ports import LedgerRow, Settled
from bot.services.ports import Timer

if TYPE_CHECKING:
    from bot.domain.audiences import Audience
    from bot.services.ports import Store, Tx

NOW = datetime(2031, 5, 4, 12, 0, 0, 123456, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
TG = ChannelName("telegram")
EN, ES = LanguageTag("en"), LanguageTag("es")
A1 = AlertId("alert-one")


def alert(id_: AlertId = A1, **more: object) -> Alert:
    content = Content(
        severity=Severity.RED,
        audience="everyone",
        texts={EN: "Stay inside.", ES: "Quédate dentro."},
        fallback=EN,
        correction={EN: "All clear."},
        plan=Plan(timing=Timing.OWN_CLOCK, clock=time(9, 30), at=NOW),
    )
    plain = Alert(
        id=id_, reference="K7QF", state=State.DRAFT, version=1, drill=False, content=content,
        created_by="author", created_at=NOW,
    )  # fmt: skip
    return replace(plain, **more)  # type: ignore[arg-type]


def someone(
    tx: Tx,
    address: str,
    *choices: tuple[str, str],
    language: LanguageTag = EN,
    clock: OwnClock | None = None,
    stopped: frozenset[str] = frozenset(),
) -> PersonId:
    id_ = tx.people.lock(TG, address)
    person = Person(id=id_, channel=TG, address=address, language=language, language_hint=None)
    tx.people.put(person, at=NOW)
    taken = Subscription(
        person=id_, language=language, choices=frozenset(choices), stopped=stopped,
        clock=clock or OwnClock(),
    )  # fmt: skip
    tx.subscribers.put(taken)
    return id_


def frozen(tx: Tx, audience: Audience | None = None, kinds: tuple[str, ...] = ()) -> int:
    return tx.ledger.freeze(A1, audience or Everyone(), kinds)


def claim(tx: Tx, limit: int = 50, worker: str = "w", now: datetime = NOW) -> list[LedgerRow]:
    return tx.ledger.claim(
        A1, channel=TG, first_wave_only=False, worker=worker, now=now, lease=MINUTE, limit=limit
    )


def delivered(row: LedgerRow) -> Settled:
    return Settled(row=row, outcome=Outcome.DELIVERED, refs=("41",))


def sums(tx: Tx) -> dict[tuple[Outcome, str], int]:
    found: dict[tuple[Outcome, str], int] = {}
    for (_, outcome, reason), number in tx.ledger.counts(A1).items():
        found[outcome, reason] = found.get((outcome, reason), 0) + number
    return found


async def test_an_alert_is_found_as_it_was_put(store: Store) -> None:
    put = alert(editors=frozenset({"editor"}), begun_at=NOW, frozen=7, parent=AlertId("other"))
    await store.write(lambda tx: tx.alerts.add(put, due=NOW))
    assert await store.read(lambda tx: tx.alerts.get(A1)) == put
    assert await store.read(lambda tx: tx.alerts.due(NOW)) == [put]
    assert await store.read(lambda tx: tx.alerts.due(NOW - SECOND)) == []


async def test_of_two_who_change_an_alert_one_is_told_to_look_again(store: Store) -> None:
    await store.write(lambda tx: tx.alerts.add(alert()))
    first = await store.write(lambda tx: tx.alerts.replace(alert(state=State.SUBMITTED)))
    assert (first.version, first.state) == (2, State.SUBMITTED)
    with pytest.raises(ConflictError):
        await store.write(lambda tx: tx.alerts.replace(alert(state=State.ABORTED)))


async def test_the_loudest_alert_comes_first(store: Store) -> None:
    quiet = replace(alert().content, severity=Severity.GREEN)

    def put(tx: Tx) -> None:
        tx.alerts.add(alert(AlertId("green"), content=quiet, created_at=NOW - MINUTE), due=NOW)
        tx.alerts.add(alert(), due=NOW)

    await store.write(put)
    assert [one.id for one in await store.read(lambda tx: tx.alerts.due(NOW))] == [A1, "green"]


async def test_somebody_who_took_alerts_is_found_again_and_can_leave(store: Store) -> None:
    id_ = await store.write(lambda tx: someone(tx, "1", ("country", "UG"), ("topic", "arrests")))
    found = await store.read(lambda tx: tx.subscribers.get(id_))
    assert found is not None
    assert found.chosen("topic") == ("arrests",)
    assert await store.read(lambda tx: tx.subscribers.how_many()) == 1
    await store.write(lambda tx: tx.subscribers.remove(id_))
    assert await store.read(lambda tx: tx.subscribers.get(id_)) is None
    assert await store.write(frozen) == 0


async def test_nobody_takes_alerts_who_is_not_known(store: Store) -> None:
    stranger = Subscription(person=PersonId("nobody"), language=EN)
    await store.write(lambda tx: tx.subscribers.put(stranger))
    assert await store.read(lambda tx: tx.subscribers.how_many()) == 0


CHOICES = [("country", "UG"), ("country", "PE"), ("topic", "arrests"), ("group", "lawyer")]
LEAVES = st.one_of(
    st.sampled_from(CHOICES).map(lambda one: Chose(name=one[0], values=(one[1],))),
    st.just(Chose(name="country", values=("UG", "PE"))),
    st.just(Everyone()),
)
AUDIENCES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        inner.map(lambda one: Without(inner=one)),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Both(parts=tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Either(parts=tuple(parts))),
    ),
    max_leaves=6,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(people=st.lists(st.frozensets(st.sampled_from(CHOICES)), max_size=8), audience=AUDIENCES)
async def test_the_database_finds_exactly_those_whom_the_audience_means(
    store: Store, people: list[frozenset[tuple[str, str]]], audience: Audience
) -> None:
    def unit(tx: Tx) -> tuple[int, int]:
        for number in range(8):
            tx.subscribers.remove(tx.people.lock(TG, str(number)))
        for number, choices in enumerate(people):
            someone(tx, str(number), *choices)
        counted = sum(tx.ledger.preview(audience, ()).values())
        listed = frozen(tx, audience)
        tx.ledger.unfreeze(A1)
        return counted, listed

    meant = sum(matches(audience, choices) for choices in people)
    assert await store.write(unit) == (meant, meant)


async def test_those_left_out_have_a_row_with_the_reason_and_no_name(store: Store) -> None:
    def unit(tx: Tx) -> None:
        someone(tx, "1")
        someone(tx, "2", stopped=frozenset({"drill"}))
        gone = someone(tx, "3")
        person = tx.people.find(gone)
        assert person is not None
        tx.people.put(replace(person, gone_since=NOW), at=NOW)

    await store.write(unit)
    preview = await store.read(lambda tx: tx.ledger.preview(Everyone(), ["drill"]))
    assert await store.write(lambda tx: frozen(tx, kinds=("drill",))) == 3
    assert await store.read(lambda tx: tx.ledger.counts(A1)) == preview
    assert await store.read(sums) == {
        (Outcome.WAITING, ""): 1, (Outcome.OPTED_OUT, ""): 1, (Outcome.UNREACHABLE, ""): 1,
    }  # fmt: skip
    assert len(await store.write(claim)) == 1


async def test_who_blocked_us_and_came_back_is_reached_again(store: Store) -> None:
    id_ = await store.write(lambda tx: someone(tx, "1"))
    person = await store.read(lambda tx: tx.people.find(id_))
    assert person is not None
    for gone, outcome in ((NOW, Outcome.UNREACHABLE), (None, Outcome.WAITING)):
        there = replace(person, gone_since=gone)
        await store.write(lambda tx, there=there: tx.people.put(there, at=NOW))
        found = await store.read(lambda tx: tx.ledger.preview(Everyone(), ()))
        assert list(found) == [(EN, outcome, "")]


async def test_no_row_is_claimed_twice_and_all_add_up(store: Store) -> None:
    def put(tx: Tx) -> None:
        for number in range(40):
            someone(tx, str(number))
        frozen(tx)

    await store.write(put)

    async def worker(name: str) -> list[int]:
        mine: list[int] = []
        while rows := await store.write(lambda tx: claim(tx, limit=7, worker=name)):
            mine += [row.seq for row in rows]
            done = [delivered(row) for row in rows]
            await store.write(lambda tx, done=done: tx.ledger.settle(done, worker=name, at=NOW))
        return mine

    taken = await asyncio.gather(*(worker(f"w{n}") for n in range(3)))
    assert sorted(seq for one in taken for seq in one) == sorted({s for one in taken for s in one})
    assert await store.read(sums) == {(Outcome.DELIVERED, ""): 40}


async def test_a_row_whose_worker_died_comes_back_with_its_attempt_counted(store: Store) -> None:
    await store.write(lambda tx: (someone(tx, "1"), frozen(tx)))
    (row,) = await store.write(claim)
    assert row.attempts == 0
    assert await store.write(claim) == []
    assert await store.write(lambda tx: tx.ledger.recover(now=NOW + 2 * MINUTE)) == 1
    assert await store.write(lambda tx: tx.ledger.settle([delivered(row)], worker="w", at=NOW)) == 0
    (again,) = await store.write(claim)
    assert again.attempts == 1


async def test_what_may_have_arrived_is_uncertain_when_an_alert_is_closed(store: Store) -> None:
    def unit(tx: Tx) -> None:
        for number in range(3):
            someone(tx, str(number))
        frozen(tx)
        first, second, _ = claim(tx)
        back = [
            Settled(row=first, outcome=Outcome.WAITING, again_at=NOW, uncertain=True),
            Settled(row=second, outcome=Outcome.WAITING, again_at=NOW, reason=Reason.BUSY),
        ]
        tx.ledger.settle(back, worker="w", at=NOW)
        tx.ledger.recover(now=NOW)
        tx.ledger.close(A1, Outcome.EXPIRED, "", at=NOW, limit=9)

    await store.write(unit)
    # The third is still under lease: a worker may be sending it this very moment.
    assert await store.read(sums) == {
        (Outcome.UNCERTAIN, ""): 1, (Outcome.EXCLUDED, Reason.BUSY): 1, (Outcome.CLAIMED, ""): 1,
    }  # fmt: skip


async def test_somebody_who_leaves_meanwhile_is_opted_out(store: Store) -> None:
    id_ = await store.write(lambda tx: someone(tx, "1"))
    await store.write(lambda tx: (someone(tx, "2"), frozen(tx)))
    await store.write(lambda tx: tx.subscribers.remove(id_))
    assert len(await store.write(claim)) == 1
    assert (await store.read(sums))[Outcome.OPTED_OUT, ""] == 1


async def test_who_is_forgotten_leaves_the_sum_and_no_trace(store: Store) -> None:
    id_ = await store.write(lambda tx: someone(tx, "1"))
    other = await store.write(lambda tx: someone(tx, "2"))
    await store.write(frozen)
    rows = await store.write(lambda tx: claim(tx, limit=2))
    mine = [delivered(row) for row in rows if row.person == id_]
    await store.write(lambda tx: tx.ledger.settle(mine, worker="w", at=NOW))
    for gone in (id_, other):
        await store.write(lambda tx, gone=gone: tx.people.forget(gone))
    assert sum((await store.read(sums)).values()) == 2
    assert await store.read(lambda tx: tx.ledger.standing(A1, after=0, limit=9)) == []

    def traces(tx: Tx) -> int:
        conn = tx.people.conn  # type: ignore[attr-defined]
        found = 0
        for table in ("ledger", "subscriber", "audience"):
            named = text(f"SELECT count(*) FROM {table} WHERE person IN (:a, :b)")  # noqa: S608
            found += conn.execute(named, {"a": id_, "b": other}).scalar_one()
        return found

    assert await store.read(traces) == 0


async def test_each_gets_it_on_their_own_clock_and_a_canary_first(store: Store) -> None:
    lima = OwnClock(zone="America/Lima")

    def put(tx: Tx) -> list[int]:
        for number in range(10):
            someone(tx, str(number), clock=lima if number % 2 else OwnClock())
        frozen(tx)
        when = lambda clock: due(clock, NOW, quiet=False, digest=False, own=time(13, 0))  # noqa: E731
        pieces = [tx.ledger.schedule(A1, due=when, limit=7) for _ in range(3)]
        tx.ledger.choose_first(A1, 2)
        return pieces

    hour = timedelta(hours=1) - timedelta(microseconds=123456)
    assert await store.write(put) == [7, 3, 0]
    assert await store.read(lambda tx: tx.ledger.next_due(A1)) == NOW + hour
    assert await store.write(claim) == []
    first = await store.write(
        lambda tx: tx.ledger.claim(
            A1, channel=TG, first_wave_only=True, worker="w", now=NOW + hour, lease=MINUTE, limit=9
        )
    )
    assert len(first) == 2
    rest = await store.write(lambda tx: claim(tx, now=NOW + hour))
    assert len(rest) == 3
    assert len(await store.write(lambda tx: claim(tx, now=NOW + timedelta(hours=7)))) == 5


async def test_copies_that_stand_are_found_until_they_are_taken_back(store: Store) -> None:
    await store.write(lambda tx: (someone(tx, "1"), someone(tx, "2"), frozen(tx)))
    rows = await store.write(claim)
    done = [delivered(row) for row in rows]
    await store.write(lambda tx: tx.ledger.settle(done, worker="w", at=NOW))
    copies = await store.read(lambda tx: tx.ledger.standing(A1, after=0, limit=9))
    assert [(copy.refs, copy.language) for copy in copies] == [(("41",), EN)] * 2
    assert {copy.address for copy in copies} == {"1", "2"}
    await store.write(lambda tx: tx.ledger.taken_back([copies[0].seq]))
    left = await store.read(lambda tx: tx.ledger.standing(A1, after=0, limit=9))
    assert [copy.seq for copy in left] == [copies[1].seq]


async def test_a_correction_goes_to_those_whom_the_alert_may_have_reached(store: Store) -> None:
    def unit(tx: Tx) -> int:
        for number in range(3):
            someone(tx, str(number))
        frozen(tx)
        first, second, third = claim(tx)
        ended = [
            delivered(first),
            Settled(row=second, outcome=Outcome.UNCERTAIN),
            Settled(row=third, outcome=Outcome.EXCLUDED, reason=Reason.REFUSED),
        ]
        tx.ledger.settle(ended, worker="w", at=NOW)
        return tx.ledger.freeze_reached(AlertId("child"), A1)

    assert await store.write(unit) == 2


async def test_answers_are_counted_and_the_silent_are_known(store: Store) -> None:
    ids = [await store.write(lambda tx, n=n: someone(tx, str(n))) for n in range(4)]
    await store.write(frozen)
    rows = await store.write(claim)
    await store.write(lambda tx: tx.ledger.settle([delivered(r) for r in rows], worker="w", at=NOW))

    def answer(tx: Tx) -> None:
        assert tx.ledger.answer(ids[0], Answer.SAFE, at=NOW) == [A1]
        tx.ledger.answer(ids[0], Answer.LATER, at=NOW)
        tx.ledger.answer(ids[1], Answer.LATER, at=NOW)
        tx.ledger.answer(ids[1], Answer.HELP, at=NOW + MINUTE)
        tx.ledger.answer(ids[2], Answer.LATER, at=NOW + MINUTE)

    await store.write(answer)
    assert await store.read(lambda tx: tx.ledger.answers(A1)) == {
        Answer.SAFE: 1, Answer.HELP: 1, Answer.LATER: 1, Answer.NONE: 1
    }  # fmt: skip
    assert await store.read(lambda tx: tx.ledger.silent(A1, limit=9)) == [ids[3]]
    chart = await store.read(lambda tx: tx.ledger.answers_over_time(A1))
    assert [(answer, number) for _, answer, number in chart] == [
        (Answer.SAFE, 1), (Answer.HELP, 1), (Answer.LATER, 1)
    ]  # fmt: skip
    assert await store.read(lambda tx: tx.ledger.lately(ids[3], since=NOW)) == [A1]
    await store.write(lambda tx: tx.ledger.wipe(A1, limit=9))
    assert await store.read(lambda tx: tx.ledger.silent(A1, limit=9)) == []
    assert sum((await store.read(lambda tx: tx.ledger.answers(A1))).values()) == 4


async def test_the_silent_are_asked_again_until_they_answer(store: Store) -> None:
    ids = [await store.write(lambda tx, n=n: someone(tx, str(n))) for n in range(4)]
    await store.write(frozen)
    rows = await store.write(claim)
    soon, later = NOW + MINUTE, NOW + 5 * MINUTE

    def unit(tx: Tx) -> None:
        # The first answers before the channel has said that the copy arrived.
        tx.ledger.answer(rows[0].person, Answer.SAFE, at=NOW)
        done = [replace(delivered(row), ask_at=soon) for row in rows]
        tx.ledger.settle(done, worker="w", at=NOW)
        tx.ledger.answer(rows[1].person, Answer.LATER, at=NOW, again_at=later)

    await store.write(unit)
    assert await store.read(lambda tx: tx.ledger.next_ask(A1)) == soon
    assert await store.read(lambda tx: tx.ledger.to_ask(A1, now=NOW, limit=9)) == []
    silent = await store.read(lambda tx: tx.ledger.to_ask(A1, now=soon, limit=9))
    assert [(one.person, one.asked, one.hushed) for one in silent] == [
        (row.person, 0, False) for row in rows[2:]
    ]
    asked = [one.seq for one in silent]
    await store.write(lambda tx: tx.ledger.asked(asked, ask_at=later))
    await store.write(lambda tx: tx.ledger.asked(asked[:1], ask_at=later, counted=False))
    await store.write(lambda tx: tx.ledger.answer(rows[3].person, Answer.HELP, at=soon))
    again = await store.read(lambda tx: tx.ledger.to_ask(A1, now=later, limit=9))
    assert {(one.person, one.asked) for one in again} == {(rows[1].person, 0), (rows[2].person, 1)}
    await store.write(lambda tx: tx.subscribers.remove(rows[1].person))
    await store.write(lambda tx: tx.people.forget(rows[2].person))
    assert await store.read(lambda tx: tx.ledger.next_ask(A1)) is None
    assert len(ids) == 4


async def test_a_chat_that_must_stay_silent_is_known_when_it_would_be_asked(store: Store) -> None:
    id_ = await store.write(lambda tx: someone(tx, "1"))
    await store.write(frozen)
    (row,) = await store.write(claim)

    def unit(tx: Tx) -> None:
        done = replace(delivered(row), ask_at=NOW)
        tx.ledger.settle([done], worker="w", at=NOW)
        tx.timers.set(Timer(kind="check-in-silence", key="plan", person=id_, due_at=NOW + MINUTE))

    await store.write(unit)
    (one,) = await store.read(lambda tx: tx.ledger.to_ask(A1, now=NOW, limit=9))
    assert one.hushed
    await store.write(lambda tx: tx.ledger.ask_nobody(A1))
    assert await store.read(lambda tx: tx.ledger.to_ask(A1, now=NOW, limit=9)) == []


async def test_what_came_in_one_message_is_known_until_it_is_taken_back(store: Store) -> None:
    id_ = await store.write(lambda tx: someone(tx, "1", clock=OwnClock(digest=True)))
    await store.write(lambda tx: someone(tx, "2"))
    others = [AlertId(f"alert-{number}") for number in range(3)]

    def unit(tx: Tx) -> list[LedgerRow]:
        for one in others:
            tx.ledger.freeze(one, Everyone(), ())
        same = {"worker": "w", "now": NOW, "lease": MINUTE}
        first = tx.ledger.claim(others[0], channel=TG, first_wave_only=False, limit=9, **same)
        mine = next(row for row in first if row.person == id_)
        assert (mine.digest, [row.digest for row in first if row != mine]) == (True, [False])
        beside = tx.ledger.claim_with(mine, others[1:2], **same)
        assert [row.alert for row in beside] == others[1:2]
        assert tx.ledger.claim_with(mine, others[:2], **same) == []
        together = [replace(delivered(row), bundle="b") for row in (mine, *beside)]
        tx.ledger.settle(together, worker="w", at=NOW)
        return [mine, *beside]

    mine, other = await store.write(unit)
    (copy,) = await store.read(lambda tx: tx.ledger.standing(others[0], after=0, limit=9))
    assert copy.beside == (others[1],)
    await store.write(lambda tx: tx.ledger.taken_back([mine.seq]))
    (copy,) = await store.read(lambda tx: tx.ledger.standing(others[1], after=0, limit=9))
    assert (copy.seq, copy.beside) == (other.seq, ())


async def test_resting_an_alert_changes_when_it_is_looked_at_and_nothing_else(
    store: Store,
) -> None:
    await store.write(lambda tx: tx.alerts.add(alert(), due=NOW))
    await store.write(lambda tx: tx.alerts.rest(A1, until=NOW + MINUTE))
    assert await store.read(lambda tx: tx.alerts.due(NOW)) == []
    (found,) = await store.read(lambda tx: tx.alerts.due(NOW + MINUTE))
    assert found.version == 1


async def test_who_takes_alerts_keeps_an_address(store: Store) -> None:
    id_ = await store.write(lambda tx: someone(tx, "1"))
    idle = NOW + timedelta(days=9)
    assert await store.write(lambda tx: tx.people.forget_addresses(idle_before=idle, limit=9)) == 0
    await store.write(lambda tx: tx.subscribers.remove(id_))
    assert await store.write(lambda tx: tx.people.forget_addresses(idle_before=idle, limit=9)) == 1


async def test_a_language_that_is_chosen_later_is_the_one_of_the_next_alert(store: Store) -> None:
    id_ = await store.write(lambda tx: someone(tx, "1"))
    await store.write(lambda tx: tx.subscribers.speak(id_, ES))
    audience = parse("language is es")
    assert await store.write(lambda tx: frozen(tx, audience)) == 1
    (row,) = await store.write(claim)
    assert row.language == ES


EVERY = timedelta(milliseconds=100)


async def test_no_moment_is_given_to_two_workers(store: Store) -> None:
    async def take() -> list[datetime]:
        found: list[datetime] = []
        for _ in range(10):
            found += await store.write(
                lambda tx: tx.paces.reserve("bot", 3, now=NOW, every=EVERY, burst=2)
            )
        return found

    moments = sorted(at for one in await asyncio.gather(take(), take(), take()) for at in one)
    assert len(set(moments)) == 90
    gaps = {later - earlier for earlier, later in itertools.pairwise(moments)}
    assert min(gaps) >= EVERY
    assert moments[0] >= NOW - 3 * EVERY


async def test_what_was_not_used_is_made_up_for_by_a_burst_and_no_more(store: Store) -> None:
    def room(tx: Tx, now: datetime) -> int:
        return tx.paces.room("bot", now=now, every=EVERY, burst=2, ahead=timedelta())

    assert await store.write(lambda tx: room(tx, NOW)) <= 3
    await store.write(lambda tx: tx.paces.reserve("bot", 3, now=NOW, every=EVERY, burst=2))
    assert await store.write(lambda tx: room(tx, NOW)) == 0
    assert await store.write(lambda tx: room(tx, NOW + MINUTE)) <= 3
    await store.write(lambda tx: tx.paces.hold("bot", until=NOW + 2 * MINUTE))
    assert await store.write(lambda tx: room(tx, NOW + MINUTE)) == 0


async def test_choices_stand_nowhere_in_clear(store: Store) -> None:
    await store.write(lambda tx: someone(tx, "1", ("topic", "canary-topic"), ("country", "UG")))

    def dump(tx: Tx) -> str:
        conn = tx.people.conn  # type: ignore[attr-defined]
        found = ""
        for table in ("subscriber", "audience", "meaning"):
            rows = conn.execute(text(f"SELECT * FROM {table}")).all()  # noqa: S608
            found += "".join(str(value) for row in rows for value in row)
        return found

    stored = await store.read(dump)
    assert "canary-topic" not in stored
    assert "UTC" not in stored
