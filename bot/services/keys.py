"""Keys and the record, as a desk sees them: who can read, what must be wrapped anew, what was done.

The server never opens a wrapped key. It takes the outer wrapper off for whoever may wrap anew, and
puts it on again around what their desk made.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.contract import operations
from bot.contract import people as contract
from bot.domain.coordinators import AuditEntry, Coordinator, Role
from bot.domain.errors import ConflictError, RefusedError
from bot.domain.ids import CaseId
from bot.services.duty import begin_or_end
from bot.services.sealing import key_health, list_installed

if TYPE_CHECKING:
    from bot.contract.operations import Nothing
    from bot.services.ports import Clock, Tx
    from bot.services.sealing import Sealing


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """The operations on people, keys and the audit log."""

    clock: Clock
    sealing: Sealing

    def coordinators(self, tx: Tx, who: Coordinator, _asked: Nothing) -> contract.Coordinators:
        """Return who works here, and who is there to be called."""
        del who
        present = self.sealing.readers(tx, self.clock.now())
        return contract.Coordinators(
            coordinators=tuple(
                contract.Coordinator(
                    id=one.id, alias=one.alias,
                    roles=tuple(operations.Role(role.value) for role in sorted(one.roles)),
                    languages=one.languages, on_duty=one.on_duty, recipient=one.recipient,
                    live=one.recipient in present.people_keys,
                )
                for one in sorted(tx.coordinators.all(), key=lambda one: one.alias)
            )
        )  # fmt: skip

    def show(self, tx: Tx, who: Coordinator, _asked: Nothing) -> contract.Keys:
        """Return the signed list as it is, and what is not right about it."""
        del who
        health = key_health(tx, self.sealing, self.clock.now())
        text, root = self.sealing.sealer.signed()
        return contract.Keys(
            version=health.version, signed_list=text, root=root, live=health.live,
            demo=health.demo, endangered=health.endangered, stale=health.stale,
        )  # fmt: skip

    def put(self, tx: Tx, who: Coordinator, asked: contract.PutKeys) -> contract.Keys:
        """Put a new signed list into use.

        Raises:
            RefusedError: Who asks neither leads nor keeps the machine.
            VaultError: The list is refused; the one in use stays.
        """
        self._must_be(who, Role.LEAD, Role.OPERATOR)
        now = self.clock.now()
        self.sealing.install(tx, asked.signed_list, now)
        list_installed(tx, self.sealing, now, by=who.id)
        return self.show(tx, who, operations.Nothing())

    def wrapped(self, tx: Tx, who: Coordinator, asked: contract.AskWrapped) -> contract.WrappedKeys:
        """Return a page of case keys that are wrapped to another list than the present one.

        Raises:
            RefusedError: Who asks does not lead.
        """
        self._must_be(who, Role.LEAD)
        now = self.clock.now()
        present = self.sealing.readers(tx, now)
        boxes = tx.sealed.stale(present.version, after=asked.after, limit=asked.limit)
        sealer = self.sealing.sealer
        keys = [
            contract.WrappedKey(
                case=box.id, wrapped=sealer.unwrap(tx.sealed.wrapped(box.id) or b"", box=box.id)
            )
            for box in boxes
        ]
        if keys:
            note = f"keys-{len(keys)}"
            tx.audit.add(AuditEntry(at=now, actor=who.id, act="read-keys", note=note))
        return contract.WrappedKeys(version=present.version, keys=tuple(keys))

    def rewrap(self, tx: Tx, who: Coordinator, asked: contract.PutWrapped) -> contract.Rewrapped:
        """Replace wrapped case keys by those that a desk made.

        Raises:
            RefusedError: Who asks does not lead.
            ConflictError: They are wrapped to a list that is not in use any more.
        """
        self._must_be(who, Role.LEAD)
        now = self.clock.now()
        present = self.sealing.readers(tx, now)
        if asked.version != present.version:
            raise ConflictError("Another list is in use by now; wrap to that one.")
        taken = 0
        for one in asked.keys:
            id_ = CaseId(one.case)
            if tx.sealed.get(id_) is None:
                continue
            outer = self.sealing.sealer.rewrap(one.wrapped, box=id_)
            taken += tx.sealed.rewrap(id_, outer, version=present.version)
            tx.audit.add(AuditEntry(at=now, actor=who.id, act="rewrapped", subject=id_))
        left = sum(n for v, n in tx.sealed.versions().items() if v != present.version)
        return contract.Rewrapped(taken=taken, left=left)

    def audit(self, tx: Tx, who: Coordinator, asked: contract.AskAudit) -> contract.Audit:
        """Return a page of the record, newest first.

        Raises:
            RefusedError: Who asks neither leads nor keeps the machine.
        """
        self._must_be(who, Role.LEAD, Role.OPERATOR)
        number, digest = tx.audit.head()
        return contract.Audit(
            entries=tuple(
                contract.AuditEntry(
                    at=one.at, who=one.actor, act=one.act, subject=one.subject, note=one.note
                )
                for one in tx.audit.entries(subject=asked.subject or None, limit=asked.limit)
            ),
            count=number,
            head=digest,
            broken_at=tx.audit.broken_at(),
        )

    def set_duty(self, tx: Tx, who: Coordinator, *, on: bool) -> Coordinator:
        """Begin or end one's duty; return oneself as one is afterwards."""
        begin_or_end(tx, who, self.clock.now(), on=on)
        return replace(who, on_duty=on and who.answers)

    def _must_be(self, who: Coordinator, *roles: Role) -> None:
        if not who.roles & set(roles):
            raise RefusedError("This is not yours to do.")
