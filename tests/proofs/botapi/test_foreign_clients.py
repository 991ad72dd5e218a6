"""Two Bot API clients that are not ours hold a conversation with the server.

They also read everything it makes: python-telegram-bot lists unknown fields as `api_kwargs`,
aiogram as `model_extra`, at any depth.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import aiogram
import pytest
import telegram
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import TelegramObject as AiogramObject
from aiohttp import web
from telegram.request import HTTPXRequest

from bot.proofs.botapi.opinion import opinions, unknown_to_aiogram, unknown_to_ptb

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.proofs.botapi.server import BotApi


@asynccontextmanager
async def aiogram_bot(api: BotApi) -> AsyncIterator[aiogram.Bot]:
    session = AiohttpSession(api=TelegramAPIServer.from_base(api.base))
    bot = aiogram.Bot(api.token, session=session)
    try:
        yield bot
    finally:
        await session.close()


@asynccontextmanager
async def ptb_bot(api: BotApi) -> AsyncIterator[telegram.Bot]:
    bot = telegram.Bot(
        api.token,
        base_url=f"{api.base}/bot",
        base_file_url=f"{api.base}/file/bot",
        request=HTTPXRequest(),
        get_updates_request=HTTPXRequest(),
    )
    async with bot:
        yield bot


async def everything_happens(api: BotApi) -> None:
    """Make an update of every kind that the server knows."""
    amina = await api.person(language="es")
    await amina.says("/start@neighbour_notes_bot now")
    said = await amina.says("Hola")
    await amina.edits(said, "Hola a todos")
    await amina.says("from elsewhere", forwarded=True)
    await amina.sends_photo(caption="a picture")
    await amina.sends_voice()
    await amina.sends_video()
    await amina.sends_document()
    await amina.sends_animation()
    await amina.sends_sticker()
    await amina.sends_location()
    await amina.sends_contact()
    await amina._sends_other("dice")
    await amina._sends_other("venue")
    await amina.sets_auto_delete(86_400)
    await amina.blocks()
    await amina.returns()
    group = await api.group()
    await amina.says_in(group, "/sos@neighbour_notes_bot")
    await api.do("join", chat_id=group, by=amina.chat_id, joined=True)
    old = await api.group(kind="group")
    await api.do("migrate", chat_id=old)
    channel = await api.group(kind="channel")
    await api.do("say", chat_id=channel, text="news")


async def test_every_update_is_known_to_the_schema_and_to_both_libraries(
    api: BotApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    # python-telegram-bot warns of its coming types unless one asks for them.
    monkeypatch.setenv("PTB_TIMEDELTA", "1")
    await everything_happens(api)
    assert len(api.world.update_record) > 20
    assert api.violations == []
    assert opinions(api.world) == []


def test_both_libraries_name_a_field_that_they_do_not_know() -> None:
    chat = {"id": 5, "type": "private", "frist_name": "typo"}
    raw = {"update_id": 1, "message": {"message_id": 1, "date": 1, "chat": chat}}
    second = telegram.Update.de_json(raw, None)
    assert list(unknown_to_ptb(second)) == [".message.chat.frist_name"]
    first = aiogram.types.Update.model_validate(raw)
    assert list(unknown_to_aiogram(first)) == [".message.chat.frist_name"]


async def test_aiogram_holds_a_conversation_by_polling(api: BotApi) -> None:
    amina = await api.person(language="ar")
    async with aiogram_bot(api) as bot:
        me = await bot.get_me()
        assert list(unknown_to_aiogram(me)) == []
        await amina.says("salaam")
        (update,) = await bot.get_updates(timeout=5)
        assert update.message is not None
        keyboard = {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]}
        sent = await bot.send_message(
            update.message.chat.id,
            "<b>echo</b> &lt;salaam&gt;",
            parse_mode="HTML",
            reply_markup=aiogram.types.InlineKeyboardMarkup.model_validate(keyboard),
            protect_content=True,
        )
        assert list(unknown_to_aiogram(sent)) == []
        heard = await amina.hears("echo <salaam>")
        assert heard.protected
        assert heard.labels == ("Yes",)
        await amina.presses("Yes")
        (press,) = await bot.get_updates(offset=update.update_id + 1, timeout=5)
        assert press.callback_query is not None
        assert press.callback_query.data == "y"
        assert await bot.answer_callback_query(press.callback_query.id)
        edited = await bot.edit_message_text(
            "done", chat_id=sent.chat.id, message_id=sent.message_id
        )
        assert isinstance(edited, AiogramObject)
        assert list(unknown_to_aiogram(edited)) == []
        assert (await amina.hears("done")).edited
        document = aiogram.types.BufferedInputFile(b"letter", filename="letter.docx")
        with_file = await bot.send_document(sent.chat.id, document, caption="Your letter")
        assert list(unknown_to_aiogram(with_file)) == []
        assert with_file.document is not None
        heard = await amina.hears("Your letter")
        assert heard.document is not None
        assert heard.document["file_size"] == 6
        file = await bot.get_file(with_file.document.file_id)
        assert file.file_path is not None
        downloaded = await bot.download_file(file.file_path)
        assert downloaded is not None
        assert downloaded.read() == b"letter"
        assert await bot.delete_messages(sent.chat.id, [sent.message_id, with_file.message_id])
        assert [one["from_bot"] for one in await amina.sees()] == [False]


async def test_python_telegram_bot_holds_a_conversation_by_polling(api: BotApi) -> None:
    boris = await api.person("Boris", language="ru")
    async with ptb_bot(api) as bot:
        assert list(unknown_to_ptb(await bot.get_me())) == []
        await boris.says("привет")
        (update,) = await bot.get_updates(timeout=5)
        assert update.message is not None
        rows = [[telegram.KeyboardButton("Да"), telegram.KeyboardButton("Нет")]]
        sent = await bot.send_message(
            update.message.chat_id, "эхо", reply_markup=telegram.ReplyKeyboardMarkup(rows)
        )
        assert list(unknown_to_ptb(sent)) == []
        await boris.hears("эхо")
        await boris.presses("Да")
        (pressed,) = await bot.get_updates(offset=update.update_id + 1, timeout=5)
        assert pressed.message is not None
        assert pressed.message.text == "Да"
        with_file = await bot.send_document(sent.chat_id, b"letter", filename="letter.docx")
        assert list(unknown_to_ptb(with_file)) == []
        assert with_file.document is not None
        file = await bot.get_file(with_file.document.file_id)
        assert bytes(await file.download_as_bytearray()) == b"letter"
        assert await bot.set_my_commands([("sos", "Help now")], language_code="ru")
        commands = await bot.get_my_commands(language_code="ru")
        assert [command.command for command in commands] == ["sos"]
        assert list(unknown_to_ptb(commands)) == []
        info = await bot.get_webhook_info()
        assert list(unknown_to_ptb(info)) == []
        chat = await bot.get_chat(sent.chat_id)
        assert list(unknown_to_ptb(chat)) == []
        await boris.blocks()
        with pytest.raises(telegram.error.Forbidden, match="blocked by the user"):
            await bot.send_message(sent.chat_id, "still there?")


async def test_a_webhook_echo_of_aiogram_answers_everybody_in_order(api: BotApi) -> None:
    async with aiogram_bot(api) as bot:

        async def hook(request: web.Request) -> web.Response:
            assert request.headers["X-Telegram-Bot-Api-Secret-Token"] == "a-secret"
            update = aiogram.types.Update.model_validate(await request.json())
            assert update.message is not None
            await bot.send_message(update.message.chat.id, f"echo {update.message.text}")
            return web.Response()

        server = web.ServerRunner(web.Server(hook))  # type: ignore[arg-type] # BaseRequest has json
        await server.setup()
        await web.TCPSite(server, "127.0.0.1", 0).start()
        try:
            url = f"http://127.0.0.1:{server.addresses[0][1]}/hook"
            await bot.set_webhook(url, secret_token="a-secret")
            assert list(unknown_to_aiogram(await bot.get_webhook_info())) == []
            people = [await api.person(f"Person {n}") for n in range(5)]
            for number in range(6):
                await asyncio.gather(*(one.says(str(number)) for one in people))
            for one in people:
                heard = [(await one.hears()).text for _ in range(6)]
                assert heard == [f"echo {number}" for number in range(6)]
            await bot.delete_webhook()
        finally:
            await server.cleanup()
