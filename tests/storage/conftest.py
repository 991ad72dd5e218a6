"""People and rows for tests of the stores' own sides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bot.domain.ids import ChannelName, LanguageTag
from bot.domain.messages import Outgoing
from bot.domain.people import Person
from bot.domain.words import Words
from bot.flow.session import Session
from bot.services.ports import ChatMessage, Envelope, Lane, Timer
from bot.vault.cipher import ApplicationCipher

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.services.ports import Tx

NOW = datetime(2031, 5, 4, 12, 0, tzinfo=UTC)
CANARY = "canary-kestrel-4711"


@pytest.fixture
def cipher() -> ApplicationCipher:
    return ApplicationCipher(bytes(range(32)))


@pytest.fixture
def life() -> Callable[[Tx, int], None]:
    """Give a unit that writes a person and a row of theirs in every table."""

    def unit(tx: Tx, number: int) -> None:
        channel, later = ChannelName("web"), NOW + timedelta(hours=1)
        id_ = tx.people.lock(channel, f"{CANARY}-{number}")
        person = Person(
            id=id_, channel=channel, address=f"{CANARY}-{number}", language=LanguageTag("en"),
            language_hint=None, preferences=(("alias", CANARY),),
        )  # fmt: skip
        tx.people.put(person, at=NOW)
        message = Outgoing(text=CANARY, language=LanguageTag("en"))
        key = f"{CANARY}:{number}"
        tx.seen.first_time(channel, key, at=NOW)
        tx.sessions.save(id_, Session(turn=number), at=NOW)
        tx.outbox.add([
            Envelope(person=id_, message=message, lane=Lane.REPLY, dedup_key=key, due_at=NOW)
        ])  # fmt: skip
        payload = {"code": CANARY}
        tx.timers.set(Timer(kind="t", key=key, due_at=later, person=id_, payload=payload))
        said = ChatMessage(ref=key, at=NOW, delete_at=later, sensitive=True, keep=False, ours=True)
        tx.chat.add([(id_, said)])
        tx.drafts.keep(id_, CANARY, Words(CANARY), until=later)
        tx.mailbox.put(id_, key, message, at=NOW, until=later)
        tx.leases.note(f"n{number}", CANARY)

    return unit
