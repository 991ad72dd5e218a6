"""Taking out a set of cases: two people must want it, and the record names every case.

The files are written at the desk, from what it opened; here are only leave and record.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.contract import exports as contract
from bot.domain.coordinators import AuditEntry
from bot.domain.errors import RefusedError
from bot.domain.ids import CaseId
from bot.domain.leaves import VALID_FOR, Leave, LeaveState, approved, used

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.contract.operations import Nothing
    from bot.domain.coordinators import Coordinator
    from bot.services.ports import Clock, Tx

SHOWN_FOR = timedelta(days=7)
"""After so long a leave is forgotten; the record stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportWork:
    """The operations on leaves. `new_id` gives random ids."""

    clock: Clock
    new_id: Callable[[], str]

    def list(self, tx: Tx, who: Coordinator, _asked: Nothing) -> contract.Exports:
        """Return one's own leaves, and those that wait for somebody else's word."""
        now = self.clock.now()
        shown = [
            one
            for one in tx.leaves.all()
            if one.asked_by == who.id or (one.state is LeaveState.ASKED and now < one.expires_at)
        ]
        return contract.Exports(exports=tuple(self._shown(one) for one in shown))

    def ask(self, tx: Tx, who: Coordinator, asked: contract.AskExport) -> contract.Export:
        """Ask for leave.

        Raises:
            RefusedError: One of the cases is not one's own, or is named twice.
        """
        now = self.clock.now()
        tx.leaves.forget_before(now - SHOWN_FOR)
        cases = tuple(dict.fromkeys(CaseId(one) for one in asked.cases))
        if len(cases) != len(asked.cases):
            raise RefusedError("named-twice")
        self._must_be_own(tx, who, cases)
        leave = Leave(
            id=self.new_id(),
            asked_by=who.id,
            form=asked.form.value,
            cases=cases,
            asked_at=now,
            expires_at=now + VALID_FOR,
        )
        tx.leaves.put(leave)
        self._log(tx, who, "export-asked", leave.id, f"cases-{len(cases)}")
        return self._shown(leave)

    def approve(self, tx: Tx, who: Coordinator, asked: contract.NameExport) -> contract.Export:
        """Give leave to somebody else.

        Raises:
            RefusedError: To oneself, twice, too late, or there is none.
        """
        leave = approved(self._found(tx, asked.export), who.id, self.clock.now())
        tx.leaves.put(leave)
        self._log(tx, who, "export-approved", leave.id)
        return self._shown(leave)

    def use(self, tx: Tx, who: Coordinator, asked: contract.NameExport) -> contract.ExportMark:
        """Use a leave; the record names every case.

        Raises:
            RefusedError: Not given, used, too late, or a case is not one's own any more.
        """
        now = self.clock.now()
        leave = used(self._found(tx, asked.export), who.id, now)
        self._must_be_own(tx, who, leave.cases)
        tx.leaves.put(leave)
        number = self._log(tx, who, "export-used", leave.id)
        for case in leave.cases:
            self._log(tx, who, "exported", case, leave.form)
        return contract.ExportMark(mark=f"{who.id[:8]}-{number}", at=now)

    def _found(self, tx: Tx, id_: str) -> Leave:
        leave = tx.leaves.lock(id_)
        if leave is None:
            raise RefusedError("not-approved")
        return leave

    def _must_be_own(self, tx: Tx, who: Coordinator, cases: tuple[CaseId, ...]) -> None:
        for one in cases:
            case = tx.cases.get(one)
            if case is None or case.assigned_to != who.id:
                raise RefusedError("not-own")

    def _shown(self, leave: Leave) -> contract.Export:
        late = leave.state is not LeaveState.USED and self.clock.now() >= leave.expires_at
        state = contract.ExportState.EXPIRED if late else contract.ExportState(leave.state.value)
        return contract.Export(
            export=leave.id,
            asked_by=leave.asked_by,
            approved_by=leave.approved_by,
            state=state,
            form=contract.Form(leave.form),
            cases=leave.cases,
            asked_at=leave.asked_at,
            expires_at=leave.expires_at,
        )

    def _log(self, tx: Tx, who: Coordinator, act: str, subject: str, note: str = "") -> int:
        return tx.audit.add(
            AuditEntry(at=self.clock.now(), actor=who.id, act=act, subject=subject, note=note)
        )
