"""What coordinators do with alerts: `(tx, actor, request)`, checked before anything is written.

Each act asks the one table of `bot.domain.broadcasts`; what it refuses is a `RefusedError` with a
code of the contract, raised before the first write, and goes into the audit log (`attempt`). The
list is frozen when an alert is submitted, and the second person approves a version and a length.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from bot.domain import audiences
from bot.domain.alert_texts import faults
from bot.domain.audiences import AudienceError
from bot.domain.broadcasts import Act, Alert, Rules, State, Timing, after, kinds, refusal
from bot.domain.errors import RefusedError
from bot.domain.ids import AlertId
from bot.services.broadcast_forms import content_of
from bot.services.broadcast_pages import call_off
from bot.services.broadcast_record import record, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import datetime

    from bot.contract.alerts import ActOnAlert, ApproveAlert, NameAlert, RecallAlert, WriteAlert
    from bot.domain.broadcasts import Actor
    from bot.services.ports import Clock, Store, Tx

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcasts:
    """Acts on alerts, or on drills: the two never touch each other's."""

    clock: Clock
    drill: bool
    rules: Rules
    vocabulary: Callable[[], Mapping[str, Collection[str]]]
    new_reference: Callable[[], str]
    """Gives four signs that are told apart when they are read out."""
    new_id: Callable[[], str]

    # -- before it is sent -------------------------------------------------------------------

    def write(self, tx: Tx, actor: Actor, asked: WriteAlert) -> Alert:
        """Write a new draft, or change one; the same again changes nothing.

        Raises:
            RefusedError: With the code of what is wrong.
        """
        now = self.clock.now()
        content = content_of(asked)
        self._audience(content.audience)
        found = tx.alerts.get(AlertId(asked.alert), lock=True)
        if found is None:
            fresh = Alert(
                id=AlertId(asked.alert), reference=self.new_reference(), state=State.DRAFT,
                version=1, drill=self.drill, content=content, created_by=actor.id, created_at=now,
            )  # fmt: skip
            if asked.version:
                raise RefusedError("no-such-alert")
            self._refuse(refusal(fresh, Act.EDIT, actor))
            tx.alerts.add(fresh)
            record(tx, now, actor.id, "alert-drafted", fresh)
            return fresh
        self._mine(found)
        if found.content == content and found.state is State.DRAFT:
            self._refuse(refusal(found, Act.EDIT, actor))
            return found
        self._refuse(refusal(found, Act.EDIT, actor, version=asked.version))
        changed = replace(found, content=content, editors=found.editors | {actor.id})
        record(tx, now, actor.id, "alert-changed", found)
        return tx.alerts.replace(changed)

    def discard(self, tx: Tx, actor: Actor, asked: NameAlert) -> None:
        """Throw a draft away."""
        alert = self._take(tx, asked.alert)
        self._refuse(refusal(alert, Act.DISCARD, actor))
        tx.alerts.delete(alert.id)
        record(tx, self.clock.now(), actor.id, "alert-discarded", alert)

    def submit(self, tx: Tx, actor: Actor, asked: ActOnAlert) -> Alert:
        """Freeze text and list, in one transaction; submitted twice is submitted once."""
        alert, now = self._take(tx, asked.alert), self.clock.now()
        if alert.state is State.SUBMITTED and alert.submitted_by == actor.id:
            return alert
        self._refuse(refusal(alert, Act.SUBMIT, actor, version=asked.version))
        content = alert.content
        wrong = faults(content.texts, content.fallback)
        if content.correction:
            wrong += faults(content.correction, content.fallback)
        self._refuse("faulty-text" if wrong else None)
        self._refuse("time-passed" if content.plan.at and content.plan.at < now - _LATE else None)
        asked_for = self._audience(content.audience)
        number = tx.ledger.freeze(alert.id, asked_for, kinds(alert))
        if not number:
            raise RefusedError("nobody")
        frozen = replace(
            alert, state=State.SUBMITTED, frozen=number, submitted_by=actor.id, widened=False
        )
        record(tx, now, actor.id, "alert-submitted", alert)
        return tx.alerts.replace(frozen)

    def give_back(self, tx: Tx, actor: Actor, asked: ActOnAlert) -> Alert:
        """Unfreeze an alert, so that its authors can change it."""
        alert = self._take(tx, asked.alert)
        self._refuse(refusal(alert, Act.RETURN, actor, version=asked.version))
        tx.ledger.unfreeze(alert.id)
        record(tx, self.clock.now(), actor.id, "alert-returned", alert)
        # Whoever submitted it stays one of its authors; whoever gave it back does not become one.
        draft = replace(
            alert, state=State.DRAFT, frozen=0, submitted_by=None, editors=alert.authors
        )
        return tx.alerts.replace(draft)

    def approve(self, tx: Tx, actor: Actor, asked: ApproveAlert) -> Alert:
        """Let an alert go; approved twice is approved once."""
        alert, now = self._take(tx, asked.alert), self.clock.now()
        if alert.approved_by == actor.id and alert.state is not State.DRAFT:
            return alert
        self._refuse(refusal(alert, Act.APPROVE, actor, version=asked.version, rules=self.rules))
        self._refuse("changed" if asked.frozen != alert.frozen else None)
        record(tx, now, actor.id, "alert-approved", alert)
        plan = alert.content.plan
        return tx.alerts.replace(
            replace(alert, state=State.SCHEDULED, approved_by=actor.id), due=plan.at or now
        )

    # -- while it is sent, and after ---------------------------------------------------------

    def pause(self, tx: Tx, actor: Actor, asked: NameAlert) -> Alert:
        """Stop an alert for a while; anybody who answers may."""
        alert, now = self._take(tx, asked.alert), self.clock.now()
        if alert.state is State.PAUSED:
            return alert
        self._refuse(refusal(alert, Act.PAUSE, actor))
        record(tx, now, actor.id, "alert-paused", alert)
        return tx.alerts.replace(
            replace(alert, state=State.PAUSED, paused_by=actor.id, paused_for=""), due=now
        )

    def resume(self, tx: Tx, actor: Actor, asked: NameAlert) -> Alert:
        """Let a paused alert go on: whoever paused it, or a lead."""
        alert, now = self._take(tx, asked.alert), self.clock.now()
        self._refuse(refusal(alert, Act.RESUME, actor))
        if alert.paused_for:
            # The canary's failure was looked at by somebody: the others may follow.
            alert = replace(alert, widened=True)
        record(tx, now, actor.id, "alert-resumed", alert)
        call_off(tx, alert)
        state = after(alert, Act.RESUME) or State.PAUSED
        return tx.alerts.replace(
            replace(alert, state=state, paused_by=None, paused_for=""), due=now
        )

    def abort(self, tx: Tx, actor: Actor, asked: NameAlert) -> Alert:
        """Stop an alert for good; anybody who answers may. What waits ends here and now."""
        alert, now = self._take(tx, asked.alert), self.clock.now()
        if alert.state is State.ABORTED:
            return alert
        self._refuse(refusal(alert, Act.ABORT, actor))
        record(tx, now, actor.id, "alert-aborted", alert)
        call_off(tx, alert)
        return tx.alerts.replace(
            replace(alert, state=State.ABORTED, begun_at=alert.begun_at or now), due=now
        )

    def recall(self, tx: Tx, actor: Actor, asked: RecallAlert) -> Alert:
        """Take back what was sent: delete it, or put what was prepared in its place."""
        alert, now = self._take(tx, asked.alert), self.clock.now()
        if alert.state is State.RECALLING:
            return alert
        self._refuse(refusal(alert, Act.RECALL, actor))
        record(tx, now, actor.id, "alert-recalled", alert)
        call_off(tx, alert)
        return tx.alerts.replace(replace(alert, state=State.RECALLING, edits=asked.edits), due=now)

    def correct(self, tx: Tx, actor: Actor, asked: NameAlert) -> Alert:
        """Send the correction that was approved with it to everybody whom it may have reached."""
        alert, now = self._take(tx, asked.alert), self.clock.now()
        self._refuse(refusal(alert, Act.CORRECT, actor))
        content = replace(
            alert.content, texts=alert.content.correction, correction={}, roll_call=False,
            ladder=False,
            plan=replace(
                alert.content.plan, timing=Timing.AT_ONCE, at=None, clock=None, hold=timedelta()
            ),
        )  # fmt: skip
        child = Alert(
            id=AlertId(self.new_id()), reference=alert.reference, state=State.SCHEDULED, version=1,
            drill=alert.drill, content=content, created_by=alert.created_by, created_at=now,
            submitted_by=alert.submitted_by, approved_by=alert.approved_by, parent=alert.id,
        )  # fmt: skip
        number = tx.ledger.freeze_reached(child.id, alert.id)
        if not number:
            raise RefusedError("nobody")
        child = replace(child, frozen=number)
        tx.alerts.add(child, due=now)
        due = now if alert.state is State.RECALLING else alert.ended_at
        tx.alerts.replace(replace(alert, corrected=True), due=due or now)
        record(tx, now, actor.id, "alert-corrected", alert)
        return child

    # -- small ones --------------------------------------------------------------------------

    def read(self, tx: Tx, id_: str) -> Alert:
        """Return an alert of this path.

        Raises:
            RefusedError: There is none.
        """
        alert = tx.alerts.get(AlertId(id_))
        if alert is None:
            raise RefusedError("no-such-alert")
        self._mine(alert)
        return alert

    def all(self, tx: Tx) -> list[Alert]:
        """Return alerts of this path, newest first."""
        return [alert for alert in tx.alerts.all() if alert.drill is self.drill]

    def _take(self, tx: Tx, id_: str) -> Alert:
        alert = tx.alerts.get(AlertId(id_), lock=True)
        if alert is None:
            raise RefusedError("no-such-alert")
        self._mine(alert)
        return alert

    def _mine(self, alert: Alert) -> None:
        """A drill is no alert and an alert no drill, whoever asks under the wrong address."""
        if alert.drill is not self.drill:
            raise RefusedError("no-such-alert")

    def _audience(self, text: str) -> audiences.Audience:
        try:
            audience = audiences.parse(text)
            audiences.check(audience, self.vocabulary())
        except AudienceError:
            raise RefusedError("bad-audience") from None
        return audience

    @staticmethod
    def _refuse(code: str | None) -> None:
        if code is not None:
            raise RefusedError(code)


_LATE = timedelta(minutes=5)


async def attempt(
    store: Store,
    act: Callable[[Tx, Actor, R], T],
    actor: Actor,
    asked: R,
    *,
    at: datetime,
    name: str,
) -> T:
    """Run an act; a refusal stands in the audit log before it is passed on.

    Raises:
        RefusedError: As the act.
    """
    try:
        return await store.write(lambda tx: act(tx, actor, asked))
    except RefusedError as error:
        about, code = str(getattr(asked, "alert", "")), str(error)
        await store.write(lambda tx: note_refusal(tx, at, actor.id, name, about, code))
        raise


def note_refusal(tx: Tx, at: datetime, actor: str, act: str, about: str, code: str) -> None:
    """Write a refused act into the audit log."""
    refused(tx, at, actor, act, about, code)
