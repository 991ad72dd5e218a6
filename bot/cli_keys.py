"""`vigil keys …` and `vigil open`: identities, the signed list of readers, rotation and drills.

What needs the root or an identity is meant for a machine that is not the server: it works on files
alone. What changes who can read takes effect on the server only through `install`, which checks the
signature. Secrets are never printed, but for recovery shares, which exist to be written down.
"""

from __future__ import annotations

import asyncio
import getpass
import json
import os
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.ids import CaseId
    from bot.services.ports import Tx
    from bot.settings import Settings
    from bot.vault.keyring import Keyring
    from bot.vault.recipients import Recipient, RecipientList

app = typer.Typer(no_args_is_help=True, help="Keys: who can read cases, and for how long.")

Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Root = Annotated[Path, typer.Option("--root", help="The root's private file, kept offline.")]
List = Annotated[
    Path | None, typer.Option("--list", help="A signed list; default is the server's own.")
]
Out = Annotated[
    Path | None, typer.Option("--out", help="Where the new list goes; default: into use here.")
]
Days = Annotated[int, typer.Option(help="For how many days the key, and the list, are valid.")]
PassFile = Annotated[
    Path | None, typer.Option("--passphrase-file", help="Read the passphrase from a file.")
]

YEAR = 365


@app.command()
def make(
    file: Annotated[Path, typer.Argument(help="A new file for the identity.")],
    passphrase_file: PassFile = None,
) -> None:
    """Make a coordinator's identity, on their own machine; print its public key."""
    from bot.vault.identity import new_identity, save_identity

    made = new_identity()
    save_identity(made, file, _passphrase(passphrase_file, new=True))
    print(made.public)


@app.command()
def root(
    file: Annotated[Path, typer.Argument(help="A new file for the root, on an offline machine.")],
    passphrase_file: PassFile = None,
) -> None:
    """Make the root that signs who can read; print its public key for `vigil keys trust`."""
    from bot.vault.identity import new_root, save_root

    private, public = new_root()
    save_root(private, file, _passphrase(passphrase_file, new=True))
    print(public.hex())


@app.command()
def trust(public: Annotated[str, typer.Argument(help="The root's public key, 64 hex.")]) -> None:
    """On the server: make this the root whose signature counts."""
    keyring = _keyring()
    keyring.trust(public)
    print("Trusted. Now install a list that it signed: `vigil keys install FILE`.")


@app.command()
def sign(
    root_file: Root,
    reader: Annotated[list[str], typer.Option(help="ALIAS=age1…, for each who can read.")],
    recovery_key: Annotated[str, typer.Option("--recovery", help="Public recovery key.")] = "",
    days: Days = YEAR,
    list_: List = None,
    out: Out = None,
    passphrase_file: PassFile = None,
) -> None:
    """Sign a whole list: the first one names at least two people and the recovery key."""
    from bot.domain.errors import RefusedError
    from bot.vault.recipients import Recipient

    now = datetime.now(UTC)
    until = now + timedelta(days=days)
    named = [tuple(one.partition("=")[::2]) for one in reader]
    if any(not label or not key for label, key in named):
        raise RefusedError("A reader is written as ALIAS=age1…")
    roles = [(label, key, "coordinator") for label, key in named]
    if recovery_key:
        roles.append(("recovery", recovery_key, "recovery"))

    def change(_known: tuple[Recipient, ...]) -> tuple[Recipient, ...]:
        return tuple(
            Recipient(label=label, key=key, role=role, valid_from=now, valid_until=until)
            for label, key, role in roles
        )

    _resign(change, root_file, list_, out, days, passphrase_file)


@app.command()
def add(
    label: Annotated[str, typer.Argument(help="An alias; no real name.")],
    key: Annotated[str, typer.Argument(help="Public key (age1…).")],
    root_file: Root,
    role: Annotated[str, typer.Option(help="coordinator, lead or recovery.")] = "coordinator",
    days: Days = YEAR,
    list_: List = None,
    out: Out = None,
    passphrase_file: PassFile = None,
) -> None:
    """Sign a list with one more who can read."""
    from bot.domain.errors import RefusedError
    from bot.vault.recipients import Recipient

    if role not in {"coordinator", "lead", "recovery"}:
        raise RefusedError("The role of a key is coordinator, lead or recovery.")
    now = datetime.now(UTC)
    until = now + timedelta(days=days)
    one = Recipient(label=label, key=key, role=role, valid_from=now, valid_until=until)

    def change(known: tuple[Recipient, ...]) -> tuple[Recipient, ...]:
        if any(old.label == label or old.key == key for old in known):
            raise RefusedError("This alias or key is on the list already; see `rotate`.")
        return (*known, one)

    _resign(change, root_file, list_, out, days, passphrase_file)


@app.command()
def retire(
    label: Annotated[str, typer.Argument(help="The alias on the list.")],
    root_file: Root,
    days: Days = YEAR,
    list_: List = None,
    out: Out = None,
    passphrase_file: PassFile = None,
) -> None:
    """Sign a list without somebody; then wrap every case anew at a lead's desk."""
    from bot.domain.errors import RefusedError

    def change(known: tuple[Recipient, ...]) -> tuple[Recipient, ...]:
        if all(old.label != label for old in known):
            raise RefusedError("Nobody of that alias is on the list.")
        return tuple(old for old in known if old.label != label)

    _resign(change, root_file, list_, out, days, passphrase_file)


@app.command()
def rotate(
    label: Annotated[str, typer.Argument(help="The alias on the list.")],
    key: Annotated[str, typer.Argument(help="Their new public key.")],
    root_file: Root,
    days: Days = YEAR,
    list_: List = None,
    out: Out = None,
    passphrase_file: PassFile = None,
) -> None:
    """Sign a list with a new key for somebody; then wrap every case anew at a lead's desk."""
    from dataclasses import replace

    from bot.domain.errors import RefusedError

    now = datetime.now(UTC)

    def change(known: tuple[Recipient, ...]) -> tuple[Recipient, ...]:
        if all(old.label != label for old in known):
            raise RefusedError("Nobody of that alias is on the list.")
        until = now + timedelta(days=days)
        return tuple(
            replace(old, key=key, valid_from=now, valid_until=until) if old.label == label else old
            for old in known
        )

    _resign(change, root_file, list_, out, days, passphrase_file)


@app.command()
def install(file: Annotated[Path, typer.Argument(help="A signed list.")]) -> None:
    """On the server: put a signed list into use, if the trusted root signed it."""
    from bot.domain.errors import VaultError

    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise VaultError(f"{file} cannot be read.") from None
    print(f"In use: list {_install(text).version}.")


@app.command("list")
def list_keys(as_json: Json = False) -> None:
    """On the server: show who can read, and cases that too few can."""
    from bot.opening import sealing_of
    from bot.services.sealing import key_health

    keyring, now = _keyring(), datetime.now(UTC)
    sealing = sealing_of(_settings())
    found = keyring.recipients(now=now, last_seen=0)
    health = _unit(lambda tx: key_health(tx, sealing, now))
    live = found.live(now)
    told = {
        "version": found.version,
        "valid_until": found.valid_until.isoformat(),
        "demo": found.demo,
        "keys": [
            {"label": one.label, "role": one.role, "key": one.key, "live": one in live,
             "valid_until": one.valid_until.isoformat()} for one in found.recipients
        ],
        "stale": health.stale,
        "endangered": list(health.endangered),
    }  # fmt: skip
    if as_json:
        print(json.dumps(told))
        return
    for one in found.recipients:
        mark = "" if one in live else "  NOT VALID NOW"
        print(f"{one.label}: {one.role}, until {one.valid_until:%Y-%m-%d}{mark}")
    print(f"list {found.version}, valid until {found.valid_until:%Y-%m-%d}")
    if found.demo:
        print("DEMO: a demo key can read. Nothing real may be written.")
    if health.stale:
        print(f"{health.stale} cases are wrapped to an older list: wrap them anew at a desk.")
    if health.endangered:
        print(f"ALARM: {len(health.endangered)} cases can be read by fewer than two live keys.")


@app.command("shred-anew")
def shred_anew() -> None:
    """On the server: go on with new shred keys when the old ones are lost, and their cases too."""
    from bot.first_start import know_shred_keys
    from bot.opening import opened_store

    settings = _settings()

    async def work() -> None:
        async with opened_store(settings) as store:
            await know_shred_keys(settings, store, anew=True)

    asyncio.run(work())
    print("These shred keys are used from now on. What was wrapped with others stays closed.")


@app.command()
def recovery(
    key: Annotated[bool, typer.Option("--make", help="Make a recovery key.")] = False,
    drill: Annotated[bool, typer.Option("--drill", help="Try two shares.")] = False,
    public: Annotated[str, typer.Option(help="For a drill: the public key it must give.")] = "",
) -> None:
    """Make the recovery key in three shares of words, or try that two of them give it back."""
    from bot.domain.errors import VaultError
    from bot.vault.identity import join_shares, new_seed, recovery_identity, split_secret

    if key == drill:
        raise VaultError("Say --make or --drill.")
    if key:
        seed = new_seed()
        for number, share in enumerate(split_secret(seed), 1):
            print(
                f"Share {number} of 3. On paper, with another person, in another place:\n{share}\n"
            )
        print(f"Add it to the list: vigil keys add recovery {recovery_identity(seed).public} "
              "--role recovery --root …")  # fmt: skip
        return
    shares = [_ask(f"Share {number}: ") for number in (1, 2)]
    found = recovery_identity(join_shares(shares)).public
    if public and public != found:
        raise VaultError("The shares give another key than the one on the list.")
    print(f"The shares give {found}")


def open_case(
    case: Annotated[str, typer.Argument(help="A case, or the beginning of its id; all for all.")],
    identity: Annotated[Path, typer.Option(help="Your identity's file.")],
    as_json: Json = False,
    passphrase_file: PassFile = None,
) -> None:
    """Unseal a case in the terminal. Only where nobody looks over your shoulder."""
    from bot.domain.errors import RefusedError
    from bot.vault.identity import DEMO_MARK, load_identity
    from bot.vault.opening import opened_case

    demo = identity.exists() and identity.read_bytes().startswith(DEMO_MARK.encode())
    who = load_identity(identity, "" if demo else _passphrase(passphrase_file, new=False))
    keyring = _keyring()
    ids: list[CaseId] = _unit(lambda tx: tx.sealed.ids())
    chosen = [id_ for id_ in ids if case == "all" or id_.startswith(case.lower())]
    if not chosen or (len(chosen) > 1 and case != "all"):
        raise RefusedError("No case begins so." if not chosen else "Several cases begin so.")
    shred = keyring.shred()
    found = []
    for id_ in chosen:
        wrapped, items = _unit(partial(_sealed, id_=id_))
        found += [opened_case(id_, wrapped, items, shred.get(id_), who.secret)]
    if as_json:
        print(json.dumps(found if case == "all" else found[0], ensure_ascii=False))
        return
    for one in found:
        print(f"case {one['case']}")
        for item in one["items"]:
            print(f"\n[{item['sequence']}] {item['kind']}, {item['at'][:13]}h")
            print(json.dumps(item["content"], ensure_ascii=False, indent=1))


def _sealed(tx: Tx, id_: CaseId) -> tuple[bytes | None, list[Any]]:
    return tx.sealed.wrapped(id_), [
        tx.sealed.item(id_, head.sequence) for head in tx.sealed.heads(id_)
    ]


def _resign(
    change: Callable[[Any], Any], root_file: Path, list_: Path | None, out: Path | None,
    days: int, passphrase_file: Path | None,
) -> None:  # fmt: skip
    from bot.vault.identity import load_root
    from bot.vault.recipients import RecipientList, read_unchecked, sign

    private, public = load_root(root_file, _passphrase(passphrase_file, new=False))
    source = list_ or _keyring().list_path
    before = read_unchecked(source.read_text("utf-8")) if source.exists() else None
    now = datetime.now(UTC)
    # What was named for trying things out goes as soon as anybody real is named.
    known = tuple(one for one in before.recipients if one.role != "demo") if before else ()
    after = RecipientList(
        version=(before.version if before else 0) + 1,
        valid_from=now,
        valid_until=now + timedelta(days=days),
        recipients=change(known),
    )
    text = sign(after, private)
    if out is not None:
        out.write_text(text, encoding="utf-8")
        print(f"List {after.version} written to {out}; on the server: `vigil keys install`.")
        return
    keyring = _keyring()
    if not keyring.root_path.exists() or keyring.demo(now=now):
        keyring.trust(public.hex())
    print(f"In use: list {_install(text).version}.")


def _passphrase(file: Path | None, *, new: bool) -> str:
    from bot.domain.errors import VaultError

    if file is not None:
        try:
            return file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise VaultError(f"{file} cannot be read.") from None
    given = os.environ.get("VIGIL_PASSPHRASE")
    if given is not None:
        return given
    first = _ask("Passphrase: ")
    if new and _ask("Once more: ") != first:
        raise VaultError("The two are not the same.")
    return first


def _ask(prompt: str) -> str:
    if sys.stdin.isatty():
        return getpass.getpass(prompt)
    return sys.stdin.readline().rstrip("\n")


def _settings() -> Settings:
    from bot import settings

    return settings.load()


def _keyring() -> Keyring:
    from bot.opening import keyring_of

    return keyring_of(_settings())


def _install(text: str) -> RecipientList:
    from bot.opening import sealing_of
    from bot.services.sealing import VERSION_FACT, list_installed

    now = datetime.now(UTC)
    seen = _unit(lambda tx: int(tx.leases.noted(VERSION_FACT) or 0))
    found = _keyring().install(text, now=now, last_seen=seen)
    sealing = sealing_of(_settings())
    _unit(lambda tx: list_installed(tx, sealing, now, by="operator"))
    return found


def _unit(unit: Callable[[Tx], Any]) -> Any:
    from bot.opening import opened_store

    async def work() -> Any:
        async with opened_store(_settings()) as store:
            return await store.write(unit)

    return asyncio.run(work())
