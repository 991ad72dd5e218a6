"""`vigil talk`: the whole conversation in a terminal, on a database that vanishes with it."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bot.channels.terminal import ADDRESS, Terminal
from bot.content.library import Bookcase
from bot.domain.coordinators import Coordinator, Role
from bot.domain.ids import CoordinatorId
from bot.opening import keyring_of, opened_store
from bot.settings import Settings
from bot.settings import load as load_settings
from bot.wiring import SystemClock, open_bookcase, wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from typing import TextIO

    from bot.content.library import Library
    from bot.domain.ids import ChannelName, LanguageTag, PersonId
    from bot.services.ports import Clock, Tx
    from bot.understand.understanding import Understanding
    from bot.vault.identity import Identity
    from bot.wiring import Parts


@asynccontextmanager
async def conversation(
    language: LanguageTag | None,
    *,
    stream: TextIO | None = None,
    clock: Clock | None = None,
    content: Path | None = None,
    library: Library | None = None,
    understand: Callable[[Library], Understanding] | None = None,
    role: str | None = None,
    watched: bool = False,
) -> AsyncIterator[tuple[Terminal, Parts]]:
    """Open a conversation of its own: a new database and key, deleted at the end.

    Args:
        language: Of the person's app.
        stream: Where messages are shown.
        clock: Another than the machine's is for scripts.
        content: Another place of flows, locales and knowledge.
        library: One that is loaded already; many conversations in a row share it.
        understand: Makes what reads free text; without it answers and universal words are read.
        role: `coordinator` makes whoever talks one.
        watched: Two others are on duty.
    """
    clock = clock or SystemClock()
    with tempfile.TemporaryDirectory(prefix="vigil-talk-") as folder:
        settings = Settings(home=Path(folder), content=content)
        async with opened_store(settings) as store:
            if library is None:
                bookcase = await open_bookcase(settings, store, clock)
            else:
                bookcase = Bookcase(library)
            terminal = Terminal(
                clock=clock,
                language=language,
                stream=stream or sys.stdout,
                # What a script makes goes with it; a person keeps their letters.
                files=Path(folder) / "files" if stream is not None else None,
            )
            parts = wire(
                settings,
                store=store,
                bookcase=bookcase,
                channels=[terminal],
                clock=clock,
                understand=understand(bookcase()) if understand else None,
                limits=False,
            )
            me = (terminal.name, ADDRESS) if role == "coordinator" else None
            await store.write(lambda tx: people_the_house(tx, me, watched=watched))
            if watched:
                name_readers(settings, clock)
            yield terminal, parts


def people_the_house(tx: Tx, me: tuple[ChannelName, str] | None, *, watched: bool) -> None:
    """Put coordinators where a conversation needs them.

    Args:
        tx: Where they are written.
        me: Channel and address of whoever talks, if that is a coordinator.
        watched: Two others are on duty.
    """
    people: list[tuple[str, PersonId | None]] = []
    if me is not None:
        people.append(("me", tx.people.lock(*me)))
    if watched:
        people += [("one", None), ("two", None)]
    for alias, person in people:
        one = Coordinator(
            id=CoordinatorId(f"talk-{alias}"), alias=alias, roles=frozenset({Role.COORDINATOR}),
            recipient="", on_duty=person is None, person=person,
        )  # fmt: skip
        tx.coordinators.put(one)


def name_readers(settings: Settings, clock: Clock) -> tuple[Identity, ...]:
    """Let two people read whatever is sealed; return their identities."""
    from bot.vault.identity import new_identity, new_root
    from bot.vault.recipients import Recipient, RecipientList, sign

    now, (private, public) = clock.now(), new_root()
    until = now + timedelta(days=365)
    who = (new_identity(), new_identity())
    readers = tuple(
        Recipient(label=f"reader-{number}", key=one.public, role="coordinator", valid_from=now,
                  valid_until=until)
        for number, one in enumerate(who)
    )  # fmt: skip
    keyring = keyring_of(settings)
    keyring.trust(public.hex())
    named = RecipientList(version=1, valid_from=now, valid_until=until, recipients=readers)
    keyring.install(sign(named, private), now=now, last_seen=0)
    return who


async def exchange(terminal: Terminal, parts: Parts, line: str, number: int) -> None:
    """Take one typed line and show every answer to it."""
    await parts.reception(terminal.inbound(line, f"line-{number}"))
    while await parts.delivery.deliver_due() or await parts.broadcasting.deliver_due():
        pass


async def talk(
    language: LanguageTag | None,
    *,
    lines: TextIO | None = None,
    role: str | None = None,
    library: Library | None = None,
    understood: Understanding | None = None,
) -> None:
    """Talk until the input ends or /quit is typed.

    Args:
        language: Of the person's app.
        lines: What is typed; the standard input by default.
        role: `coordinator` makes whoever talks one.
        library: One that was read before is for proofs only.
        understood: One that was opened before is for proofs only.
    """
    source = lines or sys.stdin

    def understand(found: Library) -> Understanding:
        return understood or _understand(found)

    async with conversation(language, library=library, understand=understand, role=role) as (
        terminal,
        parts,
    ):
        await exchange(terminal, parts, "/start", 0)
        number = 0
        while True:
            print("\n> ", end="", flush=True)
            line = await asyncio.to_thread(source.readline)
            if not line or line.strip() == "/quit":
                return
            if line.strip():
                number += 1
                await exchange(terminal, parts, line, number)


def _understand(library: Library) -> Understanding:
    from bot.wiring import understanding

    found = understanding(load_settings(), library)
    found.open()
    return found
