"""The coordinators of a drill: on duty, with identities that lie nowhere near the server.

They work as a desk does: ciphertext comes from the store, is opened here, and what goes back is
sealed here. At the end they say which of all that was meant for them they could read.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from bot.contract import cases as contract
from bot.contract.items import RAW_KINDS, Answered, write_item
from bot.domain.coordinators import Coordinator, Role
from bot.domain.ids import CoordinatorId, LanguageTag
from bot.services.receipts import SALT_FACT
from bot.settings import Settings
from bot.talking import name_readers
from bot.vault.envelope import open_item, seal_item
from bot.vault.receipts import key_of
from bot.vault.wrap import unwrap_inner
from bot.wiring import opened_store, wire

if TYPE_CHECKING:
    from pathlib import Path

    from bot.content.library import Bookcase
    from bot.proofs.drill.clock import HouseClock
    from bot.services.ports import Tx
    from bot.vault.identity import Identity
    from bot.wiring import Parts

_ALIASES = ("kestrel", "wren")


@dataclass(slots=True, kw_only=True)
class Office:
    """Two people on duty."""

    settings: Settings
    clock: HouseClock
    bookcase: Bookcase
    identities: tuple[Identity, ...] = ()
    sealed: list[str] = field(default_factory=list)
    """What was written for them and must be readable to them in the end."""
    read: set[str] = field(default_factory=set)

    @classmethod
    async def opened(
        cls, home: Path, key_file: Path, clock: HouseClock, bookcase: Bookcase
    ) -> Office:
        """Name both as readers, and put them on duty."""
        settings = Settings(home=home, key_file=key_file)
        office = cls(settings=settings, clock=clock, bookcase=bookcase)
        office.identities = name_readers(settings, clock)
        async with opened_store(settings) as store:
            named = zip(_ALIASES, office.identities, strict=True)
            them = [_coordinator(alias, identity) for alias, identity in named]
            await store.write(partial(_put, them=them))
        return office

    async def answer(self, receipt: str, words: str) -> None:
        """Take the case of a receipt, and answer its person."""
        async with self._at_work() as desk:
            case = await desk.case_of(receipt)
            await desk.asks("take", contract.AskCase(case=case))
            place = await desk.sealed(case, words)
            await desk.asks(
                "answer",
                contract.AnswerPerson(words=words, language=LanguageTag("en"), **place),
            )

    async def close_everything(self) -> None:
        """Read every case whole, then close it."""
        async with self._at_work() as desk:
            for summary in (await desk.asks("queue", contract.AskQueue())).cases:
                asked = contract.AskCase(case=summary.case)
                await desk.asks("take", asked)
                self.read |= await desk.words(summary.case)
                ended = contract.CloseCase(case=summary.case, outcome=contract.Outcome.ADVISED)
                await desk.asks("close", ended)

    @property
    def share(self) -> float | None:
        """Of what was sealed for them: how much they read. None when nothing was."""
        if not self.sealed:
            return None
        found = sum(any(word in text for text in self.read) for word in self.sealed)
        return found / len(self.sealed)

    def _at_work(self) -> _Desk:
        return _Desk(self)


class _Desk:
    """One sitting: the store is opened, as another process beside the server."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._store = opened_store(office.settings)
        self._parts: Parts
        self._who = _coordinator(_ALIASES[0], office.identities[0], lead=True)

    async def __aenter__(self) -> Self:
        office = self._office
        store = await self._store.__aenter__()
        self._parts = wire(
            office.settings, store=store, bookcase=office.bookcase, channels=[],
            clock=office.clock, limits=False,
        )  # fmt: skip
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._store.__aexit__(None, None, None)

    async def asks(self, operation: str, request: Any) -> Any:
        """Do one operation as the first of them."""
        act = getattr(self._parts.case_work, operation)
        return await self._parts.store.write(lambda tx: act(tx, self._who, request))

    async def case_of(self, receipt: str) -> str:
        """Return the case that six words find; a desk never knows them, so only a drill can."""

        def find(tx: Tx) -> str:
            salt = bytes.fromhex(tx.leases.noted(SALT_FACT) or "")
            case = tx.cases.by_receipt(key_of(receipt, salt).finds)
            if case is None:
                raise RuntimeError("no case was made of a report that was sent")
            return case.id

        return await self._parts.store.write(find)

    async def words(self, case: str) -> set[str]:
        """Return every text in a case, and what its files say."""
        sheet = await self.asks("open", contract.AskCase(case=case))
        found = set()
        for head in sheet.items:
            item = contract.AskItem(case=case, sequence=head.sequence)
            sealed = await self.asks("item", item)
            clear = open_item(
                self._key(sheet), sealed, case=case, sequence=head.sequence, kind=head.kind
            )
            if head.kind in RAW_KINDS:
                found.add(clear.decode(errors="ignore"))
                continue
            text = json.loads(clear).get("text")
            if isinstance(text, str):
                found.add(text)
        return found

    async def sealed(self, case: str, words: str) -> dict[str, Any]:
        """Seal a copy of an answer for the next place in its case."""
        sheet = await self.asks("open", contract.AskCase(case=case))
        copy = Answered(text=words, language="en", by=self._who.id, at=self._office.clock.now())
        kind, clear = write_item(copy)
        place = {"case": case, "sequence": sheet.next_sequence}
        return {**place, "sealed": seal_item(self._key(sheet), clear, kind=kind, **place)}

    def _key(self, sheet: contract.CaseSheet) -> bytes:
        return unwrap_inner(sheet.wrapped, self._office.identities[0].secret)


def _put(tx: Tx, *, them: list[Coordinator]) -> None:
    for one in them:
        tx.coordinators.put(one)


def _coordinator(alias: str, identity: Identity, *, lead: bool = False) -> Coordinator:
    roles = {Role.COORDINATOR, Role.LEAD} if lead else {Role.COORDINATOR}
    return Coordinator(
        id=CoordinatorId(f"drill-{alias}"), alias=alias, roles=frozenset(roles),
        recipient=identity.public, on_duty=True,
    )  # fmt: skip
