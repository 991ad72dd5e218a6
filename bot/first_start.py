"""The first start: a demo coordinator for trying everything out, never beside a real bot.

Decides whether one is made, kept or in the way. A demo key is one that everybody can have, so that
with a Telegram token it is refused unless VIGIL_DEMO=1 says that nobody real will write.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from bot.domain.coordinators import AuditEntry, Coordinator, Role
from bot.domain.errors import SettingsError
from bot.domain.ids import CoordinatorId
from bot.services.sealing import VERSION_FACT
from bot.vault.keyring import Keyring, make_demo

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from bot.services.ports import Clock, Store, Tx
    from bot.settings import Settings

log = structlog.get_logger()

ALIAS = "demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What the first start left."""

    demo: bool
    """A demo coordinator is there."""
    identity: Path
    """Where the demo identity lies when there is one."""


def keyring_of(settings: Settings) -> Keyring:
    """Return the keys of this installation."""
    # Not beside the application key: a systemd credential lies where nobody can write.
    return Keyring(keys=settings.home / "keys", home=settings.home)


async def begin(settings: Settings, store: Store, clock: Clock) -> Begun:
    """Make the demo coordinator when nobody was named yet and nobody real can write.

    Raises:
        SettingsError: A demo coordinator is there and a Telegram token is set.
    """
    keyring = keyring_of(settings)
    allowed = settings.telegram_token is None or settings.demo
    known = await store.read(lambda tx: tx.coordinators.all())
    demo = any(one.demo for one in known) or keyring.demo(now=clock.now())
    identity = settings.home / "demo" / "demo.identity"
    if demo and not allowed:
        raise SettingsError(
            "A demo key is still in use, so a Telegram token is refused. Name real coordinators "
            "(`vigil keys`, then `vigil coordinators remove demo`), or set VIGIL_DEMO=1 to try out."
        )
    if not known and not keyring.installed:
        if not allowed:
            log.warning("no-coordinators")
            return Begun(demo=False, identity=identity)
        now = clock.now()
        seen = await store.read(lambda tx: tx.leases.noted(VERSION_FACT))
        made = make_demo(keyring, now=now, version=int(seen or 0) + 1)
        await store.write(lambda tx: _put(tx, made.public, now))
        demo = True
    if demo:
        log.warning("demo-coordinator", file=str(identity))
    return Begun(demo=demo, identity=identity)


def _put(tx: Tx, key: str, now: datetime) -> None:
    demo = Coordinator(
        id=CoordinatorId(secrets.token_hex(16)),
        alias=ALIAS,
        roles=frozenset({Role.COORDINATOR, Role.LEAD}),
        recipient=key,
        on_duty=True,
        demo=True,
    )
    tx.coordinators.put(demo)
    tx.audit.add(AuditEntry(at=now, actor="house", act="demo", subject=demo.id))
