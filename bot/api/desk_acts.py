"""What desks ask about the house: signing in, duty, who works here, keys, and the record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from bot.contract import notebook as pages
from bot.contract import operations, people, session
from bot.domain.coordinators import AuditEntry, Coordinator, Role
from bot.domain.errors import RefusedError, VaultError
from bot.services import notebook
from bot.services.ports import HeldSheet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from bot.api.desk_sessions import Sessions
    from bot.services.ports import Clock, Tx

VERSION_FACT = "recipients-version"


class Readers(Protocol):
    """The signed list of who can read."""

    @property
    def version(self) -> int:
        """Return its number, which only grows."""
        ...

    @property
    def demo(self) -> bool:
        """Tell whether a demo key is on it."""
        ...

    def live(self, now: datetime) -> tuple[Any, ...]:
        """Return the keys that are valid now."""
        ...


class Keyring(Protocol):
    """The keys of this installation, as files."""

    def signed_list(self) -> tuple[str, str]:
        """Return the root's public key and the list as it was signed; empty when there is none."""
        ...

    def recipients(self, *, now: datetime, last_seen: int) -> Readers:
        """Return who can read.

        Raises:
            VaultError: The list is refused.
        """
        ...

    def install(self, text: str, *, now: datetime, last_seen: int) -> Readers:
        """Put a signed list into use.

        Raises:
            VaultError: The list is refused.
        """
        ...


class Wrapped(Protocol):
    """What the cases know about the keys they are wrapped to."""

    def endangered(self, tx: Tx, keys: frozenset[str]) -> tuple[str, ...]:
        """Return cases that fewer than two of these keys can read."""
        ...

    def stale(self, tx: Tx, version: int) -> int:
        """Count cases that are wrapped to another list than this."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseActs:
    """Serves the operations that are about no case.

    Args:
        sessions: Who is signed in.
        clock: The time.
        keyring: The signed list; reading and writing its file twice changes nothing.
        wrapped: What the cases know, or None while there are none.
        bot_name: What the bot is called.
    """

    sessions: Sessions
    clock: Clock
    keyring: Keyring
    wrapped: Wrapped | None = None
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
            "coordinators.list": self.coordinators,
            "keys.show": self.keys,
            "keys.put": self.put_keys,
            "audit.list": self.audit,
            "house.card": self.card,
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
        after = replace(who, on_duty=asked.on_duty)
        if after != who:
            tx.coordinators.put(after)
            self._note(tx, who, "duty", who.id, "on" if asked.on_duty else "off")
        return _me(after)

    def coordinators(
        self, tx: Tx, who: Coordinator, asked: operations.Nothing
    ) -> people.Coordinators:
        """Return who works here."""
        del who, asked
        live = self._live_keys()
        return people.Coordinators(
            coordinators=tuple(
                people.Coordinator(
                    id=one.id,
                    alias=one.alias,
                    roles=_roles(one),
                    languages=one.languages,
                    on_duty=one.on_duty,
                    recipient=one.recipient,
                    live=one.recipient in live,
                )
                for one in sorted(tx.coordinators.all(), key=lambda one: one.alias.casefold())
            )
        )

    def keys(self, tx: Tx, who: Coordinator, asked: operations.Nothing) -> people.Keys:
        """Return the signed list and what is not right about it."""
        del who, asked
        root, text = self.keyring.signed_list()
        readers = self._readers()
        live = self._live_keys()
        version = readers.version if readers else 0
        return people.Keys(
            version=version,
            signed_list=text,
            root=root,
            live=len(live),
            demo=bool(readers and readers.demo),
            endangered=self.wrapped.endangered(tx, live) if self.wrapped else (),
            stale=self.wrapped.stale(tx, version) if self.wrapped else 0,
        )

    def put_keys(self, tx: Tx, who: Coordinator, asked: people.PutKeys) -> people.Keys:
        """Put a new signed list into use.

        Raises:
            RefusedError: It is refused.
        """
        seen = int(tx.leases.noted(VERSION_FACT) or 0)
        try:
            # Should the transaction be run again, the same file is written again.
            found = self.keyring.install(asked.signed_list, now=self.clock.now(), last_seen=seen)
        except VaultError:
            raise RefusedError("list-refused") from None
        tx.leases.note(VERSION_FACT, str(max(found.version, seen)))
        self._note(tx, who, "keys", "", str(found.version))
        return self.keys(tx, who, operations.Nothing())

    def audit(self, tx: Tx, who: Coordinator, asked: people.AskAudit) -> people.Audit:
        """Return the newest entries of the record."""
        del who
        entries = tx.audit.entries(subject=asked.subject or None, limit=asked.limit)
        count, head = tx.audit.head()
        return people.Audit(
            entries=tuple(
                people.AuditEntry(
                    at=one.at, who=one.actor, act=one.act, subject=one.subject, note=one.note
                )
                for one in entries
            ),
            count=count,
            head=head,
            broken_at=tx.audit.broken_at(),
        )

    def card(self, tx: Tx, who: Coordinator, asked: operations.Nothing) -> people.Card:
        """Return how people find this bot."""
        del who, asked
        readers = self._readers()
        return people.Card(
            name=self.bot_name,
            telegram=tx.leases.noted("telegram-name") or "",
            demo=bool(readers and readers.demo),
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

    def _readers(self) -> Readers | None:
        try:
            return self.keyring.recipients(now=self.clock.now(), last_seen=0)
        except VaultError:
            return None

    def _live_keys(self) -> frozenset[str]:
        """Return the living keys of people, without the recovery key."""
        readers = self._readers()
        live = readers.live(self.clock.now()) if readers else ()
        return frozenset(one.key for one in live if one.role != "recovery")

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
