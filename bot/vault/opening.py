"""Opens a whole case with an identity: at a desk, in a drill, never on behalf of the server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bot.domain.errors import VaultError
from bot.vault.envelope import open_item
from bot.vault.wrap import unwrap_inner, unwrap_outer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.sealed import SealedItem


def opened_case(
    case: str, wrapped: bytes | None, items: Sequence[SealedItem | None], shred_key: bytes,
    identity: str,
) -> dict[str, Any]:  # fmt: skip
    """Return a case in clear: its items in order, JSON where they are, else their length.

    Raises:
        VaultError: The identity cannot open it, or something was changed.
    """
    if wrapped is None:
        raise VaultError("The case is gone.")
    key = unwrap_inner(unwrap_outer(wrapped, shred_key, case=case), identity)
    shown = []
    for item in items:
        if item is None:
            raise VaultError("An item of the case is gone.")
        clear = open_item(key, item.body, case=case, sequence=item.sequence, kind=item.kind)
        shown.append(
            {
                "sequence": item.sequence,
                "kind": item.kind,
                "at": item.at.isoformat(),
                "content": _content(clear),
            }
        )
    return {"case": case, "items": shown}


def _content(clear: bytes) -> Any:
    try:
        return json.loads(clear)
    except (ValueError, UnicodeDecodeError):
        return {"bytes": len(clear)}
