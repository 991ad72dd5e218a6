"""Where the golden conversations stand, and which of them there are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from bot.understand.understanding import Understanding

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.content.library import Library
    from bot.understand.engine import Embedded

HERE = Path(__file__).parent
LANGUAGES = ("en", "es", "fr", "ar", "ru")
FLOWS = (
    "start", "sos", "danger", "help", "person", "language", "forget", "settings", "report",
    "resources", "mechanisms", "learn", "duty", "status", "letter", "reprisal", "follow_up",
    "reminders", "support", "checkin", "checkcontacts", "checkcontact", "checkboard",
    "ask", "subscriptions", "alerts_stop", "alerts_safe", "alerts_help", "alerts_later",
    "alert_write", "alert_board", "canary",
)  # fmt: skip
SCRIPTS = {
    path.relative_to(HERE).with_suffix("").as_posix(): path
    for path in sorted(HERE.glob("*/*.yaml"))
}
"""By `flow/walk.language`."""

OF_COORDINATORS = {
    name
    for name, path in SCRIPTS.items()
    if re.search(r"^role:", path.read_text(encoding="utf-8"), re.MULTILINE)
}
"""Coordinators use the terminal and Telegram; on the web they have their desk."""


def hearing(engine: Embedded) -> Callable[[Library], Understanding]:
    """Return what makes a house understand free text with an engine that is open already."""

    def make(library: Library) -> Understanding:
        found = Understanding(library.alarms, lambda: (engine, None))
        found.open()
        return found

    return make
