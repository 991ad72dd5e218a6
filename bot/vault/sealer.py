"""Seals for those who can read, from keys that are on the server: it can write and never read.

Every box has a key of its own, which is wrapped and forgotten before anything is kept. What is
added afterwards is sealed to a public key that belongs to the box.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.sealed import Readers
from bot.vault.envelope import late_recipient, new_key, open_late, seal_late
from bot.vault.wrap import outer, unwrap_outer, wrap_inner

if TYPE_CHECKING:
    from datetime import datetime

    from bot.vault.keyring import Keyring


class KeyringSealer:
    """Implements the `Sealer` port."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._shred = keyring.shred()
        self._last: tuple[object, Readers] | None = None

    def readers(self, *, now: datetime, last_seen: int) -> Readers:
        """Return who can read now.

        Raises:
            VaultError: Nobody was named, or the signed list is refused.
        """
        # Asked with every message: the files are read again when they or the minute changed.
        asked = (self._keyring.state(), last_seen, int(now.timestamp()) // 60)
        if self._last is not None and self._last[0] == asked:
            return self._last[1]
        found = self._keyring.recipients(now=now, last_seen=last_seen)
        readers = Readers(
            version=found.version,
            keys=tuple(one.key for one in found.live(now)),
            people_keys=tuple(one.key for one in found.live(now) if one.role != "recovery"),
            demo=found.demo,
        )
        self._last = (asked, readers)
        return readers

    def new_box(self, box: str, readers: Readers) -> tuple[str, bytes]:
        """Return a box's public key and its wrapped key; its shred key is kept before that.

        Raises:
            VaultError: A reader's key is none.
        """
        key, shred_key = new_key(), new_key()
        wrapped = outer(wrap_inner(key, readers.keys), shred_key, case=box)
        self._shred.put(box, shred_key)
        return late_recipient(key), wrapped

    def seal(self, clear: bytes, *, public: str, box: str, sequence: int, kind: str) -> bytes:
        """Seal one item to a box's public key."""
        return seal_late(public, clear, case=box, sequence=sequence, kind=kind)

    def unwrap(self, wrapped: bytes, *, box: str) -> bytes:
        """Take the outer wrapper off; what remains only a reader can open.

        Raises:
            VaultError: The box was shredded, or the bytes were changed.
        """
        return unwrap_outer(wrapped, self._shred.get(box), case=box)

    def rewrap(self, inner: bytes, *, box: str) -> bytes:
        """Put the outer wrapper around what a reader's desk wrapped anew.

        Raises:
            VaultError: The box was shredded.
        """
        return outer(inner, self._shred.get(box), case=box)

    def to_person(self, clear: bytes, *, public: str) -> bytes:
        """Seal an answer so that only the person's receipt opens it.

        Raises:
            VaultError: `public` is no age recipient.
        """
        return seal_late(public, clear, case="receipt", sequence=0, kind="reply")

    def from_person(self, sealed: bytes, *, secret: str) -> bytes:
        """Open an answer with what the receipt gave; kept nowhere.

        Raises:
            VaultError: It belongs to another receipt.
        """
        return open_late(secret, sealed, case="receipt", sequence=0, kind="reply")

    def signed(self) -> tuple[str, str]:
        """Return the signed list as text and the trusted root's public key, hex.

        Raises:
            VaultError: Nobody was named yet.
        """
        return self._keyring.signed()

    def install(self, text: str, *, now: datetime, last_seen: int) -> None:
        """Put a signed list into use.

        Raises:
            VaultError: It is refused; the one in use stays.
        """
        self._keyring.install(text, now=now, last_seen=last_seen)

    def shred(self, box: str) -> bool:
        """Destroy a box's shred key for good; False when there was none.

        Raises:
            VaultError: It could not be taken out of the file; call it again.
        """
        return self._shred.destroy(box)

    def shred_keys(self) -> list[str]:
        """Return the boxes that shred keys are kept for."""
        return self._shred.tags()
