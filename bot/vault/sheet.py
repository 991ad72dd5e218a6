"""A sheet of the coordinators' notebook: sealed at a desk to all readers, for its place.

    length of the wrapped key (2 bytes) · wrapped key · sealed item

Promises what a case's items promise: a bucket of sizes, a fixed number of slots, and that a sheet
moved or taken back to an older version does not open. There is no shred key: a sheet is about work,
never about a person who wrote to us.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.errors import VaultError
from bot.vault.envelope import new_key, open_item, seal_item
from bot.vault.wrap import unwrap_inner, wrap_inner

if TYPE_CHECKING:
    from collections.abc import Sequence

_LENGTH = 2


def seal_sheet(clear: bytes, keys: Sequence[str], *, sheet: str, version: int, kind: str) -> bytes:
    """Seal a sheet to its readers.

    Raises:
        VaultError: No reader, too many, or a key that is none.
    """
    key = new_key()
    wrapped = wrap_inner(key, keys)
    item = seal_item(key, clear, case=f"notebook/{sheet}", sequence=version, kind=kind)
    return len(wrapped).to_bytes(_LENGTH, "big") + wrapped + item


def open_sheet(sealed: bytes, identity: str, *, sheet: str, version: int, kind: str) -> bytes:
    """Open a sheet with a reader's identity.

    Raises:
        VaultError: Not among its readers, another place, or changed bytes.
    """
    length = int.from_bytes(sealed[:_LENGTH], "big")
    wrapped, item = sealed[_LENGTH : _LENGTH + length], sealed[_LENGTH + length :]
    if not item:
        raise VaultError("This is not a sheet.")
    key = unwrap_inner(wrapped, identity)
    return open_item(key, item, case=f"notebook/{sheet}", sequence=version, kind=kind)
