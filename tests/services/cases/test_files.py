from __future__ import annotations

import io
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from bot.contract import cases as contract
from bot.contract.items import FileHead, read_item
from bot.domain.files import LARGEST, recognise
from bot.domain.ids import ChannelName
from bot.domain.messages import InboundFile, InboundKind
from bot.services.files import PART, NotTakenError
from bot.vault.envelope import open_item
from bot.vault.wrap import unwrap_inner
from tests.services.cases.reporting import QUICK, Desk, desks, report

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.services.cases.conftest import House

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 3_000
TO_THE_FILE = (
    "I do not know", "None of these", "Only advice", "Quiet", "I do not want to say",
    "Do not contact me", "Nothing to add",
)  # fmt: skip


def jpeg() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (80, 50), (9, 9, 200)).save(out, "JPEG", comment=b"PLANTED")
    return out.getvalue()


async def pieces(raw: bytes, size: int = 10_000) -> AsyncIterator[bytes]:
    for at in range(0, len(raw), size):
        yield raw[at : at + size]


async def up_to_the_file(house: House) -> None:
    await report(house, presses=(*QUICK[:-1], "Add more", "Yes, once", "Today"))
    await house.says("7001", "Kenya")
    for label in TO_THE_FILE:
        await house.presses("7001", label)


async def send_it(house: House, file: InboundFile) -> None:
    await house.brings("7001", InboundKind.FILE, file=file)
    await house.settle(timedelta(seconds=1))
    await house.presses("7001", "90 days")
    await house.presses("7001", "Only your team")


async def taken_out(desk: Desk) -> tuple[FileHead, bytes, bytes]:
    """Return what a desk makes of the file in the one case: its head, original and clean copy."""
    case = await desk.takes()
    sheet = await desk.asks("open", contract.AskCase(case=case))
    key = unwrap_inner(sheet.wrapped, desk.identity.secret)
    clear: dict[int, bytes] = {}
    head = None
    for item in sheet.items:
        sealed = await desk.asks("item", contract.AskItem(case=case, sequence=item.sequence))
        clear[item.sequence] = open_item(
            key, sealed, case=case, sequence=item.sequence, kind=item.kind
        )
        if item.kind == "file":
            head = read_item("file", clear[item.sequence])
    assert isinstance(head, FileHead)
    joined = [b"".join(clear[one] for one in parts) for parts in (head.parts, head.clean_parts)]
    return head, joined[0], joined[1]


@pytest.mark.parametrize("size", [1_000, PART, PART * 2 + 17])
async def test_a_file_reaches_the_desk_byte_for_byte(
    house: House, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    kestrel, _ = await desks(house)
    raw = (PDF * 2)[:size]
    monkeypatch.setattr(house.channel, "fetch", lambda ref: pieces(raw), raising=False)
    await up_to_the_file(house)
    await send_it(house, InboundFile(ref="at-the-app", kind="document", size=size))
    head, original, copy = await taken_out(kestrel)
    assert original == raw
    assert (head.media_type, head.name, head.size) == ("application/pdf", "document.pdf", size)
    assert copy == b""
    probe = raw[100:160]
    for path in house.settings.home.parent.rglob("*"):
        if path.is_file():
            assert probe not in path.read_bytes(), path


async def test_of_a_picture_there_is_a_clean_copy_beside_the_original(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    kestrel, _ = await desks(house)
    raw = jpeg()
    monkeypatch.setattr(house.channel, "fetch", lambda ref: pieces(raw, 100), raising=False)
    await up_to_the_file(house)
    await send_it(house, InboundFile(ref="at-the-app", kind="photo", size=len(raw)))
    _, original, copy = await taken_out(kestrel)
    assert original == raw
    assert copy.startswith(b"\xff\xd8\xff")
    assert b"PLANTED" not in copy


async def test_a_file_handed_over_in_a_browser_is_sealed_before_anything_else(
    house: House,
) -> None:
    kestrel, _ = await desks(house)
    await up_to_the_file(house)
    file = await house.parts.files.upload(ChannelName("chat"), "7001", pieces(PDF))
    await send_it(house, file)
    _, original, _ = await taken_out(kestrel)
    assert original == PDF


async def test_whoever_has_no_report_under_way_hands_over_nothing(house: House) -> None:
    await desks(house)
    with pytest.raises(NotTakenError):
        await house.parts.files.upload(ChannelName("chat"), "stranger", pieces(PDF))
    assert await house.store.read(lambda tx: tx.sealed.ids()) == []


@pytest.mark.parametrize(
    "raw", [b"MZ" + bytes(900), b"#!/bin/sh\n", b"<html><script>", b"", b"PK\x03\x04" + bytes(90)]
)
async def test_what_is_not_on_the_list_is_not_kept(house: House, raw: bytes) -> None:
    await desks(house)
    await up_to_the_file(house)
    before = await house.store.read(lambda tx: [tx.sealed.get(one) for one in tx.sealed.ids()])
    with pytest.raises(NotTakenError, match="list"):
        await house.parts.files.upload(ChannelName("chat"), "7001", pieces(raw))
    after = await house.store.read(lambda tx: [tx.sealed.get(one) for one in tx.sealed.ids()])
    assert before == after


async def test_a_file_without_end_is_stopped(house: House) -> None:
    await desks(house)
    await up_to_the_file(house)
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        yield b"%PDF-"
        while True:
            read += PART
            yield bytes(PART)

    with pytest.raises(NotTakenError, match="too-large"):
        await house.parts.files.upload(ChannelName("chat"), "7001", endless())
    assert read <= LARGEST + PART


def test_a_file_is_told_by_its_first_bytes_and_not_by_what_it_says() -> None:
    assert recognise(b"RIFF\0\0\0\0WEBP").media_type == "image/webp"  # type: ignore[union-attr]
    assert recognise(b"RIFF\0\0\0\0WAVE") is None
    assert recognise(b"\0\0\0\x20ftypM4A \0").media_type == "audio/mp4"  # type: ignore[union-attr]
    assert recognise(b"GIF89a") is None
    assert recognise(b"") is None
