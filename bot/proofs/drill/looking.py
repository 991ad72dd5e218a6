"""`python -m bot.proofs.drill.looking`: search files in a process of its own.

Looking keeps a core busy for seconds; beside people who write it would slow down their app. What to
look for comes as JSON on standard input, what was found goes out the same way.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.proofs.drill.canaries import Canary
from bot.proofs.drill.search import Found, Search

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.proofs.drill.canaries import Cage


async def look_apart(
    cage: Cage, taken: Sequence[tuple[str, Path]], *, closely: bool
) -> list[Found]:
    """Search files for everything planted so far.

    Args:
        cage: What was planted.
        taken: Each place's name and its file; what is gone by now was not kept.
        closely: Also for what has no marker, and inside what is compressed.

    Raises:
        RuntimeError: It could not be looked.
    """
    order = {
        "markers": cage.markers, "first_number": cage.first_number, "closely": closely,
        "planted": [asdict(one) for one in cage.planted],
        "taken": [(place, str(path)) for place, path in taken],
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.proofs.drill.looking", cwd=Path(__file__).parents[3],
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        said, _ = await process.communicate(json.dumps(order).encode())
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        raise RuntimeError("nobody looked")
    return [Found(**one) for one in json.loads(said)]


def look(order: dict[str, Any]) -> list[Found]:
    """Search the files of an order."""
    planted = [Canary(**one) for one in order["planted"]]
    search = Search(order["markers"], order["first_number"], planted)
    found: list[Found] = []
    for place, path in order["taken"]:
        with suppress(OSError):
            found += search.look(Path(path).read_bytes(), place, closely=order["closely"])
    return found


if __name__ == "__main__":
    os.nice(5)
    print(json.dumps([asdict(one) for one in look(json.load(sys.stdin))]))
