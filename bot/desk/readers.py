"""Who may be sealed to: the signed list, believed only when the root we were told signed it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from bot.contract.operations import Nothing
from bot.vault import VaultError
from bot.vault.recipients import verify

if TYPE_CHECKING:
    from bot.contract.people import Keys
    from bot.desk.frame import Desk
    from bot.vault.recipients import RecipientList

_ROOT = re.compile(r"[0-9a-f]{64}")


def is_root(text: str) -> bool:
    """Tell whether a text can be a root's public key."""
    return _ROOT.fullmatch(text) is not None


def check_list(desk: Desk, keys: Keys, root: str) -> tuple[RecipientList | None, str]:
    """Return the list when it is what the root signed, else a code that says why not."""
    if not root:
        return None, "no-root"
    try:
        key = bytes.fromhex(root)
        return verify(keys.signed_list, root=key, now=desk.clock.now(), last_seen=0), ""
    except VaultError:
        return None, "list-refused"


async def trusted_readers(desk: Desk) -> tuple[RecipientList | None, str]:
    """Return who may be sealed to; in a demo whoever the server names.

    Raises:
        AskError: The server does not tell.
    """
    keys = await desk.ask("keys.show", Nothing())
    demo = desk.seat.me is not None and desk.seat.me.demo
    return check_list(desk, keys, pinned_root(desk) or (keys.root if demo else ""))


def pinned_root(desk: Desk) -> str:
    """Return the root that this coordinator was told, or nothing."""
    try:
        text = _path(desk).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return text if is_root(text) else ""


def pin_root(desk: Desk, root: str) -> None:
    """Keep the root beside the identity."""
    path = _path(desk)
    path.write_text(root + "\n", encoding="ascii")
    path.chmod(0o600)


def _path(desk: Desk) -> Path:
    return Path(desk.seat.identity_file).expanduser().with_suffix(".root")
