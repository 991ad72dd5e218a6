"""What the desk asks about check-ins: the board in codes, and decisions of coordinators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.contract import checkins as said
from bot.domain.errors import RefusedError
from bot.domain.ids import PlanId
from bot.domain.secret_words import Secret, fold, matches
from bot.domain.watch import Outcome
from bot.services import check_in_decide as decide
from bot.services.check_in_board import Row, board, row
from bot.services.heartbeat import last_outage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from bot.contract.operations import Nothing
    from bot.domain.coordinators import Coordinator
    from bot.domain.plans import Watched
    from bot.services.check_in_effects import Hands
    from bot.services.check_in_sheet import Sheets
    from bot.services.ports import Clock, Tx

_HOUR = 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInDesk:
    """Serves the operations of `bot.contract.checkins`."""

    hands: Hands
    clock: Clock
    sheets: Sheets
    digest: Callable[[bytes, str], bytes]
    """The slow digest of a safe word; asked a few times a day."""

    def acts(self) -> Mapping[str, Callable[[Tx, Coordinator, Any], Any]]:
        """Return what can be asked, by name."""
        return {
            "checkins.board": self.board,
            "checkins.take": self.take,
            "checkins.confirm": self.confirm,
            "checkins.pause": self.pause,
            "checkins.approve": self.approve,
            "checkins.stand-down": self.stand_down,
            "checkins.open": self.open,
            "checkins.item": self.item,
            "checkins.note": self.note,
            "checkins.tighten": self.tighten,
        }

    def board(self, tx: Tx, who: Coordinator, asked: Nothing) -> said.CheckInBoard:
        """Show everybody under watch."""
        del who, asked
        now = self.clock.now()
        found, away = board(tx, now), last_outage(tx)
        return said.CheckInBoard(
            rows=tuple(_row(tx, one) for one in found.rows),
            cut_off=found.cut_off,
            away_from=away[0] if away else None,
            away_until=away[1] if away else None,
            now=now,
        )

    def take(self, tx: Tx, who: Coordinator, asked: said.TakePlan) -> said.BoardRow:
        """Answer for an escalation from now on."""
        now, plan = self.clock.now(), PlanId(asked.plan)
        after = decide.acknowledge(tx, self.hands, plan, who.id, now, alarm=asked.alarm)
        return self._shown(tx, after)

    def confirm(self, tx: Tx, who: Coordinator, asked: said.NamePlan) -> said.BoardRow:
        """Wake the contacts now."""
        now = self.clock.now()
        return self._shown(tx, decide.confirm(tx, self.hands, PlanId(asked.plan), who.id, now))

    def pause(self, tx: Tx, who: Coordinator, asked: said.NamePlan) -> said.BoardRow:
        """Agree to a pause."""
        now = self.clock.now()
        return self._shown(tx, decide.allow_pause(tx, self.hands, PlanId(asked.plan), who.id, now))

    def approve(self, tx: Tx, who: Coordinator, asked: said.ApproveTelling) -> said.BoardRow:
        """Be one of two."""
        now, plan = self.clock.now(), PlanId(asked.plan)
        return self._shown(tx, decide.approve(tx, self.hands, plan, who.id, str(asked.what), now))

    def stand_down(self, tx: Tx, who: Coordinator, asked: said.StandDown) -> None:
        """End an escalation."""
        now, plan = self.clock.now(), PlanId(asked.plan)
        found = self._found(tx, plan)
        decide.stand_down(
            tx, self.hands, plan, who.id, Outcome(asked.outcome), now,
            safe_word=self._is_safe_word(tx, found, asked.word), way=str(asked.way),
            alarm=asked.alarm,
        )  # fmt: skip

    def open(self, tx: Tx, who: Coordinator, asked: said.NamePlan) -> said.PlanSheet:
        """Hand over what others should know, from L1 on."""
        found = self._found(tx, asked.plan)
        return self.sheets.opened(tx, who, found, self.clock.now())

    def item(self, tx: Tx, who: Coordinator, asked: said.AskSheetItem) -> bytes:
        """Hand over one item of it."""
        found = self._found(tx, asked.plan)
        return self.sheets.item(tx, who, found, asked.sequence, self.clock.now())

    def note(self, tx: Tx, who: Coordinator, asked: said.AddSheetNote) -> None:
        """Keep a note beside it."""
        found = self._found(tx, asked.plan)
        self.sheets.note(tx, who, found, asked.sequence, asked.sealed, self.clock.now())

    def tighten(self, tx: Tx, who: Coordinator, asked: said.NamePlan) -> said.BoardRow:
        """Have humans told sooner."""
        now, plan = self.clock.now(), PlanId(asked.plan)
        return self._shown(tx, decide.tighten(tx, self.hands, plan, who.id, now))

    def _found(self, tx: Tx, plan: str) -> Watched:
        found = tx.plans.find([PlanId(plan)]).get(PlanId(plan))
        if found is None:
            raise RefusedError("This check-in is over.")
        return found

    def _is_safe_word(self, tx: Tx, found: Watched, word: str) -> bool:
        agreed = tx.check_words.get(found.person)
        if agreed is None or not word:
            return False
        tried = self.digest(agreed.salt, fold(word))
        return Secret.SAFE in matches(tried, agreed.digests)

    def _shown(self, tx: Tx, watched: Watched) -> said.BoardRow:
        return _row(tx, row(watched, self.clock.now()))


def _row(tx: Tx, one: Row) -> said.BoardRow:
    watched = one.watched
    cycle, alarm, terms = watched.standing.cycle, watched.standing.alarm, watched.terms
    read = [
        event
        for event in tx.plans.events(watched.id)
        if event.cycle == cycle.number and event.key.startswith("contact-read:")
    ]
    asked = cycle.pause_wanted
    return said.BoardRow(
        plan=watched.id,
        tier=terms.tier.value,
        state=cycle.state.value,
        due_at=cycle.due_at,
        minutes_late=int(one.late.total_seconds()) // 60,
        next_at=one.next_at,
        rungs=tuple(said.Rung(at=at, what=what) for at, what in one.rungs),
        alarm=alarm.cause.value if alarm else None,
        alarm_taken_by=alarm.ladder.acknowledged_by if alarm else None,
        taken_by=cycle.ladder.acknowledged_by if cycle.ladder else None,
        contacts=terms.contacts,
        contacts_read=len(read),
        region=terms.region or None,
        authorities=terms.authorities.value,
        approvals=tuple(sorted({what for what, _ in cycle.approvals})),
        pause_hours=int(asked.total_seconds()) // _HOUR if asked else 0,
        drill=terms.drill,
    )
