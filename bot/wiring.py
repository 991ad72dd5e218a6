"""Wiring: makes the parts and gives each what it needs; what runs, and when it ends, is `app`'s."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.content.library import Bookcase, open_library
from bot.content.place import content_root
from bot.content.prepared import take_prepared
from bot.domain.broadcasts import Rules
from bot.domain.ids import ContactId
from bot.flow.model import Literal
from bot.guidance.letter_lookups import letter_lookups
from bot.guidance.lookups import lookups
from bot.opening import sealing_of
from bot.scheduler import Job
from bot.services.acts import ACTS
from bot.services.alert_chat import ALERT_ROLE_FACTS, AlertChat
from bot.services.alert_show import BUTTON as ALERT_BUTTON
from bot.services.apply import Clerk
from bot.services.broadcast_ladder import Ladder
from bot.services.broadcast_recall import Recall
from bot.services.broadcast_send import Broadcasting
from bot.services.broadcast_views import Views, vocabulary
from bot.services.broadcasts import Broadcasts
from bot.services.cases import REACH, TARGET, CaseWork, Targets
from bot.services.check_in_acts import BOARD, CHECK_IN_FACTS
from bot.services.check_in_canaries import OPENING as CANARY_OPENING
from bot.services.check_in_canaries import open_invitation as open_canary
from bot.services.check_in_contacts import KIND as CONTACT
from bot.services.check_in_contacts import OPENING as CONTACT_OPENING
from bot.services.check_in_drills import KIND as DRILL
from bot.services.check_in_effects import BUTTON, WOKEN
from bot.services.coordinators import OPENING, follow_invitation
from bot.services.deliver import Delivery
from bot.services.due import DueTimers
from bot.services.duty import ACKNOWLEDGE, ROLE_FACTS, Paging, house, role_facts
from bot.services.facts import FactBook, Source
from bot.services.files import FETCH, Files
from bot.services.floods import Floods
from bot.services.follow_up import KIND as FOLLOW_UP
from bot.services.follow_up import FollowUpActs, FollowUps
from bot.services.forget import Forgetting
from bot.services.heartbeat import Heartbeat, Pulse
from bot.services.intake import INTAKE_FACTS, Intake, intake_acts
from bot.services.keys import Keeping
from bot.services.letters import Format, LetterActs
from bot.services.pace import UNLIMITED, Chats, Rate
from bot.services.receipts import Receipts
from bot.services.receive import Reception
from bot.services.relay import Relay
from bot.services.reload import keep_flows
from bot.services.sealing import Shredding, sound_the_alarm
from bot.services.subscriptions import ACTS as ALERT_ACTS
from bot.services.subscriptions import ALERT_FACTS
from bot.services.subscriptions import tell as alert_facts
from bot.services.tidy import Tidying, tidy
from bot.wiring_check_ins import WiredCheckIns, board_press, wire_check_ins

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping

    from bot.content.library import Library
    from bot.domain.ids import ChannelName
    from bot.domain.messages import Inbound
    from bot.domain.people import Person
    from bot.flow.session import Answer
    from bot.services.ports import Channel, Clock, DueTimer, Store, Tx
    from bot.services.sealing import Sealing
    from bot.settings import Settings
    from bot.understand.understanding import Understanding


_SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Of a reference: none can be taken for another when it is read out."""


SWEEP_EVERY = timedelta(milliseconds=500)
"""How often the due-table is looked at: what is due comes at most so much later."""


class SystemClock:
    """The machine's clock, aware and in UTC."""

    def now(self) -> datetime:
        """Return the present moment."""
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the program consists of once it is wired."""

    clock: Clock
    store: Store
    bookcase: Bookcase
    reception: Reception
    delivery: Delivery
    timers: DueTimers
    tidying: Tidying
    forgetting: Forgetting
    broadcasting: Broadcasting
    broadcasts: Broadcasts
    drills: Broadcasts
    alert_chat: AlertChat
    sealing: Sealing
    shredding: Shredding
    case_work: CaseWork
    keeping: Keeping
    receipts: Receipts
    files: Files
    channels: Mapping[ChannelName, Channel]
    worker: str
    check_ins: WiredCheckIns
    pulse: Pulse
    heartbeat: Heartbeat


def wire(
    settings: Settings,
    *,
    store: Store,
    bookcase: Bookcase,
    channels: Collection[Channel],
    clock: Clock | None = None,
    understand: Understanding | None = None,
    limits: bool = True,
) -> Parts:
    """Put the services together; `limits` off is for benchmarks and proofs only."""
    from bot.documents.cleaning import clean_copy

    clock = clock or SystemClock()
    worker = worker_name()
    by_name = {channel.name: channel for channel in channels}
    chats = Chats() if limits else None
    rate = Rate(per_second=settings.alert_rate if limits else UNLIMITED)
    delivery = Delivery(
        store=store,
        clock=clock,
        channels=by_name,
        worker=worker,
        mark=lambda language, mark: bookcase().say(
            "uncertain_repeat", language, mark=Literal(text=mark)
        ),
        chat_ttl=settings.chat_ttl,
        limits=chats,
        rate=rate,
        is_group=_is_group,
    )
    sealing = sealing_of(settings)
    relay = Relay(sealer=sealing.sealer, library=bookcase)
    receipts = receipts_of(store, bookcase)
    intake = Intake(
        clock=clock,
        sealing=sealing,
        receipts=receipts,
        relay=relay,
        library=bookcase,
        longest_days=settings.retention_days,
    )
    alerts, drills = broadcasts_of(settings, bookcase, clock)
    alert_chat = AlertChat(
        views={
            "alerts": Views(acts=alerts, library=bookcase),
            "drills": Views(acts=drills, library=bookcase),
        }
    )
    files = Files(store=store, clock=clock, sealing=sealing, channels=by_name, clean=clean_copy)
    letters = LetterActs(library=bookcase, formats=letter_formats())
    check_ins = wire_check_ins(
        settings, store=store, clock=clock, library=bookcase, worker=worker, channels=by_name,
        wake=delivery.wake, sealing=sealing,
    )  # fmt: skip
    delivery.gone = check_ins.book.gone
    clerk = Clerk(
        library=bookcase,
        chat_ttl=settings.chat_ttl,
        draft_ttl=settings.draft_ttl,
        acts={
            **ACTS,
            **intake_acts(intake),
            **letters.acts(),
            **FollowUpActs(library=bookcase).acts(),
            **check_ins.acts.acts(),
            **ALERT_ACTS,
            **alert_chat.acts(),
        },
        seal=intake.words,
        keep_file=files.keep,
        closing=intake.closing,
        hand_over=intake.hand_over,
    )
    facts = FactBook(
        clock=clock,
        house=house,
        lookups=lambda *of: {**lookups(*of), **letter_lookups(*of)},
        understand=understand,
        search=understand.search if understand is not None else None,
        more=tuple(
            Source(names=names, tell=tell)
            for names, tell in (
                (ROLE_FACTS, role_facts),
                (INTAKE_FACTS, intake.facts),
                (CHECK_IN_FACTS, check_ins.acts.facts),
                (ALERT_FACTS, alert_facts),
                (ALERT_ROLE_FACTS, alert_chat.facts),
                (WAYS, our_ways(settings)),
            )
        ),
    )
    paging = Paging(store=store, clock=clock, library=bookcase, wake=delivery.wake)
    reception = Reception(
        store=store,
        clock=clock,
        library=bookcase,
        facts=facts,
        clerk=clerk,
        floods=Floods() if limits else Floods(burst=1_000_000_000),
        carrier=delivery,
        recognise=receipts.recognise,
        private=intake.private,
        stray=intake.stray,
        hearing=check_ins.house.hearing,
        derive=check_ins.house.setup.derive,
        gone=check_ins.book.gone,
        place=check_ins.sheets.place,
        presses={
            ACKNOWLEDGE: paging.acknowledge,
            BUTTON: check_ins.house.hearing.press,
            WOKEN: check_ins.book.press,
            BOARD: board_press(check_ins),
            ALERT_BUTTON: alert_chat.press,
        },
        openings={
            OPENING: follow_invitation,
            CONTACT_OPENING: check_ins.book.open_invitation,
            CANARY_OPENING: open_canary,
        },
        hear=understand.hear if understand is not None else None,
    )
    shared: dict[str, Any] = {
        "store": store, "clock": clock, "channels": by_name, "worker": worker,
        "library": bookcase, "rate": rate,
    }  # fmt: skip
    broadcasting = Broadcasting(
        **shared,
        chat_ttl=settings.chat_ttl,
        limits=chats,
        is_group=_is_group,
        recall=Recall(**shared),
        ladder=Ladder(library=bookcase, wake=delivery.wake),
        paid=settings.alert_paid,
    )
    tidying = Tidying(store=store, clock=clock, channels=by_name, worker=worker)
    forgetting = Forgetting(store=store, clock=clock, tidying=tidying)
    shredding = Shredding(store=store, clock=clock, sealer=sealing.sealer, scrub=forgetting.scrub)
    targets = Targets(store=store, clock=clock)
    follow_ups = FollowUps(
        store=store,
        clock=clock,
        library=bookcase,
        facts=facts,
        language=reception.language,
        clerk=clerk,
        wake=delivery.wake,
    )
    timers = DueTimers(
        store=store,
        clock=clock,
        worker=worker,
        services={
            "silence": lambda due: _silence(reception, due),
            "tidy": lambda due: _tidy(store, clock, due),
            "forget": forgetting.person,
            "page": paging.due,
            TARGET: targets.due,
            FETCH: files.fetch,
            REACH: targets.keep_address,
            FOLLOW_UP: follow_ups.due,
            DRILL: check_ins.drills.due,
            CONTACT: lambda due: _contact(check_ins, store, clock, due),
        },
        batches=check_ins.house.batches(),
    )
    pulse = Pulse(sweep_once=timers.sweep, clock=clock)
    return Parts(
        clock=clock,
        store=store,
        bookcase=bookcase,
        reception=reception,
        delivery=delivery,
        timers=timers,
        tidying=tidying,
        forgetting=forgetting,
        broadcasting=broadcasting,
        broadcasts=alerts,
        drills=drills,
        alert_chat=alert_chat,
        sealing=sealing,
        shredding=shredding,
        case_work=CaseWork(clock=clock, sealing=sealing, relay=relay),
        keeping=Keeping(clock=clock, sealing=sealing),
        receipts=receipts,
        files=files,
        channels=by_name,
        worker=worker,
        check_ins=check_ins,
        pulse=pulse,
        heartbeat=Heartbeat(
            store=store, clock=clock, swept=lambda: pulse.at, ping=_ping(settings.heartbeat_url)
        ),
    )


WAYS = frozenset({"our_signal", "our_web", "our_phone"})


def our_ways(settings: Settings) -> Callable[[Tx, Person, Inbound | None], Mapping[str, Answer]]:
    """Return what tells flows how the team is reached elsewhere; what is not set is not known."""
    set_up = {
        "our_signal": settings.signal, "our_web": settings.web_url, "our_phone": settings.phone
    }  # fmt: skip
    known: dict[str, Answer] = {name: value for name, value in set_up.items() if value}
    return lambda _tx, _person, _inbound: known


def broadcasts_of(
    settings: Settings, bookcase: Bookcase, clock: Clock
) -> tuple[Broadcasts, Broadcasts]:
    """Return the acts on alerts, and those on drills."""

    def one(*, drill: bool) -> Broadcasts:
        return Broadcasts(
            clock=clock,
            drill=drill,
            rules=Rules(alone_up_to=settings.alert_alone),
            vocabulary=lambda: vocabulary(bookcase()),
            new_reference=lambda: "".join(secrets.choice(_SIGNS) for _ in range(4)),
            new_id=lambda: secrets.token_hex(8),
        )

    return one(drill=False), one(drill=True)


def _is_group(channel: ChannelName, address: str) -> bool:
    """Tell whether an address is a group's: Telegram numbers them below zero."""
    return channel.startswith("telegram") and address.startswith("-")


def letter_formats() -> tuple[Format, ...]:
    """Return the kinds of files that a letter is given as."""
    from bot.documents import docx, text

    return (
        Format(name="draft.docx", media_type=docx.MEDIA_TYPE, write=docx.to_docx),
        Format(name="draft.txt", media_type=text.MEDIA_TYPE, write=text.to_text),
    )


def _ping(address: str | None) -> Callable[[], Awaitable[None]] | None:
    if address is None:
        return None
    from bot.api.watchdog import Watchdog

    return Watchdog(address=address).ping


async def _contact(check_ins: WiredCheckIns, store: Store, clock: Clock, due: DueTimer) -> None:
    contact, now = ContactId(due.timer.key), clock.now()
    await store.write(lambda tx: check_ins.book.due(tx, contact, now))


async def _silence(reception: Reception, due: DueTimer) -> None:
    if due.timer.person is not None:
        await reception.silence(due.timer.person, due.timer.fence)


async def _tidy(store: Store, clock: Clock, due: DueTimer) -> None:
    await store.write(lambda tx: tidy(tx, due.timer, clock.now()))


def jobs(parts: Parts) -> list[Job]:
    """Return what the clock of the house calls, and how often."""

    async def recover() -> None:
        now = parts.clock.now()
        await parts.store.write(
            lambda tx: (
                tx.outbox.recover(now=now),
                tx.timers.recover(now=now),
                tx.ledger.recover(now=now),
            )
        )

    async def alarm() -> None:
        await parts.store.write(lambda tx: sound_the_alarm(tx, parts.sealing, parts.clock))

    async def freshen() -> None:
        await parts.store.write(lambda tx: keep_flows(tx, parts.bookcase(), parts.clock.now()))

    return [
        Job(name="timers", every=SWEEP_EVERY, run=parts.pulse.sweep),
        Job(name="heartbeat", every=timedelta(minutes=1), run=parts.heartbeat.beat),
        Job(name="zones", every=timedelta(hours=1), run=parts.check_ins.house.setup.recompute_all),
        Job(name="chats", every=timedelta(seconds=5), run=parts.tidying.delete_due),
        Job(name="leases", every=timedelta(seconds=5), run=recover),
        Job(name="drafts", every=timedelta(minutes=1), run=parts.forgetting.drafts),
        Job(name="retention", every=timedelta(hours=1), run=parts.forgetting.old),
        Job(name="flows", every=timedelta(hours=6), run=freshen),
        Job(name="receipts", every=timedelta(seconds=2), run=parts.receipts.prepare),
        Job(name="shred", every=timedelta(minutes=1), run=parts.shredding.due),
        Job(name="keys", every=timedelta(hours=1), run=alarm),
        Job(name="strays", every=timedelta(hours=1), run=parts.shredding.strays),
    ]


async def open_bookcase(
    settings: Settings, store: Store, clock: Clock, library: Library | None = None
) -> Bookcase:
    """Load the Library with the definitions that somebody may still stand in."""
    take_prepared(content_root(settings.content), settings.home)
    found = library or open_library(settings.content, settings.home / "cache" / "catalogues")
    kept = await store.write(lambda tx: _kept(tx, found, clock.now()))
    return Bookcase(found.keeping(kept))


def _kept(tx: Tx, library: Library, now: datetime) -> list[Any]:
    keep_flows(tx, library, now)
    return tx.flows.all()


def understanding(settings: Settings, library: Library) -> Understanding:
    """Return what reads free text, not open yet: until then lists of alarm words serve."""
    from bot.understand.understanding import make_understanding

    return make_understanding(content_root(settings.content), settings.home, library, settings.nlu)


def receipts_of(store: Store, bookcase: Bookcase) -> Receipts:
    """Return what makes and recognises receipts."""
    from bot.vault import receipts as words

    return Receipts(
        store=store,
        new=words.new_receipt,
        looks=words.is_receipt,
        key_of=words.key_of,
        new_salt=lambda: secrets.token_bytes(words.SALT_BYTES),
        lists=[tag for tag in words.LISTS if tag in bookcase().offered],
    )


def worker_name() -> str:
    """Return a name for this process that says nothing about the machine."""
    return f"{os.getpid()}-{secrets.token_hex(4)}"
