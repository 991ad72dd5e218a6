"""`python -m bot.proofs.rasa_real`: Rasa itself, taught with our lines and asked the same.

Makes an environment of its own under `.rasa/` from pinned packages, with an interpreter that is
there already: `RASA_PYTHON`, or a `python3.10` on the path. Trains, starts a server on this machine
alone, runs the contract tests and the benchmarks against it, and stops it again. With a folder of
public sets Rasa's other engines are taught and asked as well, its default pipeline among them,
which takes three hours of one core. Every figure stands beside ours from the same run.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import secrets
import shutil
import socket
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from bot.content.library import open_library
from bot.content.place import content_root
from bot.content.teaching import URGENT, load_lines
from bot.domain.errors import RefusedError
from bot.domain.words import Words
from bot.flow.inputs import Understood
from bot.proofs import bench_rasa, bench_understand
from bot.understand.asking import COLUMNS
from bot.understand.encoder import load_encoder
from bot.understand.evaluating import evaluate, read_rows
from bot.understand.opening import open_embedded
from bot.understand.rasa import RasaServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

OLDEST, NEWEST = (3, 8), (3, 10)
"""Versions of Python that Rasa 3.6 runs on."""

TO_START = 300.0
"""Seconds within which the server must answer."""

TO_ANSWER = 10.0
"""Seconds for one message while figures are taken; in the product it has one."""

OURS_INSIDE = "same_encoder"
"""The engine that the documentation recommends and the contract is asked of."""

ROOT = Path(__file__).parents[2]
HOME = ROOT / ".rasa"
SOURCES = Path("flows") / "understanding"


def find_python(environment: Mapping[str, str]) -> str:
    """Return an interpreter that can run Rasa.

    Raises:
        RefusedError: There is none; the sentence says what to do.
    """
    named = environment.get("RASA_PYTHON")
    found = named or shutil.which("python3.10", path=environment.get("PATH", ""))
    if found is None:
        raise RefusedError(
            "Rasa needs Python 3.10: put python3.10 on the path, or name one in RASA_PYTHON."
        )
    asked = "import sys; print(*sys.version_info[:2])"
    try:
        told = subprocess.run(  # noqa: S603 - the interpreter that the operator named
            [found, "-c", asked], check=True, capture_output=True, text=True, timeout=30
        ).stdout.split()
        version = (int(told[0]), int(told[1]))
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        raise RefusedError(
            f"{found} does not run: put a python3.10 that does on the path, or name one in"
            " RASA_PYTHON."
        ) from None
    if not OLDEST <= version <= NEWEST:
        raise RefusedError(
            f"{found} is Python {version[0]}.{version[1]}, and Rasa needs 3.8 to 3.10: name"
            " another in RASA_PYTHON."
        )
    return found


def make_environment(python: str, home: Path) -> Path:
    """Return the interpreter of Rasa's environment, made when its packages changed."""
    pinned = content_root() / SOURCES / "rasa" / "requirements.txt"
    wanted = sha256(pinned.read_bytes()).hexdigest()
    place, mark = home / "venv", home / "venv" / "made-from"
    inside = place / "bin" / "python"
    if mark.exists() and mark.read_text(encoding="ascii") == wanted:
        return inside
    home.mkdir(exist_ok=True)
    _run([python, "-m", "venv", "--clear", str(place)])
    _run([str(inside), "-m", "pip", "install", "-q", "--require-hashes", "-r", str(pinned)])
    mark.write_text(wanted, encoding="ascii")
    return inside


def train(python: Path, home: Path, config: str) -> Path:
    """Teach Rasa our lines; return its model."""
    lines = content_root() / SOURCES
    _run(
        [
            str(python), "-m", "rasa", "train", "nlu", "--nlu", str(lines),
            "--config", str(lines / "rasa" / config), "--out", str(home / "models"),
            "--fixed-model-name", config.removesuffix(".yml"),
        ],
        folder=home,
        log=home / "training.log",
    )  # fmt: skip
    return home / "models" / config.replace(".yml", ".tar.gz")


@contextlib.contextmanager
def serving(python: Path, home: Path, model: Path) -> Iterator[str]:
    """Run a server with a token of its own; yield its address, and stop it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_urlsafe(16)
    command = [
        str(python), "-m", "rasa", "run", "--enable-api", "-m", str(model), "-i", "127.0.0.1",
        "-p", str(port), "--auth-token", token,
    ]  # fmt: skip
    with (home / "server.log").open("wb") as log:
        server = subprocess.Popen(  # noqa: S603 - our own environment
            command, cwd=home, env=_environment(), stdout=log, stderr=log
        )
        try:
            _wait(server, f"http://127.0.0.1:{port}/status?token={token}")
            yield f"http://127.0.0.1:{port}?token={token}"
        finally:
            server.terminate()
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def compared(
    python: Path,
    home: Path,
    engines: Iterable[str],
    table: Path,
    tell: Callable[[str], object],
) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Teach and start one engine of Rasa after the other.

    Yields:
        Its name, its figures on a table of messages, and the address of its server, which runs on
        until the next is asked for.
    """
    for engine in engines:
        tell(f"Teaching {engine} ({bench_rasa.ENGINES[engine]})…")
        before = _children()
        model = train(python, home, bench_rasa.ENGINES[engine])
        cost = _children() - before
        with serving(python, home, model) as address:
            figures = measured(address, table)
            yield engine, {**figures, "training_cpu_s": round(cost, 1)}, address


def contract(address: str) -> bool:
    """Run the contract tests against the server; return whether they hold."""
    tests = ROOT / "tests" / "understand" / "test_rasa.py"
    done = subprocess.run(  # noqa: S603 - our own tests
        [sys.executable, "-m", "pytest", "-q", str(tests)],
        check=False, cwd=ROOT, env={**os.environ, "RASA_URL": address},
    )  # fmt: skip
    return done.returncode == 0


def measured(address: str, table: Path) -> dict[str, Any]:
    """Return the figures of a table of messages, as Rasa alone understands them."""
    import asyncio  # noqa: PLC0415 - only here

    known = {line.intent for line in load_lines(content_root())[0]}
    with asyncio.Runner() as runner:
        server = RasaServer(address, known=known, patience=TO_ANSWER)

        def understand(text: str) -> Understood:
            found = runner.run(server.ask(Words(text))) or ()
            return Understood(urgent=bool(found) and found[0][0] in URGENT, intents=found)

        try:
            return evaluate(read_rows(table, COLUMNS), understand)
        finally:
            runner.run(server.close())


def ours(table: Path) -> dict[str, Any]:
    """Return the figures of a table of messages, as the embedded engine understands them."""
    alarms, encoder = open_library().alarms, load_encoder()
    before = time.process_time()
    engine = open_embedded(content_root(), None, alarms=alarms, encoder=encoder)
    cost = time.process_time() - before
    figures = evaluate(read_rows(table, COLUMNS), engine.understand)
    return {**figures, "training_cpu_s": round(cost, 1)}


def main(
    environment: Mapping[str, str] = os.environ,
    data: Path | None = None,
    tell: Callable[[str], object] = print,
) -> int:
    """Make, teach, start, ask, stop; 0 when the contract holds, 2 without an interpreter."""
    try:
        found = find_python(environment)
    except RefusedError as error:
        tell(str(error))
        return 2
    python = make_environment(found, HOME)
    table = ROOT / "tests/understand/eval/messages.tsv"
    messages: dict[str, Any] = {"vigil": ours(table)}
    figures: dict[str, Any] = {"messages": messages}
    held = False
    for engine, found_there, address in compared(python, HOME, [OURS_INSIDE], table, tell):
        messages[engine] = found_there
        held = contract(address)
        _keep(figures)
    if data is not None:
        figures["public"] = bench_understand.measure(
            data, python, keep=lambda public: _keep({**figures, "public": public})
        )
        _keep(figures)
        # Last, since the default pipeline learns our lines for more than an hour.
        others = [engine for engine in bench_rasa.ENGINES if engine != OURS_INSIDE]
        for engine, found_there, _ in compared(python, HOME, others, table, tell):
            messages[engine] = found_there
            _keep(figures)
    tell(json.dumps(figures, ensure_ascii=False, indent=1))
    return 0 if held else 1


def _keep(figures: dict[str, Any]) -> None:
    """Write down what is known so far: whoever stops a long run loses only the rest."""
    text = json.dumps(figures, ensure_ascii=False, indent=1)
    (HOME / "figures.json").write_text(text, encoding="utf-8")


def _children() -> float:
    told = resource.getrusage(resource.RUSAGE_CHILDREN)
    return told.ru_utime + told.ru_stime


def _environment() -> dict[str, str]:
    component = content_root() / SOURCES / "rasa"
    quiet = {"RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3", "LOG_LEVEL": "ERROR"}
    # Nothing learnt before is taken again, so that what learning costs is seen.
    fresh = {"RASA_MAX_CACHE_SIZE": "0", "PYTHONWARNINGS": "ignore"}
    return {**os.environ, **quiet, **fresh, "PYTHONPATH": str(component)}


def _run(command: list[str], folder: Path | None = None, log: Path | None = None) -> None:
    """Run a command; what it says goes to a file where one is named."""
    with log.open("wb") if log else contextlib.nullcontext() as out:
        done = subprocess.run(  # noqa: S603 - ours
            command, check=False, cwd=folder, env=_environment(), stdout=out, stderr=out
        )
    if done.returncode != 0:
        raise SystemExit(f"Rasa failed: {log} says why." if log else done.returncode)


def _wait(server: subprocess.Popen[bytes], address: str) -> None:
    until = time.monotonic() + TO_START
    while time.monotonic() < until:
        if server.poll() is not None:
            break
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(address, timeout=5, trust_env=False).status_code == httpx.codes.OK:
                return
        time.sleep(0.5)
    raise SystemExit("The Rasa server did not start; .rasa/server.log says why.")


if __name__ == "__main__":
    folder = os.environ.get("DATA")
    raise SystemExit(main(data=Path(folder) if folder else None))
