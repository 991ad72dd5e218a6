"""`python -m bot.proofs.botapi.echo`: a bare aiogram webhook echo, to measure our path against.

Nothing but aiogram's own handler, waited for before the answer as ours is: no database, no flows.
It sets its webhook at the given server, prints one line of JSON when it is ready, and serves until
it is stopped.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
from typing import TYPE_CHECKING

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.webhook.aiohttp_server import SimpleRequestHandler
from aiohttp import web

if TYPE_CHECKING:
    from aiogram.types import Message

_PATH, _SECRET = "/hook", "secret-of-the-echo"


def main() -> None:
    """Read the options and serve."""
    parser = argparse.ArgumentParser(prog="python -m bot.proofs.botapi.echo")
    parser.add_argument("--base", required=True, help="address of the Bot API server")
    parser.add_argument("--token", required=True)
    options = parser.parse_args()
    asyncio.run(_serve(options.base, options.token))


async def _serve(base: str, token: str) -> None:
    bot = Bot(token, session=AiohttpSession(api=TelegramAPIServer.from_base(base)))
    dispatcher = Dispatcher()
    dispatcher.message.register(_echo)
    app = web.Application()
    handler = SimpleRequestHandler(
        dispatcher, bot, handle_in_background=False, secret_token=_SECRET
    )
    handler.register(app, path=_PATH)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}{_PATH}"
    await bot.set_webhook(url, secret_token=_SECRET)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    print(json.dumps({"url": url}), flush=True)
    await stopped.wait()
    await runner.cleanup()
    await bot.session.close()


async def _echo(message: Message) -> None:
    await message.answer(message.text or "")


if __name__ == "__main__":
    main()
