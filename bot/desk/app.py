"""The desk as one application: its pages, its lock and what keeps open pages true."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.contract.alerts import NameAlert
from bot.contract.cases import AskQueue
from bot.contract.operations import Nothing
from bot.contract.shapes import plain
from bot.desk.frame import HERE, WORKERS, Desk, Form
from bot.desk.guard import dress, is_named_rightly, remember
from bot.desk.server import AskError
from bot.vault import VaultError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.routing import BaseRoute

LOOK_EVERY = 4.0
"""Seconds between looks at the server while a page is open."""
_LOOKS = 900
"""Looks after which the page is asked to connect again."""
_KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class DeskApp:
    """Serves one desk.

    Args:
        desk: What the pages stand on.
        stop: Set when the program ends, so that open streams end as well.
        look_every: Seconds between looks.
    """

    def __init__(self, desk: Desk, stop: asyncio.Event, *, look_every: float = LOOK_EVERY) -> None:
        self._desk = desk
        self._stop = stop
        self._look_every = look_every

    def app(self) -> Starlette:
        """Return the application."""
        desk = self._desk
        routes: list[BaseRoute] = [
            Route("/enter", self._enter),
            Route("/static/{version}/{name}", self._static),
            desk.open_route("GET", "/sign-in", _show_sign_in),
            desk.open_route("POST", "/sign-in", _sign_in),
            desk.open_route("POST", "/lock", _lock),
            desk.open_route("POST", "/language", _language),
            desk.route("GET", "/events", self._events, frozenset(WORKERS)),
        ]
        for page in desk.pages:
            routes += [
                desk.route(method, path, handler, page.roles)
                for method, path, handler in page.routes
            ]
        return Starlette(routes=routes, exception_handlers={404: self._lost, 500: self._broken})

    async def _enter(self, request: Request) -> Response:
        """Exchange the link's secret for the cookie."""
        if is_named_rightly(request):
            cookie = self._desk.guard.exchange(request.query_params.get("key", ""))
            if cookie is not None:
                response: Response = RedirectResponse("/", status_code=303)
                remember(response, cookie)
                if not self._desk.seat.language:
                    self._desk.seat.language = _preferred(self._desk, request)
                return dress(response)
            if self._desk.guard.knows(request):
                return dress(RedirectResponse("/", status_code=303))
        return dress(self._desk.closed(request))

    async def _static(self, request: Request) -> Response:
        for path in (HERE / "static").iterdir():
            if path.name == request.path_params["name"] and path.suffix in _KINDS:
                return dress(Response(path.read_bytes(), media_type=_KINDS[path.suffix]))
        return dress(Response(status_code=404))

    async def _lost(self, request: Request, error: Exception) -> Response:
        del error
        if not self._desk.guard.knows(request):
            return dress(self._desk.closed(request))
        return dress(self._desk.show("trouble.html", status=404, code="not-found", field=""))

    async def _broken(self, request: Request, error: Exception) -> Response:
        del request, error
        return dress(self._desk.show("trouble.html", status=500, code="broken", field=""))

    async def _events(self, desk: Desk, request: Request, form: Form) -> Response:
        del form
        return StreamingResponse(
            self._tell(desk, request.query_params.get("of", "")),
            media_type="text/event-stream",
            headers={"X-Accel-Buffering": "no"},
        )

    async def _tell(self, desk: Desk, topic: str) -> AsyncIterator[str]:
        """Say whenever what a page shows has changed; nothing of it is in the event."""
        said = ""
        yield "retry: 2000\n\n"
        for _ in range(_LOOKS):
            if self._stop.is_set():
                return
            news = await _news(desk, topic)
            text = json.dumps(news, sort_keys=True)
            yield f"data: {text}\n\n" if text != said else ": still here\n\n"
            said = text
            if news.get("locked"):
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), self._look_every)


async def _news(desk: Desk, topic: str) -> dict[str, Any]:
    if not await desk.seat.is_taken():
        return {"locked": True}
    try:
        queue = await desk.ask("cases.queue", AskQueue())
        alerts = await _of_alerts(desk, topic)
    except AskError as error:
        return {"reached": error.code != "no-server"}
    desk.seat.endangered = queue.endangered
    topics = {f"case:{one.case}": _digest(plain(one)) for one in queue.cases}
    whole = _digest([sorted(topics.items()), queue.on_duty, queue.endangered])
    return {"reached": True, "topics": topics | {"queue": whole} | alerts}


async def _of_alerts(desk: Desk, topic: str) -> dict[str, str]:
    """Look at the alert, or the list of them, that is open; at nothing else."""
    kind, _, alert = topic.partition("/")
    if kind not in {"alerts", "drills"}:
        return {}
    if not alert:
        return {topic: _digest(plain(await desk.ask(f"{kind}.list", Nothing())))}
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", alert):
        return {}
    asked = NameAlert(alert=alert)
    found = [plain(await desk.ask(f"{kind}.{one}", asked)) for one in ("picture", "board")]
    return {topic: _digest(found)}


def _digest(value: object) -> str:
    return hashlib.blake2b(json.dumps(value, sort_keys=True).encode(), digest_size=8).hexdigest()


async def _show_sign_in(desk: Desk, request: Request, form: Form) -> Response:
    del request, form
    if await desk.seat.is_taken():
        return desk.go("/")
    return _sign_in_page(desk, "")


def _sign_in_page(desk: Desk, trouble: str, **values: str) -> Response:
    shown = {"server": desk.seat.address, "identity": desk.seat.identity_file, **values}
    return desk.show("sign_in.html", status=409 if trouble else 200, trouble=trouble, **shown)


async def _sign_in(desk: Desk, request: Request, form: Form) -> Response:
    del request
    server, identity = form.one("server").strip(), form.one("identity").strip()
    try:
        await desk.seat.sign_in(server, identity, form.one("passphrase"))
    except AskError as error:
        return _sign_in_page(desk, error.code, server=server, identity=identity)
    except VaultError:
        return _sign_in_page(desk, "wrong-passphrase", server=server, identity=identity)
    if desk.seat.composed is not None:
        return desk.go(desk.seat.composed[0])
    drafts = [case for case, kept in desk.seat.drafts.items() if any(kept.values())]
    return desk.go(f"/cases/{drafts[0]}" if drafts else "/")


async def _lock(desk: Desk, request: Request, form: Form) -> Response:
    del request, form
    await desk.seat.lock()
    return desk.go("/sign-in", "locked")


async def _language(desk: Desk, request: Request, form: Form) -> Response:
    chosen = form.one("language")
    if chosen in {tag for tag, _ in desk.shelf.languages()}:
        desk.seat.language = chosen
    back = request.headers.get("referer", "")
    host = request.headers.get("host", "")
    path = back.partition(host)[2] if host and host in back else "/"
    return desk.go(path if path.startswith("/") and not path.startswith("//") else "/")


def _preferred(desk: Desk, request: Request) -> str:
    offered = [tag for tag, _ in desk.shelf.languages()]
    for item in request.headers.get("accept-language", "").split(",")[:16]:
        tag = item.partition(";")[0].strip().lower()
        found = next(
            (one for one in offered if tag.split("-")[0] == one.split("-")[0].lower()), None
        )
        if found:
            return found
    return "en"
