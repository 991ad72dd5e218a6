from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
KEY = "age1" + "q" * 58


def vigil(home: Path, *arguments: str, code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "coordinators", *arguments],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "VIGIL_HOME": str(home)},
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def test_coordinators_are_invited_listed_given_roles_and_removed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert json.loads(vigil(home, "list", "--json")) == []
    made: dict[str, Any] = json.loads(
        vigil(home, "invite", "kestrel", "--key", KEY, "--languages", "fr,en", "--json")
    )
    assert made["payload"].startswith("c-")
    assert made["link"] is None, "no bot has been seen yet"
    refused = vigil(home, "invite", "wren", "--key", "age1nonsense", code=2)
    assert refused.count("\n") == 1
    assert "Traceback" not in refused
    vigil(home, "roles", "kestrel", "--role", "lead,coordinator")
    listed = json.loads(vigil(home, "list", "--json"))
    assert [(one["alias"], one["roles"], one["chat"]) for one in listed] == [
        ("kestrel", ["coordinator", "lead"], False)
    ]
    assert "retire" in vigil(home, "remove", "kestrel")
    log = json.loads(vigil(home, "audit", "--json"))
    assert log["whole"]
    assert [one["act"] for one in log["entries"]] == ["removed", "roles", "invited"]
