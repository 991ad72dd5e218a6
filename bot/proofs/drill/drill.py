"""`vigil seizure-drill`: plant, steal, search.

Two thefts. The first takes, at several moments while people write and once while the program lies
killed, every byte but the key file. The second comes when all conversations are closed and
`VIGIL_DRAFT_TTL` has passed; it has the key, so every sealed value is opened, and the bot token, so
whatever still stands in private chats is replayed. Addresses of people for whom something is still
scheduled are then the one thing it may find; when `VIGIL_CHAT_TTL` has passed too, not even those.

What the program's memory still holds is counted apart, for nobody can promise that it is clean.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.proofs.drill.opened import WANTED, opened
from bot.proofs.drill.planters import PLANTERS
from bot.proofs.drill.stage import memory_of, staged
from bot.settings import Settings
from bot.storage.backup import backup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.proofs.drill.planters import Planter
    from bot.proofs.drill.search import Found, Search
    from bot.proofs.drill.stage import Stage

CANARIES = 2_000
_LOOK_EVERY = 5.0
"""Seconds of rest between two looks: looking keeps a core busy."""
_MARGIN = timedelta(minutes=1)
_SENDERS = ("from", "chat", "sender_chat", "reply_to_message")
"""Of a message that is replayed: who wrote it where is what the thief had to know to ask."""


@dataclass(slots=True, kw_only=True)
class Verdict:
    """What the thieves found."""

    planted: int
    found: int
    decrypted_share: float | None
    """Of sealed reports, by their coordinators; None while there are no sealed reports."""
    memory_found: int
    places: list[str] = field(default_factory=list)
    questions: dict[str, int] = field(default_factory=dict)
    """Questions that were met, and how often."""
    looks: int = 0

    @property
    def clean(self) -> bool:
        """Nothing was found, and coordinators could read all that was for them."""
        return not self.found and self.decrypted_share in {None, 1.0}

    def as_json(self) -> dict[str, Any]:
        """Return the answer of `--json`."""
        names = ("planted", "found", "decrypted_share", "memory_found", "places")
        return {name: getattr(self, name) for name in names}


async def run(
    canaries: int = CANARIES,
    *,
    seed: int = 1,
    folder: Path | None = None,
    planters: Sequence[Planter] = PLANTERS,
    memory: bool = True,
    learnt: Path | None = None,
) -> Verdict:
    """Plant so many canaries, steal twice, and say what was found.

    Args:
        canaries: How many at least.
        seed: Of words and moments.
        folder: Where to play; a temporary folder by default.
        planters: Who plants.
        memory: Off leaves out what the program's memory holds: looking there takes long.
        learnt: A home whose cache is full, so that nothing is learnt for the drill.
    """
    if folder is not None:
        return await _run(canaries, seed, folder, planters, learnt, memory=memory)
    with tempfile.TemporaryDirectory(prefix="vigil-drill-") as made:
        played = Path(made) / "server"
        return await _run(canaries, seed, played, planters, learnt, memory=memory)


async def _run(
    canaries: int, seed: int, folder: Path, planters: Sequence[Planter], learnt: Path | None, *,
    memory: bool,
) -> Verdict:  # fmt: skip
    async with staged(folder, seed, learnt) as stage:
        looking = asyncio.ensure_future(_look_again_and_again(stage))
        try:
            await _plant(stage, canaries, planters)
        finally:
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking
        await _backup(stage, "after")
        await stage.look()
        await stage.office.close_everything()
        await _with_key(stage)
        search = stage.search()
        remembered = await asyncio.to_thread(_remembered, stage, search) if memory else 0
        found = list(dict.fromkeys(stage.found))
        return Verdict(
            planted=len(stage.cage.planted),
            found=len({one.canary or one.place for one in found}),
            decrypted_share=stage.office.share,
            memory_found=remembered,
            places=sorted({str(one) for one in found}),
            questions=dict(stage.questions),
            looks=stage.looks,
        )


async def _plant(stage: Stage, canaries: int, planters: Sequence[Planter]) -> None:
    shares = [(planter, max(round(canaries * planter.share), 1)) for planter in planters]
    async with asyncio.TaskGroup() as beside:
        for planter, share in shares:
            if not planter.alone:
                beside.create_task(planter.plant(stage, share))
    for planter, share in shares:
        if planter.alone:
            await planter.plant(stage, share)


async def _look_again_and_again(stage: Stage) -> None:
    """Steal everything but the key, while people write."""
    await asyncio.sleep(_LOOK_EVERY)
    await _backup(stage, "meanwhile")
    while True:
        await stage.look(everything=False)
        await asyncio.sleep(_LOOK_EVERY)


async def _backup(stage: Stage, name: str) -> None:
    url = f"sqlite:///{stage.home / 'vigil.db'}"
    await asyncio.to_thread(backup, url, stage.folder / "backups" / name)


async def _with_key(stage: Stage) -> None:
    """Steal key and token too, when everything is over."""
    settings = Settings.model_fields
    stage.clock.advance(settings["draft_ttl"].default + _MARGIN)
    await _close_what_silence_opened(stage)
    await stage.look(theft="with the key")
    stage.found += _of_people(stage, [*_opened(stage, addresses=False), *_replayed(stage)])
    stage.clock.advance(settings["chat_ttl"].default + _MARGIN)
    await _close_what_silence_opened(stage)
    stage.found += _of_people(stage, _opened(stage, addresses=True))


async def _close_what_silence_opened(stage: Stage) -> None:
    """Have time do its work; whoever fell silent in danger has a case, which is open until closed.

    While it is, the address of its person is kept, so that they can be answered.
    """
    await stage.settle()
    await stage.office.close_everything()
    await stage.settle()


def _of_people(stage: Stage, found: list[Found]) -> list[Found]:
    """Leave out the words of alerts, which many got: at rest they are sealed, and that is all."""
    return [one for one in found if one.canary not in stage.for_many]


def _opened(stage: Stage, *, addresses: bool) -> list[Found]:
    """Open every sealed value and look into it."""
    search, found = stage.search(), []
    key = bytes.fromhex(stage.key_file.read_text().strip())
    for place, clear in opened(stage.home / "vigil.db", key):
        # Whoever wants to be asked again, or takes alerts, must be reached for that.
        if place == WANTED or (place == "person.address" and not addresses):
            continue
        found += search.look(clear, f"with the key: {place}")
    return found


def _replayed(stage: Stage) -> list[Found]:
    """Fetch what stands in private chats, as the token lets a thief do."""
    search, found = stage.search(), []
    for chat in stage.api.world.chats.values():
        if chat.id in stage.untidied:
            continue
        for stored in chat.messages.values():
            shown = {key: value for key, value in stored.message.items() if key not in _SENDERS}
            raw = json.dumps(shown, ensure_ascii=False).encode()
            who = "ours" if stored.from_bot else "theirs"
            found += search.look(raw, f"with the token: a message of {who}")
    return found


def _remembered(stage: Stage, search: Search) -> int:
    found = {
        one.canary
        for place, held in memory_of(stage.program.pid)
        for one in search.look(held, place, closely=False)
    }
    return len(found)
