"""`vigil run` without flood and pace limits: benchmarks measure the path, not the limits."""

from __future__ import annotations

import asyncio

from bot import logs, settings
from bot.app import serve


def main() -> None:
    """Serve with the settings of the environment."""
    chosen = settings.load()
    logs.configure(chosen.log_level, "json")
    asyncio.run(serve(chosen, limits=False))


if __name__ == "__main__":
    main()
