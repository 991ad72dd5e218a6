"""The first start: a demo coordinator for trying everything out, never beside a real bot.

Decides whether one is made, kept or in the way. A demo key is one that everybody can have, so that
with a Telegram token it is refused unless VIGIL_DEMO=1 says that nobody real will write.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from bot.domain.coordinators import AuditEntry, Coordinator, Role
from bot.domain.errors import SettingsError
from bot.domain.ids import CoordinatorId
from bot.opening import keyring_of
from bot.services.sealing import VERSION_FACT
from bot.vault.keyring import make_demo

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from bot.services.ports import Clock, Store, Tx
    from bot.settings import Settings

log = structlog.get_logger()

ALIAS = "demo"
SHRED_FACT = "shred-keys"
"""Which store of shred keys this database was used with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What the first start left."""

    demo: bool
    """A demo coordinator is there."""
    identity: Path
    """Where the demo identity lies when there is one."""


async def know_shred_keys(settings: Settings, store: Store, *, anew: bool = False) -> None:
    """Make sure that these are the shred keys of this database.

    Otherwise a machine of its own would make cases that no other can open, and find none of theirs.

    Raises:
        SettingsError: They are another database's, and `anew` does not say that the old are lost.
    """
    mine = await asyncio.to_thread(lambda: keyring_of(settings).shred().identity())
    known = await store.write(lambda tx: _note_shred_keys(tx, mine, anew=anew))
    if known != mine:
        raise SettingsError(
            "The shred keys here are not those of this database. Machines that work together "
            "share them by VIGIL_SHRED_URL. If the old ones are lost for good, run "
            "`vigil keys shred-anew`."
        )


def _note_shred_keys(tx: Tx, mine: str, *, anew: bool) -> str:
    known = tx.leases.noted(SHRED_FACT)
    if known is None or anew:
        tx.leases.note(SHRED_FACT, mine)
        return mine
    return known


async def begin(settings: Settings, store: Store, clock: Clock) -> Begun:
    """Make the demo coordinator when nobody was named yet and nobody real can write.

    Raises:
        SettingsError: A demo coordinator is there and a Telegram token is set, or the shred keys
            are another database's.
    """
    await know_shred_keys(settings, store)
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
