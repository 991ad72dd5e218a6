"""The door of the web chat: forms become what arrived, and are answered after the commit.

Works the same with and without the page's script: the script asks for a code instead of a page. It
keeps nothing of what people write and shows it again only to the page that sent what was not taken.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlsplit

import structlog
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.channels.web import NAME, guard
from bot.channels.web.pages import HERE, Pages, View
from bot.channels.web.stream import LOOK_EVERY, tell
from bot.channels.web.upload import LARGEST_FILE, TooBigError, Upload
from bot.channels.web.words import WordsPage
from bot.domain.errors import ConflictError, RefusedError
from bot.domain.languages import best_match
from bot.domain.messages import Inbound, InboundFile, InboundKind
from bot.domain.words import Words
from bot.services.floods import Floods

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from bot.channels.web.mailbox import Shown, WebChannel
    from bot.domain.ids import LanguageTag
    from bot.services.ports import Clock, Receive

log = structlog.get_logger()

KeepFile = Callable[[str, AsyncIterator[bytes]], Awaitable[InboundFile]]

LONGEST_TEXT = 5_000
_LARGEST_FORM = 128 * 1024
_LONGEST_DATA = 64
_STREAMS_EACH = 6
_STREAMS = 5_000
_KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_CODES = {"too-fast": 429, "too-long": 413, "too-big": 413, "not-taken": 503, "stale": 403}


async def refuse_files(address: str, stream: AsyncIterator[bytes]) -> InboundFile:
    """Take no file.

    Raises:
        RefusedError: Always.
    """
    del address, stream
    raise RefusedError("no-files")


@dataclass(slots=True, kw_only=True)
class Door:
    """Where people come in by browser.

    Args:
        receive: Reception; returns after the commit.
        channel: The mailbox that pages are filled from.
        clock: Stamps what arrives.
        translate: Gives a sentence of the interface in a language.
        languages: Languages offered, each with the name its speakers give it.
        banner: The sentence of the fixed banner, or None.
        language_of: The language a person chose; the channel knows by default.
        keep_file: Takes a file's bytes and returns what stands for it.
        fill: Agrees on PIN and words through a link that works once; None for no such page.
        neutral: Where "leave quickly" leads; empty for an empty page.
        patience: Seconds for which a form without script waits for its answer.
        look_every: Seconds between looks of an open page.
    """

    receive: Receive
    channel: WebChannel
    clock: Clock
    translate: Callable[[LanguageTag, str], str]
    languages: Callable[[], Sequence[tuple[LanguageTag, str]]]
    banner: Callable[[], str | None] = lambda: None
    language_of: Callable[[str], Awaitable[LanguageTag | None]] | None = None
    keep_file: KeepFile = refuse_files
    fill: Callable[..., Awaitable[str]] | None = None
    neutral: str = ""
    patience: float = 2.0
    look_every: float = LOOK_EVERY
    largest_file: int = LARGEST_FILE
    # Wider than reception's own, which answers in words: this stops what is no person.
    floods: Floods = field(default_factory=lambda: Floods(burst=60, per_second=2.0))
    _pages: Pages = field(init=False)
    _stopping: bool = False

    def __post_init__(self) -> None:
        self._pages = Pages(
            translate=self.translate,
            languages=self.languages,
            neutral=self.neutral,
            takes_files=self.keep_file is not refuse_files,
        )

    def routes(self) -> list[BaseRoute]:
        """Return the routes of the chat, for the root of a host."""
        return [
            Route("/", self.page),
            Route("/say", self.say, methods=["POST"]),
            Route("/press", self.press, methods=["POST"]),
            Route("/file", self.hand_over, methods=["POST"]),
            Route("/leave", self.leave, methods=["POST"]),
            Route("/events", self.events),
            Route("/file/{ref}", self.attachment),
            Route("/blank", self.blank),
            Route("/static/{version}/{name}", self.static),
            *self._words(),
        ]

    def _words(self) -> list[BaseRoute]:
        if self.fill is None:
            return []
        page = WordsPage(pages=self._pages, clock=self.clock, fill=self.fill, fields=_fields)
        return page.routes()

    def close(self) -> None:
        """End every open stream; pages come back when somebody serves again."""
        self._stopping = True
        self.channel.bells.ring_all()

    async def page(self, request: Request) -> Response:
        """Show the conversation; nothing is written for somebody who only looks."""
        address = guard.address_of(request)
        if address is None and guard.comes_from_elsewhere(request):
            # A strict cookie stays away from a foreign link: ask again before giving a new one.
            return self._dress(Response(self._pages.again(), media_type="text/html"))
        response = await self._page(request, address or guard.new_address(), new=address is None)
        return self._dress(response)

    async def say(self, request: Request) -> Response:
        """Take typed words."""
        fields = await _fields(request)
        address = self._sender(request, fields)
        text = fields.get("text", "").replace("\r\n", "\n").strip()
        if address is None:
            return await self._not_taken(request, "stale", draft=text)
        if len(text) > LONGEST_TEXT:
            return await self._not_taken(request, "too-long", draft=text)
        if not text:
            return self._done(request)
        command, _, rest = text.removeprefix("/").partition(" ")
        inbound = self._inbound(request, address, fields, "say", text)
        if text.startswith("/") and command.isidentifier():
            words = Words(rest) if rest else None
            inbound = replace(inbound, kind=InboundKind.COMMAND, data=command, words=words)
        else:
            inbound = replace(inbound, words=Words(text))
        return await self._take(request, inbound, draft=text)

    async def press(self, request: Request) -> Response:
        """Take the press of a button."""
        fields = await _fields(request)
        address = self._sender(request, fields)
        if address is None:
            return await self._not_taken(request, "stale")
        data = fields.get("data", "")
        if len(data.encode()) > _LONGEST_DATA:
            data = ""
        inbound = self._inbound(request, address, fields, "press", data)
        return await self._take(request, replace(inbound, kind=InboundKind.BUTTON, data=data))

    async def hand_over(self, request: Request) -> Response:
        """Take a file as it streams in."""
        try:
            upload = Upload(
                request.headers.get("content-type", ""), request.stream(), largest=self.largest_file
            )
            await upload.open()
            address = self._sender(request, upload.fields)
            if address is None:
                return await self._not_taken(request, "stale")
            file = await self.keep_file(address, upload.stream())
        except TooBigError:
            return await self._not_taken(request, "too-big")
        except RefusedError:
            return await self._not_taken(request, "no-files")
        inbound = self._inbound(request, address, upload.fields, "file", "")
        return await self._take(request, replace(inbound, kind=InboundKind.FILE, file=file))

    async def leave(self, request: Request) -> Response:
        """Forget the visitor: their cookie here, their messages there."""
        fields = await _fields(request)
        address = self._sender(request, fields)
        if address is None and guard.address_of(request) is not None:
            return await self._not_taken(request, "stale")
        response: Response = RedirectResponse(self.neutral or "blank", status_code=303)
        if _by_script(request):
            response = Response(status_code=204)
        guard.forget(response, request)
        if address is not None:
            # What stays behind expires by itself; leaving must not fail.
            with suppress(ConflictError):
                await self.channel.empty(address)
        return self._dress(response)

    async def events(self, request: Request) -> Response:
        """Stream what stands in the mailbox."""
        address = guard.address_of(request)
        bells = self.channel.bells
        if address is None:
            return self._dress(Response(status_code=204))
        if bells.count(address) >= _STREAMS_EACH or bells.count() >= _STREAMS:
            return self._dress(Response(status_code=503, headers={"Retry-After": "5"}))
        view = await self._view(request, address)

        async def look() -> tuple[str, dict[str, str]]:
            now = await self._view(request, address)
            # One nonce a stream, or every message would look changed each time.
            now = replace(now, nonce=view.nonce)
            return now.language, {
                shown.ref: self._pages.message(shown, now) for shown in now.messages
            }

        return self._dress(
            StreamingResponse(
                tell(
                    address,
                    look,
                    bells,
                    stopping=lambda: self._stopping,
                    every=self.look_every,
                ),
                media_type="text/event-stream",
                headers={"X-Accel-Buffering": "no"},
            )
        )

    async def attachment(self, request: Request) -> Response:
        """Give a file that we made for this visitor."""
        address = guard.address_of(request)
        shown = await self.channel.shown(address) if address else ()
        for one in shown:
            file = one.message.attachment
            if one.ref == request.path_params["ref"] and file is not None:
                name = quote(file.name, safe="")
                headers = {
                    "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
                    "Content-Security-Policy": "default-src 'none'; sandbox",
                }
                return self._dress(
                    Response(file.content, media_type=file.media_type, headers=headers)
                )
        return self._dress(Response(status_code=404))

    async def blank(self, request: Request) -> Response:
        """Show nothing."""
        del request
        return self._dress(Response(self._pages.blank(), media_type="text/html"))

    async def static(self, request: Request) -> Response:
        """Give our one style sheet, one script or one icon."""
        for path in (HERE / "static").iterdir():
            if path.name == request.path_params["name"] and path.suffix in _KINDS:
                return self._dress(Response(path.read_bytes(), media_type=_KINDS[path.suffix]))
        return self._dress(Response(status_code=404))

    def _sender(self, request: Request, fields: dict[str, str]) -> str | None:
        address = guard.address_of(request)
        if address is None or not guard.is_ours(request):
            return None
        return address if guard.token_fits(address, fields.get("token", "")) else None

    def _inbound(
        self, request: Request, address: str, fields: dict[str, str], act: str, what: str
    ) -> Inbound:
        nonce = fields.get("nonce", "")[:_LONGEST_DATA] or guard.new_nonce()
        accepted = request.headers.get("accept-language")
        return Inbound(
            channel=NAME,
            update_id=guard.update_id(address, act, nonce, what),
            address=address,
            kind=InboundKind.TEXT,
            received_at=self.clock.now(),
            language_hint=self._pages.language(None, fields.get("lang", ""), accepted),
        )

    async def _take(self, request: Request, inbound: Inbound, *, draft: str = "") -> Response:
        if not self.floods.calm(inbound.address, inbound.received_at):
            return await self._not_taken(request, "too-fast", draft=draft)
        with self.channel.bells.listening(inbound.address) as bell:
            try:
                await self.receive(inbound)
            except ConflictError:
                return await self._not_taken(request, "not-taken", draft=draft)
            if not _by_script(request):
                # Without a script the next page is the only one: let it hold the answer.
                with suppress(TimeoutError):
                    await asyncio.wait_for(bell.wait(), self.patience)
        return self._done(request)

    def _done(self, request: Request) -> Response:
        if _by_script(request):
            return self._dress(Response(status_code=204))
        return self._dress(RedirectResponse("./?open=1#last", status_code=303))

    async def _not_taken(self, request: Request, notice: str, *, draft: str = "") -> Response:
        log.info("web-not-taken", channel=NAME, reason=notice)
        status = _CODES.get(notice, 400)
        if _by_script(request):
            return self._dress(JSONResponse({"notice": notice}, status_code=status))
        address = guard.address_of(request)
        response = await self._page(
            request,
            address or guard.new_address(),
            new=address is None,
            notice=notice,
            draft=draft,
        )
        response.status_code = status
        return self._dress(response)

    async def _page(
        self, request: Request, address: str, *, new: bool, notice: str = "", draft: str = ""
    ) -> Response:
        view = await self._view(request, address, known=not new)
        view = replace(view, notice=notice, draft=draft)
        response = Response(self._pages.chat(view), media_type="text/html")
        if new:
            guard.remember(response, request, address)
        return response

    async def _view(self, request: Request, address: str, *, known: bool = True) -> View:
        language: LanguageTag | None = None
        messages: Sequence[Shown] = ()
        if known:
            language = await (self.language_of or self.channel.language_of)(address)
            messages = await self.channel.shown(address)
        asked = request.query_params.get("lang", "")
        offered = [tag for tag, _ in self.languages()]
        accepted = request.headers.get("accept-language")
        return View(
            language=self._pages.language(language, asked, accepted),
            token=guard.form_token(address),
            nonce=guard.new_nonce(),
            messages=messages,
            open="open" in request.query_params or request.method == "POST",
            banner=self.banner(),
            chosen=best_match(asked, offered) or "",
        )

    def _dress(self, response: Response) -> Response:
        parts = urlsplit(self.neutral)
        origin = f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
        return guard.dress(response, leads_to=origin)


async def _fields(request: Request) -> dict[str, str]:
    """Read a plain form; what is too large or broken has no fields and so no token."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > _LARGEST_FORM:
            return {}
    try:
        found = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=24)
    except ValueError:
        return {}
    return {name: values[0] for name, values in found.items()}


def _by_script(request: Request) -> bool:
    return request.headers.get("x-by") == "script"
