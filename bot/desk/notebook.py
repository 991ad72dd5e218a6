"""The notebook at the desk: sheets opened with one's identity, sealed to all who can read cases.

The readers are those of the signed list, checked against the root that this coordinator was told;
a demo, in which nothing real may be written, does without.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.contract.notebook import AskSheets, NameSheet, PutSheet, SheetKind
from bot.desk.readers import trusted_readers
from bot.desk.server import AskError
from bot.vault import VaultError
from bot.vault.sheet import open_sheet, seal_sheet

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bot.contract.notebook import Sheet
    from bot.desk.frame import Desk

LONGEST = 8_000
"""Characters of one field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """An opened sheet. Unreadable ones have no fields."""

    id: str
    version: int
    at: datetime
    fields: Mapping[str, str] = field(repr=False)

    def __getattr__(self, name: str) -> str:
        """Return a field for a template; nothing when it was never filled in."""
        if name.startswith("_"):
            raise AttributeError(name)
        return self.fields.get(name, "")


async def leaves(desk: Desk, kind: SheetKind) -> list[Leaf]:
    """Return the sheets of a kind, opened.

    Raises:
        AskError: The server does not give them.
    """
    found = await desk.ask("notebook.list", AskSheets(kind=kind))
    return [_open(desk, one) for one in found.sheets]


async def write(
    desk: Desk, kind: SheetKind, fields: Mapping[str, str], *, id_: str = "", version: int = 0
) -> None:
    """Write a sheet; without an id a new one.

    Raises:
        AskError: Nobody is known to be sealed to, or the server does not take it.
    """
    readers, doubt = await trusted_readers(desk)
    if readers is None:
        raise AskError(doubt)
    keys = [one.key for one in readers.live(desk.clock.now())]
    kept = {name: text.strip()[:LONGEST] for name, text in fields.items() if text.strip()}
    clear = json.dumps(kept, ensure_ascii=False).encode()
    sheet, number = id_ or secrets.token_hex(12), version + 1
    sealed = seal_sheet(clear, keys, sheet=sheet, version=number, kind=kind.value)
    await desk.ask("notebook.put", PutSheet(sheet=sheet, kind=kind, version=number, sealed=sealed))


async def remove(desk: Desk, id_: str) -> None:
    """Take a sheet out.

    Raises:
        AskError: It is not there any more.
    """
    await desk.ask("notebook.remove", NameSheet(sheet=id_))


async def seal_anew(desk: Desk) -> int:
    """Seal every sheet to the present readers; return how many could not be opened here.

    Raises:
        AskError: As for `write`.
    """
    closed = 0
    for kind in SheetKind:
        for one in await leaves(desk, kind):
            if one.fields:
                await write(desk, kind, one.fields, id_=one.id, version=one.version)
            else:
                closed += 1
    return closed


def _open(desk: Desk, sheet: Sheet) -> Leaf:
    fields: dict[str, str] = {}
    try:
        clear = open_sheet(
            sheet.sealed,
            desk.seat.identity.secret,
            sheet=sheet.sheet,
            version=sheet.version,
            kind=sheet.kind.value,
        )
        decoded = json.loads(clear)
    except (VaultError, ValueError):
        decoded = None
    if isinstance(decoded, dict):
        fields = {str(name): str(text) for name, text in decoded.items()}
    return Leaf(id=sheet.sheet, version=sheet.version, at=sheet.at, fields=fields)
