from __future__ import annotations

import pytest

from bot.domain.errors import VaultError
from bot.vault.envelope import late_recipient, new_key, open_item, seal_item, seal_late

PLACE = {"case": "aa01", "sequence": 3, "kind": "words"}


def test_whoever_has_the_case_key_opens_what_was_sealed_without_it() -> None:
    key = new_key()
    sealed = seal_late(late_recipient(key), b"hello", **PLACE)
    assert open_item(key, sealed, **PLACE) == b"hello"
    assert open_item(key, seal_item(key, b"hi", **PLACE), **PLACE) == b"hi"


@pytest.mark.parametrize("moved", [{"case": "aa02"}, {"sequence": 4}, {"kind": "note"}])
def test_an_item_in_another_place_does_not_open(moved: dict[str, object]) -> None:
    key = new_key()
    sealed = seal_late(late_recipient(key), b"hello", **PLACE)
    with pytest.raises(VaultError):
        open_item(key, sealed, **{**PLACE, **moved})


def test_nobody_else_and_no_changed_byte_opens_it() -> None:
    key = new_key()
    sealed = seal_late(late_recipient(key), b"hello", **PLACE)
    with pytest.raises(VaultError):
        open_item(new_key(), sealed, **PLACE)
    key_ends = 7 + int.from_bytes(sealed[5:7], "big")
    for place in (*range(0, key_ends, 17), *range(7 + 1_024, len(sealed), 97)):
        harmed = bytearray(sealed)
        harmed[place] ^= 1
        with pytest.raises(VaultError):
            open_item(key, bytes(harmed), **PLACE)


def test_what_is_sealed_tells_a_bucket_and_no_more() -> None:
    public = late_recipient(new_key())
    lengths = {len(seal_late(public, b"x" * size, **PLACE)) for size in (0, 1, 500, 1_000)}
    assert len(lengths) == 1
