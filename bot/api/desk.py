"""What coordinators' desks ask: the contract's operations over HTTP, denied unless a rule allows.

Each request is checked in this order, all of it in one transaction with the act itself: is there
such an operation, is it well formed, who asks, may their role do it, with this case, in its state.
Nothing of a request is logged: no body, no address of a case, no name; only operation and outcome.
A refusal takes its transaction back. Of operations that are watched it is then written into the
audit log, in one of its own, before it is answered.
A case that is not there and one that is not theirs look the same.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.contract.openapi import OWN_STATUS, describe, in_path, in_query
from bot.contract.operations import PROBLEMS, Problem, Reach, Role
from bot.contract.registry import OPERATIONS
from bot.contract.shapes import ShapeError, from_strings, parse, plain
from bot.domain.coordinators import AuditEntry
from bot.domain.errors import ConflictError, RefusedError, VaultError
from bot.services.floods import Floods

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp

    from bot.api.desk_sessions import Sessions
    from bot.contract.operations import Operation
    from bot.domain.coordinators import Coordinator
    from bot.services.ports import Clock, Store, Tx

log = structlog.get_logger()

MOUNTED_AT = "/desk/v1"
LARGEST_BODY = 1024 * 1024
_UNRECORDED = frozenset({"not-signed-in", "too-fast", "changed-meanwhile", "broken"})
"""Refusals that tell nothing of a person: nobody is known, or it is worth trying again."""
_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_STRANGERS = "strangers"

Act = "Callable[[Tx, Coordinator, Any], Any]"
"""A service: one transaction, who asks, what they ask; returns what the contract promises."""


class ProblemError(Exception):
    """A request ends here, with one of the contract's codes."""

    def __init__(self, code: str, field: str = "") -> None:
        super().__init__(code)
        self.problem = Problem(code=code, field=field)


class Standing(Protocol):
    """What the gate must know of a case."""

    @property
    def assigned_to(self) -> str | None:
        """Return whose it is."""
        ...

    @property
    def closed(self) -> bool:
        """Tell whether it ended."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskApi:
    """Serves the registry.

    Args:
        store: Where transactions run.
        clock: The time.
        sessions: Who is signed in.
        acts: The service of every operation, by name.
        public: The services of those before signing in; they get the audience as well.
        standing: Looks a case up for the gate.
        operations: What there is.
    """

    store: Store
    clock: Clock
    sessions: Sessions
    acts: Mapping[str, Callable[[Tx, Coordinator, Any], Any]]
    public: Mapping[str, Callable[[Tx, str, Any], Any]]
    standing: Callable[[Tx, str], Standing | None]
    operations: Mapping[str, Operation] = field(default_factory=lambda: OPERATIONS)
    floods: Floods = field(default_factory=lambda: Floods(burst=300, per_second=10.0))
    strangers: Floods = field(default_factory=lambda: Floods(burst=40, per_second=1.0))

    def app(self) -> ASGIApp:
        """Return the application, to be mounted."""
        routes: list[BaseRoute] = [Route("/openapi.json", self._describe)]
        by_path: dict[str, dict[str, Operation]] = {}
        for operation in self.operations.values():
            by_path.setdefault(operation.path, {})[operation.method] = operation
        for path, methods in by_path.items():
            routes.append(Route(path, _Endpoint(self, methods), methods=list(methods)))
        handlers: Any = {HTTPException: _show_http, 500: _show_broken}
        return Starlette(routes=routes, exception_handlers=handlers)

    async def answer(self, request: Request, operation: Operation) -> Response:
        """Answer one request."""
        try:
            return await self._answer(request, operation)
        except Exception:
            log.exception("desk-broken", name=operation.name)
            return self._refuse(operation, Problem(code="broken"))

    async def _answer(self, request: Request, operation: Operation) -> Response:
        try:
            asked = await self._asked(request, operation)
            found = await self._run(request, operation, asked)
        except ProblemError as error:
            problem = error.problem
        except ShapeError as error:
            problem = Problem(code="wrong", field=error.field)
        except ConflictError:
            problem = Problem(code="changed-meanwhile")
        except RefusedError as error:
            problem = Problem(code=_code(operation, error))
        except VaultError:
            code = "list-refused" if "list-refused" in operation.problems else "refused"
            problem = Problem(code=code)
        else:
            return _show(operation, found)
        if operation.watched and problem.code not in _UNRECORDED:
            await self._record(request, operation, problem.code)
        return self._refuse(operation, problem)

    async def _asked(self, request: Request, operation: Operation) -> Any:
        try:
            return await _read(request, operation)
        except (ShapeError, ProblemError):
            # Each of these is written down: so they are counted like those that are well formed.
            if operation.watched:
                self._count(_token(request), operation)
            raise

    async def _record(self, request: Request, operation: Operation, code: str) -> None:
        """Write a refusal into the audit log: who tried what with which, and why not."""
        token, now = _token(request), self.clock.now()
        subject, _, verb = operation.name.partition(".")
        about = next((str(request.path_params[one]) for one in in_path(operation)), "")

        def unit(tx: Tx) -> None:
            who = self.sessions.who(tx, token)
            if who is not None:
                act = f"{subject.removesuffix('s')}-{verb}-refused"
                # What stands in an address may be anything; only what can be an id is kept.
                known = about if _ID.fullmatch(about) else ""
                tx.audit.add(AuditEntry(at=now, actor=who.id, act=act, subject=known, note=code))

        await self.store.write(unit)

    async def _run(self, request: Request, operation: Operation, asked: Any) -> Any:
        if operation.public:
            return await self._run_public(request, operation, asked)
        token = _token(request)
        act = self.acts.get(operation.name)

        def unit(tx: Tx) -> Any:
            who = self.sessions.who(tx, token)
            if who is None:
                raise ProblemError("not-signed-in")
            self._admit(tx, operation, who, asked)
            if act is None:
                raise ProblemError("not-available")
            return act(tx, who, asked)

        self._count(token, operation)
        return await self.store.write(unit)

    def _admit(self, tx: Tx, operation: Operation, who: Coordinator, asked: Any) -> None:
        """Let pass what a rule allows.

        Raises:
            ProblemError: Everything else.
        """
        reaches = {operation.allowed[role] for role in _roles(who) if role in operation.allowed}
        if not reaches:
            raise ProblemError("not-allowed")
        if Reach.NO_CASE in reaches:
            return
        case = self.standing(tx, asked.case)
        if case is None or not any(_within(reach, case, who.id) for reach in reaches):
            raise ProblemError("not-found")
        if case.closed and not operation.closed:
            raise ProblemError("case-closed")

    async def _run_public(self, request: Request, operation: Operation, asked: Any) -> Any:
        # Strangers share one allowance, so that they cannot use up that of a coordinator.
        known = await self.store.read(
            lambda tx: any(one.recipient == asked.recipient for one in tx.coordinators.all())
        )
        limits = self.floods if known else self.strangers
        sender = asked.recipient if known else _STRANGERS
        if not limits.calm(sender, self.clock.now()):
            raise ProblemError("too-fast")
        audience = request.headers.get("host", "")
        act = self.public[operation.name]
        found = await self.store.write(lambda tx: act(tx, audience, asked))
        if found is None:
            raise ProblemError("not-signed-in")
        return found

    def _count(self, token: str, operation: Operation) -> None:
        # By the coordinator whom the token names: a false name meets the check right after.
        sender, now = token.partition(".")[0][:64], self.clock.now()
        if not all(self.floods.calm(sender, now) for _ in range(operation.weight)):
            raise ProblemError("too-fast")

    def _refuse(self, operation: Operation, problem: Problem) -> Response:
        status = PROBLEMS.get(problem.code, OWN_STATUS)
        log.info("desk-refused", name=operation.name, code=status, reason=problem.code)
        return _problem(problem, status)

    async def _describe(self, request: Request) -> Response:
        del request
        return _dress(JSONResponse(describe(self.operations, server=MOUNTED_AT)))


class _Endpoint:
    """One address and its methods."""

    def __init__(self, api: DeskApi, methods: Mapping[str, Operation]) -> None:
        self._api = api
        self._methods = methods

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer."""
        from starlette.requests import Request  # noqa: PLC0415

        request = Request(scope, receive, send)
        method = "GET" if request.method == "HEAD" else request.method
        response = await self._api.answer(request, self._methods[method])
        await response(scope, receive, send)


def _code(operation: Operation, error: RefusedError) -> str:
    """Return the code of a refusal when it is one that the contract knows; never a sentence."""
    code = str(getattr(error, "code", "") or error)
    return code if code in operation.problems or code in PROBLEMS else "refused"


def _roles(who: Coordinator) -> list[Role]:
    return [Role(role.value) for role in who.roles]


def _within(reach: Reach, case: Standing, who: str) -> bool:
    own = case.assigned_to == who
    if reach is Reach.ANY:
        return True
    if reach is Reach.WAITING:
        return own or case.assigned_to is None
    return reach is Reach.OWN and own


async def _read(request: Request, operation: Operation) -> Any:
    """Return the request as the contract's dataclass.

    Raises:
        ShapeError: It is not what the contract says.
        ProblemError: It is too large or no JSON.
    """
    strings: dict[str, str] = {name: str(request.path_params[name]) for name in in_path(operation)}
    query = in_query(operation)
    for name, value in request.query_params.multi_items():
        if name not in query or name in strings:
            raise ShapeError("", "holds a field that is not known here")
        strings[name] = value
    if operation.method in {"GET", "DELETE"}:
        return from_strings(operation.request, strings)
    body = await _body(request)
    if set(body) & set(strings):
        raise ShapeError("", "holds a field twice")
    # What stands in the address is bounded like all the rest.
    return parse(operation.request, body | strings)


async def _body(request: Request) -> dict[str, Any]:
    raw = bytearray()
    async for piece in request.stream():
        raw += piece
        if len(raw) > LARGEST_BODY:
            raise ProblemError("too-large")
    if not raw:
        return {}
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        # Also keeps foreign pages out: they cannot send this kind without being asked first.
        raise ProblemError("not-json")
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        raise ShapeError("", "must be JSON") from None
    if not isinstance(found, dict):
        raise ShapeError("", "must be an object")
    return found


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise ProblemError("not-signed-in")
    return token.strip()


def _show(operation: Operation, found: Any) -> Response:
    if operation.answer is None:
        return _dress(Response(status_code=204))
    if operation.answer is bytes:
        return _dress(Response(found, media_type="application/octet-stream"))
    return _dress(JSONResponse(plain(found)))


def _problem(problem: Problem, status: int) -> Response:
    response = JSONResponse(plain(problem), status)
    if status == PROBLEMS["not-signed-in"]:
        response.headers["WWW-Authenticate"] = "Bearer"
    if status == PROBLEMS["too-fast"]:
        response.headers["Retry-After"] = "5"
    return _dress(response)


def _dress(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    return response


async def _show_http(request: Request, error: Exception) -> Response:
    """What Starlette itself refuses: no such address, no such method."""
    del request
    status = error.status_code if isinstance(error, HTTPException) else 500
    code = "wrong-method" if status == PROBLEMS["wrong-method"] else "not-found"
    response = _problem(Problem(code=code), PROBLEMS[code])
    if isinstance(error, HTTPException) and error.headers:
        response.headers.update(error.headers)
    return response


async def _show_broken(request: Request, error: Exception) -> Response:
    del request, error
    return _problem(Problem(code="broken"), PROBLEMS["broken"])
