from __future__ import annotations

import logging
import subprocess
import sys
import traceback
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from bot.channels.telegram.client import TelegramClient
from bot.domain.errors import SendError, SettingsError
from bot.domain.ids import LanguageTag
from bot.domain.messages import Attachment, Button, Outgoing
from bot.proofs.botapi.faults import Fault, FaultKind

if TYPE_CHECKING:
    from bot.proofs.botapi.person import Person
    from bot.proofs.botapi.server import BotApi

EN = LanguageTag("en")
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


class Noon:
    def now(self) -> datetime:
        return NOW


CANARY = "canary-words-of-a-person"


def say(text: str, **more: object) -> Outgoing:
    return Outgoing(text=text, language=EN, **more)  # type: ignore[arg-type]


@pytest.fixture
async def amina(api: BotApi) -> Person:
    person = await api.person()
    await person.says("/start")
    return person


async def failure(
    client: TelegramClient, chat_id: int, message: Outgoing | None = None
) -> SendError:
    with pytest.raises(SendError) as caught:
        await client.send(str(chat_id), message or say(CANARY))
    return caught.value


async def test_it_learns_who_it_is(client: TelegramClient) -> None:
    assert client.me is not None
    assert client.me.username == "neighbour_notes_bot"
    assert client.name == "telegram"


async def test_reading_along_in_groups_is_warned_of(api: BotApi, client: TelegramClient) -> None:
    with capture_logs() as logs:
        await client.open()
        api.world.me["can_read_all_group_messages"] = True
        await client.open()
    assert [entry["event"] for entry in logs] == ["privacy-mode-off"]


async def test_a_message_arrives_with_its_buttons_and_its_id(
    client: TelegramClient, amina: Person
) -> None:
    row = (Button(label="SOS", data="w.sos", style="danger"),)
    delivered = await client.send(str(amina.chat_id), say("*Hello* <you>", buttons=(row,)))
    heard = await amina.hears()
    assert heard.text == "Hello <you>"
    assert heard.labels == ("SOS",)
    assert heard.protected
    assert not heard.silent
    assert delivered.refs == (str(heard.message_id),)


async def test_a_long_message_arrives_in_parts(client: TelegramClient, amina: Person) -> None:
    delivered = await client.send(str(amina.chat_id), say("word " * 2000))
    texts = [(await amina.hears()).text for _ in delivered.refs]
    assert len(texts) == 3
    assert " ".join(texts).split() == ["word"] * 2000


async def test_a_part_that_was_held_back_goes_on_where_it_stopped(
    api: BotApi, client: TelegramClient, amina: Person
) -> None:
    flood = Fault(
        kind=FaultKind.REFUSE,
        on="sendMessage",
        code=429,
        description="Too Many Requests: retry after 7",
        parameters={"retry_after": 7},
    )
    message = say("word " * 2000)
    first = await client.send(str(amina.chat_id), say("before"))
    assert len(first.refs) == 1
    # The second of three parts meets the limit.
    api.world.faults.add(Fault(kind=FaultKind.DELAY, on="sendMessage"))
    api.world.faults.add(flood)
    error = await failure(client, amina.chat_id, message)
    assert error.retry_at == NOW + timedelta(seconds=7)
    delivered = await client.send(str(amina.chat_id), message)
    assert len(delivered.refs) == 3
    assert api.world.counts["sent"] == 4


async def test_a_file_arrives_and_can_be_fetched(
    api: BotApi, client: TelegramClient, amina: Person
) -> None:
    letter = Attachment(name="letter.docx", media_type="application/x", content=b"x" * 70_000)
    await client.send(str(amina.chat_id), say("Your letter", attachment=letter, protect=False))
    heard = await amina.hears("Your letter")
    assert heard.document is not None
    assert heard.document["file_name"] == "letter.docx"
    assert not heard.protected
    pieces = [piece async for piece in client.fetch(heard.document["file_id"])]
    assert b"".join(pieces) == letter.content
    with pytest.raises(SendError):
        _ = [piece async for piece in client.fetch("no-such-file")]


async def test_an_edit_changes_the_message_or_shows_a_new_one(
    client: TelegramClient, amina: Person
) -> None:
    first = await client.send(str(amina.chat_id), say("first"))
    (ref,) = first.refs
    assert await client.send(str(amina.chat_id), say("second", edit_ref=ref)) == first
    assert [one["message"].get("text") for one in await amina.sees()] == ["/start", "second"]
    assert await client.send(str(amina.chat_id), say("second", edit_ref=ref)) == first
    await client.delete(str(amina.chat_id), [ref])
    again = await client.send(str(amina.chat_id), say("third", edit_ref=ref))
    assert again.refs != first.refs


async def test_both_sides_are_deleted_in_batches(
    api: BotApi, client: TelegramClient, amina: Person
) -> None:
    refs = [str(await amina.says(f"words {number}")) for number in range(120)]
    refs += (await client.send(str(amina.chat_id), say("ours"))).refs
    await client.delete(str(amina.chat_id), [*refs, "999999"])
    assert [one["message"]["text"] for one in await amina.sees()] == ["/start"]
    assert api.world.counts["deleteMessages"] == 2


async def test_what_is_too_old_does_not_keep_the_rest(
    api: BotApi, client: TelegramClient, amina: Person
) -> None:
    old, new = [await amina.says(text) for text in ("old", "new")]
    chat = api.world.chats[amina.chat_id]
    chat.messages[old].at -= 49 * 3600
    await client.delete(str(amina.chat_id), [str(old), str(new)])
    assert new not in chat.messages
    assert old in chat.messages


async def test_who_is_gone_is_gone(client: TelegramClient, amina: Person) -> None:
    await amina.blocks()
    assert (await failure(client, amina.chat_id)).gone
    await amina.leaves_telegram()
    assert (await failure(client, amina.chat_id)).gone
    assert (await failure(client, 12345)).gone
    await client.delete(str(amina.chat_id), ["1"])


async def test_a_chat_that_moved_is_followed(api: BotApi, client: TelegramClient) -> None:
    old = await api.group(kind="group")
    new = await api.do("migrate", chat_id=old)
    await client.send(str(old), say("to the group"))
    assert api.world.chats[new].shown[-1].message["text"] == "to the group"


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault(kind=FaultKind.LOSE_ANSWER), "uncertain"),
        (Fault(kind=FaultKind.DROP), "uncertain"),
        (Fault(kind=FaultKind.GARBAGE), "uncertain"),
        (Fault(kind=FaultKind.REFUSE, code=500), "uncertain"),
        (Fault(kind=FaultKind.REFUSE, code=400, description="Bad Request: no"), "rejected"),
        (Fault(kind=FaultKind.REFUSE, code=401, description="Unauthorized"), "refused"),
    ],
)
async def test_a_failure_says_what_to_do(
    api: BotApi, client: TelegramClient, amina: Person, fault: Fault, expected: str
) -> None:
    api.world.faults.add(fault)
    error = await failure(client, amina.chat_id)
    assert error.reason == expected
    assert error.uncertain == (expected == "uncertain")
    assert error.rejected == (expected == "rejected")
    assert (error.retry_at is not None) == (expected == "refused")
    assert not error.gone
    if fault.kind is FaultKind.LOSE_ANSWER:
        await amina.hears(CANARY)


async def test_a_server_that_is_away_was_not_told_anything() -> None:
    away = TelegramClient(token="1:x" + "x" * 30, api="http://127.0.0.1:9", clock=Noon())
    error = await failure(away, 5)
    assert error.reason == "unreachable"
    assert not error.uncertain
    await away.close()


async def test_an_unknown_token_is_one_sentence_for_the_operator(api: BotApi) -> None:
    wrong = TelegramClient(token="1:" + "x" * 35, api=api.base, clock=Noon())
    with pytest.raises(SettingsError, match="VIGIL_TELEGRAM_TOKEN is not accepted"):
        await wrong.open()
    await wrong.close()


async def test_no_error_quotes_words_address_or_token(
    api: BotApi, client: TelegramClient, amina: Person
) -> None:
    for fault in (
        Fault(kind=FaultKind.DROP),
        Fault(kind=FaultKind.GARBAGE),
        Fault(kind=FaultKind.REFUSE, code=400, description=f"Bad Request: {CANARY}"),
        Fault(kind=FaultKind.REFUSE, code=429, parameters={"retry_after": 3}),
        Fault(kind=FaultKind.REFUSE, code=403, description="Forbidden"),
    ):
        api.world.faults.add(fault)
        error = await failure(client, amina.chat_id)
        shown = "".join(traceback.format_exception(error))
        for secret in (CANARY, str(amina.chat_id), api.token):
            assert secret not in shown
        assert error.__context__ is None
        assert error.__cause__ is None
    assert api.token not in repr(client)


async def test_nothing_is_logged_of_words_addresses_or_the_token(
    api: BotApi, client: TelegramClient, amina: Person, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    api.world.faults.add(Fault(kind=FaultKind.DROP, on="sendMessage"))
    await failure(client, amina.chat_id)
    await client.send(str(amina.chat_id), say(CANARY))
    await client.updates(0)
    own = [record for record in caplog.records if record.name.startswith(("aiogram", "aiohttp"))]
    shown = "".join(f"{record.getMessage()}{record.exc_text or ''}" for record in own)
    for secret in (CANARY, str(amina.chat_id), api.token):
        assert secret not in shown


async def test_a_press_is_acknowledged_and_too_late_does_no_harm(
    api: BotApi, client: TelegramClient, amina: Person
) -> None:
    row = (Button(label="Yes", data="y"),)
    await client.send(str(amina.chat_id), say("?", buttons=(row,)))
    await amina.presses("Yes")
    (query,) = api.world.queries
    await client.acknowledge(query)
    assert api.world.queries[query].answered is not None
    await client.acknowledge("no-such-query")


def test_aiogram_is_not_loaded_before_it_is_needed() -> None:
    code = (
        "import sys, bot.channels.telegram.client, bot.channels.telegram.door, "
        "bot.channels.telegram.menu; sys.exit('aiogram' in sys.modules or 'aiohttp' in sys.modules)"
    )
    run = [sys.executable, "-c", code]
    assert subprocess.run(run, check=False).returncode == 0
