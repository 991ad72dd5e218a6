"""`python -m bot.proofs.botapi --port 0`: the server as a process of its own.

Prints one line of JSON with its address and token, then serves until it is stopped.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
from random import Random

from bot.proofs.botapi.clock import MovableClock, RealClock
from bot.proofs.botapi.pace import Limits
from bot.proofs.botapi.server import TOKEN, BotApi
from bot.proofs.botapi.world import World


def main() -> None:
    """Read the options and serve."""
    parser = argparse.ArgumentParser(prog="python -m bot.proofs.botapi", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--no-limits", action="store_true", help="no flood limits")
    parser.add_argument("--no-check", action="store_true", help="do not check own answers")
    parser.add_argument("--no-record", action="store_true", help="keep counts, not the record")
    parser.add_argument("--movable-clock", action="store_true", help="time stands until advanced")
    options = parser.parse_args()
    asyncio.run(_serve(options))


async def _serve(options: argparse.Namespace) -> None:
    world = World(
        token=options.token,
        clock=MovableClock() if options.movable_clock else RealClock(),
        limits=None if options.no_limits else Limits(),
        chance=Random(options.seed),
        check_answers=not options.no_check,
        keep_record=not options.no_record,
    )
    server = BotApi(world, port=options.port)
    await server.start()
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    said = {"base": server.base, "control": server.control, "token": server.token}
    print(json.dumps(said), flush=True)
    await stopped.wait()
    await server.stop()


if __name__ == "__main__":
    main()
