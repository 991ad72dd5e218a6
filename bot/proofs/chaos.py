"""Kill -9 at random moments of a busy conversation, again and again.

Several people walk the same path through the flows while the program is killed and started. At the
end each must have heard exactly what somebody hears when nothing is killed: every update took
effect once, no reply was lost, and whatever came twice says that it is a repeat.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import re
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.proofs.botapi.person import NothingHeardError
from bot.proofs.botapi.remote import Remote
from bot.proofs.nursery import Child

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bot.proofs.botapi.person import Person
    from bot.proofs.nursery import Nursery

PATH = (
    "Settings", "Sound of my messages", "No, always silent",
    "Learn to be safer", "Protecting our space", "1", "No, thank you",
    "Settings", "Language", "1",
    "Find protection", "Kenya", "7", "None of these", "No, thank you",
    "Talk to a person", "No, thank you",
)  # fmt: skip
"""What everybody types, over and over; every line has an answer that ends in a question."""

REPEAT = re.compile("^Repeat \u2068?[0-9a-zA-Z]{6}\u2069?: this may have reached you before\\.\n")
"""The mark of a repeat; its sign keeps its own direction, so it may stand isolated."""
PATIENCE = 120.0
"""Seconds: longer than the leases of a dead process and its successor's start together."""

PACE = 1.0
SETTLE = 1.0
BUSY_SHARE = 0.8
"""How many of the kills meet a program that is talking; the others may meet one that starts."""

LATELY = 6
"""How many messages back a repeat may reach."""


@dataclass(slots=True, kw_only=True)
class Verdict:
    """What became of a run."""

    kills: int = 0
    updates: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    marked: int = 0
    violations: int = 0

    @property
    def good(self) -> bool:
        """Tell whether every promise held."""
        return not self.lost and not self.doubled and not self.violations


async def run(
    folder: Path,
    *,
    nursery: Nursery,
    kills: int,
    people: int = 12,
    seed: int = 1,
    database: Sequence[str] = ("",),
    shred: str = "",
) -> Verdict:
    """Kill and start the program so many times while people talk.

    Args:
        folder: Where the program may keep its data.
        nursery: Where programs are born.
        kills: How often it is killed.
        people: How many talk at once.
        seed: Of the moments of killing.
        database: URLs of one process each; "" is SQLite in the program's own folder.
        shred: URL of the shred keys that several share.
    """
    chance = random.Random(seed)
    verdict = Verdict()
    async with Remote.started("--no-limits") as api:
        programs = [
            Child(
                nursery=nursery,
                home=folder / f"home-{number}",
                only=("door", "deliver", "tick"),
                settings={
                    "VIGIL_TELEGRAM_TOKEN": api.token,
                    "VIGIL_TELEGRAM_API": api.base,
                    "VIGIL_LISTEN": f"127.0.0.1:{free_port()}",
                    "VIGIL_KEY_FILE": str(folder / "keys" / "application.key"),
                    **({"VIGIL_DATABASE_URL": url} if url else {}),
                    **({"VIGIL_SHRED_URL": shred} if shred else {}),
                },
            )
            for number, url in enumerate(database)
        ]
        try:
            for program in programs:
                await program.start()
            model = await api.person("Modela")
            expected = await _walk(model, verdict)
            over = asyncio.Event()
            rounds = [
                asyncio.ensure_future(
                    _rounds(await api.person(f"Invented{number}"), over, expected, verdict)
                )
                for number in range(people)
            ]
            for _ in range(kills):
                if chance.random() < BUSY_SHARE:
                    await _busy(api)
                await asyncio.sleep(chance.uniform(0.0, 2.5))
                victim = chance.choice(programs)
                await victim.kill()
                verdict.kills += 1
                await victim.start()
            over.set()
            await asyncio.gather(*rounds)
            for program in programs:
                program.must_have_worked()
            verdict.violations = len((await api.do("state"))["violations"])
        finally:
            for program in programs:
                await program.stop()
    return verdict


async def _walk(person: Person, verdict: Verdict) -> list[list[str]]:
    """Walk the path once without any harm; return what is heard after each line."""
    found = []
    for line in ("/start", *PATH):
        await person.says(line)
        found.append(await _answer(person))
        verdict.updates += 1
        await asyncio.sleep(PACE)
    return found


async def _answer(person: Person) -> list[str]:
    """Listen until the question that ends every answer has come."""
    heard: list[str] = []
    while True:
        message = await person.hears(within=PATIENCE)
        heard.append(message.text)
        if any("SOS" in label or "danger" in label for label in message.labels):
            return heard


async def _rounds(
    person: Person, over: asyncio.Event, expected: Sequence[list[str]], verdict: Verdict
) -> None:
    """Walk the path again and again until told that it is over."""
    heard: list[str] = []
    wanted: list[str] = []
    try:
        await _exchange(person, "/start", expected[0], heard, wanted)
        for line, answer in itertools.cycle(zip(PATH, expected[1:], strict=True)):
            if over.is_set():
                break
            verdict.updates += 1
            await _exchange(person, line, answer, heard, wanted)
    except NothingHeardError:
        verdict.lost.append(f"silence instead of {wanted[-1][:60]!r}")
    with suppress(NothingHeardError):
        while True:
            heard.append((await person.hears(within=SETTLE)).text)
    judge(heard, wanted, verdict)


async def _exchange(
    person: Person, line: str, answer: list[str], heard: list[str], wanted: list[str]
) -> None:
    """Say a line and listen until the last message of its answer has come."""
    # People type; faster than this the program would ask them to slow down.
    await asyncio.sleep(PACE)
    await person.says(line)
    wanted += answer
    while True:
        message = await person.hears(within=PATIENCE)
        heard.append(message.text)
        if REPEAT.sub("", message.text) == answer[-1]:
            return


def judge(heard: Sequence[str], wanted: Sequence[str], verdict: Verdict) -> None:
    """Compare what one person heard with what they should have heard."""
    place = 0
    for text in heard:
        plain = REPEAT.sub("", text)
        marked = plain != text
        lately = wanted[max(place - LATELY, 0) : place]
        if place < len(wanted) and plain == wanted[place]:
            place += 1
            verdict.marked += marked
        elif marked and plain in lately:
            verdict.marked += 1
        elif plain in lately:
            verdict.doubled.append(plain[:60])
        else:
            due = wanted[place][:60] if place < len(wanted) else "nothing"
            verdict.lost.append(f"wanted {due!r}, heard {plain[:60]!r}")
            return
    if place < len(wanted):
        verdict.lost.append(f"never heard {wanted[place][:60]!r}")


async def _busy(api: Remote) -> None:
    """Wait until something is answered again: whoever is killed earlier was only starting."""

    async def sent() -> int:
        return int((await api.do("state"))["counts"].get("sent", 0))

    before = await sent()
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while await sent() <= before:  # noqa: ASYNC110 - it happens in another process
                await asyncio.sleep(0.02)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])
