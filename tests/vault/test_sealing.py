from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pyrage
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import VaultError
from bot.vault.envelope import bucket, new_key, open_item, seal_item
from bot.vault.identity import (
    join_shares,
    load_identity,
    new_identity,
    new_root,
    new_seed,
    recovery_identity,
    save_identity,
    split_secret,
)
from bot.vault.recipients import Recipient, RecipientList, sign, verify
from bot.vault.shred import ShredStore
from bot.vault.wrap import unwrap_inner, unwrap_outer, wrap

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 5, 4, tzinfo=UTC)
YEAR = timedelta(days=365)
KEY = new_key()


def listed(*identities: object, version: int = 3, role: str = "coordinator") -> RecipientList:
    return RecipientList(
        version=version,
        valid_from=NOW - YEAR,
        valid_until=NOW + YEAR,
        recipients=tuple(
            Recipient(
                label=f"reader-{number}",
                key=one.public,
                role=role,  # type: ignore[attr-defined]
                valid_from=NOW - YEAR,
                valid_until=NOW + YEAR,
            )
            for number, one in enumerate(identities)
        ),
    )


@given(clear=st.binary(max_size=5_000))
def test_an_item_opens_with_its_key_in_its_place(clear: bytes) -> None:
    sealed = seal_item(KEY, clear, case="c1", sequence=2, kind="words")
    assert open_item(KEY, sealed, case="c1", sequence=2, kind="words") == clear
    assert clear not in sealed or len(clear) < 4


@pytest.mark.parametrize(
    "place",
    [
        {"case": "c2", "sequence": 2, "kind": "words"},
        {"case": "c1", "sequence": 3, "kind": "words"},
        {"case": "c1", "sequence": 2, "kind": "file"},
    ],
)
def test_an_item_does_not_open_in_another_place(place: dict[str, object]) -> None:
    sealed = seal_item(KEY, b"x", case="c1", sequence=2, kind="words")
    with pytest.raises(VaultError):
        open_item(KEY, sealed, **place)  # type: ignore[arg-type]


def test_one_changed_bit_is_noticed_and_an_unknown_algorithm_refused() -> None:
    sealed = bytearray(seal_item(KEY, b"x", case="c", sequence=0, kind="k"))
    for position in (3, 4, 10, len(sealed) - 1):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises(VaultError):
            open_item(KEY, bytes(changed), case="c", sequence=0, kind="k")


def test_the_size_of_an_item_tells_its_bucket_only() -> None:
    sizes = {len(seal_item(KEY, b"x" * n, case="c", sequence=0, kind="k")) for n in range(1_021)}
    assert len(sizes) == 1
    assert bucket(70_000) == 128 << 10


def test_every_reader_opens_a_case_and_nobody_else() -> None:
    ada, ben, eve = new_identity(), new_identity(), new_identity()
    shred = new_key()
    wrapped = wrap(KEY, [ada.public, ben.public], shred, case="c1")
    inner = unwrap_outer(wrapped, shred, case="c1")
    assert unwrap_inner(inner, ada.secret) == KEY
    assert unwrap_inner(inner, ben.secret) == KEY
    with pytest.raises(VaultError):
        unwrap_inner(inner, eve.secret)
    with pytest.raises(VaultError):
        unwrap_outer(wrapped, shred, case="c2")


def test_a_wrapped_key_does_not_tell_how_many_can_read() -> None:
    people = [new_identity().public for _ in range(8)]
    shred = new_key()
    assert len({len(wrap(KEY, people[:n], shred, case="c")) for n in (1, 2, 5, 8)}) == 1


def test_a_destroyed_shred_key_leaves_no_byte_in_any_file(tmp_path: Path) -> None:
    store, key = ShredStore(tmp_path / "shred" / "shred.db"), new_key()
    store.put("case", key)
    assert store.get("case") == key
    assert any(key in file.read_bytes() for file in (tmp_path / "shred").iterdir())
    assert store.destroy("case")
    assert not any(key in file.read_bytes() for file in (tmp_path / "shred").iterdir())
    with pytest.raises(VaultError):
        store.get("case")


def test_a_signed_list_is_accepted_and_its_readers_known() -> None:
    private, public = new_root()
    text = sign(listed(new_identity(), new_identity()), private)
    found = verify(text, root=public, now=NOW, last_seen=3)
    assert found.readers(NOW) == 2
    assert not found.demo


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"now": NOW + 2 * YEAR}, "not valid"),
        ({"last_seen": 4}, "was seen before"),
        ({"root": new_root()[1]}, "not signed"),
    ],
)
def test_a_list_in_doubt_is_refused(change: dict[str, object], says: str) -> None:
    private, public = new_root()
    text = sign(listed(new_identity(), new_identity()), private)
    settings: dict[str, object] = {"root": public, "now": NOW, "last_seen": 1, **change}
    with pytest.raises(VaultError, match=says):
        verify(text, **settings)  # type: ignore[arg-type]


def test_an_added_key_breaks_the_signature() -> None:
    private, public = new_root()
    text = sign(listed(new_identity(), new_identity()), private)
    with pytest.raises(VaultError, match="not signed"):
        verify(text.replace("reader-1", "reader-9"), root=public, now=NOW, last_seen=1)


def test_one_reader_is_too_few() -> None:
    private, public = new_root()
    with pytest.raises(VaultError, match="fewer than two"):
        verify(sign(listed(new_identity()), private), root=public, now=NOW, last_seen=1)


def test_a_retired_key_is_no_live_reader() -> None:
    many = listed(new_identity(), new_identity(), new_identity())
    retired = replace(many.recipients[0], valid_until=NOW - timedelta(days=1))
    many = replace(many, recipients=(retired, *many.recipients[1:]))
    assert many.readers(NOW) == 2


@given(garbage=st.text(max_size=200))
def test_garbage_is_a_damaged_list(garbage: str) -> None:
    with pytest.raises(VaultError):
        verify(garbage, root=new_root()[1], now=NOW, last_seen=0)


def test_an_identity_needs_its_passphrase(tmp_path: Path) -> None:
    identity, path = new_identity(), tmp_path / "ada.identity"
    with pytest.raises(VaultError, match="at least"):
        save_identity(identity, path, "short")
    save_identity(identity, path, "four plain little words")
    assert path.stat().st_mode & 0o077 == 0
    assert load_identity(path, "four plain little words") == identity
    with pytest.raises(VaultError):
        load_identity(path, "four other little words")
    assert identity.secret not in repr(identity)


def test_a_busy_machine_is_not_taken_for_a_wrong_passphrase(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity, path = new_identity(), tmp_path / "ada.identity"
    save_identity(identity, path, "four plain little words")
    held = path.read_bytes()
    age = pyrage.passphrase.decrypt
    with pytest.raises(pyrage.DecryptError) as refused:
        age(re.sub(rb"(-> scrypt \S+) \d+", rb"\1 40", held), "four plain little words")
    busy = [refused.value] * 3

    def slow_at_first(held: bytes, passphrase: str) -> bytes:
        if busy:
            raise busy.pop()
        return age(held, passphrase)

    monkeypatch.setattr(pyrage.passphrase, "decrypt", slow_at_first)
    assert load_identity(path, "four plain little words") == identity
    busy += [refused.value] * 100
    with pytest.raises(VaultError, match="try again in a moment"):
        load_identity(path, "four plain little words")


def test_any_two_of_three_shares_bring_the_recovery_key_back() -> None:
    seed = new_seed()
    shares = split_secret(seed)
    for pair in ((0, 1), (0, 2), (1, 2)):
        assert join_shares([shares[place] for place in pair]) == seed
    with pytest.raises(VaultError):
        join_shares(shares[:1])
    recovered = recovery_identity(seed)
    shred = new_key()
    inner = unwrap_outer(wrap(KEY, [recovered.public], shred, case="c"), shred, case="c")
    assert unwrap_inner(inner, recovered.secret) == KEY
