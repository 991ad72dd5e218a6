"""Whether the application key is the one that this database was written with.

The database keeps one sealed constant. It opens with the right key and with no other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from bot.domain.errors import SettingsError, VaultError
from bot.storage.tables import meta

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.services.ports import Cipher

KEY_CHECK = "key-check"
_CONTEXT = "meta/value/key-check"
_CLEAR = b"vigil"
MOVED = "moved-to"


def check_key(conn: Connection, cipher: Cipher) -> None:
    """Compare the key with the database; a new database takes it as its own.

    Raises:
        VaultError: The key is not the one of this database.
        SettingsError: The database was moved elsewhere, or is on its way.
    """
    rows = conn.execute(select(meta.c.name, meta.c.value))
    kept: dict[str, bytes] = {row.name: row.value for row in rows}
    if MOVED in kept:
        raise SettingsError(
            "This database was moved, or a move is under way: finish it with `vigil move`, "
            "then set VIGIL_DATABASE_URL to the new one."
        )
    if KEY_CHECK not in kept:
        sealed = cipher.seal(_CLEAR, context=_CONTEXT)
        conn.execute(insert(meta).values(name=KEY_CHECK, value=sealed))
        return
    verify(kept[KEY_CHECK], cipher)


def verify(sealed: bytes, cipher: Cipher) -> None:
    """Open the check value.

    Raises:
        VaultError: The key is not the one of this database.
    """
    try:
        cipher.open(sealed, context=_CONTEXT)
    except VaultError:
        raise VaultError(
            "The key in VIGIL_KEY_FILE is not the key of this database: put the right file back."
        ) from None
