"""The sheet of somebody under watch: what others should know, sealed as it arrives.

One box a person, whatever is watched: words chosen on the page of the link, places that they sent
themselves, notes of coordinators. Nobody here can read it. Its outer wrapper comes off for those on
duty while coordinators look for the person, and every such opening is in the audit log.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.contract import checkins as said
from bot.contract.items import PlanLine, PlanWords, SentPlace, write_item
from bot.domain.cases import TARGETS, Case
from bot.domain.cases import State as CaseState
from bot.domain.coordinators import AuditEntry, Urgency
from bot.domain.errors import RefusedError, VaultError
from bot.domain.ids import CaseId, CoordinatorId
from bot.domain.sealed import SealedItem
from bot.domain.watch import ESCALATED, Outcome
from bot.services.pressed import Done, Remark

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bot.domain.coordinators import Coordinator
    from bot.domain.ids import LanguageTag, PersonId
    from bot.domain.plans import Watched
    from bot.domain.sealed import SealedBox
    from bot.services.apply import Moment
    from bot.services.ports import Tx
    from bot.services.sealing import Sealing

LINES = ("route", "calls", "steps", "life", "medical", "reach", "cut", "publicity")
"""What may be written, in the order of the page."""

LONGEST_LINE = 2_000
WATCHED_FOR = timedelta(days=400)
"""While anything is watched the sheet stays; no plan outlives this without being set again."""

KEPT_FOR = timedelta(days=7)
"""After the last plan ended: whoever travels again next week need not write it again."""

AFTER_INCIDENT = timedelta(days=90)
"""How long it stays as a case when something happened."""

PLACE_EVERY = timedelta(minutes=10)
"""A phone that shares its way sends a place every few seconds."""

KIND = "plan"


class NotOpenedError(RefusedError):
    """The plan is not over to anybody yet: nobody is missing."""

    code = "not-yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheets:
    """Fills sheets and gives them to those who look for somebody."""

    sealing: Sealing

    # -- what the person gives --------------------------------------------------------------

    def write(
        self, tx: Tx, person: PersonId, lines: Mapping[str, str], language: LanguageTag,
        now: datetime, *, forced: bool = False,
    ) -> bool:  # fmt: skip
        """Seal what the person wrote; False when nobody could read it, and nothing was kept.

        Args:
            tx: The unit.
            person: Whose sheet.
            lines: By the names of `LINES`; empty ones are left out.
            language: Of the page.
            now: The present moment.
            forced: It came with the duress word. The earlier words stay, and whoever opens the
                sheet sees which are which.
        """
        given = tuple(
            PlanLine(name=name, text=lines[name][:LONGEST_LINE])
            for name in LINES
            if lines.get(name)
        )
        if not given:
            return True
        item = PlanWords(lines=given, language=language, at=now, forced=forced)
        return self._seal(tx, person, item, now)

    def place(self, tx: Tx, moment: Moment) -> Remark | Done | None:
        """Seal a place that somebody under watch sent of themselves; None when nobody is watched.

        It leaves the chat at once. A way that is being shared is kept every ten minutes.
        """
        inbound, person = moment.inbound, moment.person.id
        if inbound is None or inbound.words is None or inbound.forwarded:
            return None
        plans, agreed = tx.plans.of(person), tx.check_words.get(person)
        if not plans or agreed is None:
            return None
        under_way = inbound.data == "live"
        if under_way and agreed.place_at and moment.at - agreed.place_at < PLACE_EVERY:
            return Done()
        latitude, longitude, within = (*inbound.words.reveal().split(" "), "", "")[:3]
        item = SentPlace(
            latitude=latitude, longitude=longitude, within=within, at=moment.at, under_way=under_way
        )
        if not self._seal(tx, person, item, moment.at):
            return Remark(phrase="checkin_place_not_kept", forgets=True)
        agreed = tx.check_words.get(person) or agreed
        tx.check_words.put(person, replace(agreed, place_at=moment.at))
        return Done() if under_way else Remark(phrase="checkin_place_kept", forgets=True)

    # -- what coordinators get --------------------------------------------------------------

    def opened(self, tx: Tx, who: Coordinator, watched: Watched, now: datetime) -> said.PlanSheet:
        """Take the outer wrapper off for somebody on duty, and write down that it was.

        Raises:
            NotOpenedError: Nobody is looked for, or who asks is not on duty.
        """
        box = self._box_for(tx, who, watched, now)
        inner = self.sealing.sealer.unwrap(tx.sealed.wrapped(box.id) or b"", box=box.id)
        tx.audit.add(
            AuditEntry(at=now, actor=who.id, act="plan-opened", subject=watched.id, note="")
        )
        heads = tx.sealed.heads(box.id)
        return said.PlanSheet(
            box=box.id,
            wrapped=inner,
            items=tuple(
                said.SheetItem(sequence=one.sequence, kind=one.kind, at=one.at) for one in heads
            ),
            next_sequence=box.count,
        )

    def item(
        self, tx: Tx, who: Coordinator, watched: Watched, sequence: int, now: datetime
    ) -> bytes:
        """Return the ciphertext of one item.

        Raises:
            NotOpenedError: As for `opened`, or there is no such item.
        """
        found = tx.sealed.item(self._box_for(tx, who, watched, now).id, sequence)
        if found is None:
            raise NotOpenedError("There is no such item.")
        return found.body

    def note(
        self, tx: Tx, who: Coordinator, watched: Watched, sequence: int, sealed: bytes,
        now: datetime,
    ) -> None:  # fmt: skip
        """Keep a note that a desk sealed: what was done, what the next shift must know.

        Raises:
            NotOpenedError: As for `opened`.
            ConflictError: Something else took its place meanwhile.
        """
        box = self._box_for(tx, who, watched, now)
        tx.sealed.add(
            SealedItem(box=box.id, sequence=sequence, kind="note", at=now, size=len(sealed),
                       body=sealed, by=who.id)
        )  # fmt: skip
        tx.audit.add(AuditEntry(at=now, actor=who.id, act="noted", subject=watched.id, note=""))

    # -- what they share --------------------------------------------------------------------

    def _box_for(self, tx: Tx, who: Coordinator, watched: Watched, now: datetime) -> SealedBox:
        looked_for = watched.standing.cycle.state in ESCALATED or watched.standing.alarm is not None
        if not who.on_duty or not looked_for:
            raise NotOpenedError("A plan is opened by somebody on duty, once a person is missed.")
        return self._box(tx, watched.person, now)

    def _box(self, tx: Tx, person: PersonId, now: datetime) -> SealedBox:
        agreed = tx.check_words.get(person)
        found = tx.sealed.get(CaseId(agreed.box)) if agreed is not None and agreed.box else None
        until = now + (WATCHED_FOR if tx.plans.of(person) else KEPT_FOR)
        if found is None:
            found = self.sealing.seal_new(tx, KIND, now=now, until=until)
            if agreed is not None:
                tx.check_words.put(person, replace(agreed, box=found.id))
        elif found.until < until:
            tx.sealed.keep_until(found.id, until)
        return found

    def _seal(self, tx: Tx, person: PersonId, item: PlanWords | SentPlace, now: datetime) -> bool:
        try:
            box = self._box(tx, person, now)
            kind, clear = write_item(item)
            self.sealing.append(tx, box, kind, clear, now=now)
        except VaultError:
            return False
        return True


def rests(tx: Tx, person: PersonId, now: datetime, *, kept: timedelta = KEPT_FOR) -> None:
    """Nothing is watched any more: the sheet goes in a week, or at once where that is asked for."""
    agreed = tx.check_words.get(person)
    if agreed is not None and agreed.box and not tx.plans.of(person):
        tx.sealed.keep_until(CaseId(agreed.box), now + kept)


def case_of(tx: Tx, by: str, watched: Watched, outcome: Outcome, now: datetime) -> CaseId | None:
    """Something happened: the sheet becomes a case of whoever found out, with its words."""
    agreed = tx.check_words.get(watched.person)
    if outcome is not Outcome.INCIDENT or agreed is None or not agreed.box:
        return None
    box = tx.sealed.get(CaseId(agreed.box))
    if box is None:
        return None
    until = now + AFTER_INCIDENT
    tx.cases.put(
        Case(
            id=box.id, kind="check-in", urgency=Urgency.RED, state=CaseState.TAKEN,
            language=watched.terms.language,
            created_at=now.replace(minute=0, second=0, microsecond=0),
            answer_by=now + TARGETS[Urgency.RED], expires_at=until, longest_until=until,
            assigned_to=CoordinatorId(by),
        )
    )  # fmt: skip
    tx.sealed.keep_until(box.id, until)
    tx.check_words.put(watched.person, replace(agreed, box=""))
    return box.id
