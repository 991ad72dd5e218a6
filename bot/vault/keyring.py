"""Where keys lie on the server: the root's public key, the signed list of readers, the shred keys.

    HOME/keys/root.pub          whose signature counts, hex
    HOME/keys/recipients.json   who can read, signed
    HOME/shred/keys.db          one key a case, never backed up; several machines share theirs

Nothing here can open a case. The root's private key and all identities lie elsewhere.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.errors import VaultError
from bot.vault.identity import DEMO_MARK, new_identity, new_root
from bot.vault.recipients import Recipient, RecipientList, sign, verify
from bot.vault.shred import ShredStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from bot.vault.identity import Identity
    from bot.vault.shred import ShredKeys

ROOT_BYTES = 32
DEMO_FOR = timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyring:
    """The keys of one installation."""

    keys: Path
    """Folder of public keys and the signed list."""
    home: Path
    shared: Callable[[], ShredKeys] | None = None
    """Opens the shred keys that several machines share."""

    @property
    def root_path(self) -> Path:
        """Where the root's public key lies."""
        return self.keys / "root.pub"

    @property
    def list_path(self) -> Path:
        """Where the signed list lies."""
        return self.keys / "recipients.json"

    @property
    def installed(self) -> bool:
        """Tell whether readers were ever named."""
        return self.root_path.exists() and self.list_path.exists()

    def state(self) -> tuple[tuple[int, int], ...]:
        """Return what changes whenever one of the files does."""
        found = []
        for path in (self.root_path, self.list_path):
            try:
                held = path.stat()
                found.append((held.st_mtime_ns, held.st_ino))
            except OSError:
                found.append((0, 0))
        return tuple(found)

    def shred(self) -> ShredKeys:
        """Open the shred keys."""
        if self.shared is not None:
            return self.shared()
        return ShredStore(self.home / "shred" / "keys.db")

    def recipients(self, *, now: datetime, last_seen: int) -> RecipientList:
        """Return who can read.

        Raises:
            VaultError: Nobody was named, or the list is refused; one sentence says why.
        """
        if not self.installed:
            raise VaultError("Nobody who can read cases was named yet; see `vigil keys`.")
        try:
            root, text = self.root_path.read_text("ascii"), self.list_path.read_text("utf-8")
        except (OSError, ValueError):
            raise VaultError("The recipient list cannot be read.") from None
        return verify(text, root=_root(root), now=now, last_seen=last_seen)

    def signed(self) -> tuple[str, str]:
        """Return the signed list as it lies there, and the root's public key, hex.

        Raises:
            VaultError: Nobody was named yet.
        """
        try:
            text, root = self.list_path.read_text("utf-8"), self.root_path.read_text("ascii")
        except (OSError, ValueError):
            raise VaultError("Nobody who can read cases was named yet.") from None
        return text, root.strip()

    def demo(self, *, now: datetime) -> bool:
        """Tell whether a demo key is among those who can read now."""
        try:
            return self.recipients(now=now, last_seen=0).demo
        except VaultError:
            return False

    def trust(self, root: str) -> None:
        """Make this the root whose signature counts.

        Raises:
            VaultError: It is no public key.
        """
        _write(self.root_path, _root(root).hex() + "\n")

    def install(self, text: str, *, now: datetime, last_seen: int) -> RecipientList:
        """Put a signed list into use, or leave the one in use alone.

        Raises:
            VaultError: The list is refused; one sentence says why.
        """
        if not self.root_path.exists():
            raise VaultError("No root is trusted yet: run `vigil keys trust` with its public key.")
        root = _root(self.root_path.read_text("ascii"))
        found = verify(text, root=root, now=now, last_seen=last_seen)
        _write(self.list_path, text)
        return found


def make_demo(keyring: Keyring, *, now: datetime, version: int) -> Identity:
    """Name a reader for trying things out, with a root that is thrown away; return its identity."""
    identity = new_identity()
    private, public = new_root()
    until = now + DEMO_FOR
    demo = Recipient(
        label="demo", key=identity.public, role="demo", valid_from=now, valid_until=until
    )
    named = RecipientList(version=version, valid_from=now, valid_until=until, recipients=(demo,))
    keyring.trust(public.hex())
    _write(keyring.list_path, sign(named, private))
    _write(keyring.home / "demo" / "demo.identity", f"{DEMO_MARK}\n{identity.secret}\n")
    return identity


def _root(text: str) -> bytes:
    try:
        root = bytes.fromhex(text.strip())
    except ValueError:
        root = b""
    if len(root) != ROOT_BYTES:
        raise VaultError("A root's public key is 64 hex digits.")
    return root


def _write(path: Path, text: str) -> None:
    """Write a file that is there whole or not at all, readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
