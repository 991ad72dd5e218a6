"""A server of the contract in a dictionary: what a desk needs to be tried out, and to be lied to.

The real server has its own tests; this one lets a test change what the desk is told.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.contract.cases import CaseSheet, CaseSummary, ItemHead, Queue, State, Urgency
from bot.contract.checkins import BoardRow, CheckInBoard
from bot.contract.exports import Export, ExportMark, Exports, ExportState
from bot.contract.follow_ups import FollowUp, FollowUps
from bot.contract.items import write_item
from bot.contract.notebook import Sheet, Sheets
from bot.contract.openapi import in_path
from bot.contract.operations import PROBLEMS, Problem, Role
from bot.contract.people import (
    Audit,
    AuditEntry,
    Card,
    Coordinator,
    Coordinators,
    Keys,
    Rewrapped,
    WrappedKey,
    WrappedKeys,
)
from bot.contract.registry import OPERATIONS
from bot.contract.session import Challenge, Me, Session, prove, write_challenge
from bot.contract.shapes import from_strings, parse, plain
from bot.vault.challenge import seal_to
from bot.vault.envelope import new_key, seal_item
from bot.vault.identity import new_identity, new_root
from bot.vault.recipients import Recipient, RecipientList, sign
from bot.vault.wrap import wrap_inner

if TYPE_CHECKING:
    from starlette.requests import Request

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
YEAR = timedelta(days=365)


class Clock:
    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at


class RefusedHereError(Exception):
    pass


@dataclass
class HeldCase:
    summary: CaseSummary
    key: bytes
    wrapped: bytes
    heads: list[ItemHead] = field(default_factory=list)
    bodies: dict[int, bytes] = field(default_factory=dict)


@dataclass
class SmallServer:
    clock: Clock = field(default_factory=Clock)
    cases: dict[str, HeldCase] = field(default_factory=dict)
    exports: dict[str, Export] = field(default_factory=dict)
    entries: list[AuditEntry] = field(default_factory=list)
    asked: list[tuple[str, Any]] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    """Code of refusal by operation."""
    audience: str | None = None
    sealed: bytes | None = None
    """What is given out as challenge instead of one."""
    demo: bool = False
    sheets: dict[str, Sheet] = field(default_factory=dict)
    follow_ups: tuple[FollowUp, ...] = ()
    watched: tuple[BoardRow, ...] = ()

    def __post_init__(self) -> None:
        self.root, self.root_public = new_root()
        self.identities = {name: new_identity() for name in ("robin", "wren", "recovery")}
        self.people = {
            name: Coordinator(
                id=f"c-{name}", alias=name.title(), roles=(Role.COORDINATOR, Role.LEAD),
                languages=("fr", "ar"), on_duty=name == "robin",
                recipient=self.identities[name].public, live=True,
            )
            for name in ("robin", "wren")
        }  # fmt: skip
        self.version = 1
        self.list = self.signed(("robin", "wren", "recovery"))
        self._nonces: dict[str, tuple[bytes, str]] = {}
        self._tokens: dict[str, str] = {}

    def signed(self, names: tuple[str, ...], *, root: bytes | None = None) -> str:
        made = RecipientList(
            version=self.version, valid_from=NOON - YEAR, valid_until=NOON + YEAR,
            recipients=tuple(
                Recipient(
                    label=name, key=self.identities[name].public,
                    role="recovery" if name == "recovery" else "coordinator",
                    valid_from=NOON - YEAR, valid_until=NOON + YEAR,
                )
                for name in names
            ),
        )  # fmt: skip
        return sign(made, root or self.root)

    def add_case(self, case: str, *items: Any, **changes: Any) -> HeldCase:
        key = new_key()
        readers = [self.identities[name].public for name in ("robin", "wren", "recovery")]
        summary = CaseSummary(
            case=case, kind="report", urgency=Urgency.RED, state=State.WAITING, language="ar",
            created_at=NOON - timedelta(hours=2), answer_by=NOON - timedelta(hours=1, minutes=45),
            late=True, expires_at=NOON + timedelta(days=90), size=8192, assigned_to=None,
            readers=2, unread=len(items), mine=False,
        )  # fmt: skip
        held = HeldCase(replace(summary, **changes), key, wrap_inner(key, readers))
        self.cases[case] = held
        for item in items:
            self.append(case, *(item if isinstance(item, tuple) else write_item(item)))
        return held

    def append(self, case: str, kind: str, clear: bytes) -> int:
        held = self.cases[case]
        place = len(held.heads)
        sealed = seal_item(held.key, clear, case=case, sequence=place, kind=kind)
        self._put(held, kind, place, sealed)
        return place

    def _put(self, held: HeldCase, kind: str, place: int, sealed: bytes) -> None:
        if place != len(held.heads):
            raise RefusedHereError("changed-meanwhile")
        at = self.clock.now()
        held.heads.append(ItemHead(sequence=place, kind=kind, at=at, size=len(sealed), read=False))
        held.bodies[place] = sealed

    def app(self) -> Starlette:
        by_path: dict[str, list[Any]] = {}
        for operation in OPERATIONS.values():
            by_path.setdefault(operation.path, []).append(operation)
        return Starlette(
            routes=[
                Route(f"/desk/v1{path}", self._endpoint(found), methods=[o.method for o in found])
                for path, found in by_path.items()
            ]
        )  # fmt: skip

    def _endpoint(self, operations: list[Any]) -> Any:
        async def endpoint(request: Request) -> Response:
            operation = next(one for one in operations if one.method == request.method)
            strings = {name: request.path_params[name] for name in in_path(operation)}
            if request.method in {"GET", "DELETE"}:
                asked = from_strings(operation.request, strings | dict(request.query_params))
            else:
                body = await request.body()
                asked = parse(operation.request, (await request.json() if body else {}) | strings)
            self.asked.append((operation.name, asked))
            try:
                found = self._answer(operation.name, request, asked)
            except RefusedHereError as error:
                status = PROBLEMS.get(str(error), 409)
                return JSONResponse(plain(Problem(code=str(error))), status)
            if operation.answer is None:
                return Response(status_code=204)
            if operation.answer is bytes:
                return Response(found)
            return JSONResponse(plain(found))

        return endpoint

    def _answer(self, name: str, request: Request, asked: Any) -> Any:
        if name in self.refuse:
            raise RefusedHereError(self.refuse[name])
        act = getattr(self, "do_" + name.replace(".", "_").replace("-", "_"))
        if name.startswith("session."):
            return act(request, asked)
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        who = self._tokens.get(token)
        if who is None:
            raise RefusedHereError("not-signed-in")
        return act(self.people[who], asked)

    def sign_out_everybody(self) -> None:
        self._tokens.clear()

    def do_session_challenge(self, request: Request, asked: Any) -> Challenge:
        nonce, ticket = secrets.token_bytes(32), secrets.token_hex(16)
        self._nonces[ticket] = (nonce, asked.recipient)
        clear = write_challenge(self.audience or request.headers["host"], nonce)
        sealed = self.sealed or seal_to(asked.recipient, clear)
        return Challenge(ticket=ticket, sealed=sealed, expires_at=self.clock.now() + YEAR)

    def do_session_begin(self, request: Request, asked: Any) -> Session:
        nonce, recipient = self._nonces.pop(asked.ticket)
        who = next((n for n, one in self.people.items() if one.recipient == recipient), None)
        if who is None or prove(nonce, asked.ticket) != asked.proof:
            raise RefusedHereError("not-signed-in")
        token = secrets.token_hex(16)
        self._tokens[token] = who
        return Session(token=token, expires_at=self.clock.now() + YEAR, me=self._me(who))

    def _me(self, who: str) -> Me:
        one = self.people[who]
        return Me(
            id=one.id, alias=one.alias, roles=one.roles, languages=one.languages,
            on_duty=one.on_duty, demo=self.demo,
        )  # fmt: skip

    def do_duty_set(self, who: Coordinator, asked: Any) -> Me:
        name = who.alias.lower()
        self.people[name] = replace(who, on_duty=asked.on_duty)
        return self._me(name)

    def _seen(self, who: Coordinator, held: HeldCase) -> CaseSummary:
        return replace(held.summary, mine=held.summary.assigned_to == who.id)

    def do_cases_queue(self, who: Coordinator, asked: Any) -> Queue:
        shown = [
            self._seen(who, one)
            for one in self.cases.values()
            if asked.closed or one.summary.state is not State.CLOSED
        ]
        order = {one: place for place, one in enumerate(Urgency)}
        shown.sort(key=lambda one: (order[one.urgency], one.created_at))
        return Queue(
            cases=tuple(shown), now=self.clock.now(),
            on_duty=sum(one.on_duty for one in self.people.values()),
            endangered=sum(one.readers < 2 for one in shown),
        )  # fmt: skip

    def _own(self, who: Coordinator, asked: Any) -> HeldCase:
        held = self.cases.get(asked.case)
        if held is None or held.summary.assigned_to != who.id:
            raise RefusedHereError("not-found")
        return held

    def do_cases_open(self, who: Coordinator, asked: Any) -> CaseSheet:
        held = self._own(who, asked)
        return CaseSheet(
            summary=self._seen(who, held), wrapped=held.wrapped, items=tuple(held.heads),
            next_sequence=len(held.heads), channel_open=True, ways=("receipt",),
        )  # fmt: skip

    def do_cases_item(self, who: Coordinator, asked: Any) -> bytes:
        return self._own(who, asked).bodies[asked.sequence]

    def _change(self, who: Coordinator, held: HeldCase, **changes: Any) -> CaseSummary:
        held.summary = replace(held.summary, **changes)
        return self._seen(who, held)

    def do_cases_add(self, who: Coordinator, asked: Any) -> CaseSummary:
        held = self._own(who, asked)
        self._put(held, asked.kind, asked.sequence, asked.sealed)
        return self._seen(who, held)

    def do_cases_answer(self, who: Coordinator, asked: Any) -> CaseSummary:
        held = self._own(who, asked)
        self._put(held, "answer", asked.sequence, asked.sealed)
        return self._change(who, held, state=State.ANSWERED, late=False)

    def do_cases_urgency(self, who: Coordinator, asked: Any) -> CaseSummary:
        held = self._own(who, asked)
        self._put(held, "note", asked.sequence, asked.sealed)
        return self._change(who, held, urgency=asked.urgency)

    def do_cases_take(self, who: Coordinator, asked: Any) -> CaseSummary:
        return self._change(who, self.cases[asked.case], assigned_to=who.id, state=State.TAKEN)

    def do_cases_assign(self, who: Coordinator, asked: Any) -> CaseSummary:
        return self._change(who, self.cases[asked.case], assigned_to=asked.to)

    do_cases_hand_over = do_cases_assign

    def do_cases_release(self, who: Coordinator, asked: Any) -> CaseSummary:
        return self._change(who, self._own(who, asked), assigned_to=None, state=State.WAITING)

    def do_cases_close(self, who: Coordinator, asked: Any) -> CaseSummary:
        return self._change(who, self._own(who, asked), state=State.CLOSED)

    def do_cases_reopen(self, who: Coordinator, asked: Any) -> CaseSummary:
        return self._change(who, self._own(who, asked), state=State.TAKEN)

    def do_cases_retention(self, who: Coordinator, asked: Any) -> CaseSummary:
        until = self.clock.now() + timedelta(days=asked.days)
        return self._change(who, self._own(who, asked), expires_at=until)

    def do_exports_case(self, who: Coordinator, asked: Any) -> ExportMark:
        self._own(who, asked)
        return ExportMark(mark="e-17", at=self.clock.now())

    def do_exports_list(self, who: Coordinator, asked: Any) -> Exports:
        return Exports(exports=tuple(self.exports.values()))

    def do_exports_ask(self, who: Coordinator, asked: Any) -> Export:
        made = Export(
            export=f"x-{len(self.exports)}", asked_by=who.id, approved_by=None,
            state=ExportState.ASKED, form=asked.form, cases=asked.cases,
            asked_at=self.clock.now(), expires_at=self.clock.now() + timedelta(days=1),
        )  # fmt: skip
        self.exports[made.export] = made
        return made

    def do_exports_approve(self, who: Coordinator, asked: Any) -> Export:
        found = self.exports[asked.export]
        if found.asked_by == who.id:
            raise RefusedHereError("second-person")
        self.exports[asked.export] = replace(found, state=ExportState.APPROVED, approved_by=who.id)
        return self.exports[asked.export]

    def do_exports_use(self, who: Coordinator, asked: Any) -> ExportMark:
        found = self.exports[asked.export]
        if found.state is not ExportState.APPROVED:
            raise RefusedHereError("not-approved")
        self.exports[asked.export] = replace(found, state=ExportState.USED)
        return ExportMark(mark="e-18", at=self.clock.now())

    def do_coordinators_list(self, who: Coordinator, asked: Any) -> Coordinators:
        return Coordinators(coordinators=tuple(self.people.values()))

    def do_keys_show(self, who: Coordinator, asked: Any) -> Keys:
        weak = tuple(one for one, held in self.cases.items() if held.summary.readers < 2)
        return Keys(
            version=self.version, signed_list=self.list, root=self.root_public.hex(), live=2,
            demo=self.demo, endangered=weak, stale=len(self.cases),
        )  # fmt: skip

    def do_keys_put(self, who: Coordinator, asked: Any) -> Keys:
        self.list = asked.signed_list
        return self.do_keys_show(who, asked)

    def do_keys_wrapped(self, who: Coordinator, asked: Any) -> WrappedKeys:
        keys = [
            WrappedKey(case=one, wrapped=held.wrapped)
            for one, held in sorted(self.cases.items())
            if one > asked.after
        ]
        return WrappedKeys(version=self.version, keys=tuple(keys[: asked.limit]))

    def do_keys_rewrap(self, who: Coordinator, asked: Any) -> Rewrapped:
        for one in asked.keys:
            self.cases[one.case].wrapped = one.wrapped
        return Rewrapped(taken=len(asked.keys), left=0)

    def do_audit_list(self, who: Coordinator, asked: Any) -> Audit:
        return Audit(
            entries=tuple(self.entries), count=len(self.entries), head="ab12", broken_at=None
        )

    def do_notebook_list(self, who: Coordinator, asked: Any) -> Sheets:
        return Sheets(sheets=tuple(o for o in self.sheets.values() if o.kind is asked.kind))

    def do_notebook_put(self, who: Coordinator, asked: Any) -> None:
        before = self.sheets.get(asked.sheet)
        if asked.version != (before.version + 1 if before else 1):
            raise RefusedHereError("changed-meanwhile")
        self.sheets[asked.sheet] = Sheet(
            sheet=asked.sheet, kind=asked.kind, version=asked.version, at=self.clock.now(),
            sealed=asked.sealed,
        )  # fmt: skip

    def do_notebook_remove(self, who: Coordinator, asked: Any) -> None:
        self.sheets.pop(asked.sheet)

    def do_follow_ups_list(self, who: Coordinator, asked: Any) -> FollowUps:
        return FollowUps(follow_ups=self.follow_ups)

    def do_checkins_board(self, who: Coordinator, asked: Any) -> CheckInBoard:
        return CheckInBoard(
            rows=self.watched, cut_off=("UG",) if self.watched else (), away_from=None,
            away_until=None, now=self.clock.now(),
        )  # fmt: skip

    def do_house_card(self, who: Coordinator, asked: Any) -> Card:
        return Card(name="Kestrel", telegram="kestrel_example_bot", web="", demo=self.demo)
