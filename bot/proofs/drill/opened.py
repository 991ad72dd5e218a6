"""What a thief reads who has the key file as well: every sealed value of the database, opened.

Each sealed column is named here with the context that its keeper binds it to; a column that is
missing would make the drill blind, so a test compares the list with the tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, union

from bot.domain.errors import VaultError
from bot.services.follow_up import KIND as FOLLOW_UP
from bot.storage import check_tables
from bot.storage.broadcast_tables import alert, ledger, meaning, subscriber
from bot.storage.case_tables import cases, opened_cases, replies
from bot.storage.coordinator_tables import coordinator
from bot.storage.desk_tables import leaves, notebook
from bot.storage.sealed_tables import sealed_box, sealed_item
from bot.storage.sqlite import open_engine
from bot.storage.tables import chat, draft, fact, mailbox, meta, outbox, person, session, timer
from bot.storage.urls import parse
from bot.vault.cipher import ApplicationCipher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Any

    from sqlalchemy import Column, Row

SEALED: dict[Column[Any], Callable[[Row[Any]], str]] = {
    person.c.address: lambda row: f"person/address/{row.id}",
    person.c.profile: lambda row: f"person/profile/{row.id}",
    session.c.body: lambda row: f"session/body/{row.person}",
    outbox.c.body: lambda row: f"outbox/body/{row.id}",
    timer.c.payload: lambda row: f"timer/payload/{row.kind}/{row.key}",
    chat.c.ref: lambda row: f"chat/ref/{row.person}/{row.key}",
    draft.c.words: lambda row: f"draft/words/{row.person}/{row.key}",
    mailbox.c.body: lambda row: f"mailbox/body/{row.person}/{row.key}",
    fact.c.value: lambda row: f"fact/value/{row.name}",
    cases.c.reach: lambda row: f"case_file/reach/{row.id}",
    opened_cases.c.body: lambda row: f"case_open/body/{row.person}",
    coordinator.c.profile: lambda row: f"coordinator/profile/{row.id}",
    alert.c.body: lambda row: f"alert/body/{row.id}",
    ledger.c.refs: lambda row: f"ledger/refs/{row.seq}",
    meaning.c.body: lambda row: f"meaning/body/{row.tag}",
    subscriber.c.body: lambda row: f"subscriber/body/{row.person}",
    check_tables.plan.c.terms: lambda row: f"check_plan/terms/{row.id}",
    check_tables.plan.c.standing: lambda row: f"check_plan/standing/{row.id}",
    check_tables.event.c.body: lambda row: f"check_event/body/{row.tag}",
    check_tables.contact.c.body: lambda row: f"check_contact/body/{row.id}",
    check_tables.words.c.body: lambda row: f"check_words/body/{row.owner}",
    check_tables.ticket.c.body: lambda row: f"check_ticket/body/{row.token}",
    check_tables.region.c.name: lambda row: f"check_region/name/{row.region}",
}

NOT_OF_PEOPLE = frozenset(
    {
        meta.c.value, sealed_box.c.wrapped, sealed_item.c.body, replies.c.body, notebook.c.body,
        leaves.c.cases,
    }
)  # fmt: skip
"""Marks of the installation itself, random ids, and what the application key does not open."""

WANTED = "person.address of somebody who is to be written to"
_WANTED = union(
    select(timer.c.person).where(timer.c.kind == FOLLOW_UP), select(subscriber.c.person)
)
"""People who chose to be asked again about a letter, or take alerts."""


def opened(database: Path, key: bytes) -> Iterator[tuple[str, bytes]]:
    """Give every value that the key opens, with the name of its place."""
    cipher = ApplicationCipher(key)
    engine = open_engine(parse(f"sqlite:///{database}"))
    try:
        with engine.connect() as conn:
            wanted = set(conn.execute(_WANTED).scalars())
            for column, context in SEALED.items():
                for row in conn.execute(select(column.table).where(column.is_not(None))):
                    sealed = getattr(row, column.name)
                    place = f"{column.table.name}.{column.name}"
                    if column is person.c.address and row.id in wanted:
                        place = WANTED
                    try:
                        # Padding stays: it is not the same for every column and hides nothing.
                        yield place, cipher.open(sealed, context=context(row))
                    except VaultError:
                        yield f"{place}, not sealed", sealed
    finally:
        engine.dispose()
