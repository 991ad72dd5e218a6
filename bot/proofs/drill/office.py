"""The coordinators of a drill: on duty, with identities that lie nowhere near the server.

They ask the desk's API over HTTP as the desk does: ciphertext comes from the server, is opened
here, and what goes back is sealed here. At the end they say which of all that was meant for them
they could read.
"""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from bot.contract import cases as contract
from bot.contract import checkins, notebook
from bot.contract.items import Answered, FileHead, Note, PlanWords, SentPlace, WrittenWords
from bot.contract.operations import Nothing
from bot.desk.opening import open_case, open_file
from bot.desk.server import AskError, Server
from bot.desk.sheets import open_sheet
from bot.domain.coordinators import Coordinator, Role
from bot.domain.ids import CoordinatorId, LanguageTag
from bot.opening import opened_store
from bot.settings import Settings
from bot.talking import name_readers
from bot.vault.sheet import open_sheet as open_leaf
from bot.vault.sheet import seal_sheet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot.content.library import Bookcase
    from bot.contract.items import Item
    from bot.desk.opening import OpenedCase
    from bot.desk.sheets import OpenedSheet
    from bot.proofs.drill.clock import HouseClock
    from bot.services.ports import Tx
    from bot.vault.identity import Identity

_ALIASES = ("kestrel", "wren")
_AGAIN = frozenset({"too-fast", "changed-meanwhile", "no-server"})
_TRIES, _PAUSE = 240, 0.5


@dataclass(slots=True, kw_only=True)
class Office:
    """Two people on duty."""

    clock: HouseClock
    bookcase: Bookcase
    identities: tuple[Identity, ...] = ()
    desks: tuple[Server, ...] = ()
    sealed: list[str] = field(default_factory=list)
    """What was written for them and must be readable to them in the end."""
    read: set[str] = field(default_factory=set)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @classmethod
    async def opened(
        cls, home: Path, key_file: Path, clock: HouseClock, bookcase: Bookcase
    ) -> Office:
        """Name both as readers, and put them on duty."""
        settings = Settings(home=home, key_file=key_file)
        office = cls(clock=clock, bookcase=bookcase)
        office.identities = name_readers(settings, clock)
        async with opened_store(settings) as store:
            named = zip(_ALIASES, office.identities, strict=True)
            them = [_coordinator(alias, identity) for alias, identity in named]
            await store.write(partial(_put, them=them))
        return office

    async def sit_down(self, address: str) -> None:
        """Sign both in, each at a desk of their own."""
        self.desks = tuple(Server(address=address, identity=one) for one in self.identities)
        for desk in self.desks:
            await desk.sign_in()

    async def go_home(self) -> None:
        """Leave the desks."""
        for desk in self.desks:
            await desk.close()

    async def ask(self, operation: str, request: Any, *, by: int = 0) -> Any:
        """Ask for one operation as one of them; again while the server has too much to do.

        Raises:
            AskError: The server said no.
        """
        for _ in range(_TRIES):
            try:
                return await self.desks[by].ask(operation, request)
            except AskError as error:
                if error.code not in _AGAIN:
                    raise
                await asyncio.sleep(_PAUSE)
        raise AskError("no-server")

    async def answer(self, told_there: str, words: str, note: str) -> None:
        """Take the case in which something is told, answer its person, and write a note there."""
        async with self._turn:
            case = await self._case_that_tells(told_there)
            number = case.summary.case
            by, at = self.desks[0].identity.public, self.clock.now()
            copy = Answered(text=words, language="en", by=by, at=at)
            place, _, sealed = case.seal(copy)
            await self.ask(
                "cases.answer",
                contract.AnswerPerson(
                    case=number, words=words, language=LanguageTag("en"), sequence=place,
                    sealed=sealed,
                ),
            )  # fmt: skip
            case = await open_case(self.ask, self.identities[0], number)
            place, kind, sealed = case.seal(Note(text=note, by=by, at=at))
            await self.ask(
                "cases.add",
                contract.AddItem(case=number, sequence=place, kind=kind, sealed=sealed),
            )

    async def look_for(self, told_there: str, note: str, wrong: str, word: str) -> None:
        """Find somebody who raised an alarm, read what they left, note something, hear their word.

        Args:
            told_there: What stands in their sheet.
            note: For the next shift.
            wrong: A word that is not theirs; it must not stand them down.
            word: Their safe word.
        """
        plan, sheet = await self._plan_that_tells(told_there)
        await self.ask("checkins.take", checkins.TakePlan(plan=plan, alarm=True))
        await self.ask("checkins.note", sheet.note(note, "kestrel", self.clock.now()))
        await self._read_sheet(plan, by=1)
        for said in (wrong, word):
            ended = checkins.StandDown(
                plan=plan, outcome=checkins.Outcome.SAFE, word=said, way=checkins.Way.VOICE,
                alarm=True,
            )  # fmt: skip
            try:
                await self.ask("checkins.stand-down", ended)
            except AskError:
                if said == word:
                    raise

    async def _plan_that_tells(self, word: str) -> tuple[str, OpenedSheet]:
        """Return the plan of whoever raised an alarm and left this word, once it is on the board.

        Raises:
            RuntimeError: It did not come.
        """
        for _ in range(_TRIES):
            for row in (await self.ask("checkins.board", Nothing())).rows:
                if row.alarm is not None:
                    with suppress(AskError):  # it is over by now
                        sheet, told = await self._read_sheet(row.plan)
                        if any(word in text for text in told):
                            return row.plan, sheet
            await asyncio.sleep(_PAUSE)
        raise RuntimeError("somebody raised an alarm, and the board shows nobody")

    async def _read_sheet(self, plan: str, *, by: int = 0) -> tuple[OpenedSheet, set[str]]:
        sheet = await open_sheet(partial(self.ask, by=by), self.identities[by], plan)
        told = {text for part in sheet.parts if part.item for text in _texts(part.item)}
        self.read |= told
        return sheet, told

    async def write_down(self, words: str) -> None:
        """Write a sheet of the notebook, and read it at the other desk."""
        kind, sheet = notebook.SheetKind.NOTE, secrets.token_hex(12)
        keys = [one.public for one in self.identities]
        sealed = seal_sheet(words.encode(), keys, sheet=sheet, version=1, kind=kind.value)
        await self.ask(
            "notebook.put", notebook.PutSheet(sheet=sheet, kind=kind, version=1, sealed=sealed)
        )
        for one in (await self.ask("notebook.list", notebook.AskSheets(kind=kind), by=1)).sheets:
            if one.sheet == sheet:
                secret = self.identities[1].secret
                clear = open_leaf(one.sealed, secret, sheet=sheet, version=1, kind=kind.value)
                self.read.add(clear.decode())

    async def close_everything(self) -> None:
        """Read every case whole, then close it."""
        for summary in (await self.ask("cases.queue", contract.AskQueue())).cases:
            case = await self._opened(summary.case)
            if case is None:
                continue
            self.read |= await self._told(case)
            ended = contract.CloseCase(case=summary.case, outcome=contract.Outcome.ADVISED)
            await self.ask("cases.close", ended)

    @property
    def share(self) -> float | None:
        """Of what was sealed for them: how much they read. None when nothing was."""
        if not self.sealed:
            return None
        found = sum(any(word in text for text in self.read) for word in self.sealed)
        return found / len(self.sealed)

    async def _case_that_tells(self, word: str) -> OpenedCase:
        """Return the newest case with a word in it; which case a receipt finds no desk knows."""
        cases = (await self.ask("cases.queue", contract.AskQueue())).cases
        for summary in sorted(cases, key=lambda one: one.created_at, reverse=True):
            case = await self._opened(summary.case)
            if case is not None and any(
                word in text for one in case.items if one.item for text in _texts(one.item)
            ):
                return case
        raise RuntimeError("no case was made of a report that was sent")

    async def _opened(self, case: str) -> OpenedCase | None:
        """Take a case and open it; None when its person took it back meanwhile."""
        try:
            await self.ask("cases.take", contract.AskCase(case=case))
            return await open_case(self.ask, self.identities[0], case)
        except AskError as error:
            if error.code != "not-found":
                raise
            return None

    async def _told(self, case: OpenedCase) -> set[str]:
        """Return every text in a case, and what its files say."""
        found = {text for one in case.items if one.item for text in _texts(one.item)}
        for head in case.of(FileHead):
            content = await open_file(self.ask, case, head.parts)
            found.add(content.decode(errors="ignore"))
        return found


def _texts(item: Item) -> Iterator[str]:
    match item:
        case WrittenWords() | Note() | Answered():
            yield item.text
        case PlanWords():
            yield from (line.text for line in item.lines)
        case SentPlace():
            yield f"{item.latitude} {item.longitude}"
        case _:
            return


def _put(tx: Tx, *, them: list[Coordinator]) -> None:
    for one in them:
        tx.coordinators.put(one)


def _coordinator(alias: str, identity: Identity) -> Coordinator:
    return Coordinator(
        id=CoordinatorId(f"drill-{alias}"), alias=alias,
        roles=frozenset({Role.COORDINATOR, Role.LEAD}), recipient=identity.public, on_duty=True,
    )  # fmt: skip
