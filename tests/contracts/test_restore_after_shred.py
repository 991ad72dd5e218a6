"""What was shredded stays so, whatever is restored, with every identity in a thief's hands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.errors import VaultError
from bot.services.sealing import Sealing, Shredding
from bot.storage.backup import backup, restore
from bot.storage.engine import open_store
from bot.vault.cipher import ApplicationCipher
from bot.vault.envelope import open_item
from bot.vault.identity import new_identity, new_root
from bot.vault.keyring import Keyring
from bot.vault.recipients import Recipient, RecipientList, sign
from bot.vault.sealer import KeyringSealer
from bot.vault.wrap import unwrap_inner

if TYPE_CHECKING:
    from pathlib import Path

    from bot.services.ports import Tx

NOW, YEAR = datetime(2031, 5, 4, 12, tzinfo=UTC), timedelta(days=365)
WORDS = b"Invented words of a kestrel, not to be read by anybody"
CIPHER = ApplicationCipher(bytes(range(32)))


class Clock:
    def now(self) -> datetime:
        return NOW


@pytest.fixture
def target(request: pytest.FixtureRequest, url: str, tmp_path: Path) -> str:
    if url.startswith("sqlite"):
        return f"sqlite:///{tmp_path / 'restored.db'}"
    return str(request.getfixturevalue("new_postgres_url")())


async def test_a_backup_made_before_a_shred_yields_no_readable_byte_of_the_case(
    url: str, target: str, tmp_path: Path
) -> None:
    who, (root, public) = new_identity(), new_root()
    keyring = Keyring(keys=tmp_path / "keys", home=tmp_path)
    keyring.trust(public.hex())
    readers = tuple(
        Recipient(
            label=label, key=one.public, role="coordinator", valid_from=NOW - YEAR,
            valid_until=NOW + YEAR,
        )
        for label, one in (("kestrel", who), ("wren", new_identity()))
    )  # fmt: skip
    named = RecipientList(
        version=1, valid_from=NOW - YEAR, valid_until=NOW + YEAR, recipients=readers
    )
    keyring.install(sign(named, root), now=NOW, last_seen=0)
    sealer = KeyringSealer(keyring)
    ids = iter(("gone", "kept"))
    sealing = Sealing(sealer=sealer, new_id=lambda: next(ids))
    store = open_store(url, CIPHER)

    def make(tx: Tx) -> str:
        box = sealing.seal_new(tx, "case", now=NOW, until=NOW + YEAR)
        sealing.append(tx, box, "words", WORDS, now=NOW)
        return box.id

    gone, kept = [await store.write(make) for _ in range(2)]
    backup(url, tmp_path / "backup")
    await store.write(lambda tx: tx.sealed.keep_until(gone, NOW))
    shredding = Shredding(store=store, clock=Clock(), sealer=sealer, scrub=store.scrub)
    assert await shredding.due() == 1
    await store.close()

    restore(target, tmp_path / "backup", CIPHER)
    store = open_store(target, CIPHER)

    def steal(tx: Tx, box: Any) -> tuple[bytes, bytes]:
        item = tx.sealed.item(box, 0)
        assert item is not None
        return tx.sealed.wrapped(box) or b"", item.body

    def read(wrapped: bytes, body: bytes, box: str) -> bytes:
        key = unwrap_inner(sealer.unwrap(wrapped, box=box), who.secret)
        return open_item(key, body, case=box, sequence=0, kind="words")

    wrapped, body = await store.read(lambda tx: steal(tx, kept))
    assert read(wrapped, body, kept) == WORDS
    wrapped, body = await store.read(lambda tx: steal(tx, gone))
    with pytest.raises(VaultError, match="shredded"):
        read(wrapped, body, gone)
    with pytest.raises(VaultError):
        unwrap_inner(wrapped, who.secret)
    everything = wrapped + body
    assert not any(WORDS[at : at + 4] in everything for at in range(len(WORDS) - 3))
    await store.close()
