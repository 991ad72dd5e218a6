"""`vigil coordinators …`: who answers, by alias; never a real name."""

from __future__ import annotations

import asyncio
import json
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.coordinators import Role
    from bot.services.ports import Tx

app = typer.Typer(no_args_is_help=True, help="Coordinators: invite, list, remove, roles.")

Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


@app.command()
def invite(
    alias: Annotated[str, typer.Argument(help="What colleagues call them here; no real name.")],
    key: Annotated[str, typer.Option(help="Public key of `vigil keys make` (age1…).")] = "",
    role: Annotated[str, typer.Option(help="coordinator, lead, operator; with commas.")] = (
        "coordinator"
    ),
    languages: Annotated[str, typer.Option(help="Tags, best first: fr,en.")] = "",
    as_json: Json = False,
) -> None:
    """Take somebody in and print a link that ties their chat to them, once, within two days."""
    from bot.domain.ids import LanguageTag
    from bot.services.coordinators import INVITED_FOR, NewCoordinator
    from bot.services.coordinators import invite as take_in

    wanted = NewCoordinator(
        alias=alias,
        roles=_roles(role),
        recipient=key,
        languages=tuple(LanguageTag(tag.strip()) for tag in languages.split(",") if tag.strip()),
    )
    token, id_ = secrets.token_urlsafe(24), secrets.token_hex(16)
    made = _run(lambda tx: take_in(tx, wanted, id_=id_, token=token, now=datetime.now(UTC)))
    name = _run(lambda tx: tx.leases.noted("telegram-name"))
    hours = int(INVITED_FOR.total_seconds()) // 3600
    _print_link(made.alias, token, name, hours, as_json=as_json)


@app.command()
def link(alias: str, as_json: Json = False) -> None:
    """Print a new link for somebody's chat; the earlier one ends."""
    from bot.services.coordinators import INVITED_FOR, find
    from bot.services.coordinators import link as keep

    token = secrets.token_urlsafe(24)
    _run(lambda tx: keep(tx, find(tx, alias), token=token, now=datetime.now(UTC)))
    name = _run(lambda tx: tx.leases.noted("telegram-name"))
    hours = int(INVITED_FOR.total_seconds()) // 3600
    _print_link(alias, token, name, hours, as_json=as_json)


@app.command("list")
def list_all(as_json: Json = False) -> None:
    """Show who answers."""
    from bot.services.coordinators import listed

    found = listed(_run(lambda tx: tx.coordinators.all()))
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    for one in found:
        roles, languages = _words(one["roles"]), _words(one["languages"])
        duty = "on duty" if one["on_duty"] else "off duty"
        chat = "chat linked" if one["chat"] else "no chat"
        mark = "  DEMO" if one["demo"] else ""
        print(f"{one['alias']}: {roles}; {duty}; {chat}; {languages or 'any language'}{mark}")
    if not found:
        print("Nobody yet. `vigil coordinators invite ALIAS --key age1…` takes somebody in.")


@app.command()
def remove(alias: str) -> None:
    """Let somebody go; their key must then be retired as well."""
    from bot.services.coordinators import remove as let_go

    gone = _run(lambda tx: let_go(tx, alias, now=datetime.now(UTC)))
    print(f"{gone.alias} is out: no duty, no chat, no sign-in.")
    if gone.recipient:
        print("Their key can still read cases. Sign a list without it: `vigil keys retire`.")


@app.command()
def roles(
    alias: str,
    role: Annotated[str, typer.Option(help="coordinator, lead, operator; with commas.")],
) -> None:
    """Give somebody other roles."""
    from bot.services.coordinators import set_roles

    chosen = _roles(role)
    after = _run(lambda tx: set_roles(tx, alias, chosen, now=datetime.now(UTC)))
    print(f"{after.alias}: {_words(sorted(after.roles))}")


@app.command()
def audit(
    last: Annotated[int, typer.Option(help="How many entries.")] = 50, as_json: Json = False
) -> None:
    """Show what was done, and whether the chain of the log is whole."""
    found = _run(lambda tx: (tx.audit.entries(limit=last), tx.audit.broken_at(), tx.audit.head()))
    entries, broken, head = found
    if as_json:
        shown = [
            {"at": one.at.isoformat(), "actor": one.actor, "act": one.act,
             "subject": one.subject, "note": one.note} for one in entries
        ]  # fmt: skip
        told = {"entries": shown, "whole": broken is None, "broken_at": broken, "head": head}
        print(json.dumps(told))
    else:
        for one in reversed(entries):
            when = f"{one.at:%Y-%m-%d %H:%M}"
            print(when, one.actor[:8], one.act, one.subject[:8], one.note, sep="  ")
        print("whole" if broken is None else f"BROKEN at entry {broken}", f"({head[0]} entries)")
    raise typer.Exit(0 if broken is None else 1)


def _print_link(alias: str, token: str, name: str | None, hours: int, *, as_json: bool) -> None:
    from bot.services.coordinators import OPENING

    payload = f"{OPENING}-{token}"
    url = f"https://t.me/{name}?start={payload}" if name else None
    if as_json:
        print(json.dumps({"alias": alias, "payload": payload, "link": url, "hours": hours}))
        return
    print(f"For {alias}, once, within {hours} hours; send it on a safe channel:")
    print(f"  {url}" if url else f"  write to the bot: /start {payload}")


def _words(value: Any) -> str:
    return ", ".join(str(one) for one in value)


def _roles(text: str) -> frozenset[Role]:
    from bot.domain.coordinators import Role
    from bot.domain.errors import RefusedError

    try:
        return frozenset(Role(part.strip()) for part in text.split(",") if part.strip())
    except ValueError:
        raise RefusedError("A role is coordinator, lead or operator.") from None


def _run(unit: Callable[[Tx], Any]) -> Any:
    from bot import settings
    from bot.opening import opened_store

    async def work() -> Any:
        async with opened_store(settings.load()) as store:
            return await store.write(unit)

    return asyncio.run(work())
