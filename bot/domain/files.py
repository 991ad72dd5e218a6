"""Which files are taken, told by their first bytes alone: nothing is parsed to find out.

What a file says of itself (name, type, ending) is not believed and not kept.
"""

from __future__ import annotations

from dataclasses import dataclass

HEAD = 64
"""Bytes from the beginning that `recognise` looks at."""
LARGEST = 20 * 1024 * 1024
"""What a messaging app hands out at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileType:
    """A kind of file that is taken."""

    media_type: str
    name: str
    """What it is called from now on."""
    picture: bool = False
    """A clean copy can be made of it."""


JPEG = FileType(media_type="image/jpeg", name="picture.jpg", picture=True)
PNG = FileType(media_type="image/png", name="picture.png", picture=True)
WEBP = FileType(media_type="image/webp", name="picture.webp", picture=True)
PDF = FileType(media_type="application/pdf", name="document.pdf")
OGG = FileType(media_type="audio/ogg", name="voice.ogg")
MP3 = FileType(media_type="audio/mpeg", name="audio.mp3")
MP4 = FileType(media_type="video/mp4", name="video.mp4")
M4A = FileType(media_type="audio/mp4", name="audio.m4a")
WEBM = FileType(media_type="video/webm", name="video.webm")
OFFICE = FileType(media_type="application/vnd.openxmlformats-officedocument", name="document.docx")

_BEGIN = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"%PDF-", PDF),
    (b"OggS", OGG),
    (b"ID3", MP3),
    (b"\xff\xfb", MP3),
    (b"\xff\xf3", MP3),
    (b"\x1a\x45\xdf\xa3", WEBM),
)
_OFFICE = (b"[Content_Types].xml", b"_rels/.rels", b"word/")


def recognise(head: bytes) -> FileType | None:
    """Return what a file is by its first bytes; None for whatever is not on the list."""
    for begin, found in _BEGIN:
        if head.startswith(begin):
            return found
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    if head[4:8] == b"ftyp":
        return M4A if head[8:11] == b"M4A" else MP4
    if head.startswith(b"PK\x03\x04") and any(name in head for name in _OFFICE):
        return OFFICE
    return None
