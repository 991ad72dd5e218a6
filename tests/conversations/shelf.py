"""Where the golden conversations stand, and which of them there are."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent
LANGUAGES = ("en", "es", "fr", "ar", "ru")
FLOWS = (
    "start", "sos", "danger", "help", "person", "language", "forget", "settings", "report",
    "resources", "mechanisms", "learn",
)  # fmt: skip
SCRIPTS = {
    path.relative_to(HERE).with_suffix("").as_posix(): path
    for path in sorted(HERE.glob("*/*.yaml"))
}
"""By `flow/walk.language`."""
