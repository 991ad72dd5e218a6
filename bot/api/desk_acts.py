"""What serves each operation of the desk's API, by name."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.contract import follow_ups as later
from bot.contract import notebook as pages
from bot.contract import operations, people, session
from bot.domain.coordinators import AuditEntry, Coordinator, Role
from bot.domain.errors import VaultError
from bot.services import notebook
from bot.services.case_ports import HeldSheet
from bot.services.follow_up import due_follow_ups
from bot.services.sealing import VERSION_FACT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.api.desk_sessions import Sessions
    from bot.services.cases import CaseWork
    from bot.services.exports import ExportWork
    from bot.services.keys import Keeping
    from bot.services.ports import Clock, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskActs:
    """Serves every operation, most of them by the service that has it.

    Args:
        sessions: Who is signed in.
        clock: The time.
        cases: What may be done with a case.
        exports: Leave for sets of cases.
        keeping: People, keys and the record.
        bot_name: What the bot is called.
    """

    sessions: Sessions
    clock: Clock
    cases: CaseWork
    exports: ExportWork
    keeping: Keeping
    bot_name: str = ""

    def public(self) -> Mapping[str, Callable[[Tx, str, Any], Any]]:
        """Return what can be asked before signing in."""
        return {"session.challenge": self.challenge, "session.begin": self.begin}

    def acts(self) -> Mapping[str, Callable[[Tx, Coordinator, Any], Any]]:
        """Return what can be asked after it."""
        return {
            "session.me": self.me,
            "session.end": self.end,
            "duty.set": self.set_duty,
            "cases.queue": self.cases.queue,
            "cases.open": self.cases.open,
            "cases.item": self.cases.item,
            "cases.add": self.cases.add,
            "cases.answer": self.cases.answer,
            "cases.take": self.cases.take,
            "cases.release": self.cases.release,
            "cases.assign": self.cases.assign,
            "cases.hand-over": self.cases.hand_over,
            "cases.urgency": self.cases.set_urgency,
            "cases.retention": self.cases.set_retention,
            "cases.close": self.cases.close,
            "cases.reopen": self.cases.reopen,
            "exports.case": self.cases.export,
            "exports.list": self.exports.list,
            "exports.ask": self.exports.ask,
            "exports.approve": self.exports.approve,
            "exports.use": self.exports.use,
            "coordinators.list": self.coordinators,
            "keys.show": self.keys,
            "keys.put": self.keeping.put,
            "keys.wrapped": self.keeping.wrapped,
            "keys.rewrap": self.keeping.rewrap,
            "audit.list": self.keeping.audit,
            "house.card": self.card,
            "follow-ups.list": self.follow_ups,
            "notebook.list": self.sheets,
            "notebook.put": self.put_sheet,
            "notebook.remove": self.remove_sheet,
        }

    def challenge(self, tx: Tx, audience: str, asked: session.AskChallenge) -> session.Challenge:
        """Give a challenge, whoever asks."""
        del tx
        return self.sessions.challenge(asked.recipient, audience)

    def begin(
        self, tx: Tx, audience: str, asked: session.AnswerChallenge
    ) -> session.Session | None:
        """Sign in, or give nothing."""
        del audience
        who = self.sessions.answered(tx, asked)
        if who is None:
            return None
        token, until = self.sessions.token(who)
        self._note(tx, who, "signed-in", who.id)
        return session.Session(token=token, expires_at=until, me=_me(who))

    def me(self, tx: Tx, who: Coordinator, asked: operations.Nothing) -> session.Me:
        """Tell who is signed in."""
        del tx, asked
        return _me(who)

    def end(self, tx: Tx, who: Coordinator, asked: operations.Nothing) -> None:
        """Sign out everywhere."""
        del asked
        self.sessions.end(tx, who)
        self._note(tx, who, "signed-out", who.id)

    def set_duty(self, tx: Tx, who: Coordinator, asked: session.SetDuty) -> session.Me:
        """Begin or end duty."""
        return _me(self.keeping.set_duty(tx, who, on=asked.on_duty))

    def coordinators(
        self, tx: Tx, who: Coordinator, asked: operations.Nothing
    ) -> people.Coordinators:
        """Return who works here, also while the signed list is refused."""
        try:
            return self.keeping.coordinators(tx, who, asked)
        except VaultError:
            return people.Coordinators(
                coordinators=tuple(
                    people.Coordinator(
                        id=one.id,
                        alias=one.alias,
                        roles=_roles(one),
                        languages=one.languages,
                        on_duty=one.on_duty,
                        recipient=one.recipient,
                        live=False,
                    )
                    for one in sorted(tx.coordinators.all(), key=lambda one: one.alias)
                )
            )

    def keys(self, tx: Tx, who: Coordinator, asked: operations.Nothing) -> people.Keys:
        """Return the signed list and what is not right about it; a refused one has no keys."""
        try:
            return self.keeping.show(tx, who, asked)
        except VaultError:
            seen = int(tx.leases.noted(VERSION_FACT) or 0)
            text, root = "", ""
            with suppress(VaultError):
                text, root = self.keeping.sealing.sealer.signed()
            return people.Keys(
                version=seen,
                signed_list=text,
                root=root,
                live=0,
                demo=False,
                endangered=(),
                stale=0,
            )

    def card(self, tx: Tx, who: Coordinator, asked: operations.Nothing) -> people.Card:
        """Return how people find this bot."""
        del asked
        return people.Card(
            name=self.bot_name, telegram=tx.leases.noted("telegram-name") or "", demo=who.demo
        )

    def follow_ups(self, tx: Tx, who: Coordinator, asked: later.AskFollowUps) -> later.FollowUps:
        """Return what is due; no person."""
        del who
        until = self.clock.now() + timedelta(days=asked.days)
        return later.FollowUps(
            follow_ups=tuple(
                later.FollowUp(
                    ref=one.ref, body=one.body, kind=one.kind, due_at=one.due_at, asked=one.asked
                )
                for one in due_follow_ups(tx, until=until)
            )
        )

    def sheets(self, tx: Tx, who: Coordinator, asked: pages.AskSheets) -> pages.Sheets:
        """Return the sheets of a kind."""
        del who
        return pages.Sheets(
            sheets=tuple(
                pages.Sheet(
                    sheet=one.id,
                    kind=pages.SheetKind(one.kind),
                    version=one.version,
                    at=one.at,
                    sealed=one.sealed,
                )
                for one in tx.notebook.all(asked.kind.value)
            )
        )

    def put_sheet(self, tx: Tx, who: Coordinator, asked: pages.PutSheet) -> None:
        """Keep a sheet."""
        held = HeldSheet(
            id=asked.sheet,
            kind=asked.kind.value,
            version=asked.version,
            at=self.clock.now().replace(minute=0, second=0, microsecond=0),
            sealed=asked.sealed,
        )
        notebook.put(tx, who, held)

    def remove_sheet(self, tx: Tx, who: Coordinator, asked: pages.NameSheet) -> None:
        """Take a sheet out."""
        notebook.remove(tx, who, asked.sheet, at=self.clock.now())

    def _note(self, tx: Tx, who: Coordinator, act: str, subject: str, note: str = "") -> None:
        tx.audit.add(
            AuditEntry(at=self.clock.now(), actor=who.id, act=act, subject=subject, note=note)
        )


def _roles(who: Coordinator) -> tuple[operations.Role, ...]:
    return tuple(operations.Role(one.value) for one in Role if one in who.roles)


def _me(who: Coordinator) -> session.Me:
    return session.Me(
        id=who.id,
        alias=who.alias,
        roles=_roles(who),
        languages=who.languages,
        on_duty=who.on_duty,
        demo=who.demo,
    )
