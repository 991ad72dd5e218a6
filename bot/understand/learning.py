"""`python -m bot.understand.learning ROOT HOME`: learn the lines in a process of its own.

Learning keeps a core busy for seconds. In the program itself every reply would wait for it; apart
and with low priority nobody does. What was learnt lies in the cache below HOME, from where it is
opened. Of several that start at once one learns, the others wait and find it done.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path
from threading import Event

from bot.content.library import open_library
from bot.understand.encoder import load_encoder
from bot.understand.opening import FOLDER, open_embedded
from bot.understand.searching import open_search

LONGEST = 600.0
"""Seconds after which learning apart is given up; the program then learns by itself."""

_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""Its sums are small: more threads would wait for each other, and for those who are answered."""


_LOOK_EVERY = 0.1


def learn_apart(root: Path, home: Path, over: Event | None = None) -> None:
    """Fill the cache from another process; failing leaves it as it is.

    Args:
        root: The folder with flows/.
        home: VIGIL_HOME.
        over: Set when nobody needs it any more: the other process is ended.
    """
    over = over or Event()
    command = [sys.executable, "-m", "bot.understand.learning", str(root), str(home)]
    quiet = subprocess.DEVNULL
    try:
        process = subprocess.Popen(  # noqa: S603 - our own module, no words of anybody
            command, stdin=quiet, stdout=quiet, stderr=quiet, env={**os.environ, **_ONE_THREAD}
        )
    except OSError:
        return
    until = time.monotonic() + LONGEST
    with process:
        while process.poll() is None:
            if over.wait(_LOOK_EVERY) or time.monotonic() > until:
                process.kill()


def learn(root: Path, home: Path) -> None:
    """Fill the cache, one process at a time."""
    folder = home / "cache" / FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "learning.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        library = open_library(root, home / "cache" / "catalogues")
        encoder = load_encoder()
        open_embedded(
            root, home, alarms=library.alarms, encoder=encoder, with_encoder=encoder is not None
        )
        open_search(library, home, encoder)


if __name__ == "__main__":
    os.nice(10)
    learn(Path(sys.argv[1]), Path(sys.argv[2]))
