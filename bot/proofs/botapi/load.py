"""Load on a bot: how many updates a second it answers, and what each costs it in CPU.

The bot is any process with a webhook at a server of ours; two bots measured alternately in one run
can be compared, figures of different runs cannot.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.proofs.botapi.remote import Remote

_TICKS = os.sysconf("SC_CLK_TCK")
_UTIME, _STIME = 11, 12
"""Places of user and system time behind a process's name in /proc/PID/stat (proc(5))."""

TEXT = "Hello, I would like to know what I can do when somebody follows me home."


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What one measurement found."""

    per_second: float
    cpu_microseconds: float
    """Process time of the bot for each update, its answer included."""


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process and its threads have used."""
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    fields = stat.rpartition(")")[2].split()
    return (int(fields[_UTIME]) + int(fields[_STIME])) / _TICKS


async def measure(
    server: Remote,
    pid: int,
    *,
    chats: int = 40,
    count: int = 4000,
    warm_up: int = 400,
    answers: int = 1,
    within: float = 120.0,
) -> Rate:
    """Let people write `count` messages and wait until all are answered.

    Args:
        server: Where the bot has its webhook; without flood limits.
        pid: The bot's process.
        chats: How many people write in turns.
        count: Messages that are measured.
        warm_up: Messages before, which are not.
        answers: Messages that the bot sends for each one.
        within: Seconds after which to give up.

    Raises:
        TimeoutError: Not everything was answered.
    """
    people = [(await server.person(f"Person {number}")).chat_id for number in range(chats)]
    state = await server.do("state")
    answered = state["counts"].get("sent", 0) + warm_up * answers
    await _answered(server, people, warm_up, answered, within)
    before = cpu_seconds(pid)
    seconds = await _answered(server, people, count, answered + count * answers, within)
    cpu = cpu_seconds(pid) - before
    return Rate(per_second=count / seconds, cpu_microseconds=cpu / count * 1e6)


async def _answered(
    server: Remote, people: list[int], count: int, sent: int, within: float
) -> float:
    spent: float | None = await server.do(
        "run", chat_ids=people, count=count, text=TEXT, sent=sent, within=within
    )
    if spent is None:
        raise TimeoutError(f"{count} messages were not answered within {within:.0f} seconds")
    return spent
