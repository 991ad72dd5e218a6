"""Opening what somebody under watch wants others to know: sealed items, in memory only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.contract.checkins import AddSheetNote, AskSheetItem, NamePlan
from bot.contract.items import Note, read_item, write_item
from bot.contract.shapes import ShapeError
from bot.vault import VaultError
from bot.vault.envelope import open_item, seal_item
from bot.vault.wrap import unwrap_inner

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from bot.contract.checkins import PlanSheet
    from bot.contract.items import Item
    from bot.vault.identity import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetPart:
    """One item; `item` is None when it did not open."""

    kind: str
    item: Item | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedSheet:
    """A sheet in clear."""

    plan: str
    sheet: PlanSheet
    key: bytes = field(repr=False)
    parts: tuple[SheetPart, ...]

    def note(self, text: str, by: str, at: datetime) -> AddSheetNote:
        """Seal a note for the next place."""
        kind, clear = write_item(Note(text=text, by=by, at=at))
        place = self.sheet.next_sequence
        sealed = seal_item(self.key, clear, case=self.sheet.box, sequence=place, kind=kind)
        return AddSheetNote(plan=self.plan, sequence=place, sealed=sealed)


async def open_sheet(
    ask: Callable[[str, Any], Awaitable[Any]], identity: Identity, plan: str
) -> OpenedSheet:
    """Fetch a sheet and open it.

    Raises:
        AskError: The server does not give it: nobody is missed, or who asks is not on duty.
        VaultError: This identity is not among its readers.
    """
    sheet: PlanSheet = await ask("checkins.open", NamePlan(plan=plan))
    key = unwrap_inner(sheet.wrapped, identity.secret)
    parts = []
    for head in sheet.items:
        sealed = await ask("checkins.item", AskSheetItem(plan=plan, sequence=head.sequence))
        try:
            clear = open_item(key, sealed, case=sheet.box, sequence=head.sequence, kind=head.kind)
            item: Item | None = read_item(head.kind, clear)
        except (VaultError, ShapeError):
            item = None
        parts.append(SheetPart(kind=head.kind, item=item))
    return OpenedSheet(plan=plan, sheet=sheet, key=key, parts=tuple(parts))
