"""Kill -9 at random moments of a busy conversation, again and again.

Several people walk the same path through the flows while the program is killed and started. At the
end each must have heard exactly what somebody hears when nothing is killed: every update took
effect once, no reply was lost, and whatever came twice says that it is a repeat.
"""

from __future__ import annotations

import asyncio
import random
import re
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.proofs.botapi.person import NothingHeardError
from bot.proofs.botapi.remote import Remote
from bot.proofs.program import Program

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bot.proofs.botapi.person import Person

PATH = (
    "Settings", "Sound of my messages", "No, always silent",
    "Learn to be safer", "Protecting our space", "1", "No, thank you",
    "Settings", "Language", "1",
    "Find protection", "Kenya", "7", "None of these", "No, thank you",
    "Talk to a person", "No, thank you",
)  # fmt: skip
"""What everybody types, over and over; every line has an answer that ends in a question."""

REPEAT = re.compile(r"^Repeat [0-9a-zA-Z]{6}: this may have reached you before\.\n")
PATIENCE = 60.0
PACE = 1.0


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
    kills: int,
    people: int = 4,
    seed: int = 1,
    database: Sequence[str] = ("",),
) -> Verdict:
    """Kill and start the program so many times while people talk.

    Args:
        folder: Where the program may keep its data.
        kills: How often it is killed.
        people: How many talk at once.
        seed: Of the moments of killing.
        database: URLs of one process each; "" is SQLite in the program's own folder.
    """
    chance = random.Random(seed)
    verdict = Verdict()
    async with Remote.started("--no-limits") as api:
        programs = [
            Program(
                home=folder / f"home-{number}",
                settings={
                    "VIGIL_TELEGRAM_TOKEN": api.token,
                    "VIGIL_TELEGRAM_API": api.base,
                    "VIGIL_LISTEN": f"127.0.0.1:{free_port()}",
                    "VIGIL_KEY_FILE": str(folder / "keys" / "application.key"),
                    **({"VIGIL_DATABASE_URL": url} if url else {}),
                },
            )
            for number, url in enumerate(database)
        ]
        try:
            for program in programs:
                await program.start()
            model = await api.person("Modela")
            talk = [*PATH]
            expected = await _walk(model, talk, verdict)
            over = asyncio.Event()
            rounds = [
                asyncio.ensure_future(_rounds(await api.person(f"Invented{number}"), over))
                for number in range(people)
            ]
            for _ in range(kills):
                await asyncio.sleep(chance.uniform(0.3, 3.5))
                victim = chance.choice(programs)
                await victim.kill()
                verdict.kills += 1
                await victim.start(wait=chance.random() < 0.7)
            over.set()
            heard = await asyncio.gather(*rounds)
            for texts, turns in heard:
                verdict.updates += turns
                _judge(texts, turns, expected, verdict)
            verdict.violations = len(await api.do("violations"))
        finally:
            for program in programs:
                await program.stop()
    return verdict


async def _walk(person: Person, talk: Sequence[str], verdict: Verdict) -> list[list[str]]:
    """Walk the path once without any harm; return what is heard after each line."""
    found = [await _exchange(person, "/start")]
    for line in talk:
        found.append(await _exchange(person, line))
        verdict.updates += 1
    return found


async def _rounds(person: Person, over: asyncio.Event) -> tuple[list[list[str]], int]:
    """Walk the path until told that it is over; finish the round that is under way."""
    found = [await _exchange(person, "/start")]
    turns = 1
    while not over.is_set():
        for line in PATH:
            found.append(await _exchange(person, line))
            turns += 1
    return found, turns


async def _exchange(person: Person, line: str) -> list[str]:
    """Say a line and listen until the question that ends every answer has come."""
    # People type; faster than this the program would ask them to slow down.
    await asyncio.sleep(PACE)
    await person.says(line)
    heard: list[str] = []
    while True:
        message = await person.hears(within=PATIENCE)
        heard.append(message.text)
        if message.labels and any("SOS" in label or "danger" in label for label in message.labels):
            # A repeat of this very message may still be on its way.
            with_repeat = await _late(person)
            return [*heard, *with_repeat]


async def _late(person: Person) -> list[str]:
    try:
        return [(await person.hears("Repeat ", within=0.05)).text]
    except NothingHeardError:
        return []


def _judge(texts: list[list[str]], turns: int, expected: list[list[str]], verdict: Verdict) -> None:
    """Compare what one person heard with what the model heard."""
    del turns
    wanted = [text for answer in _in_order(len(texts), expected) for text in answer]
    heard = [text for answer in texts for text in answer]
    place = 0
    for text in heard:
        plain = REPEAT.sub("", text)
        marked = plain != text
        if place < len(wanted) and plain == wanted[place]:
            place += 1
            verdict.marked += marked
        elif marked and plain in wanted[max(place - 6, 0) : place]:
            verdict.marked += 1
        elif plain in wanted[max(place - 6, 0) : place]:
            verdict.doubled.append(plain[:60])
        else:
            verdict.lost.append(f"wanted {wanted[place][:60]!r}, heard {plain[:60]!r}")
            return
    if place < len(wanted):
        verdict.lost.append(f"never heard {wanted[place][:60]!r}")


def _in_order(count: int, expected: list[list[str]]) -> list[list[str]]:
    """Return the model's answers for so many lines: the greeting once, then rounds of the path."""
    rounds = expected[1:]
    return [expected[0], *(rounds[place % len(rounds)] for place in range(count - 1))]


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])
