from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.contract import cases as contract
from bot.contract.items import Answers, Consent, WrittenWords
from bot.domain.cases import Way
from bot.domain.ids import CaseId
from bot.first_start import begin
from bot.scripts import bare
from bot.wiring import wire
from tests.services.cases.reporting import QUICK, desks, receipt_in, report

if TYPE_CHECKING:
    from bot.domain.messages import Outgoing
    from tests.services.cases.conftest import House

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def said(shown: list[Outgoing]) -> str:
    return bare("\n".join(message.text for message in shown))


async def test_a_report_is_read_at_the_desk_as_it_was_made(house: House) -> None:
    kestrel, _ = await desks(house)
    shown = await report(house)
    assert len(receipt_in(shown).split()) == 6
    assert "sealed and waiting for our team" in said(shown)
    case = await kestrel.takes()
    items = await kestrel.reads(case)
    assert [type(item) for item in items] == [Consent, Answers]
    answers = {one.name: one.values for one in items[1].answers}  # type: ignore[union-attr]
    assert answers == {"now_danger": ("yes",), "threat": ("arrest",), "who": ("self",)}


async def test_whoever_is_on_duty_is_called_at_once_with_a_number_and_a_colour(
    house: House,
) -> None:
    await desks(house)
    await report(house)
    await house.settle(timedelta(seconds=2))
    told = {to: bare(message.text) for to, message in house.channel.shown if to == "kestrel"}
    assert told["kestrel"].startswith("Case ")
    assert told["kestrel"].endswith(", red, waiting.")


async def test_an_answer_is_read_with_the_receipt_and_by_nobody_else(house: House) -> None:
    kestrel, _ = await desks(house)
    receipt = receipt_in(await report(house))
    case = await kestrel.takes()
    nudged = len(house.channel.shown)
    await kestrel.answers(case, "We found a *lawyer*. Stay where you are.")
    await house.settle()
    heard = [message.text for to, message in house.channel.shown[nudged:] if to == "7001"]
    assert [bare(one) for one in heard] == [
        "A small reminder: have a look when you have a quiet moment."
    ]
    elsewhere = await house.says("another chat", receipt.upper().replace(" ", ", "))
    assert "We found a *lawyer*. Stay where you are." in said(elsewhere)
    assert "Our team has answered." in said(elsewhere)
    stranger = await house.says("7003", "abandon ability able about above absent")
    assert "lawyer" not in said(stranger)


async def test_what_is_added_with_the_receipt_reaches_the_desk_and_its_clock_runs_again(
    house: House,
) -> None:
    kestrel, _ = await desks(house)
    receipt = receipt_in(await report(house))
    case = await kestrel.takes()
    await kestrel.answers(case, "What do you need?")
    await house.says("another chat", receipt)
    await house.presses("another chat", "Add something")
    await house.says("another chat", "A place for tonight")
    summary = (await kestrel.queue()).cases[0]
    assert summary.state is contract.State.TAKEN
    assert summary.unread == 1
    last = (await kestrel.reads(case))[-1]
    assert isinstance(last, WrittenWords)
    assert last.text == "A place for tonight"


async def test_neither_side_learns_the_account_of_the_other(house: House) -> None:
    kestrel, _ = await desks(house)
    receipt = receipt_in(await report(house))
    case = await kestrel.takes()
    await kestrel.answers(case, "Hello")
    sheet = await kestrel.asks("open", contract.AskCase(case=case))
    assert "7001" not in repr(sheet)
    shown = await house.says("7001", receipt)
    for name in ("kestrel", kestrel.who.id, kestrel.identity.public):
        assert name not in said(shown)


async def test_a_short_answer_in_the_chat_leaves_it_within_the_hour(house: House) -> None:
    kestrel, _ = await desks(house)
    await house.says("7001", "/person")
    case = await kestrel.takes()
    await kestrel.answers(case, "I am here.")
    heard = await house.heard("7001")
    assert heard == [] or heard[-1].text == "I am here."
    assert any(message.text == "I am here." for _, message in house.channel.shown)
    before = len(house.channel.gone)
    await house.settle(61 * MINUTE)
    assert len(house.channel.gone) > before
    long = "x" * 700
    await kestrel.answers(case, long)
    await house.settle()
    assert not any(message.text == long for _, message in house.channel.shown)


async def test_own_words_are_sealed_and_in_no_file_of_the_house(house: House) -> None:
    kestrel, _ = await desks(house)
    path = (*QUICK[:-1], "Add more", "Yes, once", "Today")
    await report(house, presses=path)
    await house.says("7001", "Kenya")
    for label in ("I do not know", "None of these", "Only advice", "Quiet", "I do not want to say",
                  "Do not contact me"):  # fmt: skip
        shown = await house.presses("7001", label)
    assert "own words" in said(shown)
    await house.says("7001", "zugvogel flies at night")
    await house.presses("7001", "No file")
    await house.presses("7001", "7 days")
    shown = await house.presses("7001", "Only your team")
    receipt_in(shown)
    case = await kestrel.takes()
    items = await kestrel.reads(case)
    words = [item.text for item in items if isinstance(item, WrittenWords)]
    assert words == ["zugvogel flies at night"]
    for path_ in (house.settings.home.parent).rglob("*"):
        if path_.is_file():
            assert b"zugvogel" not in path_.read_bytes(), path_
    reach = await house.store.read(lambda tx: tx.cases.reach(CaseId(case)))
    assert reach is not None
    assert (reach.way, reach.person) == (Way.NONE, None)
    found = await house.store.read(lambda tx: tx.cases.get(CaseId(case)))
    assert found is not None
    assert found.expires_at == house.clock.now().replace(second=0, microsecond=0) + 7 * DAY


@pytest.mark.parametrize(
    "text",
    [
        "call +257 79 000 111",
        "write to heron@example.org",
        "-1.2921, 36.8219",
        "BE71 0961 2345 6769",
    ],
)
async def test_what_must_not_be_typed_is_sealed_deleted_and_warned_of(
    house: House, text: str
) -> None:
    kestrel, _ = await desks(house)
    await report(house, presses=QUICK[:4])
    shown = await house.says("7001", text)
    assert "I sealed what you wrote" in said(shown)
    assert f"m{house.updates}" in house.channel.gone
    for label in QUICK[4:]:
        shown = await house.presses("7001", label)
    receipt_in(shown)
    items = await kestrel.reads(await kestrel.takes())
    assert [item.text for item in items if isinstance(item, WrittenWords)] == [text]


async def test_a_name_typed_where_buttons_are_asked_for_is_sealed_deleted_and_warned_of(
    house: House,
) -> None:
    kestrel, _ = await desks(house)
    await report(house, presses=QUICK[:5])
    shown = await house.says("7001", "Kasimir Quill")
    assert "I sealed what you wrote" in said(shown)
    assert "Who is at risk?" in said(shown), "the question stands there again"
    assert f"m{house.updates}" in house.channel.gone
    for label in QUICK[5:]:
        shown = await house.presses("7001", label)
    receipt_in(shown)
    items = await kestrel.reads(await kestrel.takes())
    assert [item.text for item in items if isinstance(item, WrittenWords)] == ["Kasimir Quill"]


async def test_before_anybody_may_read_a_typed_name_is_not_kept(house: House) -> None:
    await desks(house)
    await report(house, presses=QUICK[:1])
    shown = await house.says("7001", "Kasimir Quill")
    assert "I did not keep what you wrote" in said(shown)
    assert f"m{house.updates}" in house.channel.gone
    assert await house.store.read(lambda tx: tx.sealed.ids()) == []


@pytest.mark.parametrize("text", ["Yes", "no", "2", "I do not know"])
async def test_an_answer_is_not_taken_for_something_private(house: House, text: str) -> None:
    await desks(house)
    await report(house, presses=QUICK[:4])
    assert "I sealed what you wrote" not in said(await house.says("7001", text))


async def test_a_report_that_is_left_is_shredded(house: House) -> None:
    await desks(house)
    await report(house, presses=QUICK[:-1])
    assert len(await house.store.read(lambda tx: tx.sealed.ids())) == 1
    await house.says("7001", "/stop")
    await house.parts.shredding.due()
    assert await house.store.read(lambda tx: tx.sealed.ids()) == []


async def test_a_report_that_is_never_sent_is_shredded_with_its_conversation(
    house: House,
) -> None:
    await desks(house)
    await report(house, presses=QUICK[:-1])
    await house.settle(2 * DAY)
    await house.parts.shredding.due()
    assert await house.store.read(lambda tx: tx.sealed.ids()) == []


async def test_after_silence_the_report_goes_on_where_it_stood(house: House) -> None:
    kestrel, _ = await desks(house)
    await report(house, presses=QUICK[:-1])
    await house.settle(3 * 60 * MINUTE)
    await house.says("7001", "here I am")
    await house.presses("7001", "Go on there")
    receipt_in(await house.presses("7001", "Send now"))
    assert len((await kestrel.queue()).cases) == 1


async def test_a_report_can_be_deleted_with_its_receipt(house: House) -> None:
    kestrel, _ = await desks(house)
    receipt = receipt_in(await report(house))
    await house.says("7001", receipt)
    await house.presses("7001", "Delete my report")
    assert "being deleted" in said(await house.presses("7001", "Yes, delete it"))
    await house.parts.shredding.due()
    assert (await kestrel.queue(closed=True)).cases == ()
    assert "I do not find it" not in said(await house.says("7001", "/start"))
    await house.says("7001", "/status")
    assert "I do not find it" in said(await house.says("7001", receipt))


async def test_whoever_tries_receipts_is_not_heard_after_five(house: House) -> None:
    await desks(house)
    receipt = receipt_in(await report(house))
    await house.says("guesser", "/status")
    for _ in range(5):
        await house.says("guesser", "abandon ability able about above absent")
    assert "waits for our team" not in said(await house.says("guesser", receipt))
    await house.settle(15 * MINUTE)
    assert "waits for our team" in said(await house.says("guesser", receipt))


async def test_while_nobody_is_named_nothing_is_sealed_and_nothing_promised(
    house: House,
) -> None:
    await house.says("7001", "/start")
    shown = await house.presses("7001", "Report a threat")
    assert said(shown).startswith("Nobody from our team can read reports right now.")
    for label in ("Yes, it is safe", "Yes, with buttons", "Yes", "Yes", "Me", "Arrest"):
        shown = await house.presses("7001", label)
    assert "send it now" not in said(shown)
    await house.presses("7001", "Advice now")
    assert await house.store.read(lambda tx: tx.sealed.ids()) == []


async def test_a_demo_says_first_that_nobody_real_reads(house: House) -> None:
    await begin(house.settings, house.store, house.clock)
    await house.says("7001", "/start")
    shown = await house.presses("7001", "Report a threat")
    assert said(shown).startswith("This is a demonstration. Nobody real reads here.")


async def test_while_nobody_is_on_duty_it_is_said_first_with_lines_that_answer(
    house: House,
) -> None:
    name, _ = await desks(house)
    await house.coordinator("wren", on_duty=False)
    del name
    await house.says("7001", "/start")
    shown = await house.presses("7001", "Report a threat")
    assert said(shown).startswith("Nobody from our team is on duty right now.")
    assert "Front Line" in said(shown)


async def test_somebody_who_does_not_know_is_never_written_to_and_never_passed_on(
    house: House,
) -> None:
    kestrel, _ = await desks(house)
    path = (*QUICK[:5], "Somebody who does not know", "Surveillance"[:0] or "Being watched",
            "Send now")  # fmt: skip
    await report(house, presses=path)
    items = await kestrel.reads(await kestrel.takes())
    levels = [item.level for item in items if isinstance(item, Consent)]
    assert levels == ["coordinator-only"]


async def test_a_minor_is_asked_for_no_words(house: House) -> None:
    await desks(house)
    path = (*QUICK[:5], "Me, and I am under 18", "Death threat", "Add more", "Yes, once", "Today")
    await report(house, presses=path)
    await house.says("7001", "Kenya")
    for label in ("I do not know", "None of these", "Only advice", "Quiet", "I do not want to say"):
        await house.presses("7001", label)
    shown = await house.presses("7001", "Do not contact me")
    assert "own words" not in said(shown)
    assert "How long may we keep it?" in said(shown)


async def test_an_address_is_kept_while_a_case_is_open_and_no_longer(house: House) -> None:
    kestrel, _ = await desks(house)
    await report(house)
    case = await kestrel.takes()

    async def address() -> str:
        later = house.clock.now() + 30 * DAY
        await house.store.write(lambda tx: tx.people.forget_addresses(idle_before=later, limit=99))
        found = await house.store.read(lambda tx: tx.people.find(tx.people.lock("chat", "7001")))
        assert found is not None
        return found.address

    await house.settle(2 * DAY)
    assert await address() == "7001"
    await kestrel.asks("close", contract.CloseCase(case=case, outcome=contract.Outcome.SAFE))
    await house.settle(2 * DAY)
    assert await address() == ""


async def test_consent_beyond_the_team_is_taken_back_in_the_ledger(house: House) -> None:
    kestrel, _ = await desks(house)
    receipt = receipt_in(await report(house))
    await house.says("7001", receipt)
    shown = await house.presses("7001", "Only your team from now on")
    assert "only our team may use it" in said(shown)
    items = await kestrel.reads(await kestrel.takes())
    revoked = [item for item in items if isinstance(item, Consent) and item.revoked_at]
    assert {item.recipient for item in revoked} == {
        "partners", "partners-named", "un", "embassies", "company", "public"
    }  # fmt: skip


async def test_consent_for_more_is_given_later_by_recipient(house: House) -> None:
    kestrel, _ = await desks(house)
    receipt = receipt_in(await report(house))
    await house.says("7001", receipt)
    await house.presses("7001", "Let more people see it")
    for label in ("Partners, with names", "Embassies, quietly", "Done"):
        shown = await house.presses("7001", label)
    assert "Only those whom you named may get it" in said(shown)
    items = await kestrel.reads(await kestrel.takes())
    given = {(one.level, one.recipient) for one in items if isinstance(one, Consent)}
    assert given == {
        ("coordinator-only", "us"), ("trusted-ngos", "partners-named"),
        ("diplomats-quiet", "embassies"),
    }  # fmt: skip


@pytest.mark.parametrize("who", ["Somebody who does not know", "Me, and I am under 18"])
async def test_nobody_else_may_get_what_is_about_somebody_who_cannot_agree(
    house: House, who: str
) -> None:
    kestrel, _ = await desks(house)
    path = (*QUICK[:5], who, "Death threat", "Send now")
    receipt = receipt_in(await report(house, presses=path))
    await house.says("7001", receipt)
    shown = await house.presses("7001", "Let more people see it")
    assert "Only our team may have this report" in said(shown)
    items = await kestrel.reads(await kestrel.takes())
    assert [one.level for one in items if isinstance(one, Consent)] == ["coordinator-only"]


async def test_its_person_can_say_that_it_became_more_urgent(house: House) -> None:
    kestrel, _ = await desks(house)
    path = (*QUICK[:4], "No", "No, it is over", "Me", "A law or a closure", "Send now")
    receipt = receipt_in(await report(house, presses=path))
    assert (await kestrel.queue()).cases[0].urgency is contract.Urgency.GREEN
    await house.says("another chat", receipt)
    shown = await house.presses("another chat", "It is more urgent now")
    assert "marked as most urgent" in said(shown)
    assert "Front Line" in said(shown)
    assert (await kestrel.queue()).cases[0].urgency is contract.Urgency.RED
    await house.settle(timedelta(seconds=2))
    told = [bare(message.text) for to, message in house.channel.shown if to == "kestrel"]
    assert told[-1].endswith(", red, waiting.")


@pytest.mark.parametrize(
    ("choice", "name", "value"),
    [
        ("I prefer Signal", "signal", "@invented.77"),
        ("I prefer a web page", "web_url", "https://chat.invented.example"),
        ("I prefer to call", "phone", "+00 000 0000"),
    ],
)
async def test_whoever_prefers_another_way_is_told_ours(
    house: House, choice: str, name: str, value: str
) -> None:
    await desks(house)
    shown = await report(house, presses=(*QUICK[:2], choice))
    assert value not in said(shown)
    await house.says("7001", "/stop")
    settings = house.settings.model_copy(update={name: value})
    house.parts = wire(
        settings, store=house.store, bookcase=house.parts.bookcase, channels=[house.channel],
        clock=house.clock, limits=False,
    )  # fmt: skip
    shown = await report(house, presses=(*QUICK[:2], choice))
    assert value in said(shown)
    assert "Front Line" in said(shown)


async def test_the_operator_keeps_nothing_longer_than_the_operator_says(house: House) -> None:
    await desks(house)
    assert house.settings.retention_days == 90
    await report(house)
    ids = await house.store.read(lambda tx: tx.sealed.ids())
    box = await house.store.read(lambda tx: tx.sealed.get(ids[0]))
    assert box is not None
    assert box.until <= house.clock.now() + 90 * DAY
