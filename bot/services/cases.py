"""Cases at work: what a coordinator's desk may have done, one function an operation.

Each takes the unit's transaction, who asks and the request, and returns the contract's answer. The
words of a case are never here but once, in an answer that is passed on and kept by nobody.

Access is need-to-know: the envelope of what waits is seen by all who answer, everything inside by
whoever has the case, and by nobody else. A lead takes a case first, and the log says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.contract import cases as contract
from bot.contract import exports, items
from bot.domain import cases as rules
from bot.domain.cases import Case, State
from bot.domain.coordinators import AuditEntry, Coordinator, Role, Urgency
from bot.domain.errors import ConflictError, RefusedError, VaultError
from bot.domain.ids import CaseId, CoordinatorId
from bot.domain.sealed import SealedItem
from bot.services.duty import page, stop_paging
from bot.services.ports import Timer
from bot.services.sealing import key_health, readers_of

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.sealed import Readers, SealedBox
    from bot.services.ports import Clock, DueTimer, Store, Tx
    from bot.services.relay import Relay
    from bot.services.sealing import Sealing

TARGET = "case-target"
"""Kind of the timer that looks whether a case was answered in time."""
REACH = "case-reach"
"""Kind of the timer that keeps a person's address while their case is open."""


class NoSuchCaseError(RefusedError):
    """There is no such case, or none that this coordinator may know of."""

    code = "not-found"


class CaseClosedError(RefusedError):
    """It is closed; opening it again comes first."""

    code = "case-closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the API must know of a case to allow or deny."""

    assigned_to: CoordinatorId | None
    waiting: bool
    closed: bool


def standing(tx: Tx, case: str) -> Standing | None:
    """Tell whose a case is; None when there is none."""
    found = tx.cases.get(CaseId(case))
    if found is None:
        return None
    return Standing(
        assigned_to=found.assigned_to,
        waiting=found.state is State.WAITING and found.assigned_to is None,
        closed=not found.open,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseWork:
    """The operations on cases."""

    clock: Clock
    sealing: Sealing
    relay: Relay

    # -- looking ----------------------------------------------------------------------------

    def queue(self, tx: Tx, who: Coordinator, asked: contract.AskQueue) -> contract.Queue:
        """Return the cases that wait, and one's own; for a lead all. Most urgent first."""
        now = self.clock.now()
        whose = None if Role.LEAD in who.roles else who.id
        found = tx.cases.queue(of=whose, closed=asked.closed)
        present = self._present(tx, now)
        try:
            endangered = len(key_health(tx, self.sealing, now).endangered)
        except VaultError:
            endangered = len(found)
        return contract.Queue(
            cases=tuple(self._summary(tx, who, case, present, now) for case in found),
            now=now,
            on_duty=sum(one.answers for one in tx.coordinators.on_duty()),
            endangered=endangered,
        )

    def open(self, tx: Tx, who: Coordinator, asked: contract.AskCase) -> contract.CaseSheet:
        """Return a case as ciphertext, with the list of its items; the log notes the reading.

        Raises:
            NoSuchCaseError: Not one's own.
            VaultError: It was shredded.
        """
        case, box = self._mine(tx, who, asked.case)
        wrapped = tx.sealed.wrapped(case.id) or b""
        inner = self.sealing.sealer.unwrap(wrapped, box=case.id)
        heads = tx.sealed.heads(case.id)
        summary = self._summarised(tx, who, case)
        tx.cases.put(replace(case, seen=box.count))
        self._log(tx, who, "read", case)
        reach = tx.cases.reach(case.id)
        return contract.CaseSheet(
            summary=summary,
            wrapped=inner,
            items=tuple(
                contract.ItemHead(
                    sequence=head.sequence, kind=head.kind, at=head.at, size=head.size,
                    read=head.sequence < case.seen,
                )
                for head in heads
            ),
            next_sequence=box.count,
            channel_open=reach is not None and bool(reach.public),
            ways=() if reach is None else (reach.way.value,),
        )  # fmt: skip

    def item(self, tx: Tx, who: Coordinator, asked: contract.AskItem) -> bytes:
        """Return the ciphertext of one item.

        Raises:
            NoSuchCaseError: Not one's own, or no such item.
        """
        case, _ = self._mine(tx, who, asked.case)
        found = tx.sealed.item(case.id, asked.sequence)
        if found is None:
            raise NoSuchCaseError("There is no such item.")
        if found.kind in items.RAW_KINDS:
            self._log(tx, who, "read-file", case)
        return found.body

    # -- writing ----------------------------------------------------------------------------

    def add(self, tx: Tx, who: Coordinator, asked: contract.AddItem) -> contract.CaseSummary:
        """Add a note that the desk sealed for its place.

        Raises:
            NoSuchCaseError: Not one's own.
            CaseClosedError: It is closed.
            ConflictError: Something else took that place meanwhile.
            RefusedError: Of a kind that no desk adds.
        """
        if asked.kind != "note":
            raise RefusedError("A desk adds notes only.")
        case, _ = self._mine_open(tx, who, asked.case)
        self._add(tx, who, case, "note", asked.sequence, asked.sealed)
        self._log(tx, who, "noted", case)
        return self._summarised(tx, who, self._now(tx, case))

    def answer(
        self, tx: Tx, who: Coordinator, asked: contract.AnswerPerson
    ) -> contract.CaseSummary:
        """Pass an answer on to the person, and keep the desk's sealed copy of it.

        Raises:
            NoSuchCaseError: Not one's own.
            CaseClosedError: It is closed.
            NotReachableError: It cannot get to the person.
            ConflictError: Something else took the copy's place meanwhile.
        """
        case, _ = self._mine_open(tx, who, asked.case)
        self.relay.send(tx, case, asked.words, at=self.clock.now())
        self._add(tx, who, case, "answer", asked.sequence, asked.sealed)
        after = rules.answered(self._now(tx, case))
        tx.cases.put(after)
        tx.timers.cancel(TARGET, case.id)
        self._log(tx, who, "answered", case)
        return self._summarised(tx, who, after)

    # -- whose it is ------------------------------------------------------------------------

    def take(self, tx: Tx, who: Coordinator, asked: contract.AskCase) -> contract.CaseSummary:
        """Take a case that waits; a lead takes any.

        Raises:
            NoSuchCaseError: It does not wait for this coordinator.
            CaseClosedError: It is closed.
            ConflictError: Somebody was quicker.
        """
        case = self._existing(tx, asked.case)
        if case.assigned_to not in {None, who.id} and Role.LEAD not in who.roles:
            raise ConflictError("Somebody has taken this case.")
        return self._give(tx, who, case, who, "took")

    def release(self, tx: Tx, who: Coordinator, asked: contract.AskCase) -> contract.CaseSummary:
        """Put a case back into the queue, and call whoever is there.

        Raises:
            NoSuchCaseError: Not one's own, unless a lead asks.
            CaseClosedError: It is closed.
        """
        case = self._existing(tx, asked.case)
        if case.assigned_to != who.id and Role.LEAD not in who.roles:
            raise NoSuchCaseError("This case is not yours.")
        self._must_be_open(case)
        after = rules.released(case)
        tx.cases.put(after)
        call(tx, self.clock, after)
        self._log(tx, who, "released", case)
        return self._summarised(tx, who, after)

    def assign(self, tx: Tx, who: Coordinator, asked: contract.GiveCase) -> contract.CaseSummary:
        """Give any case to somebody: a lead's act.

        Raises:
            NoSuchCaseError: There is no such case, or who asks is no lead.
            CaseClosedError: It is closed.
            RefusedError: Nobody to give it to.
        """
        if Role.LEAD not in who.roles:
            raise NoSuchCaseError("Only a lead assigns cases.")
        case = self._existing(tx, asked.case)
        return self._give(tx, who, case, self._worker(tx, asked.to), "assigned")

    def hand_over(self, tx: Tx, who: Coordinator, asked: contract.GiveCase) -> contract.CaseSummary:
        """Give one's own case to somebody else.

        Raises:
            NoSuchCaseError: Not one's own.
            CaseClosedError: It is closed.
            RefusedError: Nobody to give it to.
        """
        case, _ = self._mine_open(tx, who, asked.case)
        return self._give(tx, who, case, self._worker(tx, asked.to), "handed-over")

    # -- how it goes on ---------------------------------------------------------------------

    def set_urgency(
        self, tx: Tx, who: Coordinator, asked: contract.SetUrgency
    ) -> contract.CaseSummary:
        """Raise or lower the urgency; the reason is a sealed note.

        Raises:
            NoSuchCaseError: Not one's own.
            CaseClosedError: It is closed.
            ConflictError: Something else took the note's place meanwhile.
        """
        case, _ = self._mine_open(tx, who, asked.case)
        self._add(tx, who, case, "note", asked.sequence, asked.sealed)
        urgency, now = Urgency.of(asked.urgency.value), self.clock.now()
        case = self._now(tx, case)
        after = rules.raised(case, urgency, now)
        if urgency < case.urgency:
            after = replace(case, urgency=urgency)
        tx.cases.put(after)
        self._log(tx, who, "urgency", case, urgency.code)
        return self._summarised(tx, who, after)

    def set_retention(
        self, tx: Tx, who: Coordinator, asked: contract.SetRetention
    ) -> contract.CaseSummary:
        """Keep a case for so many days from now; never longer than the person chose.

        Raises:
            NoSuchCaseError: Not one's own.
        """
        case, _ = self._mine(tx, who, asked.case)
        after = rules.kept_for(case, asked.days, self.clock.now())
        tx.cases.put(after)
        tx.sealed.keep_until(case.id, after.expires_at)
        self._log(tx, who, "retention", case, f"days-{asked.days}")
        return self._summarised(tx, who, after)

    def close(self, tx: Tx, who: Coordinator, asked: contract.CloseCase) -> contract.CaseSummary:
        """End a case with an outcome; the person's address is no longer kept for it.

        Raises:
            NoSuchCaseError: Not one's own.
            CaseClosedError: It is closed already.
        """
        case, _ = self._mine_open(tx, who, asked.case)
        after = rules.closed(case, asked.outcome.value)
        tx.cases.put(after)
        reach = tx.cases.reach(case.id)
        if reach is not None:
            # The receipt still opens what was answered; the chat is not known here any more.
            tx.cases.set_reach(case.id, replace(reach, way=rules.Way.NONE, person=None))
        for kind in (TARGET, REACH):
            tx.timers.cancel(kind, case.id)
        stop_paging(tx, case.id)
        self._log(tx, who, "closed", case, after.outcome)
        return self._summarised(tx, who, after)

    def reopen(self, tx: Tx, who: Coordinator, asked: contract.AskCase) -> contract.CaseSummary:
        """Open a closed case again.

        Raises:
            NoSuchCaseError: Not one's own, unless a lead asks.
            RefusedError: It is open.
        """
        case = self._existing(tx, asked.case)
        if case.assigned_to != who.id and Role.LEAD not in who.roles:
            raise NoSuchCaseError("This case is not yours.")
        after = rules.reopened(case, self.clock.now())
        tx.cases.put(after)
        watch(tx, after)
        self._log(tx, who, "reopened", case)
        return self._summarised(tx, who, after)

    def export(self, tx: Tx, who: Coordinator, asked: exports.ExportCase) -> exports.ExportMark:
        """Record that a case is taken out; the mark stands on every page of the file.

        Raises:
            NoSuchCaseError: Not one's own.
        """
        case, _ = self._mine(tx, who, asked.case)
        number = self._log(tx, who, "exported", case, asked.form.value)
        return exports.ExportMark(mark=f"{who.id[:8]}-{number}", at=self.clock.now())

    # -- what they share --------------------------------------------------------------------

    def _existing(self, tx: Tx, id_: str) -> Case:
        case = tx.cases.lock(CaseId(id_))
        if case is None:
            raise NoSuchCaseError("There is no such case.")
        return case

    def _mine(self, tx: Tx, who: Coordinator, id_: str) -> tuple[Case, SealedBox]:
        case = self._existing(tx, id_)
        box = tx.sealed.get(case.id)
        if box is None or case.assigned_to != who.id or not who.answers:
            raise NoSuchCaseError("This case is not yours.")
        return case, box

    def _mine_open(self, tx: Tx, who: Coordinator, id_: str) -> tuple[Case, SealedBox]:
        case, box = self._mine(tx, who, id_)
        self._must_be_open(case)
        return case, box

    def _must_be_open(self, case: Case) -> None:
        if not case.open:
            raise CaseClosedError("The case is closed.")

    def _worker(self, tx: Tx, id_: str) -> Coordinator:
        found = tx.coordinators.get(CoordinatorId(id_))
        if found is None or not found.answers:
            raise RefusedError("There is nobody of that id who takes cases.")
        return found

    def _give(
        self, tx: Tx, who: Coordinator, case: Case, to: Coordinator, act: str
    ) -> contract.CaseSummary:
        self._must_be_open(case)
        after = replace(
            rules.given(case, to.id), seen=case.seen if case.assigned_to == to.id else 0
        )
        tx.cases.put(after)
        stop_paging(tx, case.id)
        if to.id != who.id:
            page(tx, self.clock, "case", case.urgency, case.id, to=to.id)
        self._log(tx, who, act, case, to.id if to.id != who.id else "")
        return self._summarised(tx, who, after)

    def _add(
        self, tx: Tx, who: Coordinator, case: Case, kind: str, sequence: int, sealed: bytes
    ) -> None:
        item = SealedItem(
            box=case.id, sequence=sequence, kind=kind, at=self.clock.now(), size=len(sealed),
            body=sealed, by=who.id,
        )  # fmt: skip
        tx.sealed.add(item)
        if case.seen == sequence:
            tx.cases.put(replace(case, seen=sequence + 1))

    def _now(self, tx: Tx, case: Case) -> Case:
        return tx.cases.get(case.id) or case

    def _log(self, tx: Tx, who: Coordinator, act: str, case: Case, note: str = "") -> int:
        entry = AuditEntry(at=self.clock.now(), actor=who.id, act=act, subject=case.id, note=note)
        return tx.audit.add(entry)

    def _present(self, tx: Tx, now: datetime) -> Readers | None:
        try:
            return self.sealing.readers(tx, now)
        except VaultError:
            return None

    def _summarised(self, tx: Tx, who: Coordinator, case: Case) -> contract.CaseSummary:
        now = self.clock.now()
        return self._summary(tx, who, case, self._present(tx, now), now)

    def _summary(
        self, tx: Tx, who: Coordinator, case: Case, present: Readers | None, now: datetime
    ) -> contract.CaseSummary:
        box = tx.sealed.get(case.id)
        count, version = (box.count, box.version) if box else (0, -1)
        return contract.CaseSummary(
            case=case.id,
            kind=case.kind,
            urgency=contract.Urgency(case.urgency.code),
            state=contract.State(case.state.value),
            language=case.language,
            created_at=case.created_at,
            answer_by=case.answer_by,
            late=case.late(now),
            expires_at=case.expires_at,
            size=box.size if box else 0,
            assigned_to=case.assigned_to,
            readers=readers_of(tx, version, present) if present else 0,
            unread=max(count - case.seen, 0),
            mine=case.assigned_to == who.id,
        )


def call(tx: Tx, clock: Clock, case: Case) -> None:
    """Call somebody for a case that waits, and watch its target time."""
    page(tx, clock, "case", case.urgency, case.id)
    watch(tx, case)


def watch(tx: Tx, case: Case) -> None:
    """Look again when a person should have answered."""
    tx.timers.set(Timer(kind=TARGET, key=case.id, due_at=case.answer_by))


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Calls louder when nobody answered a case in its time."""

    store: Store
    clock: Clock

    async def due(self, due: DueTimer) -> None:
        """Look whether the case was answered; if not, page at least amber, and look again."""
        await self.store.write(lambda tx: self._look(tx, CaseId(due.timer.key)))

    async def keep_address(self, due: DueTimer) -> None:
        """The case is over: nothing is scheduled for its person any more."""
        del due

    def _look(self, tx: Tx, id_: CaseId) -> None:
        case, now = tx.cases.lock(id_), self.clock.now()
        if case is None or not case.late(now):
            return
        tx.audit.add(AuditEntry(at=now, actor="house", act="late", subject=case.id))
        stop_paging(tx, case.id)
        page(tx, self.clock, "case", max(case.urgency, Urgency.AMBER), case.id)
        again = now + max(rules.TARGETS[case.urgency], rules.TARGETS[Urgency.AMBER])
        tx.timers.set(Timer(kind=TARGET, key=case.id, due_at=again))
