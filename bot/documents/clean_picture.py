"""`python -m bot.documents.clean_picture`: a picture in, its bare pixels out, alone in a process.

Reads from standard input and writes a JPEG to standard output. Before the first byte is looked at
it has given up the network, new files and most of memory and time, so that a bomb or a hole in a
decoder ends this process and nothing else. Pixels are copied to a new image after the orientation
was applied: whatever else the file carried (place, device, comment, thumbnail, trailing bytes)
stays behind.
"""

from __future__ import annotations

import ctypes
import io
import os
import resource
import sys
import warnings

MEMORY = 768 * 1024 * 1024
"""Bytes of address space: a decoded picture of the largest allowed size, twice, and Python."""
SECONDS = 10
LARGEST_PIXELS = 50_000_000
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000
_NO_NEW_PRIVILEGES = 38


def confine() -> None:
    """Give up everything that decoding a picture does not need."""
    libc = ctypes.CDLL(None, use_errno=True)
    # A namespace of its own has no network. Where the kernel forbids it, no socket can be opened
    # either: there are no file descriptors left for one.
    libc.unshare(_NEW_USER | _NEW_NETWORK)
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    # Standard input, output and error are open; no other file or socket can be.
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))


def clean(raw: bytes) -> bytes:
    """Return the pixels of a picture as a new JPEG.

    Raises:
        Exception: Whatever the decoder makes of what is no picture.
    """
    from PIL import Image, ImageOps

    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = LARGEST_PIXELS
    with Image.open(io.BytesIO(raw), formats=("JPEG", "PNG", "WEBP")) as found:
        turned = ImageOps.exif_transpose(found)
        pixels = turned.convert("RGB")
    bare = Image.new("RGB", pixels.size)
    bare.paste(pixels)
    out = io.BytesIO()
    bare.save(out, "JPEG", quality=88)
    return out.getvalue()


def warm_up() -> None:
    """Have the decoders load all that they need: afterwards no file can be opened."""
    from PIL import Image

    for form in ("JPEG", "PNG", "WEBP"):
        made = io.BytesIO()
        Image.new("RGB", (2, 2)).save(made, form)
        clean(made.getvalue())


def main() -> None:
    """Serve one picture."""
    warm_up()
    raw = sys.stdin.buffer.read()
    confine()
    try:
        made = clean(raw)
    except BaseException:  # noqa: BLE001 - nothing of a hostile file may be printed
        os._exit(1)
    sys.stdout.buffer.write(made)
    sys.stdout.buffer.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
