"""Very many invented people who take alerts, put into a database before a measurement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.contract.alerts import ActOnAlert, AlertText, ApproveAlert, Severity, WriteAlert
from bot.domain.broadcasts import Actor, Rules
from bot.domain.ids import ChannelName, LanguageTag
from bot.domain.people import Person
from bot.domain.subscriptions import Subscription
from bot.services.broadcasts import Broadcasts, attempt
from bot.storage.broadcast_codec import subscription_to_bytes
from bot.storage.broadcast_subscribers import clock_tag, language_tag
from bot.storage.broadcast_tables import audience, subscriber
from bot.storage.people import PeopleRows
from bot.storage.tables import person as people

if TYPE_CHECKING:
    from datetime import datetime

    from bot.services.ports import Clock, Store, Tx

TELEGRAM = ChannelName("telegram")
FIRST = 6_600_000_001
LANGUAGES = ("en", "es", "fr", "ar", "ru")
TEXTS = {
    "en": "Roads in Invented Town are closed. Stay inside until noon.",
    "es": "Las calles de Pueblo Inventado están cerradas. Quédate dentro hasta mediodía.",
    "fr": "Les rues de Ville-Inventée sont fermées. Restez à l'intérieur jusqu'à midi.",
    "ar": "الطرق في البلدة المتخيلة مغلقة. ابق في الداخل حتى الظهر.",
    "ru": "Улицы Выдуманного города перекрыты. До полудня оставайтесь дома.",
}
AUTHOR = Actor(id="invented-author", roles=frozenset({"coordinator"}))
SECOND = Actor(id="invented-second", roles=frozenset({"lead"}))
MARKS = (
    "this may have reached you before",
    "puede que esto ya te haya llegado",
    "ceci vous est peut-être déjà parvenu",
    "ربما وصلتك هذه الرسالة من قبل",
    "возможно, это уже приходило вам",
)
"""What says in each language that a copy is a repeat; a test holds it against the catalogues."""
ALERT = "invented-alert"
BATCH = 2_000


async def settle_in(store: Store, number: int, at: datetime, *, english: bool = False) -> None:
    """Make so many people who take alerts, in five languages by turns."""
    for begin in range(0, number, BATCH):
        ids = range(begin, min(begin + BATCH, number))
        await store.write(lambda tx, ids=ids: _put(tx, ids, at, english=english))  # type: ignore[misc]


def _put(tx: Tx, numbers: range, at: datetime, *, english: bool) -> None:
    rows: Any = tx.people
    assert isinstance(rows, PeopleRows)  # noqa: S101 - a proof writes many rows at once
    persons, subscribers, tags = [], [], []
    for number in numbers:
        language = LanguageTag("en" if english else LANGUAGES[number % len(LANGUAGES)])
        address = str(FIRST + number)
        id_ = rows.cipher.tag(f"{TELEGRAM}:{address}", purpose="people")
        person = Person(
            id=id_, channel=TELEGRAM, address=address, language=language, language_hint=None  # type: ignore[arg-type]
        )  # fmt: skip
        taken = Subscription(person=person.id, language=language)
        if number < len(LANGUAGES):
            tx.people.put(person, at=at)
            tx.subscribers.put(taken)
            continue
        persons.append(rows.row(person, at=at))
        lang = language_tag(rows.cipher, language)
        body = rows.seal(subscription_to_bytes(taken), context=f"subscriber/body/{id_}")
        subscribers.append(
            {
                "person": id_, "channel": TELEGRAM, "lang": lang, "gone": False, "body": body,
                "clock": clock_tag(rows.cipher, taken.clock.code()),
            }
        )  # fmt: skip
        tags.append({"person": id_, "tag": lang})
    if persons:
        rows.conn.execute(rows.insert(people), persons)
        rows.conn.execute(rows.insert(subscriber), subscribers)
        rows.conn.execute(rows.insert(audience), tags)


def acts(clock: Clock) -> Broadcasts:
    """Return the acts on alerts, for a proof that plays both coordinators."""
    return Broadcasts(
        clock=clock,
        drill=False,
        rules=Rules(),
        vocabulary=dict,
        new_reference=lambda: "K7QF",
        new_id=lambda: "child",
    )


async def submit(store: Store, acts: Broadcasts, at: datetime, *, hold: int) -> int:
    """Write the alert to everyone and submit it; return how many people it is frozen for.

    Args:
        store: Where people have settled in.
        acts: What plays the coordinators.
        at: The moment of both acts.
        hold: Seconds in which canaries have it alone.
    """
    written = WriteAlert(
        alert=ALERT,
        severity=Severity.RED,
        audience="everyone",
        texts=tuple(AlertText(language=tag, text=text) for tag, text in TEXTS.items()),
        fallback="en",
        hold_seconds=hold,
    )
    await attempt(store, acts.write, AUTHOR, written, at=at, name="write")
    asked = ActOnAlert(alert=ALERT, version=1)
    return int((await attempt(store, acts.submit, AUTHOR, asked, at=at, name="submit")).frozen)


async def approve(store: Store, acts: Broadcasts, at: datetime, *, people: int) -> None:
    """Approve the alert, for so many people; it goes out as soon as somebody sends."""
    asked = ApproveAlert(alert=ALERT, version=2, frozen=people)
    await attempt(store, acts.approve, SECOND, asked, at=at, name="approve")
