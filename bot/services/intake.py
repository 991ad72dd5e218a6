"""Intake: what a person reports is sealed as it comes, and becomes a case when they send it.

From consent on there is a box that only coordinators can open. Coded answers, words and files go
into it; what stays here in clear is the envelope of the case. An unsent report is shredded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from bot.contract.items import Answers, CodedAnswer, Consent, WrittenWords, write_item
from bot.domain.cases import RETENTION_DAYS, TARGETS, Case, Reach, State, Way, heard, raised
from bot.domain.coordinators import AuditEntry, Urgency
from bot.domain.errors import VaultError
from bot.domain.messages import Button, Outgoing
from bot.flow.inputs import Universal
from bot.flow.model import Literal
from bot.services.cases import REACH, call
from bot.services.duty import page
from bot.services.ports import Envelope, Lane, Timer
from bot.services.pressed import Remark, word_data

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from bot.content.library import Library
    from bot.contract.items import Item
    from bot.domain.ids import CaseId
    from bot.domain.messages import Inbound
    from bot.domain.people import Person
    from bot.domain.words import Words
    from bot.flow.effects import CloseMatter, Do, HandOver, KeepWords
    from bot.flow.session import Answer
    from bot.services.apply import Moment
    from bot.services.ports import Clock, Tx
    from bot.services.receipts import Receipts
    from bot.services.relay import Relay
    from bot.services.sealing import Sealing

log = structlog.get_logger()

UNSENT = timedelta(hours=47)
"""How long a report waits to be sent; as long as the conversation that it stands in."""
ADD_MORE = timedelta(minutes=30)
"""How long words go into a case after it was sent, or opened with its receipt."""
RECEIPT_STAYS = timedelta(minutes=60)
RECEIPT_QUESTION = "receipt_words"
"""What is written there is a receipt that fits no case: kept nowhere."""
CONSENT_VERSION = "2"
"""Of what `consent` and `share` of the flow say; changes with their meaning."""
DEFAULT_DAYS = RETENTION_DAYS[-1]

_DIGITS = re.compile(r"(?:\+|00)?\d[\d\s().-]{6,}\d")
_MAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]{2,}")
_PLACE = re.compile(r"-?\d{1,3}\.\d{3,}\s*[,;]\s*-?\d{1,3}\.\d{3,}|maps\.|geo:", re.IGNORECASE)
_BANK = re.compile(r"\b[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){3,}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}")


def looks_private(words: Words) -> bool:
    """Tell whether words hold what nobody should type into a chat: numbers, addresses, places.

    It cannot tell names. A date alone is an answer.
    """
    text = _DATE.sub(" ", words.reveal())
    return any(one.search(text) for one in (_DIGITS, _MAIL, _PLACE, _BANK))


INTAKE_FACTS = frozenset({"intake", "report", "receipt", "case_state", "case_answer", "only_us"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Takes reports in. Everything here runs inside a unit."""

    clock: Clock
    sealing: Sealing
    receipts: Receipts
    relay: Relay
    library: Callable[[], Library]
    longest_days: int = DEFAULT_DAYS
    """The operator's limit: nobody's report is kept longer."""

    # -- what flows may know ----------------------------------------------------------------

    def facts(self, tx: Tx, person: Person, inbound: Inbound | None) -> Mapping[str, Answer]:
        """Tell whether anything can be sealed, and of a case whose receipt was just written."""
        now = self.clock.now()
        known: dict[str, Answer] = {"intake": self.sealing.intake(tx, now).value}
        opened = tx.cases.opened_by(person.id, now=now)
        known["report"] = "none" if opened is None else "sent" if opened[1] else "begun"
        case = None
        if inbound is not None and inbound.receipt is not None:
            case = tx.cases.by_receipt(inbound.receipt.finds)
            known["receipt"] = "unknown" if case is None else "known"
        if case is not None:
            known["case_state"] = case.state.value
            known["case_answer"] = "yes" if tx.cases.replies(case.id) else "no"
        if opened is not None and opened[1]:
            reach = tx.cases.reach(opened[0])
            known["only_us"] = "no" if reach is not None and not reach.only_us else "yes"
        return known

    # -- acts of flows ----------------------------------------------------------------------

    def begin(self, tx: Tx, moment: Moment, do: Do) -> Person:
        """Make a box for a report, with the consent that was just given."""
        del do
        opened = tx.cases.opened_by(moment.person.id, now=moment.at)
        if opened is None or opened[1]:
            self._box(tx, moment)
        return moment.person

    def send(self, tx: Tx, moment: Moment, do: Do) -> Person:
        """Make a case of a report: answers sealed, receipt shown, somebody called."""
        answers = do.arguments
        opened = tx.cases.opened_by(moment.person.id, now=moment.at)
        id_ = opened[0] if opened and not opened[1] else self._box(tx, moment)
        if id_ is None:
            return moment.person
        for item in _items(answers, moment):
            self._append(tx, id_, item, moment)
        case = self._envelope(id_, answers, moment)
        words, key = self.receipts.take(tx, moment.language)
        tx.cases.put(case)
        tx.cases.set_receipt(id_, key.finds)
        tx.cases.set_reach(id_, _reach(answers, moment.person, key.public))
        tx.sealed.keep_until(id_, case.expires_at)
        tx.cases.open_for(moment.person.id, id_, sent=True, until=moment.at + ADD_MORE)
        self._keep_address(tx, case)
        call(tx, self.clock, case)
        entry = AuditEntry(at=moment.at, actor="house", act="sent-in", subject=id_,
                           note=case.urgency.code)  # fmt: skip
        tx.audit.add(entry)
        self._show_receipt(tx, moment, words)
        return moment.person

    def show_answers(self, tx: Tx, moment: Moment, do: Do) -> Person:
        """Show what was answered, opened with the receipt that was just written."""
        del do
        receipt = None if moment.inbound is None else moment.inbound.receipt
        case = None if receipt is None else tx.cases.by_receipt(receipt.finds)
        if receipt is None or case is None:
            return moment.person
        tx.cases.open_for(moment.person.id, case.id, sent=True, until=moment.at + ADD_MORE)
        if case.open and tx.cases.reach(case.id) is None:
            unknown = Reach(way=Way.NONE, public=receipt.public, only_us=True)
            tx.cases.set_reach(case.id, unknown)
        try:
            found = self.relay.read(tx, case, receipt.secret)
        except VaultError:
            log.error("reply-unreadable")  # noqa: TRY400 - one word, nothing of the person
            found = []
        for number, (_, text) in enumerate(found):
            self._message(tx, moment, text.replace("*", "\\*"), f"answer-{number}")
        return moment.person

    def revoke(self, tx: Tx, moment: Moment, do: Do) -> Person:
        """Take back every consent beyond this team, in the ledger of the case."""
        del do
        opened = tx.cases.opened_by(moment.person.id, now=moment.at)
        if opened is not None:
            for level, recipient in _CONSENTS.values():
                taken_back = Consent(
                    level=level, recipient=recipient, language=moment.language,
                    version=CONSENT_VERSION, at=moment.at, revoked_at=moment.at,
                )  # fmt: skip
                self._append(tx, opened[0], taken_back, moment)
            self._heard(tx, opened[0], moment)
            tx.audit.add(
                AuditEntry(at=moment.at, actor="house", act="consent-revoked", subject=opened[0])
            )
        return moment.person

    def share(self, tx: Tx, moment: Moment, do: Do) -> Person:
        """Write down new consent in the ledger of a case that was sent before."""
        opened = tx.cases.opened_by(moment.person.id, now=moment.at)
        case = tx.cases.get(opened[0]) if opened and opened[1] else None
        reach = None if case is None else tx.cases.reach(case.id)
        if case is not None and reach is not None and not reach.only_us:
            for consent in _ledger(do.arguments.get("share"), moment, until=case.longest_until):
                self._append(tx, case.id, consent, moment)
            self._heard(tx, case.id, moment)
            entry = AuditEntry(at=moment.at, actor="house", act="consent-given", subject=case.id)
            tx.audit.add(entry)
        return moment.person

    def worse(self, tx: Tx, moment: Moment, do: Do) -> Person:
        """Make a case that was sent before most urgent, and call for it anew."""
        del do
        opened = tx.cases.opened_by(moment.person.id, now=moment.at)
        case = tx.cases.lock(opened[0]) if opened and opened[1] else None
        if case is not None:
            after = raised(heard(case, moment.at), Urgency.RED, moment.at)
            tx.cases.put(after)
            call(tx, self.clock, after)
            entry = AuditEntry(at=moment.at, actor="house", act="raised", subject=case.id,
                               note=after.urgency.code)  # fmt: skip
            tx.audit.add(entry)
        return moment.person

    def withdraw(self, tx: Tx, moment: Moment, do: Do) -> Person:
        """Delete the case that somebody opened with their receipt: shredded within a minute."""
        del do
        opened = tx.cases.opened_by(moment.person.id, now=moment.at)
        if opened is not None:
            self._drop(tx, moment, opened[0])
        return moment.person

    # -- what comes as it comes -------------------------------------------------------------

    def words(self, tx: Tx, moment: Moment, effect: KeepWords) -> None:
        """Seal words that a flow asked for.

        Raises:
            VaultError: Nothing can be sealed: nothing is kept.
        """
        if effect.name != RECEIPT_QUESTION:
            self.seal_words(tx, moment, effect.words)

    def seal_words(self, tx: Tx, moment: Moment, words: Words) -> bool:
        """Seal words into the report under way; False when there is none."""
        opened = tx.cases.opened_by(moment.person.id, now=moment.at)
        if opened is None:
            return False
        item = WrittenWords(text=words.reveal(), language=moment.language, at=moment.at)
        self._append(tx, opened[0], item, moment)
        if opened[1]:
            self._heard(tx, opened[0], moment)
        return True

    def private(self, tx: Tx, moment: Moment, words: Words) -> Remark | None:
        """Take words that belong into no chat: sealed, deleted at both sides, and said so."""
        if not looks_private(words):
            return None
        return Remark(phrase=self.stray(tx, moment, words), forgets=True)

    def stray(self, tx: Tx, moment: Moment, words: Words) -> str:
        """Seal words that came where buttons were asked for; return the phrase that says so.

        A name looks like any other word, so whatever is no answer is treated as one.
        """
        return "private_sealed" if self.seal_words(tx, moment, words) else "private_dropped"

    def hand_over(self, tx: Tx, moment: Moment, effect: HandOver) -> None:
        """Let somebody who asks for a person be a case: called for, and answered in their chat.

        Asking again while one waits calls again and makes no second.
        """
        urgency = Urgency.of(effect.urgency)
        opened = tx.cases.opened_by(moment.person.id, now=moment.at)
        before = tx.cases.lock(opened[0]) if opened and opened[1] else None
        if before is not None and before.open:
            after = raised(before, urgency, moment.at)
            tx.cases.put(after)
            call(tx, self.clock, after)
            return
        id_ = opened[0] if opened else self._box(tx, moment)
        if id_ is None:
            page(tx, self.clock, effect.flow, urgency, self.sealing.new_id())
            return
        asked = Answers(flow=effect.flow, answers=(), at=moment.at)
        self._append(tx, id_, asked, moment)
        kind = effect.flow if effect.flow in {"person", "sos"} else "person"
        case = replace(self._envelope(id_, {}, moment), kind=kind)
        case = raised(case, urgency, moment.at)
        words, key = self.receipts.take(tx, moment.language)
        tx.cases.put(case)
        tx.cases.set_receipt(id_, key.finds)
        reach = Reach(way=Way.CHAT, person=moment.person.id, public=key.public)
        tx.cases.set_reach(id_, reach)
        tx.sealed.keep_until(id_, case.expires_at)
        tx.cases.open_for(moment.person.id, id_, sent=True, until=moment.at + ADD_MORE)
        self._keep_address(tx, case)
        call(tx, self.clock, case)
        if urgency < Urgency.RED:
            self._show_receipt(tx, moment, words)

    def closing(self, tx: Tx, moment: Moment, effect: CloseMatter) -> None:
        """Shred a report that was left without being sent."""
        if effect.flow != "report":
            return
        opened = tx.cases.opened_by(moment.person.id, now=moment.at)
        if opened is not None and not opened[1]:
            tx.sealed.keep_until(opened[0], moment.at)
            tx.cases.close_for(moment.person.id)

    # -- what they share --------------------------------------------------------------------

    def _envelope(self, id_: CaseId, answers: Mapping[str, Answer], moment: Moment) -> Case:
        urgency = urgency_of(answers)
        until = moment.at + timedelta(days=min(_days(answers), self.longest_days))
        return Case(
            id=id_, kind="report", urgency=urgency, state=State.WAITING,
            language=moment.language,
            created_at=moment.at.replace(minute=0, second=0, microsecond=0),
            answer_by=moment.at + TARGETS[urgency], expires_at=until, longest_until=until,
        )  # fmt: skip

    def _box(self, tx: Tx, moment: Moment) -> CaseId | None:
        until = moment.at + UNSENT
        try:
            box = self.sealing.seal_new(tx, "case", now=moment.at, until=until)
        except VaultError as error:
            # The flow has asked the same question and goes the way on which nothing is sent.
            log.error("intake-closed", reason=str(error))  # noqa: TRY400 - one sentence
            return None
        tx.cases.open_for(moment.person.id, box.id, sent=False, until=until)
        consent = Consent(
            level="coordinator-only", recipient="us", language=moment.language,
            version=CONSENT_VERSION, at=moment.at,
        )  # fmt: skip
        self._append(tx, box.id, consent, moment)
        return box.id

    def _append(self, tx: Tx, id_: CaseId, item: Item, moment: Moment) -> None:
        kind, clear = write_item(item)
        self.sealing.append(tx, id_, kind, clear, now=moment.at)

    def _heard(self, tx: Tx, id_: CaseId, moment: Moment) -> None:
        case = tx.cases.lock(id_)
        if case is None:
            return
        after = heard(case, moment.at)
        tx.cases.put(after)
        if after != case:
            call(tx, self.clock, after)

    def _drop(self, tx: Tx, moment: Moment, id_: CaseId) -> None:
        tx.sealed.keep_until(id_, moment.at)
        tx.cases.close_for(moment.person.id)
        tx.cases.set_reach(id_, None)
        tx.timers.cancel(REACH, id_)
        tx.audit.add(AuditEntry(at=moment.at, actor="house", act="withdrawn", subject=id_))

    def _keep_address(self, tx: Tx, case: Case) -> None:
        reach = tx.cases.reach(case.id)
        if reach is not None and reach.person is not None:
            timer = Timer(kind=REACH, key=case.id, due_at=case.expires_at, person=reach.person)
            tx.timers.set(timer)

    def _show_receipt(self, tx: Tx, moment: Moment, words: str) -> None:
        numbered = Literal(text=words)
        text = self.library().say("receipt_shown", moment.language, words=numbered)
        self._message(tx, moment, text, "receipt", copy=words)

    def _message(
        self, tx: Tx, moment: Moment, text: str, name: str, *, copy: str | None = None
    ) -> None:
        library = self.library()
        clear = Button(
            label=library.say("clear_button", moment.language), data=word_data(Universal.CLEAR)
        )
        rows = (
            [(Button(label=library.say("copy_button", moment.language), copy=copy),)]
            if copy
            else []
        )
        envelope = Envelope(
            person=moment.person.id,
            message=Outgoing(
                text=text, language=moment.language, buttons=(*rows, (clear,)), protect=True
            ),
            lane=Lane.REPLY,
            dedup_key=f"{moment.key}:{name}",
            due_at=moment.at,
            expires_at=moment.at + RECEIPT_STAYS,
            sensitive=True,
            keep=True,
        )
        tx.outbox.add([envelope])


def _items(answers: Mapping[str, Answer], moment: Moment) -> list[Item]:
    """Return everything that the coded answers say, as items of the case."""
    coded = Answers(
        flow="report",
        answers=tuple(
            CodedAnswer(
                step=name,
                name=name,
                values=(value,) if isinstance(value, str) else value,
                kind=_kind(name, value),
            )
            for name, value in sorted(answers.items())
            if value not in {"", "given"} and name not in _NOT_SENT
        ),
        at=moment.at,
    )
    until = moment.at + timedelta(days=_days(answers))
    return [coded, *_ledger(answers.get("share"), moment, until=until)]


def _ledger(shared: Answer | None, moment: Moment, *, until: datetime) -> list[Consent]:
    """Return consent as it stands in the case: one entry a recipient."""
    chosen = (shared,) if isinstance(shared, str) else shared or ()
    return [
        Consent(
            level=_CONSENTS[code][0], recipient=_CONSENTS[code][1], language=moment.language,
            version=CONSENT_VERSION, at=moment.at, expires_at=until,
        )
        for code in chosen
        if code in _CONSENTS
    ]  # fmt: skip


_NOT_SENT = frozenset(
    {"wish", "safe_now", "channel_choice", "consent_given", "enough", "after_report"}
)
_CONSENTS = {
    "trusted-ngos": ("trusted-ngos", "partners"),
    "partners-named": ("trusted-ngos", "partners-named"),
    "un-confidential": ("un-confidential", "un"),
    "un-anonymous-victim": ("un-anonymous-victim", "un"),
    "diplomats-quiet": ("diplomats-quiet", "embassies"),
    "company-named": ("company-named", "company"),
    "public": ("public", "public"),
}
"""Consent beyond this team, by the button: level and recipient. Each is agreed to by itself."""


def _kind(name: str, value: Answer) -> str:
    if name == "country":
        return "country"
    return "choices" if isinstance(value, tuple) else "choice"


def _days(answers: Mapping[str, Answer]) -> int:
    chosen = str(answers.get("keep_days") or DEFAULT_DAYS)
    days = int(chosen) if chosen.isdecimal() else DEFAULT_DAYS
    return days if days in RETENTION_DAYS else DEFAULT_DAYS


def urgency_of(answers: Mapping[str, Answer]) -> Urgency:
    """Say how soon somebody must look, by the taps and the kind of threat: never lower."""
    if answers.get("now_danger") == "yes" or answers.get("soon") == "h24":
        return Urgency.RED
    found = Urgency.GREEN
    if answers.get("who") == "minor":
        # Nobody under age is left to a list: somebody answers today.
        found = Urgency.AMBER
    if answers.get("threat") in {"arrest", "disappearance", "attack"}:
        found = Urgency.AMBER
    if answers.get("threat") in {"death-threat", "summons", "digital"}:
        found = Urgency.AMBER
    if answers.get("soon") == "h72":
        found = Urgency.AMBER
    if answers.get("soon") == "ongoing" or answers.get("pattern") in {"repeated", "worsening"}:
        found = max(found, Urgency.YELLOW)
    return found


def _reach(answers: Mapping[str, Answer], person: Person, public: str) -> Reach:
    chosen = str(answers.get("reach") or Way.RECEIPT.value)
    way = Way(chosen) if chosen in set(Way) else Way.RECEIPT
    if answers.get("who") == "unaware" and way is Way.CONTACT:
        way = Way.NONE
    return Reach(
        way=way,
        person=person.id if way in {Way.CHAT, Way.RECEIPT} else None,
        public=public,
        only_us=answers.get("who") in {"unaware", "minor"},
    )


def intake_acts(intake: Intake) -> Mapping[str, Callable[[Tx, Moment, Do], Person]]:
    """Return the acts of reports, by the names that flows use."""
    return {
        "begin-report": intake.begin,
        "send-report": intake.send,
        "show-answers": intake.show_answers,
        "withdraw-report": intake.withdraw,
        "revoke-consent": intake.revoke,
        "share-report": intake.share,
        "raise-report": intake.worse,
    }
