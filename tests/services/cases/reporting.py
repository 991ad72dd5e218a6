"""What several tests do: name readers, report, and work at a desk that holds an identity."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.contract import cases as contract
from bot.contract.items import Answered, Note, read_item, write_item
from bot.domain.ids import LanguageTag
from bot.scripts import bare
from bot.talking import name_readers
from bot.vault.envelope import open_item, seal_item
from bot.vault.wrap import unwrap_inner

if TYPE_CHECKING:
    from bot.contract.items import Item
    from bot.domain.coordinators import Coordinator
    from bot.domain.messages import Outgoing
    from bot.vault.identity import Identity
    from tests.services.cases.conftest import House

QUICK = (
    "Report a threat", "Yes, it is safe", "Yes, with buttons", "Yes", "Yes", "Me",
    "Arrest or detention", "Send now",
)  # fmt: skip


@dataclass
class Desk:
    """A coordinator's own machine: the identity is here and nowhere else."""

    house: House
    who: Coordinator
    identity: Identity

    async def asks(self, operation: str, request: Any) -> Any:
        act = getattr(self.house.parts.case_work, operation)
        return await self.house.store.write(lambda tx: act(tx, self.who, request))

    async def queue(self, *, closed: bool = False) -> contract.Queue:
        return await self.asks("queue", contract.AskQueue(closed=closed))

    async def takes(self) -> str:
        """Take the first case that waits; return its id."""
        first = next(one for one in (await self.queue()).cases if one.assigned_to is None)
        await self.asks("take", contract.AskCase(case=first.case))
        return first.case

    async def reads(self, case: str) -> list[Item]:
        """Open everything in a case that is no file."""
        sheet = await self.asks("open", contract.AskCase(case=case))
        key = unwrap_inner(sheet.wrapped, self.identity.secret)
        found = []
        for head in sheet.items:
            sealed = await self.asks("item", contract.AskItem(case=case, sequence=head.sequence))
            clear = open_item(key, sealed, case=case, sequence=head.sequence, kind=head.kind)
            found.append(read_item(head.kind, clear))
        return found

    async def sealed(self, case: str, item: Item) -> dict[str, Any]:
        """Seal an item for the next place."""
        sheet = await self.asks("open", contract.AskCase(case=case))
        key = unwrap_inner(sheet.wrapped, self.identity.secret)
        kind, clear = write_item(item)
        place = {"case": case, "sequence": sheet.next_sequence}
        return {**place, "sealed": seal_item(key, clear, kind=kind, **place)}

    def note(self, text: str) -> Note:
        return Note(text=text, by=self.who.id, at=self.house.clock.now())

    async def answers(self, case: str, words: str) -> contract.CaseSummary:
        copy = Answered(text=words, language="en", by=self.who.id, at=self.house.clock.now())
        request = contract.AnswerPerson(
            words=words, language=LanguageTag("en"), **await self.sealed(case, copy)
        )
        return await self.asks("answer", request)


async def desks(house: House) -> tuple[Desk, Desk]:
    """Name two readers, both on duty; return their desks."""
    who = name_readers(house.settings, house.clock)
    kestrel = await house.coordinator("kestrel", recipient=who[0].public)
    wren = await house.coordinator("wren", recipient=who[1].public)
    return Desk(house, kestrel, who[0]), Desk(house, wren, who[1])


async def report(house: House, address: str = "7001", *, presses: Any = QUICK) -> list[Outgoing]:
    """Report by pressing buttons; return what the last press shows."""
    await house.says(address, "/start")
    shown: list[Outgoing] = []
    for label in presses:
        shown = await house.presses(address, label)
    return shown


def receipt_in(shown: list[Outgoing]) -> str:
    """Return the six words that were shown."""
    for message in shown:
        found = re.search(r"Your receipt:\s*((?:\w+ ){5}\w+)", bare(message.text))
        if found:
            return " ".join(found[1].split()[:6])
    raise AssertionError([message.text for message in shown])
