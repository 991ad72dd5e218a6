"""What understanding costs: learning once, the first answer, memory, one message; network cut.

Each figure comes from a process of its own, so that nothing else's memory or caches count.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bot.content.place import content_root

_ONE_CORE = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}

TRAIN = """
import sys, time
from pathlib import Path
from bot.content.teaching import load_lines
from bot.understand.encoder import load_encoder
from bot.understand.model import train
lines, _ = load_lines(Path(sys.argv[1]))
encoder, began = load_encoder(), time.process_time()
train(lines, encoder)
print(len(lines), round(time.process_time() - began, 1))
"""

ANSWER = """
import json, sys, time
began = time.process_time()
from pathlib import Path
from bot.understand.evaluating import resident_mb
bare = resident_mb()
from bot.content.library import open_library
from bot.understand.encoder import load_encoder
from bot.understand.opening import open_embedded
root, home = Path(sys.argv[1]), Path(sys.argv[2])
library = open_library(root, home / "cache" / "catalogues")
content, loaded = resident_mb(), time.process_time()
engine = open_embedded(root, home, alarms=library.alarms, encoder=load_encoder())
engine.understand("they are at my door")
first, spent = time.process_time(), []
for line in engine._taught[::15]:
    at = time.thread_time()
    engine.understand(line.text)
    spent.append(1000 * (time.thread_time() - at))
spent.sort()
print(json.dumps({
    "first_answer_cpu_s": round(first - loaded, 2), "memory_mb": round(resident_mb() - content, 1),
    "messages": len(spent), "p50_ms": round(spent[len(spent) // 2], 2),
    "p99_ms": round(spent[int(len(spent) * 0.99)], 2),
}))
"""


def measure() -> dict[str, Any]:
    """Return CPU seconds of learning and of the first answer, MB, ms a message.

    `everything_once` also reads the content and makes the vectors of search.
    """
    root = content_root()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        lines, training = _run([sys.executable, "-c", TRAIN, str(root)]).split()
        before = _children()
        _run([sys.executable, "-m", "bot.understand.learning", str(root), str(home)])
        learning = _children() - before
        # Where the system lets us, all that follows runs without any network at all.
        cut = _without_network()
        told = _run([*cut, sys.executable, "-c", ANSWER, str(root), str(home)])
    return {
        "lines": int(lines),
        "training_cpu_s": float(training),
        "everything_once_cpu_s": round(learning, 1),
        **json.loads(told),
        "network_cut": bool(cut),
    }


def _without_network() -> list[str]:
    """Return what runs a command without network, or nothing where that is not permitted."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return []
    command = [unshare, "--net", "--map-root-user"]
    tried = subprocess.run(  # noqa: S603 - a tool of the system
        [*command, "true"], check=False, capture_output=True
    )
    return command if tried.returncode == 0 else []


def _children() -> float:
    told = resource.getrusage(resource.RUSAGE_CHILDREN)
    return told.ru_utime + told.ru_stime


def _run(command: list[str]) -> str:
    return subprocess.run(  # noqa: S603 - our own program
        command, check=True, capture_output=True, text=True, env={**os.environ, **_ONE_CORE}
    ).stdout
