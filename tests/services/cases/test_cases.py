from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.contract import cases as contract
from bot.contract import exports
from bot.contract.items import Note
from bot.domain.cases import Case, State, heard, kept_for, raised
from bot.domain.coordinators import Role, Urgency
from bot.domain.errors import BotError, ConflictError, RefusedError
from bot.domain.ids import CaseId, LanguageTag
from bot.services.cases import CaseClosedError, NoSuchCaseError, standing
from bot.services.relay import NotReachableError
from tests.services.cases.conftest import NOW
from tests.services.cases.reporting import Desk, desks, receipt_in, report

if TYPE_CHECKING:
    from tests.services.cases.conftest import House

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def plain(**changes: Any) -> Case:
    held: dict[str, Any] = {
        "id": CaseId("aa"), "kind": "report", "urgency": Urgency.YELLOW, "state": State.WAITING,
        "language": LanguageTag("fr"), "created_at": NOW, "answer_by": NOW + DAY,
        "expires_at": NOW + 30 * DAY, "longest_until": NOW + 30 * DAY,
    }  # fmt: skip
    return Case(**{**held, **changes})


@pytest.mark.parametrize("asked", list(Urgency))
def test_a_machine_raises_the_urgency_and_never_lowers_it(asked: Urgency) -> None:
    assert raised(plain(), asked, NOW).urgency is max(asked, Urgency.YELLOW)
    assert raised(plain(), asked, NOW).answer_by <= plain().answer_by


def test_nobody_keeps_a_case_longer_than_its_person_chose() -> None:
    assert kept_for(plain(), 7, NOW).expires_at == NOW + 7 * DAY
    assert kept_for(plain(), 365, NOW).expires_at == NOW + 30 * DAY


def test_a_closed_case_opens_when_its_person_writes_again() -> None:
    closed = plain(state=State.CLOSED, outcome="safe")
    assert heard(closed, NOW).state is State.WAITING
    assert heard(plain(), NOW) == plain(), "one that waits goes on waiting"


ACTS: dict[str, Any] = {
    "open": contract.AskCase,
    "item": lambda case: contract.AskItem(case=case, sequence=0),
    "add": lambda case: contract.AddItem(case=case, sequence=2, kind="note", sealed=b"x" * 40),
    "answer": lambda case: contract.AnswerPerson(
        case=case, words="hello", language="en", sequence=2, sealed=b"x" * 40
    ),
    "release": contract.AskCase,
    "assign": lambda case: contract.GiveCase(case=case, to="id-wren"),
    "hand_over": lambda case: contract.GiveCase(case=case, to="id-wren"),
    "set_urgency": lambda case: contract.SetUrgency(
        case=case, urgency=contract.Urgency.RED, sequence=2, sealed=b"x" * 40
    ),
    "set_retention": lambda case: contract.SetRetention(case=case, days=7),
    "close": lambda case: contract.CloseCase(case=case, outcome=contract.Outcome.SAFE),
    "reopen": contract.AskCase,
    "export": lambda case: exports.ExportCase(case=case, form=exports.Form.JSON),
}
ON_CLOSED = {"open", "item", "set_retention", "reopen", "export"}
LEADS_ON_ANY = {"release", "assign", "reopen"}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("which", ["own", "another's", "closed"])
async def test_who_may_do_what_with_which_case(
    house: House, act: str, role: Role, which: str
) -> None:
    kestrel, wren = await desks(house)
    await report(house)
    asks = kestrel
    case = await (wren if which == "another's" else kestrel).takes()
    if which == "closed":
        await kestrel.asks("close", ACTS["close"](case))
    who = await house.coordinator("kestrel", roles=frozenset({role}))
    asks = Desk(house, who, kestrel.identity)
    request = ACTS[act](case=case) if act in {"open", "release", "reopen"} else ACTS[act](case)
    lead_may = role is Role.LEAD and act in LEADS_ON_ANY
    own_may = which in {"own", "closed"} and role is not Role.OPERATOR and act != "assign"
    if act in {"release", "reopen"} and which in {"own", "closed"}:
        own_may = True
    fits = (which == "closed") == (act == "reopen") or (which == "closed" and act in ON_CLOSED)
    if which == "closed" and act not in ON_CLOSED:
        fits = False
    if (lead_may or own_may) and fits:
        await asks.asks(act, request)
    else:
        with pytest.raises(BotError):
            await asks.asks(act, request)


async def test_what_waits_is_seen_by_all_and_what_is_taken_by_whoever_has_it(
    house: House,
) -> None:
    kestrel, wren = await desks(house)
    await report(house)
    assert len((await kestrel.queue()).cases) == len((await wren.queue()).cases) == 1
    case = await kestrel.takes()
    assert (await wren.queue()).cases == ()
    with pytest.raises(ConflictError):
        await wren.asks("take", contract.AskCase(case=case))
    lead = await house.coordinator("heron", roles=frozenset({Role.LEAD}))
    seen = (await Desk(house, lead, wren.identity).queue()).cases
    assert [one.case for one in seen] == [case]
    where = await house.store.read(lambda tx: standing(tx, case))
    assert where is not None
    assert (where.assigned_to, where.waiting, where.closed) == (kestrel.who.id, False, False)


async def test_a_case_goes_from_hand_to_hand_and_every_reading_is_in_the_log(
    house: House,
) -> None:
    kestrel, wren = await desks(house)
    await report(house)
    case = await kestrel.takes()
    request = await kestrel.sealed(case, kestrel.note("called the lawyer"))
    await kestrel.asks("add", contract.AddItem(kind="note", **request))
    await kestrel.asks("hand_over", contract.GiveCase(case=case, to=wren.who.id))
    with pytest.raises(NoSuchCaseError):
        await kestrel.reads(case)
    last = (await wren.reads(case))[-1]
    assert isinstance(last, Note)
    assert last.text == "called the lawyer"
    log = await house.store.read(lambda tx: tx.audit.entries(subject=CaseId(case)))
    acts = [(one.actor, one.act) for one in reversed(log)]
    assert acts == [
        ("house", "sent-in"), (kestrel.who.id, "took"), (kestrel.who.id, "read"),
        (kestrel.who.id, "noted"), (kestrel.who.id, "handed-over"), (wren.who.id, "read"),
    ]  # fmt: skip
    assert "lawyer" not in repr(log)


async def test_two_desks_that_write_at_once_do_not_overwrite_each_other(house: House) -> None:
    kestrel, _ = await desks(house)
    await report(house)
    case = await kestrel.takes()
    first = await kestrel.sealed(case, kestrel.note("one"))
    second = await kestrel.sealed(case, kestrel.note("two"))
    await kestrel.asks("add", contract.AddItem(kind="note", **first))
    with pytest.raises(ConflictError):
        await kestrel.asks("add", contract.AddItem(kind="note", **second))


async def test_when_nobody_takes_a_case_in_its_time_it_is_called_for_again(house: House) -> None:
    kestrel, _ = await desks(house)
    await report(house)
    await house.settle(MINUTE)
    await house.presses("kestrel", "I will look")
    assert await house.heard("wren", 10 * MINUTE) == []
    heard_late = await house.heard("wren", 5 * MINUTE)
    assert len(heard_late) == 1
    assert (await kestrel.queue()).cases[0].late
    log = await house.store.read(lambda tx: tx.audit.entries())
    assert log[0].act == "late"


async def test_a_case_that_was_answered_is_not_late(house: House) -> None:
    kestrel, _ = await desks(house)
    await report(house)
    case = await kestrel.takes()
    await kestrel.answers(case, "We are here.")
    assert await house.heard("wren", 2 * HOUR) == []
    summary = (await kestrel.queue()).cases[0]
    assert (summary.late, summary.state) == (False, contract.State.ANSWERED)


async def test_only_a_person_lowers_the_urgency_and_leaves_a_note(house: House) -> None:
    kestrel, _ = await desks(house)
    await report(house)
    case = await kestrel.takes()
    place = await kestrel.sealed(case, kestrel.note("they are safe by now"))
    lower = contract.SetUrgency(urgency=contract.Urgency.GREEN, **place)
    assert (await kestrel.asks("set_urgency", lower)).urgency is contract.Urgency.GREEN
    assert isinstance((await kestrel.reads(case))[-1], Note)


async def test_a_closed_case_is_no_longer_worked_on_until_it_is_opened_again(
    house: House,
) -> None:
    kestrel, _ = await desks(house)
    receipt = receipt_in(await report(house))
    case = await kestrel.takes()
    await kestrel.asks("close", ACTS["close"](case))
    with pytest.raises(CaseClosedError):
        await kestrel.answers(case, "one more thing")
    await house.says("elsewhere", receipt)
    await house.presses("elsewhere", "Add something")
    await house.says("elsewhere", "It began again")
    assert (await kestrel.queue()).cases[0].state is contract.State.TAKEN
    await kestrel.answers(case, "We are on it.")


async def test_a_case_nobody_can_be_reached_for_refuses_an_answer(house: House) -> None:
    kestrel, _ = await desks(house)
    await report(house)
    case = await kestrel.takes()
    await house.store.write(lambda tx: tx.cases.set_reach(CaseId(case), None))
    with pytest.raises(NotReachableError):
        await kestrel.answers(case, "hello")


async def test_a_shorter_retention_is_kept_and_then_everything_is_gone(house: House) -> None:
    kestrel, _ = await desks(house)
    await report(house)
    case = await kestrel.takes()
    await kestrel.asks("set_retention", contract.SetRetention(case=case, days=7))
    await house.settle(8 * DAY)
    await house.parts.shredding.due()
    assert (await kestrel.queue(closed=True)).cases == ()
    assert await house.store.read(lambda tx: standing(tx, case)) is None


async def test_a_desk_adds_notes_and_nothing_that_looks_like_somebody_elses(
    house: House,
) -> None:
    kestrel, _ = await desks(house)
    await report(house)
    case = await kestrel.takes()
    for kind in ("words", "answers", "consent", "answer", "file"):
        forged = contract.AddItem(case=case, sequence=2, kind=kind, sealed=b"x" * 40)
        with pytest.raises(RefusedError):
            await kestrel.asks("add", forged)
