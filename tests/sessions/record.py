"""`python -m tests.sessions.record 0.1`: keep conversations in flight, as this release saves them.

Run once a release, before its tag. What is written stays as it is: later releases must load it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from bot.content.library import open_library
from bot.domain.ids import ChannelName, LanguageTag
from bot.flow.session import to_json
from tests.fixtures.walker import Place, Walker

ANSWERS = ("1", "Kenya", "2", "1", "yes", "3", "1", "2", "1", "yes", "1")
"""Typed one after the other; whatever they mean there, people then stand at many questions."""
EVERY = 2


def record() -> dict[str, Any]:
    """Walk into every flow in several languages and save where people stand."""
    library = open_library()
    place = Place(library=library)
    sessions = []
    for number, flow in enumerate(sorted(library.flows)):
        language = library.offered[number % len(library.offered)]
        walker = Walker(house=place, language=language, channel=ChannelName("telegram"))
        walker.writes(f"/{flow}")
        for turn, line in enumerate(ANSWERS):
            if turn % EVERY == 0 and walker.session.frames:
                sessions.append({"language": language, "session": to_json(walker.session)})
            walker.writes(line)
    pinned = {(frame["flow"], frame["hash"]) for one in sessions
              for frame in one["session"]["frames"]}  # fmt: skip
    definitions = [list(one) for one in library.definitions() if (one[0], one[1]) in pinned]
    return {"definitions": definitions, "sessions": sessions}


if __name__ == "__main__":
    target = Path(__file__).parent / f"{sys.argv[1]}.json"
    if target.exists():
        sys.exit(f"{target.name} is kept as it is.")
    target.write_text(json.dumps(record(), ensure_ascii=False, indent=0), encoding="utf-8")


def load(path: Path) -> tuple[list[tuple[str, str, str]], list[tuple[LanguageTag, dict[str, Any]]]]:
    """Return the definitions and the sessions of a release."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    return (
        [(flow, digest, text) for flow, digest, text in raw["definitions"]],
        [(LanguageTag(one["language"]), one["session"]) for one in raw["sessions"]],
    )
