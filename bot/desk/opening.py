"""Opening a case: its key with the identity, its items with the key, each for its own place.

What does not open is shown as such and never guessed; the rest of the case stays readable.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.contract.cases import AskCase, AskItem
from bot.contract.items import (
    RAW_KINDS,
    Answered,
    Answers,
    Consent,
    FileHead,
    Note,
    WrittenWords,
    read_item,
    write_item,
)
from bot.contract.shapes import ShapeError
from bot.vault import VaultError
from bot.vault.envelope import open_item, seal_item
from bot.vault.wrap import unwrap_inner

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.contract.cases import CaseSheet, CaseSummary, ItemHead
    from bot.contract.items import Item
    from bot.vault.identity import Identity

Ask = "Callable[[str, Any], Awaitable[Any]]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """One item of a case; `item` is None when it did not open."""

    head: ItemHead
    item: Item | None = field(repr=False)

    @property
    def kind(self) -> str:
        """What it is."""
        return self.head.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedCase:
    """A case in clear, in memory only."""

    sheet: CaseSheet
    key: bytes = field(repr=False)
    items: tuple[Opened, ...]

    @property
    def summary(self) -> CaseSummary:
        """The clear envelope."""
        return self.sheet.summary

    def seal(self, item: Item) -> tuple[int, str, bytes]:
        """Seal an item for the next place; return place, kind and ciphertext."""
        kind, clear = write_item(item)
        place = self.sheet.next_sequence
        case = self.summary.case
        return place, kind, seal_item(self.key, clear, case=case, sequence=place, kind=kind)

    def of(self, kind: type[Any]) -> list[Any]:
        """Return all items of a kind, oldest first."""
        return [one.item for one in self.items if isinstance(one.item, kind)]

    def codes(self) -> dict[str, tuple[str, ...]]:
        """Return coded answers by name; a later one replaces an earlier one."""
        return {one.name: one.values for answers in self.of(Answers) for one in answers.answers}

    @property
    def unreadable(self) -> int:
        """How many items did not open."""
        return sum(one.item is None and one.kind not in RAW_KINDS for one in self.items)


async def open_case(
    ask: Callable[[str, Any], Awaitable[Any]], identity: Identity, case: str
) -> OpenedCase:
    """Fetch a case and open it.

    Raises:
        AskError: The server does not give it.
        VaultError: This identity is not among its readers.
    """
    sheet: CaseSheet = await ask("cases.open", AskCase(case=case))
    key = unwrap_inner(sheet.wrapped, identity.secret)
    items = []
    for head in sheet.items:
        if head.kind in RAW_KINDS:
            items.append(Opened(head=head, item=None))
            continue
        sealed = await ask("cases.item", AskItem(case=case, sequence=head.sequence))
        items.append(Opened(head=head, item=_open(key, sealed, case, head)))
    return OpenedCase(sheet=sheet, key=key, items=tuple(items))


async def open_file(
    ask: Callable[[str, Any], Awaitable[Any]], opened: OpenedCase, parts: tuple[int, ...]
) -> bytes:
    """Fetch a file's parts and put them together.

    Raises:
        AskError: The server does not give them.
        VaultError: A part does not open: nothing is returned.
    """
    kinds = {head.sequence: head.kind for head in opened.sheet.items}
    found = bytearray()
    for place in parts:
        if kinds.get(place) not in RAW_KINDS:
            raise VaultError("A part of the file is missing.")
        case = opened.summary.case
        sealed = await ask("cases.item", AskItem(case=case, sequence=place))
        found += open_item(opened.key, sealed, case=case, sequence=place, kind=kinds[place])
    return bytes(found)


def _open(key: bytes, sealed: bytes, case: str, head: ItemHead) -> Item | None:
    try:
        clear = open_item(key, sealed, case=case, sequence=head.sequence, kind=head.kind)
        return read_item(head.kind, clear)
    except (VaultError, ShapeError):
        return None


__all__ = [
    "Answered", "Answers", "Consent", "FileHead", "Note", "Opened", "OpenedCase", "WrittenWords",
    "open_case", "open_file",
]  # fmt: skip
