"""Who takes alerts: choices sealed, and as keyed tags that the database can match."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select, update

from bot.domain.broadcasts import Outcome
from bot.storage.broadcast_codec import subscription_from_bytes, subscription_to_bytes
from bot.storage.broadcast_tables import audience, ledger, meaning, subscriber
from bot.storage.rows import Rows
from bot.storage.tables import person as people

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.domain.ids import LanguageTag, PersonId
    from bot.domain.subscriptions import Subscription
    from bot.services.ports import Cipher

PURPOSE = "audience"


def choice_tag(cipher: Cipher, name: str, code: str) -> str:
    """Return the tag of somebody's choice."""
    return cipher.tag(f"{name}:{code}", purpose=PURPOSE)


def stopped_tag(cipher: Cipher, kind: str) -> str:
    """Return the tag of a kind that somebody stopped."""
    return cipher.tag(f"stopped:{kind}", purpose=PURPOSE)


def language_tag(cipher: Cipher, language: str) -> str:
    """Return the tag that rows carry instead of a language."""
    return cipher.tag(f"language:{language}", purpose=PURPOSE)


def clock_tag(cipher: Cipher, code: str) -> str:
    """Return the tag that rows carry instead of a clock."""
    return cipher.tag(f"clock:{code}", purpose=PURPOSE)


class SubscriberRows(Rows):
    """Implements `Subscribers`."""

    __slots__ = ()

    def get(self, person: PersonId) -> Subscription | None:
        """Return what somebody chose; None when they take no alerts."""
        found = select(subscriber.c.body).where(subscriber.c.person == person)
        sealed = self.conn.execute(found).scalar_one_or_none()
        if sealed is None:
            return None
        body = self.open(sealed, context=f"subscriber/body/{person}")
        return subscription_from_bytes(person, body)

    def put(self, subscription: Subscription) -> None:
        """Insert or replace, tags included; nothing for somebody who is not known."""
        person, language = subscription.person, subscription.language
        channel = self.conn.execute(
            select(people.c.channel).where(people.c.id == person)
        ).scalar_one_or_none()
        if channel is None:
            return
        clock = subscription.clock.code()
        row = {
            "person": person,
            "channel": channel,
            "lang": self._mean(language_tag(self.cipher, language), language),
            "clock": self._mean(clock_tag(self.cipher, clock), clock),
            "gone": False,
            "body": self.seal(
                subscription_to_bytes(subscription), context=f"subscriber/body/{person}"
            ),
        }
        self.upsert(subscriber, ("person",), row)
        tags = {row["lang"]}
        tags |= {choice_tag(self.cipher, name, code) for name, code in subscription.choices}
        tags |= {stopped_tag(self.cipher, kind) for kind in subscription.stopped}
        self.conn.execute(delete(audience).where(audience.c.person == person))
        rows = [{"person": person, "tag": tag} for tag in sorted(str(tag) for tag in tags)]
        self.conn.execute(self.insert_new(audience), rows)

    def speak(self, person: PersonId, language: LanguageTag) -> None:
        """Note the language that somebody is spoken to in from now on."""
        found = self.get(person)
        if found is not None and found.language != language:
            self.put(replace(found, language=language))

    def remove(self, person: PersonId) -> None:
        """Forget the choices; what waits for them is opted out."""
        leave(self.conn, person)
        drop(self.conn, person)

    def how_many(self) -> int:
        """Return how many take alerts."""
        return int(self.conn.execute(select(func.count()).select_from(subscriber)).scalar_one())

    def _mean(self, tag: str, value: str) -> str:
        known = select(meaning.c.tag).where(meaning.c.tag == tag)
        if self.conn.execute(known).first() is None:
            sealed = self.seal(value.encode(), context=f"meaning/body/{tag}")
            self.conn.execute(self.insert_new(meaning), {"tag": tag, "body": sealed})
        return tag


def drop(conn: Connection, person: str) -> None:
    """Delete what somebody chose."""
    conn.execute(delete(audience).where(audience.c.person == person))
    conn.execute(delete(subscriber).where(subscriber.c.person == person))


def leave(conn: Connection, person: str) -> None:
    """Opt somebody out of everything that waits for them."""
    theirs = (ledger.c.person == person, ledger.c.state == Outcome.WAITING)
    conn.execute(update(ledger).where(*theirs).values(state=Outcome.OPTED_OUT, due_at=0))
    asked = (ledger.c.person == person, ledger.c.ask_at.is_not(None))
    conn.execute(update(ledger).where(*asked).values(ask_at=None))


def forget(conn: Connection, person: str) -> None:
    """Forget somebody: choices go, the ledger keeps its sums and no name."""
    leave(conn, person)
    gone = {"person": "", "refs": None, "ask_at": None, "bundle": None}
    conn.execute(update(ledger).where(ledger.c.person == person).values(**gone))
    drop(conn, person)
