"""The application key: one file outside the database, readable by its owner alone.

Decides whether a file may serve as the key. Whether it is the key of a particular database is the
store's question: it keeps a check value. What is wrong is said in one sentence, never mended.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from typing import TYPE_CHECKING

from bot.domain.errors import SettingsError, VaultError

if TYPE_CHECKING:
    from pathlib import Path

KEY_BYTES = 32
_HEX_KEY = re.compile(rb"[0-9a-f]{64}\n?")


def load_key(path: Path, *, create: bool = True) -> bytes:
    """Return the application key; write a new one first when there is none.

    Args:
        path: The key file, in a folder of its own.
        create: False refuses a missing file, for commands that only make sense with an old key.

    Raises:
        SettingsError: The file cannot be read or written, or others can read it.
        VaultError: The file holds something else than a key.
    """
    try:
        if create and not path.exists():
            _write_new(path)
        return _read(path)
    except FileNotFoundError:
        raise SettingsError(f"VIGIL_KEY_FILE {path} does not exist.") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SettingsError(f"VIGIL_KEY_FILE {path} cannot be used: {reason}.") from None


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        # Asked of the open file, so that nobody can swap it between the question and the reading.
        mode = os.fstat(file.fileno()).st_mode
        if not stat.S_ISREG(mode):
            raise SettingsError(f"VIGIL_KEY_FILE {path} is not a file.")
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise SettingsError(
                f"VIGIL_KEY_FILE {path} can be read by others: run `chmod 600` on it."
            )
        text = file.read(KEY_BYTES * 2 + 2)
    if not _HEX_KEY.fullmatch(text):
        raise VaultError(f"VIGIL_KEY_FILE {path} is not a key: it must hold 64 hex digits.")
    return bytes.fromhex(text.decode())


def _write_new(path: Path) -> None:
    """Write a key that is there whole or not at all; of two that try, one wins."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_hex(KEY_BYTES).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
