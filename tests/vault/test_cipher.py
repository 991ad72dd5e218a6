from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import SettingsError, VaultError
from bot.vault.cipher import ApplicationCipher
from bot.vault.keyfile import load_key

if TYPE_CHECKING:
    from pathlib import Path

CIPHER = ApplicationCipher(bytes(32))


@given(clear=st.binary(max_size=500), context=st.text(max_size=40))
def test_what_was_sealed_opens_in_its_place(clear: bytes, context: str) -> None:
    sealed = CIPHER.seal(clear, context=context)
    assert CIPHER.open(sealed, context=context) == clear
    assert CIPHER.seal(clear, context=context) != sealed


@pytest.mark.parametrize("context", ["draft/words/b", "session/words/a", ""])
def test_a_value_does_not_open_elsewhere(context: str) -> None:
    sealed = CIPHER.seal(b"they came at night", context="draft/words/a")
    with pytest.raises(VaultError):
        CIPHER.open(sealed, context=context)


def test_no_changed_byte_goes_unnoticed() -> None:
    sealed = CIPHER.seal(b"x", context="c")
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(VaultError):
            CIPHER.open(bytes(changed), context="c")
    for length in range(len(sealed)):
        with pytest.raises(VaultError):
            CIPHER.open(sealed[:length], context="c")


def test_another_key_opens_nothing_and_gives_other_pseudonyms() -> None:
    other = ApplicationCipher(b"\1" * 32)
    with pytest.raises(VaultError):
        other.open(CIPHER.seal(b"x", context="c"), context="c")
    assert other.tag("7001", purpose="people") != CIPHER.tag("7001", purpose="people")


def test_pseudonyms_of_two_purposes_cannot_be_joined() -> None:
    people, limits = (CIPHER.tag("7001", purpose=name) for name in ("people", "limits"))
    assert people != limits
    assert people == CIPHER.tag("7001", purpose="people")
    assert "7001" not in people


def test_the_key_is_not_shown() -> None:
    assert repr(CIPHER) == "<application cipher>"


def test_a_new_key_is_the_owners_alone_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "application.key"
    key = load_key(path)
    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_key(path) == key
    assert [entry.name for entry in path.parent.iterdir()] == ["application.key"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
def test_a_key_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "application.key"
    load_key(path)
    path.chmod(mode)
    with pytest.raises(SettingsError, match="can be read by others"):
        load_key(path)


@pytest.mark.parametrize("text", ["", "ab", "g" * 64, "a" * 63, "a" * 66, "a" * 64 + "\n\n"])
def test_a_file_that_holds_no_key_is_refused_without_being_quoted(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "application.key"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(VaultError, match="64 hex digits") as told:
        load_key(path)
    assert len(text) < 3 or text not in str(told.value)


def test_a_missing_key_is_not_made_when_an_old_one_is_needed(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="does not exist"):
        load_key(tmp_path / "application.key", create=False)


def test_a_folder_in_place_of_a_key_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be used"):
        load_key(tmp_path)
