"""A house with one person under watch, on a real database, and nothing played but time."""

from __future__ import annotations

import hashlib
import random
import secrets
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.domain.contacts import Contact, ContactState
from bot.domain.ids import ChannelName, ContactId, LanguageTag, PersonId
from bot.domain.messages import Inbound, InboundKind
from bot.domain.people import Person
from bot.domain.plans import Preset, Wish
from bot.domain.secret_words import Secret, fold
from bot.domain.words import Words
from bot.services.apply import Moment
from bot.services.check_in_house import CheckIns, Duty, make
from bot.services.check_in_ports import Agreed
from bot.services.check_in_sheet import Sheets
from bot.services.due import DueTimers
from bot.services.ports import Lane, OutboxState
from bot.services.sealing import Sealing
from bot.storage.engine import open_store
from bot.vault.cipher import ApplicationCipher
from bot.vault.identity import new_identity, new_root
from bot.vault.keyring import Keyring
from bot.vault.recipients import Recipient, RecipientList, sign
from bot.vault.sealer import KeyringSealer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.content.library import Library
    from bot.domain.plans import Watched
    from bot.services.ports import Store, Tx
    from bot.vault.identity import Identity

NOW = datetime(2031, 5, 4, 12, 0, tzinfo=UTC)
YEAR = timedelta(days=365)
MINUTE = timedelta(minutes=1)
NOBODY = PersonId("")
PLAYED = ChannelName("played")
EN = LanguageTag("en")
PIN, SAFE, DURESS, PANIC = "2468", "kestrel", "harrier", "sunflower"
ALL = {Secret.PIN: PIN, Secret.SAFE: SAFE, Secret.DURESS: DURESS, Secret.PANIC: PANIC}
TRIP = Wish(preset=Preset.TRIP, hours=2)
PROTEST = Wish(preset=Preset.PROTEST, minutes=60)
DAILY = Wish(preset=Preset.DAILY, at_hour=14, zone="UTC", region="UG")


async def digest(salt: bytes, text: str) -> bytes:
    """Stand in for Argon2id, whose own tests are elsewhere."""
    return hashlib.blake2b(salt + text.encode(), digest_size=32).digest()


class StageClock:
    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at


@dataclass(slots=True, kw_only=True)
class Stage:
    store: Store
    clock: StageClock
    house: CheckIns
    sweeper: DueTimers
    pages: list[tuple[str, int, str]]
    over: list[str]
    audit: list[str]
    on_duty: list[int]
    sheets: Sheets
    reader: Identity
    """Somebody at work whose key opens what is sealed."""
    person: PersonId = NOBODY
    heard: int = 0
    shown: list[tuple[str, str, Lane]] = field(default_factory=list)

    async def arm(
        self, wish: Wish, words: dict[Secret, str] = ALL, *, contacts: int = 1
    ) -> Watched:
        """Agree on words, let contacts accept, and arm."""
        digests = {secret: await digest(b"salt", fold(word)) for secret, word in words.items()}

        def unit(tx: Tx) -> Watched | str:
            self.person = someone(tx, "amina", self.clock.at)
            tx.check_words.put(self.person, Agreed(salt=b"salt", digests=digests))
            for number in range(contacts):
                helper = someone(tx, f"helper{number}", self.clock.at)
                tx.contacts.put(
                    Contact(id=ContactId(f"c{number}"), owner=self.person, person=helper,
                            state=ContactState.ACTIVE, since=self.clock.at)
                )  # fmt: skip
            return self.house.setup.arm(tx, self.person, wish, EN, self.clock.at)

        armed = await self.store.write(unit)
        assert not isinstance(armed, str), armed
        return armed

    async def says(self, text: str) -> object:
        """Have the person write something; return what is left for the conversation."""
        self.heard += 1
        words = Words(text)
        tried = await digest(b"salt", self.house.hearing.spoken(words))
        moment = await self._moment(words)
        return await self.store.write(lambda tx: self.house.hearing.text(tx, moment, words, tried))

    async def sends_place(self, place: str, *, live: bool = False) -> object:
        """Have the person send where they are."""
        self.heard += 1
        moment = await self._moment(Words(place))
        assert moment.inbound is not None
        inbound = replace(moment.inbound, kind=InboundKind.LOCATION, data="live" if live else None)
        moment = replace(moment, inbound=inbound)
        return await self.store.write(lambda tx: self.sheets.place(tx, moment))

    async def presses(self, name: str) -> object:
        """Have the person press a button of a check-in."""
        self.heard += 1
        moment = await self._moment(None)
        return await self.store.write(lambda tx: self.house.hearing.press(tx, moment, name))

    async def asked_for_pin(self, what: str) -> None:
        await self.store.write(
            lambda tx: self.house.hearing.await_pin(tx, self.person, what, self.clock.at)
        )

    async def goes(self, by: timedelta, *, step: timedelta = MINUTE) -> None:
        """Let time go by, with a sweep every minute."""
        end = self.clock.at + by
        while self.clock.at < end:
            self.clock.at = min(self.clock.at + step, end)
            await self.sweeper.sweep()
            await self.deliver()

    async def deliver(self) -> list[str]:
        """Have everything arrive; return what the person was shown."""
        mine: list[str] = []
        while True:
            rows = await self.store.write(self._claim)
            if not rows:
                return mine
            for row in rows:
                self.shown.append((row.address, row.message.text, row.lane))
                if row.address == "amina":
                    mine.append(row.message.text)

    async def plan(self) -> Watched:
        (found,) = await self.store.read(lambda tx: tx.plans.of(self.person))
        return found

    async def plans(self) -> list[Watched]:
        return await self.store.read(lambda tx: tx.plans.of(self.person))

    def _claim(self, tx: Tx) -> list[Any]:
        now = self.clock.at + timedelta(seconds=3)
        rows = tx.outbox.claim(
            worker="mouth", now=now, lease=MINUTE, limit=50, lanes=tuple(Lane), channels=(PLAYED,)
        )
        for row in rows:
            tx.outbox.settle([row.id], worker="mouth", state=OutboxState.SENT, at=now)
        return rows

    async def _moment(self, words: Words | None) -> Moment:
        who = await self.store.read(lambda tx: tx.people.find(self.person))
        assert who is not None
        key = f"played:{self.heard}"
        inbound = Inbound(
            channel=PLAYED, update_id=key, address="amina",
            kind=InboundKind.TEXT if words else InboundKind.BUTTON, received_at=self.clock.at,
            words=words, message_ref=f"m{self.heard}",
        )  # fmt: skip
        return Moment(person=who, language=EN, at=self.clock.at, key=key, inbound=inbound)


def sealed_for(folder: Path) -> tuple[Sheets, Identity]:
    """Return what seals, for one reader at work and a recovery key."""
    reader, (root, public) = new_identity(), new_root()
    keyring = Keyring(keys=folder / "keys", home=folder)
    keyring.trust(public.hex())
    people = (("robin", "coordinator", reader), ("heron", "coordinator", new_identity()))
    named = RecipientList(
        version=1, valid_from=NOW - YEAR, valid_until=NOW + YEAR,
        recipients=tuple(
            Recipient(
                label=label, key=one.public, role=role,
                valid_from=NOW - YEAR, valid_until=NOW + YEAR,
            )
            for label, role, one in people
        ),
    )  # fmt: skip
    keyring.install(sign(named, root), now=NOW, last_seen=0)
    sealing = Sealing(sealer=KeyringSealer(keyring), new_id=lambda: secrets.token_hex(16))
    return Sheets(sealing=sealing), reader


def someone(tx: Tx, name: str, at: datetime) -> PersonId:
    id_ = tx.people.lock(PLAYED, name)
    person = Person(id=id_, channel=PLAYED, address=name, language=EN, language_hint=None)
    tx.people.put(person, at=at)
    return id_


@asynccontextmanager
async def stage(folder: Path, library: Library, *, url: str = "") -> AsyncIterator[Stage]:
    store = open_store(url or f"sqlite:///{folder / 'v.db'}", ApplicationCipher(bytes(range(32))))
    clock, chance = StageClock(), random.Random(7)  # noqa: S311 - ids of a test
    pages: list[tuple[str, int, str]] = []
    sheets, reader = sealed_for(folder)
    over: list[str] = []
    audit: list[str] = []
    on_duty = [2]
    taken: dict[str, str] = {}
    house = make(
        store=store, clock=clock, library=lambda: library, worker="w",
        duty=Duty(
            page=lambda _tx, what, urgency, ref: pages.append((what, urgency, ref)),
            acknowledged=lambda _tx, ref: taken.get(ref),
            over=lambda _tx, ref: over.append(ref),
            on_duty=lambda _tx: on_duty[0],
        ),
        audit=lambda _tx, _at, act, *_more: audit.append(act),
        new_id=lambda: f"{chance.getrandbits(128):032x}",
        salt=lambda: b"salt", derive=digest, shuffle=chance.shuffle, sheets=sheets,
    )  # fmt: skip
    sweeper = DueTimers(store=store, clock=clock, worker="w", services={}, batches=house.batches())
    try:
        yield Stage(store=store, clock=clock, house=house, sweeper=sweeper, pages=pages, over=over,
                    audit=audit, on_duty=on_duty, sheets=sheets, reader=reader)  # fmt: skip
    finally:
        await store.close()
