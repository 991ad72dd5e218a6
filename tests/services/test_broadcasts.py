"""Alerts from the first word to the last row, with a channel that can be told to fail."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from bot.content.library import open_library
from bot.contract.alerts import (
    ActOnAlert,
    AlertText,
    ApproveAlert,
    NameAlert,
    RecallAlert,
    Severity,
    WriteAlert,
)
from bot.domain.broadcasts import Actor, Alert, Outcome, Reason, Rules, State
from bot.domain.coordinators import Urgency
from bot.domain.errors import RefusedError, SendError
from bot.domain.ids import AlertId, ChannelName, CoordinatorId, LanguageTag, PersonId
from bot.domain.messages import Delivered, Outgoing
from bot.domain.people import Person
from bot.domain.quiet import OwnClock
from bot.domain.subscriptions import Subscription
from bot.flow.effects import Do
from bot.flow.session import Frame, Session
from bot.services import broadcast_house
from bot.services.apply import Moment
from bot.services.broadcast_ladder import Ladder
from bot.services.broadcast_recall import Recall
from bot.services.broadcast_send import Broadcasting
from bot.services.broadcast_views import Views
from bot.services.broadcasts import Broadcasts, attempt
from bot.services.pace import UNLIMITED, Rate
from bot.services.ports import Lane, OutboxState, Timer
from bot.services.subscriptions import answer_roll_call
from bot.storage.engine import open_store
from bot.vault.cipher import ApplicationCipher

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from bot.content.library import Library
    from bot.services.ports import Store, Tx

START = datetime(2031, 5, 4, 12, 0, tzinfo=UTC)
TG = ChannelName("telegram")
EN, AR = LanguageTag("en"), LanguageTag("ar")
AUTHOR = Actor(id="author", roles=frozenset({"coordinator"}))
SECOND = Actor(id="second", roles=frozenset({"coordinator"}))
LEAD = Actor(id="lead", roles=frozenset({"lead"}))
OPERATOR = Actor(id="machine", roles=frozenset({"operator"}))
A1 = "alert-one"


@dataclass
class Clock:
    at: datetime = START

    def now(self) -> datetime:
        return self.at


@dataclass
class Phones:
    """A channel whose people are addresses; `fails` says what happens to some."""

    name: ChannelName = TG
    shown: dict[str, list[str]] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)
    changed: dict[str, str] = field(default_factory=dict)
    fails: Callable[[str], Exception | None] = lambda _address: None
    number: int = 0
    before: Callable[[], None] = lambda: None

    async def send(self, address: str, message: Outgoing) -> Delivered:
        self.before()
        if error := self.fails(address):
            raise error
        if message.edit_ref is not None:
            self.changed[message.edit_ref] = message.text
            return Delivered(refs=(message.edit_ref,))
        self.number += 1
        self.shown.setdefault(address, []).append(message.text)
        return Delivered(refs=(str(self.number),))

    async def delete(self, address: str, refs: Sequence[str]) -> None:
        if error := self.fails(address):
            raise error
        self.deleted += refs


@dataclass
class House:
    store: Store
    clock: Clock
    phones: Phones
    sender: Broadcasting
    acts: Broadcasts
    drills: Broadcasts
    views: Views
    refused: list[str] = field(default_factory=list)

    async def do(self, act: Any, actor: Actor, asked: Any) -> Any:
        name = act.__name__
        return await attempt(self.store, act, actor, asked, at=self.clock.now(), name=name)

    async def refuses(self, act: Any, actor: Actor, asked: Any) -> str:
        with pytest.raises(RefusedError) as caught:
            await self.do(act, actor, asked)
        return str(caught.value)

    async def alert(self, id_: str = A1) -> Alert:
        found = await self.store.read(lambda tx: tx.alerts.get(AlertId(id_)))
        assert found is not None
        return found

    async def approved(self, **more: Any) -> Alert:
        acts = self.acts
        await self.do(acts.write, AUTHOR, draft(**more))
        frozen = await self.do(acts.submit, AUTHOR, ActOnAlert(alert=A1, version=1))
        yes = ApproveAlert(alert=A1, version=2, frozen=frozen.frozen)
        return await self.do(acts.approve, SECOND, yes)

    async def sums(self, id_: str = A1) -> dict[str, int]:
        counts = await self.store.read(lambda tx: tx.ledger.counts(AlertId(id_)))
        found: Counter[str] = Counter()
        for (_, outcome, reason), number in counts.items():
            found[f"{outcome}({reason})" if reason else outcome.value] += number
        return dict(found)


@pytest.fixture(scope="module")
def library() -> Library:
    return open_library(None)


@pytest_asyncio.fixture
async def house(library: Library, tmp_path: Any) -> AsyncIterator[House]:
    store = open_store(f"sqlite:///{tmp_path / 'v.db'}", ApplicationCipher(bytes(range(32))))
    clock, phones = Clock(), Phones()
    shared: dict[str, Any] = {
        "store": store, "clock": clock, "channels": {TG: phones}, "worker": "w",
        "library": lambda: library, "rate": Rate(per_second=UNLIMITED),
    }  # fmt: skip
    acts, drills = (
        Broadcasts(
            clock=clock,
            drill=drill,
            rules=Rules(),
            vocabulary=lambda: {"topic": ["arrests"]},
            new_reference=lambda: "K7QF",
            new_id=lambda: "child",
        )
        for drill in (False, True)
    )
    sender = Broadcasting(
        **shared, chat_ttl=timedelta(hours=24), limits=None, recall=Recall(**shared),
        ladder=Ladder(library=lambda: library),
    )  # fmt: skip
    yield House(
        store=store, clock=clock, phones=phones, sender=sender, acts=acts, drills=drills,
        views=Views(acts=acts, library=lambda: library),
    )  # fmt: skip
    await store.close()


def draft(**more: Any) -> WriteAlert:
    asked: dict[str, Any] = {
        "alert": A1,
        "severity": Severity.RED,
        "audience": "everyone",
        "texts": (
            AlertText(language="en", text="Stay inside."),
            AlertText(language="ar", text="ابق في الداخل."),
        ),
        "fallback": "en",
        "hold_seconds": 0,
        **more,
    }
    return WriteAlert(**asked)


async def settle_in(house: House, number: int, **more: Any) -> list[PersonId]:
    def unit(tx: Tx) -> list[PersonId]:
        found = []
        for place in range(number):
            id_ = tx.people.lock(TG, str(place))
            language = AR if place % 5 == 4 else EN
            person = Person(
                id=id_, channel=TG, address=str(place), language=language, language_hint=None
            )
            tx.people.put(person, at=START)
            tx.subscribers.put(Subscription(person=id_, language=language, **more))
            found.append(id_)
        return found

    return await house.store.write(unit)


async def test_an_alert_reaches_everybody_once_in_their_language(house: House) -> None:
    await settle_in(house, 20)
    await house.approved()
    await house.sender.deliver_due()
    assert await house.sums() == {"delivered": 20}
    assert (await house.alert()).state is State.COMPLETE
    assert all(len(texts) == 1 for texts in house.phones.shown.values())
    assert "Stay inside." in house.phones.shown["0"][0]
    assert "ابق في الداخل" in house.phones.shown["4"][0]
    reference = (await house.alert()).reference
    assert all(reference in text for texts in house.phones.shown.values() for text in texts)


async def test_who_has_no_text_in_their_language_gets_the_fallback(house: House) -> None:
    await settle_in(house, 5)
    await house.approved(texts=(AlertText(language="en", text="Stay inside."),))
    await house.sender.deliver_due()
    assert "Stay inside." in house.phones.shown["4"][0]


async def test_nothing_leaves_before_a_second_person_approves(house: House) -> None:
    await settle_in(house, 3)
    await house.do(house.acts.write, AUTHOR, draft())
    await house.do(house.acts.submit, AUTHOR, ActOnAlert(alert=A1, version=1))
    await house.sender.deliver_due()
    assert house.phones.shown == {}
    assert await house.sums() == {"waiting": 3}


async def test_the_canary_goes_first_and_the_others_after_the_hold(house: House) -> None:
    await settle_in(house, 150)
    await house.approved(hold_seconds=120)
    await house.sender.deliver_due()
    assert (len(house.phones.shown), (await house.alert()).state) == (2, State.CANARY)
    house.clock.at += timedelta(seconds=121)
    await house.sender.deliver_due()
    assert (len(house.phones.shown), (await house.alert()).state) == (150, State.COMPLETE)


async def test_a_canary_that_is_refused_pauses_the_alert_for_a_lead(house: House) -> None:
    await settle_in(house, 150)
    house.phones.fails = lambda _address: SendError("rejected", rejected=True)
    await house.approved(hold_seconds=60)
    await house.sender.deliver_due()
    house.clock.at += timedelta(seconds=61)
    await house.sender.deliver_due()
    paused = await house.alert()
    assert (paused.state, paused.paused_for) == (State.PAUSED, "canary")
    assert await house.sums() == {"waiting": 148, "excluded(refused)": 2}
    assert await house.refuses(house.acts.resume, SECOND, NameAlert(alert=A1)) == "not-yours"
    house.phones.fails = lambda _address: None
    await house.do(house.acts.resume, LEAD, NameAlert(alert=A1))
    await house.sender.deliver_due()
    assert await house.sums() == {"delivered": 148, "excluded(refused)": 2}


async def test_every_way_to_fail_ends_in_its_outcome_and_all_add_up(house: House) -> None:
    await settle_in(house, 8)
    ways = {
        "0": SendError("gone", gone=True),
        "1": SendError("rejected", rejected=True),
        "2": SendError("uncertain", uncertain=True),
        "3": SendError("flood", retry_at=START + timedelta(seconds=30)),
    }
    house.phones.fails = ways.get
    await house.approved()
    for _ in range(12):
        await house.sender.deliver_due()
        house.clock.at += timedelta(minutes=6)
    assert (await house.alert()).state is not State.COMPLETE
    house.clock.at = START + timedelta(hours=25)
    await house.sender.deliver_due()
    assert await house.sums() == {
        "delivered": 4, "unreachable": 1, "excluded(refused)": 1, "uncertain": 1, "expired": 1,
    }  # fmt: skip
    done = await house.alert()
    assert (done.state, done.frozen) == (State.COMPLETE, 8)
    gone = await house.store.read(lambda tx: tx.people.find(tx.people.lock(TG, "0")))
    assert gone is not None
    assert gone.gone_since is not None


async def test_a_repeat_says_that_it_is_one_and_carries_the_reference(house: House) -> None:
    await settle_in(house, 1)
    told = [SendError("uncertain", uncertain=True)]
    house.phones.fails = lambda _address: told.pop() if told else None
    await house.approved()
    await house.sender.deliver_due()
    house.clock.at += timedelta(seconds=5)
    await house.sender.deliver_due()
    (copy,) = house.phones.shown["0"]
    first = copy.splitlines()[0]
    assert "may have reached you before" in first
    assert (await house.alert()).reference in first


async def test_what_a_slow_channel_delivers_between_turns_is_written_down(house: House) -> None:
    await settle_in(house, 3)
    answers, asked = asyncio.Event(), asyncio.Event()
    plain = house.phones.send

    async def slow(address: str, message: Outgoing) -> Delivered:
        asked.set()
        await answers.wait()
        return await plain(address, message)

    house.phones.send = slow  # type: ignore[method-assign]
    await house.approved()
    while not asked.is_set():
        await house.sender.turn()
        await asyncio.sleep(0)
    for _ in range(3):
        await house.sender.turn()
    answers.set()
    await asyncio.wait(house.sender._flying)
    await house.sender.deliver_due()
    later = house.clock.at + timedelta(hours=1)
    assert await house.store.write(lambda tx: tx.ledger.recover(now=later)) == 0
    assert await house.sums() == {"delivered": 3}


async def test_abort_after_k_copies_leaves_at_most_those_under_way(house: House) -> None:
    await settle_in(house, 1_000)
    house.sender.rate.per_second = 400.0
    await house.approved()
    for _ in range(3):
        await house.sender.turn()
    under_way = len(house.sender._flying) + len(house.sender._ended)
    await house.do(house.acts.abort, SECOND, NameAlert(alert=A1))
    await house.sender.turn()
    at_abort = len(house.phones.shown)
    await house.sender.deliver_due()
    assert len(house.phones.shown) <= at_abort + under_way
    sums = await house.sums()
    assert set(sums) == {"delivered", "excluded(aborted)"}
    assert sum(sums.values()) == 1_000
    assert sums["delivered"] == len(house.phones.shown)
    assert (await house.alert()).ended_at is not None


async def test_a_paused_alert_rests_and_goes_on_where_it_stopped(house: House) -> None:
    await settle_in(house, 300)
    house.sender.rate.per_second = 400.0
    await house.approved()
    await house.sender.turn()
    await house.do(house.acts.pause, SECOND, NameAlert(alert=A1))
    await house.sender.deliver_due()
    resting = len(house.phones.shown)
    assert 0 < resting < 300
    await house.do(house.acts.resume, SECOND, NameAlert(alert=A1))
    for _ in range(40):
        await house.sender.deliver_due()
        house.clock.at += timedelta(seconds=1)
    assert await house.sums() == {"delivered": 300}
    assert all(len(texts) == 1 for texts in house.phones.shown.values())


async def test_recall_empties_every_chat_that_can_be_emptied(house: House) -> None:
    await settle_in(house, 30)
    await house.approved()
    await house.sender.deliver_due()
    away = {"3": SendError("unreachable"), "4": SendError("gone", gone=True)}
    house.phones.fails = away.get
    await house.do(house.acts.recall, SECOND, RecallAlert(alert=A1))
    await house.sender.deliver_due()
    assert len(house.phones.deleted) == 28
    assert (await house.alert()).state is State.RECALLING
    away.pop("3")
    house.clock.at += timedelta(minutes=2)
    await house.sender.deliver_due()
    house.clock.at += timedelta(seconds=2)
    await house.sender.deliver_due()
    assert len(house.phones.deleted) == 29
    assert (await house.alert()).state is State.RECALLED


async def test_recall_by_changing_shows_only_what_was_approved_with_it(house: House) -> None:
    await settle_in(house, 5)
    await house.approved(correction=(AlertText(language="en", text="All clear since noon."),))
    await house.sender.deliver_due()
    await house.do(house.acts.recall, LEAD, RecallAlert(alert=A1, edits=True))
    await house.sender.deliver_due()
    assert len(house.phones.changed) == 5
    assert all("All clear since noon." in text for text in house.phones.changed.values())


async def test_the_correction_goes_to_those_who_got_it_under_the_same_reference(
    house: House,
) -> None:
    await settle_in(house, 6)
    house.phones.fails = {"2": SendError("gone", gone=True)}.get
    await house.approved(correction=(AlertText(language="en", text="All clear."),))
    await house.sender.deliver_due()
    child = await house.do(house.acts.correct, SECOND, NameAlert(alert=A1))
    await house.sender.deliver_due()
    assert await house.sums("child") == {"delivered": 5}
    assert child.reference == (await house.alert()).reference
    assert "All clear." in house.phones.shown["0"][1]
    assert await house.refuses(house.acts.correct, SECOND, NameAlert(alert=A1)) == "state"


async def test_amber_waits_for_the_end_of_a_report_and_red_does_not(
    house: House, library: Library
) -> None:
    (id_,) = await settle_in(house, 1)
    report = next(flow for flow in library.flows.values() if flow.sensitive)
    frame = Frame(flow=report.id, hash=report.hash, step=report.start)
    await house.store.write(lambda tx: tx.sessions.save(id_, Session(frames=(frame,)), at=START))
    await house.approved(severity=Severity.AMBER)
    await house.sender.deliver_due()
    assert house.phones.shown == {}
    house.clock.at += timedelta(hours=49)
    await house.sender.deliver_due()
    assert await house.sums() == {"excluded(busy)": 1}
    await house.do(house.acts.write, AUTHOR, draft(alert="red"))
    await house.do(house.acts.submit, AUTHOR, ActOnAlert(alert="red", version=1))
    await house.do(house.acts.approve, SECOND, ApproveAlert(alert="red", version=2, frozen=1))
    await house.sender.deliver_due()
    assert len(house.phones.shown["0"]) == 1


async def test_a_drill_says_so_twice_and_can_never_become_an_alert(house: House) -> None:
    await settle_in(house, 2)
    drills = house.drills
    await house.do(drills.write, AUTHOR, draft(alert="drill", severity=Severity.RED))
    for act in (house.acts.write, house.acts.submit, house.acts.approve):
        asked = {
            "write": draft(alert="drill", version=1, audience="not everyone"),
            "submit": ActOnAlert(alert="drill", version=1),
            "approve": ApproveAlert(alert="drill", version=1, frozen=2),
        }[act.__name__]
        assert await house.refuses(act, AUTHOR, asked) == "no-such-alert"
    await house.do(drills.submit, AUTHOR, ActOnAlert(alert="drill", version=1))
    await house.do(drills.approve, SECOND, ApproveAlert(alert="drill", version=2, frozen=2))
    await house.sender.deliver_due()
    assert house.phones.shown["0"][0].count("DRILL. This is practice only") == 2


async def test_who_stopped_a_kind_is_counted_and_not_written_to(house: House) -> None:
    await settle_in(house, 2, stopped=frozenset({"severity-amber"}))
    await house.approved(severity=Severity.AMBER)
    await house.sender.deliver_due()
    assert await house.sums() == {"opted_out": 2}
    assert (await house.alert()).state is State.COMPLETE


async def test_twice_the_same_request_does_it_once(house: House) -> None:
    await settle_in(house, 3)
    acts = house.acts
    for _ in range(2):
        await house.do(acts.write, AUTHOR, draft())
    for _ in range(2):
        await house.do(acts.submit, AUTHOR, ActOnAlert(alert=A1, version=1))
    for _ in range(2):
        await house.do(acts.approve, SECOND, ApproveAlert(alert=A1, version=2, frozen=3))
    await house.sender.deliver_due()
    assert await house.sums() == {"delivered": 3}


async def test_a_rogue_coordinator_cannot_send_widen_or_approve_alone(house: House) -> None:
    await settle_in(house, 10)
    acts = house.acts
    await house.do(acts.write, AUTHOR, draft(audience="topic is arrests"))
    assert await house.refuses(acts.submit, AUTHOR, ActOnAlert(alert=A1, version=1)) == "nobody"
    await house.do(acts.write, AUTHOR, draft(version=1))
    await house.do(acts.submit, AUTHOR, ActOnAlert(alert=A1, version=2))
    yes = ApproveAlert(alert=A1, version=3, frozen=10)
    assert await house.refuses(acts.approve, AUTHOR, yes) == "own-alert"
    assert await house.refuses(acts.approve, OPERATOR, yes) == "role"
    wider = draft(version=3, audience="everyone", texts=(AlertText(language="en", text="Other"),))
    assert await house.refuses(acts.write, AUTHOR, wider) == "state"
    # The second person gave their word for a shorter list, or for another version.
    for asked in (replace(yes, frozen=9), replace(yes, version=2)):
        assert await house.refuses(acts.approve, SECOND, asked) == "changed"
    # Given back and changed, the approval that was prepared no longer fits.
    await house.do(acts.give_back, AUTHOR, ActOnAlert(alert=A1, version=3))
    await house.do(
        acts.write, AUTHOR, draft(version=4, texts=(AlertText(language="en", text="x"),))
    )
    await house.do(acts.submit, AUTHOR, ActOnAlert(alert=A1, version=5))
    assert await house.refuses(acts.approve, SECOND, yes) == "changed"
    for act in (acts.resume, acts.correct, acts.recall):
        asked = RecallAlert(alert=A1) if act is acts.recall else NameAlert(alert=A1)
        assert await house.refuses(act, AUTHOR, asked) == "state"
    await house.sender.deliver_due()
    assert house.phones.shown == {}
    entries = await house.store.read(lambda tx: tx.audit.entries(subject=A1))
    refused = [(entry.actor, entry.act, entry.note) for entry in entries if "refused" in entry.act]
    assert len(refused) == 10
    assert ("author", "alert-approve-refused", "own-alert") in refused
    assert ("machine", "alert-approve-refused", "role") in refused
    assert await house.store.read(lambda tx: tx.audit.broken_at()) is None


async def test_somebody_who_changed_a_text_is_an_author_too(house: House) -> None:
    await settle_in(house, 3)
    acts = house.acts
    await house.do(acts.write, AUTHOR, draft())
    changed = draft(version=1, texts=(AlertText(language="en", text="Other"),))
    await house.do(acts.write, SECOND, changed)
    await house.do(acts.submit, AUTHOR, ActOnAlert(alert=A1, version=2))
    yes = ApproveAlert(alert=A1, version=3, frozen=3)
    assert await house.refuses(acts.approve, SECOND, yes) == "own-alert"
    await house.do(acts.approve, LEAD, yes)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"audience": "topic is unheard-of"}, "bad-audience"),
        ({"audience": "country"}, "bad-audience"),
    ],
)
async def test_an_audience_that_is_none_is_refused_when_it_is_written(
    house: House, more: dict[str, str], code: str
) -> None:
    assert await house.refuses(house.acts.write, AUTHOR, draft(**more)) == code


async def test_faulty_texts_are_refused_when_they_are_submitted(house: House) -> None:
    await settle_in(house, 1)
    texts = (
        AlertText(language="en", text="Call +1 555 0100."),
        AlertText(language="ar", text="اتصل على +1 555 0199."),
    )
    await house.do(house.acts.write, AUTHOR, draft(texts=texts))
    asked = ActOnAlert(alert=A1, version=1)
    assert await house.refuses(house.acts.submit, AUTHOR, asked) == "faulty-text"
    view = await house.store.read(lambda tx: house.views.view(tx, AUTHOR, tx.alerts.get(A1)))
    assert [(fault.language, fault.code) for fault in view.faults] == [("ar", "numbers")]


async def test_the_preview_is_what_the_frozen_list_becomes(house: House) -> None:
    await settle_in(house, 10)
    await house.do(house.acts.write, AUTHOR, draft())

    async def view() -> Any:
        alert = await house.alert()
        return await house.store.read(lambda tx: house.views.view(tx, SECOND, alert))

    before = await view()
    await house.do(house.acts.submit, AUTHOR, ActOnAlert(alert=A1, version=1))
    after = await view()
    assert before.counts == after.counts
    assert {(one.language, one.number) for one in after.counts} == {("en", 8), ("ar", 2)}
    assert "approve" in after.may
    assert [screen.right_to_left for screen in after.screens] == [False, True]


async def test_an_export_hides_small_numbers(house: House) -> None:
    await settle_in(house, 12)
    await house.approved()
    await house.sender.deliver_due()
    alert = await house.alert()
    table = (await house.store.read(lambda tx: house.views.export(tx, alert))).decode()
    # Ten in English, two in Arabic: one small number alone would follow from the sum.
    assert ",en,delivered,,<20\r\n" in table
    assert ",ar,delivered,,<5\r\n" in table


async def test_two_days_later_nobody_on_the_list_is_known_any_more(house: House) -> None:
    (id_,) = await settle_in(house, 1)
    await house.approved()
    await house.sender.deliver_due()
    lately = await house.store.read(lambda tx: tx.ledger.lately(id_, since=START))
    assert lately == [A1]
    house.clock.at += timedelta(hours=49)
    await house.sender.deliver_due()
    assert await house.store.read(lambda tx: tx.ledger.lately(id_, since=START)) == []
    assert await house.sums() == {"delivered": 1}


async def test_floods_of_several_chats_hold_the_whole_bot_and_of_one_only_that_chat() -> None:
    rate, now = Rate(per_second=30.0), START
    assert not rate.flooded(TG, PersonId("a"), now)
    assert not rate.flooded(TG, PersonId("a"), now + timedelta(seconds=1))
    assert rate.every(TG, now) == timedelta(seconds=1 / 30)
    assert rate.flooded(TG, PersonId("b"), now + timedelta(seconds=2))
    assert rate.every(TG, now + timedelta(seconds=3)) > timedelta(seconds=1 / 30)
    assert rate.every(TG, now + timedelta(minutes=5)) == timedelta(seconds=1 / 30)


async def test_what_replies_use_is_taken_off_the_pace_of_alerts(house: House) -> None:
    house.sender.rate = Rate(per_second=10.0)
    await settle_in(house, 30)
    await house.approved()
    for _ in range(20):
        house.sender.rate.spend(TG)
    await house.sender.turn()
    assert house.sender._flying == set()
    house.clock.at += timedelta(seconds=2)
    await house.sender.turn()
    assert house.sender._flying != set()
    await house.sender.deliver_due()
    assert Outcome.DELIVERED in {key[1] for key in await _counts(house)}


async def _counts(house: House) -> Any:
    return await house.store.read(lambda tx: tx.ledger.counts(AlertId(A1)))


def test_reasons_are_codes_that_a_row_can_hold() -> None:
    assert all(len(reason) <= 16 for reason in Reason)


async def calls(house: House) -> list[tuple[str, str, Urgency]]:
    waiting = await house.store.read(lambda tx: tx.pages.waiting())
    return [(one.short, one.code, one.urgency) for one in waiting]


async def test_a_canary_that_fails_calls_somebody_until_somebody_decides(house: House) -> None:
    await settle_in(house, 150)
    house.phones.fails = lambda _address: SendError("rejected", rejected=True)
    await house.approved(hold_seconds=60)
    await house.sender.deliver_due()
    house.clock.at += timedelta(seconds=61)
    await house.sender.deliver_due()
    assert (await house.alert()).paused_for == "canary"
    assert await calls(house) == [("K7QF", "alert", Urgency.RED)]
    await house.do(house.acts.abort, SECOND, NameAlert(alert=A1))
    assert await calls(house) == []


async def asked_again(house: House) -> list[str]:
    """Take what waits in the outbox as sent, and return to whom it went."""

    def unit(tx: Tx) -> list[str]:
        rows = tx.outbox.claim(
            worker="o", now=house.clock.at, lease=timedelta(minutes=1), limit=99,
            lanes=(Lane.CHECK_IN,), channels=(TG,),
        )  # fmt: skip
        for row in rows:
            assert "Are you safe?" in row.message.text or "هل أنت بأمان" in row.message.text
            assert [len(line) for line in row.message.buttons] == [1, 1, 1]
            tx.outbox.settle([row.id], worker="o", state=OutboxState.SENT, at=house.clock.at)
        return sorted(row.address for row in rows)

    return await house.store.write(unit)


async def minutes_later(house: House, minutes: int) -> list[str]:
    house.clock.at += timedelta(minutes=minutes)
    await house.sender.deliver_due()
    return await asked_again(house)


async def answers(house: House, person: PersonId, answer: str) -> None:
    def unit(tx: Tx) -> None:
        found = tx.people.find(person)
        assert found is not None
        moment = Moment(person=found, language=EN, at=house.clock.at, key="k", inbound=None)
        answer_roll_call(tx, moment, Do(act="answer-roll-call", arguments={"answer": answer}))

    await house.store.write(unit)


async def test_the_silent_are_asked_twice_and_then_coordinators_are_called(house: House) -> None:
    people = await settle_in(house, 4)
    await house.approved(roll_call=True, ladder=True)
    await house.sender.deliver_due()
    done = await house.alert()
    assert done.state is State.COMPLETE
    await answers(house, people[0], "safe")
    assert await minutes_later(house, 9) == []
    assert await minutes_later(house, 1) == ["1", "2", "3"]
    await answers(house, people[1], "safe")
    await answers(house, people[2], "later")
    assert await minutes_later(house, 5) == []
    assert await minutes_later(house, 5) == ["2", "3"]
    assert await calls(house) == []
    assert await minutes_later(house, 10) == []
    assert await calls(house) == [("K7QF", "roll-call", Urgency.RED)]
    assert await minutes_later(house, 600) == []
    assert (await house.alert()).version == done.version


async def test_later_puts_the_question_off_and_does_not_end_it(house: House) -> None:
    (person,) = await settle_in(house, 1)
    await house.approved(roll_call=True, ladder=True)
    await house.sender.deliver_due()
    house.clock.at += timedelta(minutes=8)
    await answers(house, person, "later")
    assert await minutes_later(house, 9) == []
    assert await minutes_later(house, 1) == ["0"]
    await answers(house, person, "help")
    assert await minutes_later(house, 60) == []


async def test_who_needs_help_has_somebody_called_at_once_and_each_time(house: House) -> None:
    people = await settle_in(house, 3)
    await house.approved(roll_call=True)
    await house.sender.deliver_due()
    for place, person in enumerate(people):
        await answers(house, person, "help")
        ((short, code, urgency),) = await calls(house)
        assert (short, code, urgency) == ("K7QF", "roll-call", Urgency.RED)
        if place < 2:
            (page,) = await house.store.read(lambda tx: tx.pages.waiting())
            by = CoordinatorId("c1")
            await house.store.write(
                lambda tx, page=page, by=by: tx.pages.acknowledge(page.ref, by, at=START)
            )


async def test_a_roll_call_that_does_not_climb_asks_once(house: House) -> None:
    await settle_in(house, 2)
    await house.approved(roll_call=True)
    await house.sender.deliver_due()
    assert await minutes_later(house, 240) == []
    assert await calls(house) == []


async def test_nobody_is_asked_again_after_an_alert_was_taken_back(house: House) -> None:
    await settle_in(house, 2)
    await house.approved(roll_call=True, ladder=True)
    await house.sender.deliver_due()
    await house.do(house.acts.recall, LEAD, RecallAlert(alert=A1))
    assert await minutes_later(house, 240) == []
    assert await calls(house) == []


async def test_a_calm_roll_call_asks_again_after_the_night_and_the_report(
    house: House, library: Library
) -> None:
    # It is 12:00; their night begins at 12:10.
    night = OwnClock(quiet=(time(12, 10), time(15, 0)))
    (person,) = await settle_in(house, 1, clock=night)
    await house.approved(severity=Severity.AMBER, roll_call=True, ladder=True)
    await house.sender.deliver_due()
    assert await minutes_later(house, 30) == []
    report = next(flow for flow in library.flows.values() if flow.sensitive)
    session = Session(frames=(Frame(flow=report.id, hash=report.hash, step=report.start),))
    await house.store.write(lambda tx: tx.sessions.save(person, session, at=START))
    assert await minutes_later(house, 155) == []
    await house.store.write(lambda tx: tx.sessions.save(person, Session(), at=START))
    assert await minutes_later(house, 11) == ["0"]


async def test_a_drill_asks_again_as_a_drill_and_calls_as_one(house: House) -> None:
    await settle_in(house, 1)
    drills = house.drills
    await house.do(drills.write, AUTHOR, draft(alert="drill", roll_call=True, ladder=True))
    await house.do(drills.submit, AUTHOR, ActOnAlert(alert="drill", version=1))
    await house.do(drills.approve, SECOND, ApproveAlert(alert="drill", version=2, frozen=1))
    await house.sender.deliver_due()
    house.clock.at += timedelta(minutes=10)
    await house.sender.deliver_due()
    waiting = await house.store.read(lambda tx: tx.outbox.next_due((Lane.CHECK_IN,)))
    assert waiting is not None
    assert await minutes_later(house, 10) == ["0"]
    assert await minutes_later(house, 10) == []
    assert await calls(house) == [("K7QF", "roll-call-drill", Urgency.YELLOW)]


async def green(house: House, name: str, text: str, **more: Any) -> None:
    """Write, submit and approve a good-to-know alert."""
    acts, people = house.acts, await house.store.read(lambda tx: tx.subscribers.how_many())
    asked = draft(
        alert=name, severity=Severity.GREEN, texts=(AlertText(language="en", text=text),), **more
    )
    await house.do(acts.write, AUTHOR, asked)
    await house.do(acts.submit, AUTHOR, ActOnAlert(alert=name, version=1))
    yes = ApproveAlert(alert=name, version=2, frozen=people)
    await house.do(acts.approve, SECOND, yes)


DAILY = OwnClock(zone="Africa/Kampala", digest=True)
"""18:00 there is 15:00 UTC; the tests begin at 12:00."""


async def test_news_that_can_wait_come_in_one_message_a_day_on_their_own_clock(
    house: House,
) -> None:
    await settle_in(house, 2, clock=DAILY)
    await green(house, "one", "A course begins.")
    await house.sender.deliver_due()
    house.clock.at += timedelta(hours=1)
    await green(house, "two", "A law has changed.")
    await house.sender.deliver_due()
    assert house.phones.shown == {}
    house.clock.at = START.replace(hour=15)
    await house.sender.deliver_due()
    for texts in house.phones.shown.values():
        (text,) = texts
        assert "News of the day" in text
        assert text.index("A course begins.") < text.index("A law has changed.")
    assert len(house.phones.shown) == 2
    for name in ("one", "two"):
        assert await house.sums(name) == {"delivered": 2}
        assert (await house.alert(name)).state is State.COMPLETE
    house.clock.at += timedelta(seconds=1)
    await green(house, "three", "Too late for today.")
    await house.sender.deliver_due()
    house.clock.at += timedelta(hours=23, minutes=59)
    await house.sender.deliver_due()
    assert {len(texts) for texts in house.phones.shown.values()} == {1}
    house.clock.at += timedelta(minutes=1)
    await house.sender.deliver_due()
    assert {len(texts) for texts in house.phones.shown.values()} == {2}


async def test_whoever_wants_news_at_once_gets_each_by_itself(house: House) -> None:
    await settle_in(house, 1)
    await green(house, "one", "A course begins.")
    await green(house, "two", "A law has changed.")
    await house.sender.deliver_due()
    assert [text.count("Reference") for text in house.phones.shown["0"]] == [1, 1]


async def test_an_urgent_alert_never_waits_for_the_message_of_the_day(house: House) -> None:
    await settle_in(house, 1, clock=DAILY)
    await house.approved(severity=Severity.AMBER)
    await house.sender.deliver_due()
    assert await house.sums() == {"delivered": 1}


async def test_a_repeated_digest_names_what_may_have_come_before(house: House) -> None:
    await settle_in(house, 1, clock=DAILY)
    for name in ("one", "two"):
        await green(house, name, f"Text {name}.")
    house.clock.at = START.replace(hour=15)
    told = [SendError("uncertain", uncertain=True)]
    house.phones.fails = lambda _address: told.pop() if told else None
    await house.sender.deliver_due()
    house.clock.at += timedelta(seconds=5)
    await house.sender.deliver_due()
    (text,) = house.phones.shown["0"]
    assert text.splitlines()[0] == "Repeat \u2068K7QF K7QF\u2069: this may have reached you before."
    assert await house.sums("two") == {"delivered": 1}


async def test_a_long_day_comes_in_several_messages_and_nothing_is_lost(house: House) -> None:
    await settle_in(house, 1, clock=DAILY)
    for name in ("one", "two", "three"):
        await green(house, name, name * 500)
    house.clock.at = START.replace(hour=15)
    for _ in range(3):
        await house.sender.deliver_due()
    assert len(house.phones.shown["0"]) == 2
    assert all(len(text) < 4_096 for text in house.phones.shown["0"])
    assert [await house.sums(name) for name in ("one", "two", "three")] == [{"delivered": 1}] * 3


async def test_recall_takes_one_alert_out_of_a_digest_and_leaves_the_others(house: House) -> None:
    await settle_in(house, 1, clock=DAILY)
    for name in ("one", "two"):
        await green(house, name, f"Text {name}.")
    house.clock.at = START.replace(hour=15)
    await house.sender.deliver_due()
    await house.do(house.acts.recall, SECOND, RecallAlert(alert="one"))
    await house.sender.deliver_due()
    assert house.phones.deleted == []
    assert "Text one." not in house.phones.changed["1"]
    assert "Text two." in house.phones.changed["1"]
    assert (await house.alert("one")).state is State.RECALLED
    await house.do(house.acts.recall, SECOND, RecallAlert(alert="two"))
    house.clock.at += timedelta(seconds=2)
    await house.sender.deliver_due()
    assert house.phones.deleted == ["1"]


async def test_two_alerts_of_a_digest_recalled_at_once_leave_nothing(house: House) -> None:
    await settle_in(house, 1, clock=DAILY)
    for name in ("one", "two"):
        await green(house, name, f"Text {name}.")
    house.clock.at = START.replace(hour=15)
    await house.sender.deliver_due()
    for name in ("one", "two"):
        await house.do(house.acts.recall, SECOND, RecallAlert(alert=name))
    await house.sender.deliver_due()
    assert set(house.phones.deleted) == {"1"}
    assert house.phones.changed == {}


async def test_a_chat_that_fell_silent_after_the_list_was_frozen_is_left_alone(
    house: House,
) -> None:
    people = await settle_in(house, 2)
    await house.approved()
    hush = Timer(kind="check-in-silence", key="p", person=people[0], due_at=START)
    await house.store.write(lambda tx: tx.timers.set(hush))
    await house.sender.deliver_due()
    assert await house.sums() == {"delivered": 1, "excluded(silence)": 1}


async def turns_until_done(house: House, bots: int) -> int:
    """Send to 400 people, split over so many bots; return after how many quarters of a second."""
    phones = {ChannelName(f"telegram-{n}"): Phones() for n in range(bots)}
    house.sender.channels = phones
    house.sender.rate.per_second = 400.0

    def unit(tx: Tx) -> None:
        for number in range(400):
            channel = ChannelName(f"telegram-{number % bots}")
            id_ = tx.people.lock(channel, str(number))
            person = Person(
                id=id_, channel=channel, address=str(number), language=EN, language_hint=None
            )
            tx.people.put(person, at=START)
            tx.subscribers.put(Subscription(person=id_, language=EN))

    await house.store.write(unit)
    await house.approved()
    turns = 0
    while (await house.alert()).state is not State.COMPLETE:
        turns += 1
        await house.sender.deliver_due()
        house.clock.at += timedelta(seconds=0.25)
    assert [len(one.shown) for one in phones.values()] == [400 // bots] * bots
    return turns


async def test_two_bots_share_the_load_each_at_its_own_pace(house: House) -> None:
    alone = await turns_until_done(house, 1)
    await house.store.write(lambda tx: tx.alerts.delete(AlertId(A1)))
    await house.store.write(
        lambda tx: [tx.people.forget(tx.people.lock(ChannelName("telegram-0"), str(n)))
                    for n in range(400)]
    )  # fmt: skip
    together = await turns_until_done(house, 2)
    assert together <= alone / 2 + 1
    assert alone >= 3


async def test_only_alerts_are_paid_for_and_only_where_that_was_asked_for(house: House) -> None:
    await settle_in(house, 2)
    seen: list[Outgoing] = []
    plain = house.phones.send

    async def looking(address: str, message: Outgoing) -> Delivered:
        seen.append(message)
        return await plain(address, message)

    house.phones.send = looking  # type: ignore[method-assign]
    await house.approved()
    await house.sender.deliver_due()
    assert [message.paid for message in seen] == [False, False]
    house.sender.paid = True
    await house.do(house.acts.write, AUTHOR, draft(alert="two"))
    await house.do(house.acts.submit, AUTHOR, ActOnAlert(alert="two", version=1))
    await house.do(house.acts.approve, SECOND, ApproveAlert(alert="two", version=2, frozen=2))
    await house.sender.deliver_due()
    assert [message.paid for message in seen[2:]] == [True, True]


async def test_one_chat_that_is_refused_waits_alone_as_long_as_it_is_told(house: House) -> None:
    await settle_in(house, 5)
    until = START + timedelta(seconds=30)
    house.phones.fails = lambda address: (
        SendError("flood", retry_at=until) if address == "2" and house.clock.at < until else None
    )
    await house.approved()
    await house.sender.deliver_due()
    assert sorted(house.phones.shown) == ["0", "1", "3", "4"]
    house.clock.at = until - timedelta(seconds=1)
    await house.sender.deliver_due()
    assert "2" not in house.phones.shown
    house.clock.at = until
    await house.sender.deliver_due()
    assert await house.sums() == {"delivered": 5}


async def test_a_long_alert_is_recalled_with_all_its_parts(house: House) -> None:
    await settle_in(house, 1)

    async def in_parts(_address: str, message: Outgoing) -> Delivered:
        if message.edit_ref is not None:
            house.phones.changed[message.edit_ref] = message.text
            return Delivered(refs=(message.edit_ref,))
        return Delivered(refs=("1", "2", "3"))

    house.phones.send = in_parts  # type: ignore[method-assign]
    await house.approved()
    await house.sender.deliver_due()
    await house.do(house.acts.recall, SECOND, RecallAlert(alert=A1, edits=True))
    await house.sender.deliver_due()
    assert list(house.phones.changed) == ["1"]
    assert house.phones.deleted == ["2", "3"]


async def test_a_long_list_is_begun_ended_and_forgotten_in_pieces(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcast_house, "PIECE", 7)
    await settle_in(house, 20)
    await house.approved()
    for _ in range(2):
        await house.sender.turn()
        assert (await house.alert()).state is State.SCHEDULED
        house.clock.at += timedelta(seconds=1)
    await house.sender.turn()
    assert (await house.alert()).state is State.SENDING
    await house.do(house.acts.abort, SECOND, NameAlert(alert=A1))
    for _ in range(5):
        house.clock.at += timedelta(seconds=1)
        await house.sender.deliver_due()
    sums = await house.sums()
    assert set(sums) <= {"delivered", "excluded(aborted)"}
    assert sum(sums.values()) == 20
    assert (await house.alert()).ended_at is not None
    house.clock.at += timedelta(hours=49)
    for _ in range(5):
        await house.sender.deliver_due()
        house.clock.at += timedelta(seconds=1)
    assert await house.store.read(lambda tx: tx.alerts.due(house.clock.at)) == []
    assert (
        await house.store.read(lambda tx: tx.ledger.standing(AlertId(A1), after=0, limit=9)) == []
    )


async def test_only_red_comes_in_somebodys_night(house: House) -> None:
    # It is 12:00, in the middle of theirs.
    await settle_in(house, 2, clock=OwnClock(quiet=(time(11), time(13))))
    await house.approved(severity=Severity.AMBER)
    await house.sender.deliver_due()
    assert house.phones.shown == {}
    await house.do(house.acts.write, AUTHOR, draft(alert="red"))
    await house.do(house.acts.submit, AUTHOR, ActOnAlert(alert="red", version=1))
    await house.do(house.acts.approve, SECOND, ApproveAlert(alert="red", version=2, frozen=2))
    await house.sender.deliver_due()
    assert await house.sums("red") == {"delivered": 2}
    house.clock.at = START + timedelta(hours=1)
    await house.sender.deliver_due()
    assert await house.sums() == {"delivered": 2}
