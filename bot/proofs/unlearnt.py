"""`vigil run` without the engine that understands free text: what the rest needs is measured.

Lists of alarm words serve alone, as in the first seconds of every start.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bot import logs, settings
from bot.app import serve

if TYPE_CHECKING:
    from bot.app import Running


def main() -> None:
    """Serve with the settings of the environment."""
    chosen = settings.load()
    logs.configure(chosen.log_level, "json")
    asyncio.run(serve(chosen, started=_without))


def _without(running: Running) -> None:
    running.understanding = None


if __name__ == "__main__":
    main()
