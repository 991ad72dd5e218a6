"""The HTTP side: reads calls, lets faults strike, writes answers."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from aiohttp import web
from aiohttp.web_request import BaseRequest, FileField

from bot.proofs.botapi.acts import Acts, NotOfferedError
from bot.proofs.botapi.controls import Controls
from bot.proofs.botapi.errors import RefusedCall
from bot.proofs.botapi.faults import Fault, FaultKind
from bot.proofs.botapi.methods import Methods
from bot.proofs.botapi.person import Person
from bot.proofs.botapi.schema import Upload
from bot.proofs.botapi.webhook import Webhook
from bot.proofs.botapi.world import World

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

TOKEN = "7000000001:fake-token-of-an-invented-bot-0000"  # noqa: S105 -- invented; it opens this server only
_LARGEST_CALL = 64 << 20
_BEFORE = frozenset({FaultKind.DROP, FaultKind.DELAY, FaultKind.REFUSE, FaultKind.GARBAGE})


class BotApi:
    """A running server: its address, its world and its people.

    Args:
        world: All that it knows.
        host: Address to listen on; loopback unless a proof needs another.
        port: Port to listen on; 0 takes a free one.
    """

    def __init__(self, world: World, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.world = world
        self.token = world.token
        self.base = ""
        self.acts = Acts(world)
        self._acts = {
            name: getattr(owner, name)
            for owner in (self.acts, Controls(self.acts))
            for name in vars(type(owner))
            if not name.startswith("_")
        }
        self.beside: list[BotApi] = []
        """Servers of other bots that are asked at this one's address."""
        self._host, self._port = host, port
        self._tasks: set[asyncio.Task[None]] = set()
        self._webhook = Webhook(world)
        self._methods = Methods(world, self._webhook)
        self._webhook.answer = lambda method, fields: self._methods.call(method, fields, {})
        self._runner: web.ServerRunner | None = None
        world.spawn = self._spawn

    @classmethod
    @asynccontextmanager
    async def running(cls, *, port: int = 0, **world: Any) -> AsyncIterator[BotApi]:
        """Run a server as long as the block lasts; the rest goes to `World`."""
        server = cls(World(**{"token": TOKEN, **world}), port=port)
        await server.start()
        try:
            yield server
        finally:
            await server.stop()

    @property
    def violations(self) -> list[str]:
        """What the bot did against the Bot API, and what this server did."""
        return self.world.violations

    @property
    def control(self) -> str:
        """Where the acts can be asked for over HTTP."""
        return f"{self.base}/control"

    async def start(self) -> None:
        """Listen; `base` holds the address afterwards."""
        server = web.Server(self._handle, request_factory=_make_request, access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port, backlog=1024)
        await site.start()
        port = self._runner.addresses[0][1]
        self.base = f"http://{self._host}:{port}"

    async def stop(self) -> None:
        """Close every connection and forget what waits."""
        self.world.updates.interrupt("shutdown")
        await self._webhook.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._runner is not None:
            await self._runner.cleanup()

    async def person(
        self, name: str = "Amina", *, language: str | None = "en", user_id: int | None = None
    ) -> Person:
        """Make a person with a phone."""
        chat_id = await self.acts.person(name=name, language=language, user_id=user_id)
        return Person(self, chat_id)

    async def group(self, title: str = "Invented group", *, kind: str = "supergroup") -> int:
        """Make a group that the bot is in; returns its id."""
        return await self.acts.group(title=title, kind=kind)

    async def do(self, act: str, **what: Any) -> Any:
        """Carry out an act by name, as the control address does."""
        return await self._acts[act](**what)

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # A bug of this server: shown where tests look, instead of silence.
            self.world.violations.append(f"{task.get_name()}: {type(error).__name__}: {error}")

    async def _handle(self, request: BaseRequest) -> web.StreamResponse:
        path = request.path
        if path.startswith("/bot"):
            token, _, method = path[4:].partition("/")
            return await self.call(request, token, method)
        if path.startswith("/file/bot"):
            token, _, name = path[9:].partition("/")
            return self._download(token, name)
        if path.startswith("/control/"):
            return await self._control(request, path[9:])
        return _json(RefusedCall(404, "Not Found").body(), 404)

    async def call(self, request: BaseRequest, token: str, method: str) -> web.StreamResponse:
        """Answer a call of the Bot API."""
        for other in self.beside:
            if token == other.token:
                return await other.call(request, token, method)
        fields, uploads = await _read(request)
        if token != self.token:
            refused = RefusedCall(401, "Unauthorized")
            return _json(refused.body(), refused.code)
        fault = self.world.faults.strike(method, _chat_id(fields))
        if fault is not None and fault.kind in _BEFORE:
            struck = await self._strike(request, fault)
            if struck is not None:
                return struck
        try:
            result = await self._methods.call(method, fields, uploads)
        except RefusedCall as refused:
            if refused.code == 429:
                self.world.counts["429"] = self.world.counts.get("429", 0) + 1
            answer = _json(refused.body(), refused.code)
            if refused.parameters and "retry_after" in refused.parameters:
                answer.headers["Retry-After"] = str(refused.parameters["retry_after"])
            return answer
        if fault is not None and fault.kind is FaultKind.LOSE_ANSWER:
            return _hang_up(request)
        if fault is not None and fault.kind is FaultKind.DELAY_ANSWER:
            await self.world.clock.sleep(fault.seconds)
        return _json({"ok": True, "result": result}, 200)

    async def _strike(self, request: BaseRequest, fault: Fault) -> web.StreamResponse | None:
        match fault.kind:
            case FaultKind.DROP:
                return _hang_up(request)
            case FaultKind.GARBAGE:
                page = "<html><body><h1>502 Bad Gateway</h1></body></html>"
                return web.Response(status=502, text=page, content_type="text/html")
            case FaultKind.REFUSE:
                refused = RefusedCall(fault.code, fault.description, parameters=fault.parameters)
                answer = _json(refused.body(), refused.code)
                if "retry_after" in fault.parameters:
                    answer.headers["Retry-After"] = str(fault.parameters["retry_after"])
                return answer
            case _:
                await self.world.clock.sleep(fault.seconds)
                return None

    def _download(self, token: str, name: str) -> web.StreamResponse:
        stored = self.world.files.get(name.removeprefix("documents/"))
        if token != self.token or stored is None:
            return _json(RefusedCall(404, "Not Found").body(), 404)
        return web.Response(body=stored.content, content_type="application/octet-stream")

    async def _control(self, request: BaseRequest, act: str) -> web.StreamResponse:
        if act not in self._acts:
            return _json({"error": f"there is no act {act!r}"}, 404)
        body = await request.read()
        try:
            result = await self.do(act, **(json.loads(body) if body else {}))
        except NotOfferedError as error:
            return _json({"not_offered": str(error)}, 409)
        return _json({"result": result}, 200)


def _make_request(
    message: Any, payload: Any, protocol: Any, writer: Any, task: asyncio.Task[None]
) -> BaseRequest:
    loop = asyncio.get_running_loop()
    return BaseRequest(
        message, payload, protocol, writer, task, loop, client_max_size=_LARGEST_CALL
    )


async def _read(request: BaseRequest) -> tuple[dict[str, Any], dict[str, Upload]]:
    fields: dict[str, Any] = dict(request.query) if request.query_string else {}
    uploads: dict[str, Upload] = {}
    kind = request.content_type
    if kind == "application/json":
        body = await request.read()
        fields.update(json.loads(body) if body else {})
    elif kind == "application/x-www-form-urlencoded":
        text = (await request.read()).decode()
        fields.update(parse_qsl(text, keep_blank_values=True))
    elif kind.startswith("multipart/"):
        for name, value in (await request.post()).items():
            if isinstance(value, FileField):
                upload = Upload(
                    name=value.filename,
                    media_type=value.content_type,
                    content=value.file.read(),
                )
                value.file.close()
                uploads[name] = upload
            else:
                fields[name] = value
    for name, value in list(fields.items()):
        if isinstance(value, str) and value.startswith("attach://"):
            named = uploads.pop(value.removeprefix("attach://"), None)
            if named is not None:
                del fields[name]
                uploads[name] = named
    return fields, uploads


def _chat_id(fields: dict[str, Any]) -> int | None:
    try:
        return int(fields.get("chat_id", ""))
    except (TypeError, ValueError):
        return None


def _hang_up(request: BaseRequest) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def _json(body: dict[str, Any], status: int) -> web.Response:
    return web.Response(
        body=json.dumps(body, ensure_ascii=False).encode(),
        status=status,
        content_type="application/json",
    )
