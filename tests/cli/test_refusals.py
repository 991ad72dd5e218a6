from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def test_an_address_that_is_taken_is_named_in_one_sentence_and_is_no_bug(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = subprocess.run(
            [sys.executable, "-m", "bot", "run"], capture_output=True, text=True, timeout=120,
            check=False,
            env={**os.environ, "VIGIL_HOME": str(tmp_path / "home"), "VIGIL_LISTEN": address},
        )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(f"vigil: VIGIL_LISTEN {address} cannot be used")
    assert "bug" not in done.stderr
