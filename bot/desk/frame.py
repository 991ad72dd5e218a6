"""The frame around every page: who may see it, what it stands on, and what goes wrong.

A page is a module in `pages` that gives a `Page`. Its handlers are called only when somebody sits
here whose role may see it; a form counts only when it comes from our own page. Pages never catch
`AskError`: the frame turns it into a sentence.
"""

from __future__ import annotations

import functools
import hashlib
import html
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.contract.operations import Role
from bot.desk.guard import Guard, dress, is_named_rightly
from bot.desk.server import AskError
from bot.vault import VaultError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from starlette.requests import Request

    from bot.desk.ports import Clock, Shelf
    from bot.desk.seat import Seat

log = structlog.get_logger()

HERE = Path(__file__).parent
_LARGEST_FORM = 512 * 1024
_MOST_FIELDS = 500
WORKERS = frozenset({Role.COORDINATOR, Role.LEAD})
EVERYBODY = frozenset(Role)

_WRITTEN = {
    "answer": ("answer", "words"),
    "note": ("note", "text"),
    "urgency": ("reason", "reason"),
}
"""Forms of a case that hold words: by address, as what they are given back, and their field."""

Handler = Callable[["Desk", "Request", "Form"], Awaitable[Response]]


class Form:
    """A form's fields; every field may come more than once."""

    def __init__(self, fields: Mapping[str, Sequence[str]]) -> None:
        self._fields = fields

    @property
    def fields(self) -> Mapping[str, Sequence[str]]:
        """All fields as they came."""
        return self._fields

    def one(self, name: str) -> str:
        """Return a field, or nothing."""
        return next(iter(self._fields.get(name, ())), "")

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of a field."""
        return tuple(self._fields.get(name, ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A place in the desk.

    `name` is unique; `templates/menu_<name>.html` holds its label in the menu.
    """

    name: str
    path: str
    """Where the menu leads."""
    roles: Collection[Role]
    routes: Sequence[tuple[str, str, Handler]]
    """(method, path, handler)."""
    order: int = 50
    """Place in the menu, lowest first."""
    in_menu: bool = True


@dataclass(slots=True, kw_only=True)
class Desk:
    """Everything that pages stand on."""

    seat: Seat
    shelf: Shelf
    clock: Clock
    guard: Guard
    pages: Sequence[Page]
    extras: Mapping[str, Any]
    """Ports that single pages need, by name."""
    _version: str = ""

    def __post_init__(self) -> None:
        files = sorted((HERE / "static").iterdir())
        digest = hashlib.blake2b(b"".join(one.read_bytes() for one in files), digest_size=6)
        self._version = digest.hexdigest()

    @property
    def language(self) -> str:
        """The language of the pages."""
        return self.seat.language or "en"

    @property
    def roles(self) -> frozenset[Role]:
        """What the one who sits here is."""
        return frozenset(self.seat.me.roles) if self.seat.me else frozenset()

    async def ask(self, name: str, request: Any) -> Any:
        """Ask the server.

        Raises:
            AskError: It said no, or could not be asked.
        """
        return await self.seat.ask(name, request)

    def show(
        self, template: str, *, status: int = 200, here: str = "", **values: object
    ) -> Response:
        """Return a page.

        Args:
            template: File in `templates`.
            status: HTTP status.
            here: Name of the page that the menu marks.
            values: What stands on it.
        """
        notice, where = self.seat.take_notice()
        language = self.language
        shelf = self.shelf
        body = (
            _templates()
            .get_template(template)
            .render(
                _=lambda source: shelf.sentence(source, language),
                language=language,
                direction=self.direction(language),
                direction_of=self.direction,
                languages=shelf.languages(),
                me=self.seat.me,
                menu=[one for one in self.pages if one.in_menu and self.roles & set(one.roles)],
                here=here,
                token=self.guard.token,
                version=self._version,
                notice=notice,
                notice_field=where,
                endangered=self.seat.endangered,
                now=self.clock.now(),
                moment=lambda moment: shelf.moment(moment, language),
                day=lambda day: shelf.day(day, language),
                span=lambda span: shelf.span(span, language),
                term=lambda kind, code: shelf.term(kind, code, language),
                Role=Role,
                roles=self.roles,
                works=bool(self.roles & WORKERS),
                **values,
            )
        )
        return Response(body, status, media_type="text/html")

    def sentences(self, template: str) -> dict[str, str]:
        """Return the sentences of a template that holds `name = sentence` lines."""
        shelf, language = self.shelf, self.language
        told = (
            _templates()
            .get_template(template)
            .render(_=lambda source: shelf.sentence(source, language))
        )
        pairs = (line.partition(" = ") for line in told.splitlines() if " = " in line)
        return {name.strip(): html.unescape(text.strip()) for name, _, text in pairs}

    def direction(self, language: str) -> str:
        """Return how a language is written, as HTML says it."""
        return "rtl" if self.shelf.is_right_to_left(language) else "ltr"

    def go(self, path: str, notice: str = "", field: str = "") -> Response:
        """Return a redirect, with a notice to be shown there."""
        if notice:
            self.seat.notice = (notice, field)
        return RedirectResponse(path, status_code=303)

    def route(self, method: str, path: str, handler: Handler, roles: Collection[Role]) -> Route:
        """Return a route that only the right person passes."""

        async def endpoint(request: Request) -> Response:
            return dress(await self._guarded(request, handler, roles))

        return Route(path, endpoint, methods=[method])

    def open_route(self, method: str, path: str, handler: Handler) -> Route:
        """Return a route for our browser, also while nobody sits here."""

        async def endpoint(request: Request) -> Response:
            if not self.guard.knows(request):
                return dress(self.closed(request))
            return dress(await self._formed(request, handler))

        return Route(path, endpoint, methods=[method])

    def closed(self, request: Request) -> Response:
        """Return what strangers see: nothing but that a desk is here."""
        del request
        return self.show("closed.html", status=403)

    async def _guarded(
        self, request: Request, handler: Handler, roles: Collection[Role]
    ) -> Response:
        if not is_named_rightly(request) or not self.guard.knows(request):
            return self.closed(request)
        if not await self.seat.is_taken():
            if request.method == "POST":
                await self._keep_draft(request)
            return self.go("/sign-in")
        if not self.roles & set(roles):
            return self.show("trouble.html", status=403, code="not-allowed", field="")
        if request.headers.get("x-by") != "look":
            self.seat.touch()
        return await self._formed(request, handler)

    async def _formed(self, request: Request, handler: Handler) -> Response:
        form = Form({})
        if request.method == "POST":
            fields = await _fields(request)
            if fields is None or not self.guard.is_ours(
                request, next(iter(fields.get("token", [""])))
            ):
                return self.show("trouble.html", status=403, code="stale", field="")
            form = Form(fields)
        try:
            return await handler(self, request, form)
        except AskError as error:
            return self._trouble(request, error)
        except VaultError:
            return self.show("trouble.html", status=409, code="not-readable", field="")
        except Exception:
            # Its message may quote what was opened here; the log keeps kind and place only.
            log.exception("desk-broken")
            return self.show("trouble.html", status=500, code="broken", field="")

    async def _keep_draft(self, request: Request) -> None:
        """Keep what was written while the desk locked itself; shown after unlocking."""
        case = request.path_params.get("case")
        place, _, last = request.url.path.rpartition("/")
        alert = request.path_params.get("alert") is not None and last == "write"
        if not alert and (case is None or last not in _WRITTEN):
            return
        fields = await _fields(request) or {}
        if not self.guard.is_ours(request, next(iter(fields.get("token", [""])))):
            return
        if case is not None:
            kept, name = _WRITTEN[last]
            self.seat.drafts[case] = {kept: next(iter(fields.get(name, [""])))}
        else:
            self.seat.composed = (f"{place}/edit", fields)

    def _trouble(self, request: Request, error: AskError) -> Response:
        log.info("desk-trouble", reason=error.code)
        if error.code in {"locked", "wrong-identity"}:
            return self.go("/sign-in", error.code)
        back = urlsplit(request.headers.get("referer", "")).path
        if request.method == "POST" and back and back != request.url.path:
            return self.go(back, error.code, error.field)
        return self.show("trouble.html", status=409, code=error.code, field=error.field)


@functools.cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


async def _fields(request: Request) -> dict[str, list[str]] | None:
    """Read a plain form; None when it is too large or broken."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > _LARGEST_FORM:
            return None
    try:
        return parse_qs(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return None
