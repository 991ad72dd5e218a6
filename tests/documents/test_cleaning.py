"""Hostile pictures: each ends its own process at most, and what is kept of good ones is pixels."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib

import pytest
from PIL import Image

from bot.documents.cleaning import clean_copy

MEGABYTE = 1 << 20


def picture(form: str = "JPEG", size: tuple[int, int] = (60, 40), **more: object) -> bytes:
    made = Image.new("RGB", size, (200, 30, 30))
    out = io.BytesIO()
    made.save(out, form, **more)
    return out.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(side: int = 60_000) -> bytes:
    """A small PNG that says it is 60,000 pixels wide and high."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    rows = zlib.compress(b"\0" * MEGABYTE * 8, 9)
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def text_bomb() -> bytes:
    """A PNG whose text inflates to a gigabyte."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    text = b"Comment\0\0" + zlib.compress(b"\0" * MEGABYTE * 200, 9)
    body = chunk(b"IDAT", zlib.compress(b"\0" * 4))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"zTXt", text) + body + chunk(b"IEND", b"")


HOSTILE = {
    "a bomb of pixels": bomb(),
    "a bomb just under what a header may say": bomb(7_000),
    "a bomb of text": text_bomb(),
    "nothing": b"",
    "a lie about its kind": b"\xff\xd8\xff" + b"GIF89a" * 500,
    "a drawing with a script": b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
    "an archive": b"PK\x03\x04" + bytes(3_000),
    "a program": b"\x7fELF" + bytes(5_000),
    "a page description": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run\n",
    "cut off": picture()[:200],
    "zeros": bytes(100_000),
    "another kind": picture("GIF"),
    "one more kind": picture("TIFF"),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_picture_gives_nothing_or_pixels_and_harms_nobody(name: str) -> None:
    made = await clean_copy(HOSTILE[name])
    assert made is None or made.startswith(b"\xff\xd8\xff")


LARGEST_CHILD = """
import asyncio, resource, sys
from bot.documents.cleaning import clean_copy
asyncio.run(clean_copy(sys.stdin.buffer.read()))
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@pytest.mark.parametrize("name", [name for name in HOSTILE if "bomb" in name])
def test_a_bomb_takes_no_more_memory_than_a_large_picture(name: str) -> None:
    # A process between: a child of this one would be counted with all memory that tests hold.
    done = subprocess.run(
        [sys.executable, "-c", LARGEST_CHILD], input=HOSTILE[name], capture_output=True, check=True
    )
    kilobytes = int(done.stdout.split()[-1])
    assert 10_000 < kilobytes <= 800 * 1024


async def test_what_a_picture_carries_beside_its_pixels_stays_behind() -> None:
    exif = Image.Exif()
    exif[0x010F] = "PLANTED-MAKER"
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    raw = picture(exif=exif, comment=b"PLANTED-COMMENT", icc_profile=b"PLANTED-PROFILE" * 9)
    raw += b"PLANTED-TRAILER<?php system('id'); ?>"
    made = await clean_copy(raw)
    assert made is not None
    assert b"PLANTED" not in made
    with Image.open(io.BytesIO(made)) as shown:
        assert shown.size == (40, 60), "turned as it was meant to be seen"
        assert not shown.getexif()
        assert "comment" not in shown.info


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
async def test_pictures_on_the_list_are_cleaned(form: str) -> None:
    made = await clean_copy(picture(form))
    assert made is not None
    with Image.open(io.BytesIO(made)) as shown:
        assert (shown.format, shown.size) == ("JPEG", (60, 40))
