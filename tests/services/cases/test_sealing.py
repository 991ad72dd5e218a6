from __future__ import annotations

import shutil
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.domain.errors import VaultError
from bot.domain.sealed import Intake
from bot.first_start import begin
from bot.opening import keyring_of
from bot.services.sealing import key_health
from bot.storage.backup import backup
from bot.storage.engine import open_store
from bot.vault.cipher import ApplicationCipher
from bot.vault.identity import Identity, new_identity, new_root
from bot.vault.opening import opened_case
from bot.vault.recipients import Recipient, RecipientList, sign
from bot.vault.wrap import unwrap_inner, wrap_inner

if TYPE_CHECKING:
    from pathlib import Path

    from bot.domain.sealed import SealedBox, SealedItem
    from bot.services.ports import Tx
    from tests.services.cases.conftest import House

YEAR = timedelta(days=365)
ROOT = new_root()
KESTREL, WREN, HERON = new_identity(), new_identity(), new_identity()


def signed(
    house: House, *readers: Identity, version: int = 1, root: bytes = ROOT[0],
    valid: timedelta = YEAR,
) -> str:  # fmt: skip
    now = house.clock.now()
    named = tuple(
        Recipient(
            label=f"r{number}", key=one.public, role="coordinator", valid_from=now,
            valid_until=now + valid,
        )
        for number, one in enumerate(readers)
    )  # fmt: skip
    return sign(
        RecipientList(version=version, valid_from=now, valid_until=now + valid, recipients=named),
        root,
    )


def put_list(house: House, text: str) -> None:
    keyring = keyring_of(house.settings)
    keyring.trust(ROOT[1].hex())
    keyring.list_path.write_text(text)


async def sealed(house: House, *clear: bytes) -> SealedBox:
    sealing, now = house.parts.sealing, house.clock.now()

    def unit(tx: Tx) -> SealedBox:
        box = sealing.seal_new(tx, "case", now=now, until=now + YEAR)
        for one in clear:
            sealing.append(tx, box, "words", one, now=now)
        return box

    return await house.store.write(unit)


async def opened(house: House, box: SealedBox, who: Identity) -> list[object]:
    def unit(tx: Tx) -> tuple[bytes | None, list[SealedItem | None]]:
        items = [tx.sealed.item(box.id, head.sequence) for head in tx.sealed.heads(box.id)]
        return tx.sealed.wrapped(box.id), items

    wrapped, items = await house.store.read(unit)
    shred_key = keyring_of(house.settings).shred().get(box.id)
    found = opened_case(box.id, wrapped, items, shred_key, who.secret)
    return [one["content"] for one in found["items"]]


async def intake(house: House) -> Intake:
    return await house.store.read(lambda tx: house.parts.sealing.intake(tx, house.clock.now()))


async def test_everybody_on_the_list_reads_what_the_house_sealed_and_the_house_does_not(
    house: House,
) -> None:
    put_list(house, signed(house, KESTREL, WREN))
    box = await sealed(house, b'"first"', b'"second"')
    for who in (KESTREL, WREN):
        assert await opened(house, box, who) == ["first", "second"]
    with pytest.raises(VaultError):
        await opened(house, box, HERON)
    held = house.settings.home.rglob("*")
    database = house.settings.home.parent / "vigil.db"
    for path in [*held, database]:
        if path.is_file():
            assert b"first" not in path.read_bytes(), path


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("none", "named yet"), ("foreign", "not signed by our root"), ("old", "seen before"),
        ("expired", "not valid at this time"), ("one reader", "fewer than two"),
        ("damaged", "damaged"),
    ],
)  # fmt: skip
async def test_nothing_is_sealed_to_a_list_in_doubt(house: House, what: str, told: str) -> None:
    if what != "none":
        put_list(house, signed(house, KESTREL, WREN, version=7))
        await sealed(house, b"x")
    match what:
        case "foreign":
            put_list(house, signed(house, KESTREL, WREN, version=8, root=new_root()[0]))
        case "old":
            put_list(house, signed(house, KESTREL, WREN, HERON, version=6))
        case "expired":
            house.clock.at += 2 * YEAR
        case "one reader":
            put_list(house, signed(house, KESTREL, version=8))
        case "damaged":
            keyring_of(house.settings).list_path.write_text('{"body": 1}')
        case _:
            pass
    before = len(await house.store.read(lambda tx: tx.sealed.ids()))
    assert await intake(house) is Intake.CLOSED
    with pytest.raises(VaultError, match=told):
        await sealed(house, b"x")
    assert len(await house.store.read(lambda tx: tx.sealed.ids())) == before


async def test_a_demo_key_is_told_apart(house: House) -> None:
    assert await intake(house) is Intake.CLOSED
    await begin(house.settings, house.store, house.clock)
    assert await intake(house) is Intake.DEMO
    put_list(house, signed(house, KESTREL, WREN, version=2))
    assert await intake(house) is Intake.OPEN


async def test_a_backup_made_before_shredding_yields_nothing_of_the_case(
    house: House, tmp_path: Path
) -> None:
    put_list(house, signed(house, KESTREL, WREN))
    gone, kept = await sealed(house, b'"a secret"'), await sealed(house, b'"another"')
    database = house.settings.home.parent / "vigil.db"
    backup(f"sqlite:///{database}", tmp_path / "backup")
    await house.store.write(lambda tx: tx.sealed.keep_until(gone.id, house.clock.now()))
    assert await house.parts.shredding.due() == 1
    assert await house.store.read(lambda tx: tx.sealed.ids()) == [kept.id]
    log = await house.store.read(lambda tx: tx.audit.entries(subject=gone.id))
    assert [one.act for one in log] == ["shredded"], "the proof that it is gone"

    # The thief puts the old database back and has every identity.
    await house.store.close()
    for path in database.parent.glob("vigil.db*"):
        path.unlink()
    shutil.copy(tmp_path / "backup" / "vigil.db", database)
    house.store = open_store(f"sqlite:///{database}", ApplicationCipher(bytes(range(32))))
    assert gone.id in await house.store.read(lambda tx: tx.sealed.ids())
    with pytest.raises(VaultError, match="shredded"):
        await opened(house, gone, KESTREL)
    assert await opened(house, kept, KESTREL) == ["another"]
    await house.store.close()


async def test_what_was_shredded_is_in_no_file_of_the_database(house: House) -> None:
    put_list(house, signed(house, KESTREL, WREN))
    box = await sealed(house, b"x" * 500)
    found = await house.store.read(lambda tx: tx.sealed.item(box.id, 0))
    assert found is not None
    probe = found.body[200:260]
    database = house.settings.home.parent
    assert any(probe in path.read_bytes() for path in database.glob("vigil.db*"))
    house.clock.at += 2 * YEAR
    await house.parts.shredding.due()
    assert not any(probe in path.read_bytes() for path in database.glob("vigil.db*"))
    shred = house.settings.home / "shred"
    assert not any(box.id.encode() in path.read_bytes() for path in shred.iterdir())


async def test_a_key_whose_case_was_never_written_is_destroyed_later(house: House) -> None:
    put_list(house, signed(house, KESTREL, WREN))
    kept = await sealed(house, b"x")
    shred = keyring_of(house.settings).shred()
    shred.put("never-committed", b"k" * 32)
    assert await house.parts.shredding.strays() == 0, "it may be on its way"
    assert await house.parts.shredding.strays() == 1
    assert shred.tags() == [kept.id]


async def test_cases_that_too_few_can_read_are_an_alarm_until_they_are_wrapped_anew(
    house: House,
) -> None:
    sealing, now = house.parts.sealing, house.clock.now()
    put_list(house, signed(house, KESTREL, WREN))
    box = await sealed(house, b'"x"')
    assert (await house.store.write(lambda tx: key_health(tx, sealing, now))).endangered == ()
    put_list(house, signed(house, KESTREL, HERON, version=2))
    health = await house.store.write(lambda tx: key_health(tx, sealing, now))
    assert (health.endangered, health.stale, health.live) == ((box.id,), 1, 2)
    wrapped = await house.store.read(lambda tx: tx.sealed.wrapped(box.id))
    key = unwrap_inner(sealing.sealer.unwrap(wrapped, box=box.id), KESTREL.secret)
    anew = sealing.sealer.rewrap(wrap_inner(key, [KESTREL.public, HERON.public]), box=box.id)
    await house.store.write(lambda tx: tx.sealed.rewrap(box.id, anew, version=2))
    health = await house.store.write(lambda tx: key_health(tx, sealing, now))
    assert (health.endangered, health.stale) == ((), 0)
    assert await opened(house, box, HERON) == ["x"]
    with pytest.raises(VaultError):
        await opened(house, box, WREN)
