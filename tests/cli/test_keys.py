from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def vigil(home: Path, *arguments: str, code: int = 0, typed: str = "") -> str:
    done = subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=ROOT, capture_output=True, text=True, timeout=240, check=False, input=typed,
        env={**os.environ, "VIGIL_HOME": str(home), "VIGIL_PASSPHRASE": "four plain words here"},
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return (done.stdout if code == 0 else done.stderr).strip()


def test_readers_are_named_by_a_root_and_retired_again(tmp_path: Path) -> None:
    home, root = tmp_path / "home", tmp_path / "root.key"
    public = vigil(home, "keys", "root", str(root))
    keys = [vigil(home, "keys", "make", str(tmp_path / f"{n}.identity")) for n in range(3)]
    readers = [f"--reader=r{number}={key}" for number, key in enumerate(keys[:2])]
    one = vigil(home, "keys", "sign", "--root", str(root), readers[0], code=2)
    assert "fewer than two" in one
    assert "list 1" in vigil(home, "keys", "sign", "--root", str(root), *readers)
    assert (home / "keys" / "root.pub").read_text().strip() == public
    vigil(home, "keys", "add", "r2", keys[2], "--root", str(root))
    vigil(home, "keys", "retire", "r0", "--root", str(root))
    told = json.loads(vigil(home, "keys", "list", "--json"))
    assert told["version"] == 3
    assert [one["label"] for one in told["keys"]] == ["r1", "r2"]
    assert told["endangered"] == []

    older = tmp_path / "older.json"
    vigil(home, "keys", "retire", "r1", "--root", str(root), "--out", str(older))
    assert "fewer than two" in vigil(home, "keys", "install", str(older), code=2)
    other = tmp_path / "other.key"
    vigil(home, "keys", "root", str(other))
    forged = tmp_path / "forged.json"
    vigil(home, "keys", "sign", "--root", str(other), *readers, "--out", str(forged))
    assert "not signed by our root" in vigil(home, "keys", "install", str(forged), code=2)


def test_two_of_three_shares_give_the_recovery_key_back(tmp_path: Path) -> None:
    made = vigil(tmp_path / "home", "keys", "recovery", "--make")
    shares = [line for line in made.splitlines() if len(line.split()) > 15 and "Share" not in line]
    public = next(word for word in made.split() if word.startswith("age1"))
    typed = f"{shares[2]}\n{shares[0]}\n"
    told = vigil(tmp_path / "home", "keys", "recovery", "--drill", "--public", public, typed=typed)
    assert public in told
    wrong = f"{shares[2]}\n{shares[2]}\n"
    vigil(tmp_path / "home", "keys", "recovery", "--drill", typed=wrong, code=2)
