"""The command line. Each command loads what it needs and nothing else."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from bot import cli_coordinators, cli_keys

app = typer.Typer(
    add_completion=False,
    no_args_is_help=False,
    help="Vigil: a chat assistant for human rights defenders.",
    pretty_exceptions_enable=False,
)

flows_app = typer.Typer(no_args_is_help=True, help="Flows: as pictures, their hash, their schema.")
app.add_typer(flows_app, name="flows")
app.add_typer(cli_coordinators.app, name="coordinators")
app.add_typer(cli_keys.app, name="keys")
app.command("open")(cli_keys.open_case)

Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


@app.callback(invoke_without_command=True)
def main(context: typer.Context) -> None:
    """Without a command, serve."""
    if context.invoked_subcommand is None:
        run()


@app.command()
def run(
    only: Annotated[str, typer.Option(help="Roles of this process: door,deliver,tick,api.")] = "",
) -> None:
    """Serve: Telegram when a token is set, the web chat, the scheduler and delivery."""
    import asyncio
    import gc

    # Nearly all that a start makes stays; `settle` collects the rest, and turns this on again.
    gc.disable()
    from bot import logs, settings
    from bot.app import ROLES, serve
    from bot.domain.errors import SettingsError

    chosen = settings.load()
    logs.configure(chosen.log_level, chosen.log_format)
    roles = tuple(role.strip() for role in only.split(",") if role.strip()) or ROLES
    if unknown := set(roles) - set(ROLES):
        raise SettingsError(f"--only knows {', '.join(ROLES)}; not {', '.join(sorted(unknown))}.")
    asyncio.run(serve(chosen, roles))


@app.command()
def check(
    as_json: Json = False,
    due: Annotated[
        int | None, typer.Option(help="Also list what is to be reviewed within so many days.")
    ] = None,
    content: Annotated[
        Path | None, typer.Option(help="Folder with flows/, locales/, knowledge/.")
    ] = None,
) -> None:
    """Name every problem of flows, locales and knowledge, with file and line."""
    from datetime import UTC, datetime

    from bot.content.checking import check_all
    from bot.content.place import content_root
    from bot.guidance.examples import check_examples

    today = datetime.now(UTC).date()
    problems = check_all(
        content_root(content), today=today, due_within=due, further=(check_examples,)
    )
    wrong = sum(problem.severity == "error" for problem in problems)
    if as_json:
        print(json.dumps([_problem(problem) for problem in problems], ensure_ascii=False))
    else:
        for problem in problems:
            print(problem)
        print(f"{wrong} errors, {len(problems) - wrong} warnings")
    raise typer.Exit(1 if wrong else 0)


@app.command()
def talk(
    lang: Annotated[str, typer.Option(help="Language of your app, as a tag such as es.")] = "en",
    script: Annotated[Path | None, typer.Option(help="Play and check a conversation.")] = None,
    record: Annotated[
        bool, typer.Option("--record", help="Write what is said now into the script.")
    ] = False,
    role: Annotated[str | None, typer.Option(help="coordinator: talk as one.")] = None,
) -> None:
    """Talk in the terminal; nothing is kept."""
    import asyncio

    from bot import logs
    from bot.domain.ids import LanguageTag

    logs.configure("ERROR")
    if script is not None:
        from bot.scripts import play_file, recorded

        if record:
            script.write_text(asyncio.run(recorded(script)), encoding="utf-8")
            return
        differences = asyncio.run(play_file(script))
        for difference in differences:
            print(difference)
        print("as written" if not differences else f"{len(differences)} differences")
        raise typer.Exit(1 if differences else 0)
    from bot.talking import talk as talk_on

    asyncio.run(talk_on(LanguageTag(lang), role=role))


@app.command()
def advise(
    facts: Annotated[Path, typer.Option(help="A fact file: YAML or JSON, one object or a list.")],
    as_json: Json = False,
) -> None:
    """Say which mechanisms can act on coded facts, and which cannot."""
    from bot.guidance.advice import advise as ask
    from bot.guidance.answers import advice_as_json as shown

    def answer(knowledge: Any, parsed: Any, today: Any) -> dict[str, Any]:
        found = shown(knowledge, ask(knowledge, parsed.facts, today), parsed.facts)
        found["unknown"] += list(parsed.unknown_values)
        return found

    _over_facts(facts, answer, as_json=as_json)


@app.command()
def resources(
    facts: Annotated[Path, typer.Option(help="A fact file: YAML or JSON, one object or a list.")],
    as_json: Json = False,
) -> None:
    """Say who can protect or help, for coded facts."""
    from bot.guidance.answers import help_as_json as shown
    from bot.guidance.resources import find_resources

    def answer(knowledge: Any, parsed: Any, today: Any) -> dict[str, Any]:
        found = find_resources(knowledge, parsed.facts, today)
        return shown(knowledge, found, parsed.facts, today)

    _over_facts(facts, answer, as_json=as_json)


@app.command()
def draft(
    case: Annotated[
        Path, typer.Option(help="A fact file with one case, and optional words: {text, lang}.")
    ],
    mechanism: Annotated[
        str, typer.Option(help="Id of a mechanism, or of a fund that is asked for support.")
    ],
    out: Annotated[Path, typer.Option(help="Where the letter goes: .docx or .txt.")],
    lang: Annotated[str, typer.Option(help="Language of the letter: en, fr or es.")] = "en",
) -> None:
    """Write a submission; names stay blanks for you to fill in on your own device."""
    from bot.drafting import draft_file

    for sentence in draft_file(case, mechanism, lang, out):
        print(sentence)


@app.command()
def understand(
    text: Annotated[str, typer.Argument(help="What somebody might write.")] = "",
    lang: Annotated[str, typer.Option(help="The language that the person chose.")] = "",
    evaluate: Annotated[
        Path | None, typer.Option("--eval", help="A table: text, lang, intent, urgent.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what the bot makes of a text, and why; or measure it over a table."""
    from bot import logs
    from bot.understand.asking import answer, measured

    logs.configure("ERROR")
    if evaluate is None and not text.strip():
        raise typer.BadParameter("Give a text, or --eval FILE.")
    _show(measured(evaluate) if evaluate else answer(text, lang), as_json=as_json)


@app.command()
def search(
    text: Annotated[str, typer.Argument(help="What somebody looks for.")] = "",
    lang: Annotated[str, typer.Option(help="The language of the text.")] = "",
    evaluate: Annotated[
        Path | None, typer.Option("--eval", help="A table: lang, query, acceptable.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Find entries for a text; or measure how early they are found over a table."""
    from bot import logs
    from bot.understand.asking import found, found_all

    logs.configure("ERROR")
    if evaluate is None and not text.strip():
        raise typer.BadParameter("Give a text, or --eval FILE.")
    _show(found_all(evaluate) if evaluate else found(text, lang), as_json=as_json)


@app.command()
def move(
    to: Annotated[str, typer.Option(help="postgresql+asyncpg://user:password@host/database")],
    as_json: Json = False,
) -> None:
    """Move everything from SQLite to PostgreSQL; conversations go on where they were."""
    from bot.storage.move import move as move_all

    chosen, cipher = _keyed()
    counts = move_all(chosen.database, to, cipher)
    if as_json:
        _show(counts, as_json=True)
        return
    print(f"{sum(counts.values())} rows moved and counted. Now set VIGIL_DATABASE_URL to it.")
    print("The old file still holds everything: delete it once the new one runs.")


@app.command()
def backup(folder: Annotated[Path, typer.Argument(help="A new or empty folder.")]) -> None:
    """Write a backup: every row as it is, encrypted; never a key."""
    from bot import settings
    from bot.storage.backup import backup as write

    write(settings.load().database, folder)
    print(f"Written to {folder}. It opens only with the application key: keep that elsewhere.")


@app.command()
def restore(folder: Annotated[Path, typer.Argument(help="A backup.")]) -> None:
    """Put a backup into an empty place; never overwrites a database."""
    from bot.storage.backup import restore as put_back

    chosen, cipher = _keyed()
    put_back(chosen.database, folder, cipher)
    print("Restored. `vigil run` starts where the backup was made.")


@app.command()
def desk(
    server: Annotated[str, typer.Option(help="Address of the server, https://…")] = "",
    identity: Annotated[str, typer.Option(help="Your identity file.")] = "",
    lang: Annotated[str, typer.Option(help="Language of the pages.")] = "",
    listen: Annotated[str, typer.Option(help="Loopback address; port 0 for any.")] = "127.0.0.1:0",
    proxy: Annotated[str, typer.Option(help="An HTTP proxy on the way to the server.")] = "",
    browser: Annotated[bool, typer.Option(help="Open it in this machine's browser.")] = False,
) -> None:
    """Open the coordinator's desk on this machine: the only place where cases are read."""
    import asyncio

    from bot import logs
    from bot.desking import serve_desk

    logs.configure("ERROR")

    def tell(link: str) -> None:
        print(f"The desk is open. Follow this link; it works once:\n{link}", flush=True)

    asyncio.run(
        serve_desk(
            server=server,
            identity=identity,
            language=lang,
            listen=listen,
            proxy=proxy or None,
            open_browser=browser,
            tell=tell,
        )
    )


@app.command()
def bench(
    name: Annotated[str, typer.Argument(help="A benchmark, or all.")] = "all",
    people: Annotated[
        int | None, typer.Option(min=1, help="To how many people `alert` goes.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder of sets, for `understand` and `robust`.")
    ] = None,
    rasa: Annotated[
        Path | None, typer.Option(help="Python of an environment with Rasa, for `understand`.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure, as ratios within one run."""
    from bot import logs
    from bot.proofs.benchmarks import measure

    logs.configure("ERROR")
    _show(measure(name, people=people, data=data, rasa=rasa), as_json=as_json)


@app.command("seizure-drill")
def seizure_drill(
    canaries: Annotated[int, typer.Option(min=1, help="How many words to plant at least.")] = 2_000,
    seed: Annotated[int, typer.Option(help="Of words and moments.")] = 1,
    as_json: Json = False,
) -> None:
    """Plant words through every flow, steal all that the server keeps, and look for them."""
    import asyncio

    from bot import logs
    from bot.proofs.drill.drill import run as play

    logs.configure("ERROR")
    verdict = asyncio.run(play(canaries, seed=seed))
    if as_json:
        print(json.dumps(verdict.as_json(), ensure_ascii=False))
    else:
        _show(verdict.as_json(), as_json=False)
    raise typer.Exit(0 if verdict.clean else 1)


@app.command()
def simulate(
    what: Annotated[str, typer.Argument(help="checkins")],
    engine: Annotated[str, typer.Option(help="pure, sqlite or postgres")] = "sqlite",
    plans: Annotated[int, typer.Option()] = 1_000,
    days: Annotated[int, typer.Option()] = 30,
    seed: Annotated[int, typer.Option()] = 1,
    as_json: Json = False,
) -> None:
    """Simulate lives with outages, kills and clock changes against the check-in protocol."""
    import asyncio

    from bot import logs
    from bot.domain.errors import SettingsError

    logs.configure("CRITICAL")
    if what != "checkins" or engine not in {"pure", "sqlite", "postgres"}:
        raise SettingsError("Say `simulate checkins` with --engine pure, sqlite or postgres.")
    if plans < 1 or days < 1:
        raise SettingsError("--plans and --days are at least 1.")
    if engine == "pure":
        from bot.proofs.simulation.pure import simulate as pure

        _show(pure(plans, days, seed), as_json=as_json)
        return
    from bot.proofs.simulation.real import simulate as real

    _show(asyncio.run(real(engine, plans, days, seed)), as_json=as_json)


@flows_app.command("draw")
def flows_draw(
    names: Annotated[
        list[str] | None, typer.Argument(help="Flows; all when none is named.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the pictures.")] = Path("build/flows"),
) -> None:
    """Draw flows as Mermaid and SVG files."""
    from bot.content.diagrams import mermaid, svg

    found = _flows(names)
    out.mkdir(parents=True, exist_ok=True)
    for flow in found:
        (out / f"{flow.id}.mmd").write_text(mermaid(flow), encoding="utf-8")
        (out / f"{flow.id}.svg").write_text(svg(flow), encoding="utf-8")
    print(f"{len(found)} flows drawn in {out}")


@flows_app.command("hash")
def flows_hash(name: Annotated[str, typer.Argument(help="A flow.")]) -> None:
    """Print the hash of a flow as it is, for the key `moves`."""
    print(_flows([name])[0].hash)


@flows_app.command("schema")
def flows_schema() -> None:
    """Print the JSON schema of flow files, for editors that check while one types."""
    from bot.content.schema import FlowFile

    print(json.dumps(FlowFile.model_json_schema(by_alias=True), indent=2))


def _flows(names: list[str] | None) -> list[Any]:
    """Return the flows with these names, or all.

    Raises:
        RefusedError: There is no such flow.
    """
    from bot.content.library import open_library
    from bot.domain.errors import RefusedError

    flows = open_library().flows
    if missing := [name for name in names or () if name not in flows]:
        raise RefusedError(f"There is no flow {missing[0]}: choose {', '.join(sorted(flows))}.")
    return [flows[name] for name in names or sorted(flows)]  # type: ignore[index]


def _keyed() -> tuple[Any, Any]:
    """Return the settings and the cipher of the application key that they name.

    Raises:
        SettingsError: There is no key file: without it nothing of the database can be read.
    """
    from bot import settings
    from bot.domain.errors import SettingsError
    from bot.vault.cipher import ApplicationCipher
    from bot.vault.keyfile import load_key

    chosen = settings.load()
    if not chosen.key_path.exists():
        raise SettingsError(
            f"There is no key at {chosen.key_path}. Set VIGIL_KEY_FILE to the application key."
        )
    return chosen, ApplicationCipher(load_key(chosen.key_path))


def _over_facts(path: Path, answer: Any, *, as_json: bool) -> None:
    """Answer every object of a fact file, in order."""
    from datetime import UTC, datetime

    import yaml

    from bot.content.entries import load_knowledge
    from bot.content.place import content_root
    from bot.domain.errors import ContentError
    from bot.guidance.facts import parse_facts

    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except OSError as error:
        raise ContentError(f"{path} cannot be read: {error.strerror}.") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise ContentError(f"{path} is neither YAML nor JSON.") from None
    objects = raw if isinstance(raw, list) else [raw]
    knowledge, _ = load_knowledge(content_root())
    today = datetime.now(UTC).date()
    answers = []
    for one in objects:
        parsed = parse_facts(one if isinstance(one, dict) else {}, knowledge)
        for key in parsed.unknown_keys:
            print(f"{parsed.facts.id or path.name}: {key} is ignored", file=sys.stderr)
        answers.append(answer(knowledge, parsed, today))
    _show(answers if isinstance(raw, list) else answers[0], as_json=as_json)


def _show(found: Any, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        import yaml

        print(yaml.safe_dump(found, allow_unicode=True, sort_keys=False, width=100), end="")


def _problem(problem: Any) -> dict[str, Any]:
    return {
        "file": problem.place.file,
        "line": problem.place.line,
        "rule": problem.rule,
        "severity": problem.severity,
        "message": problem.message,
        "remedy": problem.remedy,
    }
