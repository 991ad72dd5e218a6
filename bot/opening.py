"""What a command opens: the folder, the database, the keys. What runs is `wiring`'s.

A module of its own, so that a command that asks the database one thing loads none of the rest.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
from typing import TYPE_CHECKING

from bot.domain.errors import SettingsError
from bot.services.sealing import Sealing
from bot.vault.keyring import Keyring

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.services.ports import Store
    from bot.settings import Settings
    from bot.vault.shred import ShredKeys


def make_home(home: Path) -> None:
    """Create the folder for data, readable by its owner alone.

    Raises:
        SettingsError: It cannot be created or written.
    """
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = home / f".writable-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SettingsError(f"VIGIL_HOME {home} cannot be written: {reason}.") from None


@contextlib.asynccontextmanager
async def opened_store(settings: Settings) -> AsyncIterator[Store]:
    """Open the database with the application key, and close it well.

    Raises:
        SettingsError: The database cannot be used as it is.
        VaultError: The key is not this database's.
    """
    from bot.storage.engine import open_store
    from bot.vault.cipher import ApplicationCipher
    from bot.vault.keyfile import load_key

    make_home(settings.home)
    cipher = ApplicationCipher(load_key(settings.key_path))
    store = await asyncio.to_thread(open_store, settings.database, cipher)
    try:
        yield store
    finally:
        await store.close()


def keyring_of(settings: Settings) -> Keyring:
    """Return the keys of this installation."""
    # Not beside the application key: a systemd credential lies where nobody can write.
    url = settings.shred_url
    return Keyring(
        keys=settings.home / "keys",
        home=settings.home,
        shared=None if url is None else lambda: _shared(url),
    )


def _shared(url: str) -> ShredKeys:
    from bot.storage.shred import SharedShredStore

    return SharedShredStore(url)


def sealing_of(settings: Settings) -> Sealing:
    """Return what seals with the keys of this installation."""
    from bot.vault.sealer import KeyringSealer

    sealer = KeyringSealer(keyring_of(settings))
    return Sealing(sealer=sealer, new_id=lambda: secrets.token_hex(16))
