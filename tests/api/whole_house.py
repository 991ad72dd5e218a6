"""The desk's API as `vigil run` wires it, with something real behind every kind of id."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from bot.api.desk import DeskApi
from bot.api.desk_sessions import Sessions
from bot.app import desk_acts
from bot.content.library import Bookcase
from bot.contract import alerts, notebook
from bot.contract.items import WrittenWords, write_item
from bot.domain.cases import Case, Reach, State, Way
from bot.domain.coordinators import Coordinator, Role, Urgency
from bot.domain.ids import CoordinatorId, LanguageTag
from bot.domain.people import Person
from bot.domain.plans import Preset, Watched, Wish
from bot.domain.secret_words import Secret
from bot.domain.subscriptions import Subscription
from bot.opening import opened_store
from bot.services.cases import standing
from bot.services.check_in_ports import Agreed
from bot.services.floods import Floods
from bot.settings import Settings
from bot.talking import name_readers
from bot.vault.challenge import seal_to
from bot.vault.cipher import ApplicationCipher
from bot.vault.identity import new_identity
from bot.vault.keyfile import load_key
from bot.wiring import wire
from tests.api.desk_house import TELEGRAM, YEAR, Clock, library

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from pathlib import Path

    from bot.services.ports import Tx
    from bot.wiring import Parts

EN = LanguageTag("en")
BOTH = frozenset({Role.COORDINATOR, Role.LEAD})
ENDLESS = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeHouse:
    """What a test asks: an API, somebody of every role, and ids that are there."""

    api: DeskApi
    clock: Clock
    sessions: Sessions
    people: Sequence[Coordinator]
    there: Mapping[str, str]
    """Values by the name of a field in an address."""

    def token(self, number: int) -> str:
        """Sign somebody in, each in turn; earlier tokens end when one of them signs out."""
        self.clock.at += timedelta(seconds=1)
        return self.sessions.token(self.people[number % len(self.people)])[0]


@asynccontextmanager
async def whole_house(folder: Path) -> AsyncIterator[WholeHouse]:
    """Wire everything over a new database, with a case, a plan that is looked for and an alert."""
    settings, clock = Settings(home=folder), Clock()
    async with opened_store(settings) as store:
        identities = name_readers(settings, clock)
        parts = wire(
            settings, store=store, bookcase=Bookcase(library()), channels=[], clock=clock,
            limits=False,
        )  # fmt: skip
        cipher = ApplicationCipher(load_key(settings.key_path))
        sessions = Sessions(cipher=cipher, clock=clock, seal=seal_to)
        acts = desk_acts(parts, sessions)
        api = DeskApi(
            store=store, clock=clock, sessions=sessions, standing=standing,
            acts=acts.acts, public=acts.public,
            floods=Floods(burst=ENDLESS), strangers=Floods(burst=ENDLESS),
        )  # fmt: skip
        people = [
            _coordinator("heron", BOTH, identities[0].public),
            _coordinator("wren", BOTH, identities[1].public),
            _coordinator("kite", frozenset({Role.OPERATOR}), ""),
        ]
        there = await store.write(partial(_fill, parts=parts, people=people, acts=acts.acts))
        # Long enough that those on duty are told: then the plan may be opened.
        clock.at += timedelta(minutes=100)
        for _ in range(3):
            await parts.timers.sweep()
        yield WholeHouse(api=api, clock=clock, sessions=sessions, people=people, there=there)


def _fill(
    tx: Tx, *, parts: Parts, people: Sequence[Coordinator], acts: Mapping[str, Any]
) -> dict[str, str]:
    now, lead = parts.clock.now(), people[0]
    for one in people:
        tx.coordinators.put(one)
    them = tx.people.lock(TELEGRAM, "1")
    tx.people.put(
        Person(id=them, channel=TELEGRAM, address="1", language=EN, language_hint=None), at=now
    )
    tx.subscribers.put(Subscription(person=them, language=EN))
    digests = dict.fromkeys((Secret.PIN, Secret.SAFE), b"d" * 32)
    tx.check_words.put(them, Agreed(salt=b"s" * 16, digests=digests))
    parts.check_ins.sheets.write(tx, them, {"route": "By the river."}, EN, now)
    armed = parts.check_ins.house.setup.arm(tx, them, Wish(preset=Preset.TRIP, hours=1), EN, now)
    assert isinstance(armed, Watched), armed
    written = acts["alerts.write"](tx, lead, _draft())
    sealed = b"s" * 100
    sheet = notebook.PutSheet(
        sheet="sheet-one", kind=notebook.SheetKind.NOTE, version=1, sealed=sealed
    )
    acts["notebook.put"](tx, lead, sheet)
    case = _case(tx, parts, lead)
    return {
        "case": case, "plan": armed.id, "alert": written.head.alert, "sheet": "sheet-one",
        "sequence": "0",
    }  # fmt: skip


def _case(tx: Tx, parts: Parts, lead: Coordinator) -> str:
    now = parts.clock.now()
    box = parts.sealing.seal_new(tx, "case", now=now, until=now + YEAR)
    words = WrittenWords(text="They wait outside.", language=EN, at=now)
    parts.sealing.append(tx, box, *write_item(words), now=now)
    tx.cases.put(
        Case(
            id=box.id, kind="report", urgency=Urgency.RED, state=State.TAKEN, language=EN,
            created_at=now, answer_by=now + timedelta(minutes=15), expires_at=now + YEAR,
            longest_until=now + YEAR, assigned_to=lead.id,
        )
    )  # fmt: skip
    tx.cases.set_reach(box.id, Reach(way=Way.NONE, public=new_identity().public))
    return str(box.id)


def _draft() -> alerts.WriteAlert:
    text = alerts.AlertText(language=EN, text="Stay away from Kestrel Square.")
    return alerts.WriteAlert(
        alert="alert-one", severity=alerts.Severity.AMBER, audience="everyone", fallback=EN,
        texts=(text,), correction=(text,),
    )  # fmt: skip


def _coordinator(name: str, roles: frozenset[Role], recipient: str) -> Coordinator:
    return Coordinator(
        id=CoordinatorId(f"c-{name}"), alias=name.title(), roles=roles, recipient=recipient,
        languages=(EN,), on_duty=True,
    )  # fmt: skip
