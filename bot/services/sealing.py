"""Sealing: a box is made, added to, and at its end destroyed with every copy of it.

A check-in plan, a duress page and a case are boxes. Whatever goes in can be read only by those on
the signed list, at their desks. Nothing is sealed, and nothing kept in clear instead, while that
list is missing, refused or older than one that was seen before.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from bot.domain.coordinators import AuditEntry, Urgency
from bot.domain.errors import ConflictError, VaultError
from bot.domain.ids import CaseId
from bot.domain.sealed import Intake, Readers, SealedBox, SealedItem
from bot.services.duty import page

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from bot.services.case_ports import Sealer
    from bot.services.ports import Clock, Store, Tx

log = structlog.get_logger()

VERSION_FACT = "recipients-version"
"""The newest signed list that was ever accepted here."""
BATCH = 100
FEWEST_READERS = 2
_ALL = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealing:
    """Makes and fills boxes inside a unit. `new_id` gives random ids."""

    sealer: Sealer
    new_id: Callable[[], str]

    def readers(self, tx: Tx, now: datetime) -> Readers:
        """Return who can read now, and remember the newest list.

        Raises:
            VaultError: Nobody was named, or the signed list is refused; one sentence says why.
        """
        seen = int(tx.leases.noted(VERSION_FACT) or 0)
        found = self.sealer.readers(now=now, last_seen=seen)
        if found.version > seen:
            tx.leases.note(VERSION_FACT, str(found.version))
            tx.leases.note(_readers_fact(found.version), json.dumps(found.people_keys))
        return found

    def intake(self, tx: Tx, now: datetime) -> Intake:
        """Tell whether anything can be sealed; writes nothing."""
        try:
            found = self.sealer.readers(now=now, last_seen=int(tx.leases.noted(VERSION_FACT) or 0))
        except VaultError:
            return Intake.CLOSED
        return Intake.DEMO if found.demo else Intake.OPEN

    def install(self, tx: Tx, text: str, now: datetime) -> None:
        """Put a signed list into use.

        Raises:
            VaultError: It is refused; the one in use stays.
        """
        seen = int(tx.leases.noted(VERSION_FACT) or 0)
        self.sealer.install(text, now=now, last_seen=seen)

    def seal_new(self, tx: Tx, kind: str, *, now: datetime, until: datetime) -> SealedBox:
        """Make an empty box; its key is forgotten before this returns.

        Args:
            tx: The unit that also writes whatever the box is for.
            kind: case, plan, duress.
            now: The present moment.
            until: When it is shredded unless that is changed.

        Raises:
            VaultError: Nobody can read: nothing may be kept.
        """
        readers = self.readers(tx, now)
        id_ = CaseId(self.new_id())
        public, wrapped = self.sealer.new_box(id_, readers)
        box = SealedBox(id=id_, kind=kind, public=public, version=readers.version, until=until)
        tx.sealed.make(box, wrapped)
        return box

    def append(
        self, tx: Tx, box: CaseId | SealedBox, kind: str, clear: bytes, *, now: datetime
    ) -> int:
        """Seal one item into a box; return its sequence.

        Raises:
            ConflictError: The box is gone.
        """
        id_ = box.id if isinstance(box, SealedBox) else box
        # Read anew: a box that the caller holds may be older than what the unit has added since.
        found = tx.sealed.get(id_)
        if found is None:
            raise ConflictError("The case is gone.")
        sequence = found.count
        body = self.sealer.seal(
            clear, public=found.public, box=found.id, sequence=sequence, kind=kind
        )
        item = SealedItem(
            box=found.id, sequence=sequence, kind=kind, at=now, size=len(body), body=body
        )
        tx.sealed.add(item)
        return sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyHealth:
    """How it stands with those who can read."""

    version: int
    live: int
    """Live keys of people at work."""
    demo: bool
    stale: int
    """Boxes wrapped to another list than the present one."""
    endangered: tuple[CaseId, ...]
    """Boxes that fewer than two live keys can read: an alarm."""


def readers_of(tx: Tx, version: int, present: Readers) -> int:
    """Count the live keys of people that a box wrapped to list `version` opens with."""
    if version == present.version:
        return present.people
    then = json.loads(tx.leases.noted(_readers_fact(version)) or "[]")
    return len(set(then) & set(present.people_keys))


def key_health(tx: Tx, sealing: Sealing, now: datetime) -> KeyHealth:
    """Look who can read what.

    Raises:
        VaultError: The signed list is missing or refused.
    """
    present = sealing.readers(tx, now)
    fewest = 1 if present.demo else FEWEST_READERS
    others = [version for version in tx.sealed.versions() if version != present.version]
    too_few = {one for one in others if readers_of(tx, one, present) < fewest}
    if present.people < fewest:
        too_few.add(present.version)
    boxes = [box for box in tx.sealed.stale(-1, limit=_ALL) if box.version in too_few]
    stale = sum(count for version, count in tx.sealed.versions().items() if version in others)
    return KeyHealth(
        version=present.version,
        live=present.people,
        demo=present.demo,
        stale=stale,
        endangered=tuple(box.id for box in boxes),
    )


def list_installed(tx: Tx, sealing: Sealing, now: datetime, *, by: str) -> Readers:
    """Take note of a list that was put into use.

    Raises:
        VaultError: It is refused.
    """
    found = sealing.readers(tx, now)
    tx.audit.add(AuditEntry(at=now, actor=by, act="keys", note=f"list-{found.version}"))
    return found


def sound_the_alarm(tx: Tx, sealing: Sealing, clock: Clock) -> int:
    """Page when cases can be read by fewer than two live keys; return how many those are."""
    now = clock.now()
    try:
        health = key_health(tx, sealing, now)
    except VaultError as error:
        log.error("keys-refused", reason=str(error))  # noqa: TRY400 - one sentence, no trace
        return 0
    if health.endangered:
        log.error("cases-endangered", count=len(health.endangered))
        page(tx, clock, "keys", Urgency.AMBER, health.endangered[0])
    return len(health.endangered)


def _readers_fact(version: int) -> str:
    return f"readers-{version}"


@dataclass(slots=True, kw_only=True)
class Shredding:
    """Destroys boxes whose time is over: the shred key first, then the rows, then their bytes.

    After the first of these nobody can read the box any more, in any copy or backup; the others may
    be interrupted and are done again.
    """

    store: Store
    clock: Clock
    sealer: Sealer
    scrub: Callable[[], object]
    """Takes the bytes of deleted rows out of the files; awaited."""
    _strays: frozenset[str] = field(default=frozenset())

    async def due(self) -> int:
        """Shred what is over now; return how many boxes that were."""
        now = self.clock.now()
        gone = 0
        while ids := await self.store.read(lambda tx: tx.sealed.over(now, limit=BATCH)):
            await self._shred(ids)
            gone += len(ids)
            if len(ids) < BATCH:
                break
        return gone

    async def strays(self) -> int:
        """Destroy shred keys of boxes that were never committed: seen twice, an hour apart."""
        kept = await asyncio.to_thread(self.sealer.shred_keys)
        known = set(await self.store.read(lambda tx: tx.sealed.ids()))
        now_stray = frozenset(kept) - known
        both, self._strays = now_stray & self._strays, now_stray
        for box in both:
            await asyncio.to_thread(self.sealer.shred, box)
        return len(both)

    async def _shred(self, ids: Sequence[CaseId]) -> None:
        for id_ in ids:
            await asyncio.to_thread(self.sealer.shred, id_)
        now = self.clock.now()
        await self.store.write(lambda tx: _remove(tx, ids, now))
        result = self.scrub()
        if asyncio.iscoroutine(result):
            await result
        log.info("shredded", count=len(ids))


def _remove(tx: Tx, ids: Sequence[CaseId], now: datetime) -> None:
    tx.sealed.remove(ids)
    tx.cases.remove(ids)
    for id_ in ids:
        tx.audit.add(AuditEntry(at=now, actor="house", act="shredded", subject=id_))
