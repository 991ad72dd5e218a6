from __future__ import annotations

from typing import Any

import pytest

from bot.proofs.botapi.acts import NotOfferedError
from bot.proofs.botapi.bare import Bare
from bot.proofs.botapi.clock import MovableClock
from bot.proofs.botapi.pace import Limits
from bot.proofs.botapi.person import NothingHeardError, Person
from bot.proofs.botapi.server import BotApi


def inline(*rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"inline_keyboard": list(rows)}


@pytest.fixture
async def amina(api: BotApi) -> Person:
    person = await api.person()
    await person.says("/start")
    return person


async def test_sizes_count_after_markup_and_in_utf16(caller: Bare, amina: Person) -> None:
    fits = "<b>" + "x" * 4094 + "</b>😀"
    sent = await caller.do("sendMessage", chat_id=amina.chat_id, text=fits, parse_mode="HTML")
    assert sent["entities"] == [{"type": "bold", "offset": 0, "length": 4094}]
    refusal = await caller.refusal("sendMessage", chat_id=amina.chat_id, text="x" * 4095 + "😀")
    assert refusal == "Bad Request: message is too long"
    empty = await caller.refusal("sendMessage", chat_id=amina.chat_id, text=" \n")
    assert empty == "Bad Request: message text is empty"


@pytest.mark.parametrize(
    "text", ["<b>open", "</i>closed", "<blink>x</blink>", "a < b", "<b><i>x</b>"]
)
async def test_markup_that_cannot_be_read_is_refused(
    caller: Bare, amina: Person, text: str
) -> None:
    fields = {"chat_id": amina.chat_id, "text": text, "parse_mode": "HTML"}
    assert "can't parse entities" in await caller.refusal("sendMessage", **fields)


@pytest.mark.parametrize(
    ("button", "expected"),
    [
        ({"text": "x", "callback_data": ""}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "callback_data": "é" * 33}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "url": "tel:+0000"}, "URL"),
        ({"text": "x"}, "Text buttons are unallowed"),
        ({"text": " ", "callback_data": "x"}, "must have a text"),
        ({"text": "x", "callback_data": "x", "style": "loud"}, "style"),
        ({"text": "x", "copy_text": {"text": "x" * 257}}, "COPY"),
    ],
)
async def test_a_button_that_telegram_would_not_show_is_a_violation(
    api: BotApi, caller: Bare, amina: Person, button: dict[str, Any], expected: str
) -> None:
    fields = {"chat_id": amina.chat_id, "text": "x", "reply_markup": inline([button])}
    assert expected in await caller.refusal("sendMessage", **fields)
    assert len(api.violations) == 1
    api.violations.clear()


@pytest.mark.parametrize("shape", [(101, 1), (1, 9)])
async def test_too_many_buttons_are_a_violation(
    api: BotApi, caller: Bare, amina: Person, shape: tuple[int, int]
) -> None:
    rows, columns = shape
    button = {"text": "x", "callback_data": "x"}
    keyboard = inline(*[[button] * columns] * rows)
    await caller.refusal("sendMessage", chat_id=amina.chat_id, text="x", reply_markup=keyboard)
    assert len(api.violations) == 1
    api.violations.clear()


async def test_who_does_not_take_messages_says_so(api: BotApi, caller: Bare) -> None:
    async def why(chat_id: int) -> str:
        return await caller.refusal("sendMessage", chat_id=chat_id, text="x")

    stranger = await api.person()
    assert await why(stranger.chat_id) == ("Forbidden: bot can't initiate conversation with a user")
    await stranger.says("hi")
    await stranger.blocks()
    assert await why(stranger.chat_id) == "Forbidden: bot was blocked by the user"
    await stranger.leaves_telegram()
    assert await why(stranger.chat_id) == "Forbidden: user is deactivated"
    assert await why(1) == "Bad Request: chat not found"
    group = await api.group()
    await api.do("join", chat_id=group, by=stranger.chat_id, joined=False)
    assert await why(group) == "Forbidden: bot was kicked from the supergroup chat"


async def test_a_group_that_moved_tells_where(api: BotApi, caller: Bare) -> None:
    old = await api.group(kind="group")
    new = await api.do("migrate", chat_id=old)
    answer = await caller.answer("sendMessage", chat_id=old, text="x")
    assert answer["parameters"] == {"migrate_to_chat_id": new}
    assert await caller.do("sendMessage", chat_id=new, text="x")


async def test_an_edit_that_changes_nothing_is_refused(caller: Bare, amina: Person) -> None:
    sent = await caller.do("sendMessage", chat_id=amina.chat_id, text="same")
    where = {"chat_id": amina.chat_id, "message_id": sent["message_id"]}
    assert "message is not modified" in await caller.refusal(
        "editMessageText", text="same", **where
    )
    assert await caller.do("editMessageText", text="other", **where)
    where["message_id"] = 999
    assert "to edit not found" in await caller.refusal("editMessageText", text="x", **where)


async def test_both_sides_can_be_deleted_within_48_hours(
    still: BotApi, still_caller: Bare, clock: MovableClock
) -> None:
    amina = await still.person()
    theirs = await amina.says("my words")
    ours = await still_caller.do("sendMessage", chat_id=amina.chat_id, text="ours")
    late = await amina.says("more words")
    both = [theirs, ours["message_id"], 4_000_000]
    assert await still_caller.do("deleteMessages", chat_id=amina.chat_id, message_ids=both)
    assert [one["message"]["text"] for one in await amina.sees()] == ["more words"]
    clock.advance(48 * 3600 + 1)
    for method, field in (("deleteMessage", "message_id"), ("deleteMessages", "message_ids")):
        value: object = late if field == "message_id" else [late]
        fields = {"chat_id": amina.chat_id, field: value}
        assert "can't be deleted" in await still_caller.refusal(method, **fields)


async def test_a_thief_forwards_what_stands_unless_it_is_protected(
    api: BotApi, caller: Bare, amina: Person
) -> None:
    thief = await api.person("Thief")
    await thief.says("/start")
    theirs = await amina.says("my words")
    ours = await caller.do("sendMessage", chat_id=amina.chat_id, text="x", protect_content=True)
    loot = {"chat_id": thief.chat_id, "from_chat_id": amina.chat_id}
    assert await caller.do("forwardMessage", message_id=theirs, **loot)
    await thief.hears("my words")
    refusal = await caller.refusal("forwardMessage", message_id=ours["message_id"], **loot)
    assert "can't be forwarded" in refusal
    texts = {stored.message.get("text") for stored in api.world.replayable()}
    assert {"my words", "x"} <= texts
    await caller.do("deleteMessage", chat_id=amina.chat_id, message_id=theirs)
    assert "not found" in await caller.refusal("forwardMessage", message_id=theirs, **loot)


async def test_a_press_is_acknowledged_in_time_or_not_at_all(
    still: BotApi, still_caller: Bare, clock: MovableClock
) -> None:
    amina = await still.person()
    await amina.says("/start")
    keyboard = inline([{"text": "Safe", "callback_data": "s"}])
    await still_caller.do("sendMessage", chat_id=amina.chat_id, text="?", reply_markup=keyboard)
    await amina.presses("Safe")
    query = (await still_caller.do("getUpdates"))[-1]["callback_query"]["id"]
    assert await still_caller.do("answerCallbackQuery", callback_query_id=query)
    clock.advance(16)
    late = await still_caller.refusal("answerCallbackQuery", callback_query_id=query)
    assert "query is too old" in late


async def test_a_long_text_of_a_person_comes_in_several_messages(
    api: BotApi, caller: Bare, amina: Person
) -> None:
    text = "x" + "😀" * 2500
    await amina.says(text)
    updates = await caller.do("getUpdates", offset=-2)
    pieces = [update["message"]["text"] for update in updates]
    assert "".join(pieces) == text
    assert len(pieces[0]) == 2048


async def test_a_button_that_is_not_there_cannot_be_pressed(caller: Bare, amina: Person) -> None:
    keyboard = inline([{"text": "Yes", "callback_data": "y"}])
    await caller.do("sendMessage", chat_id=amina.chat_id, text="?", reply_markup=keyboard)
    with pytest.raises(NotOfferedError, match="there is 'Yes'"):
        await amina.presses("No")
    with pytest.raises(NothingHeardError):
        await amina.hears("something else", within=0)


async def test_a_copy_button_gives_its_text_and_tells_the_bot_nothing(
    api: BotApi, caller: Bare, amina: Person
) -> None:
    keyboard = inline([{"text": "Copy", "copy_text": {"text": "+0 000"}}])
    await caller.do("sendMessage", chat_id=amina.chat_id, text="?", reply_markup=keyboard)
    before = len(api.world.updates)
    assert await amina.presses("Copy") == "+0 000"
    assert len(api.world.updates) == before


async def test_unknown_methods_and_tokens_are_refused(api: BotApi, caller: Bare) -> None:
    assert await caller.refusal("sendMesage") == "Not Found: method not found"
    api.violations.clear()
    url = f"{api.base}/bot7000000001:another/getMe"
    async with caller.session.get(url) as response:
        assert response.status == 401


async def test_flood_limits_hold_chats_groups_and_broadcasts() -> None:
    clock = MovableClock()
    async with BotApi.running(limits=Limits(), clock=clock) as api, Bare.calling(api) as caller:
        amina = await api.person()
        await amina.says("/start")
        answers = [
            await caller.answer("sendMessage", chat_id=amina.chat_id, text="x") for _ in range(6)
        ]
        assert [answer["ok"] for answer in answers] == [True] * 5 + [False]
        assert answers[-1]["parameters"] == {"retry_after": 1}
        clock.advance(1)
        assert await caller.do("sendMessage", chat_id=amina.chat_id, text="x")

        group = await api.group()
        answers = [await caller.answer("sendMessage", chat_id=group, text="x") for _ in range(21)]
        assert sum(answer["ok"] for answer in answers) == 20
        assert answers[-1]["parameters"] == {"retry_after": 3}

        clock.advance(120)
        people = [await api.person(f"Person {number}") for number in range(40)]
        for one in people:
            await one.says("/start")
        clock.advance(120)
        answers = [
            await caller.answer("sendMessage", chat_id=one.chat_id, text="alert") for one in people
        ]
        assert sum(answer["ok"] for answer in answers) == 30
        await people[-1].says("who writes is answered")
        assert await caller.do("sendMessage", chat_id=people[-1].chat_id, text="reply")


async def test_a_429_says_when_in_the_header_too() -> None:
    clock = MovableClock()
    limits = Limits(chat_burst=1)
    async with BotApi.running(limits=limits, clock=clock) as api, Bare.calling(api) as caller:
        amina = await api.person()
        await amina.says("/start")
        await caller.do("sendMessage", chat_id=amina.chat_id, text="x")
        url = f"{api.base}/bot{api.token}/sendMessage"
        fields = {"chat_id": amina.chat_id, "text": "x"}
        async with caller.session.post(url, json=fields) as response:
            assert response.status == 429
            assert response.headers["Retry-After"] == "1"
