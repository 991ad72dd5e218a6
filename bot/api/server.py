"""The HTTP surface: one application out of the parts it is given, served until told to stop.

Knows no channel and no person. There is no access log: addresses and secrets would stand in it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from ipaddress import ip_address
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route

from bot.domain.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from starlette.requests import Request
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp, Receive, Scope, Send

    from bot.api.health import Health, Metrics

GRACE = 5
"""Seconds that requests under way are given when we stop."""

_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "via")


def build(
    *,
    health: Health,
    metrics: Metrics,
    chat: Sequence[BaseRoute] = (),
    webhooks: Sequence[tuple[str, ASGIApp]] = (),
    desk: ASGIApp | None = None,
) -> Starlette:
    """Put the application together.

    Args:
        health: Looks whether all is well.
        metrics: Figures for a collector on this machine.
        chat: Routes of the web chat, which has the root.
        webhooks: Paths and endpoints of messaging apps' webhooks.
        desk: What coordinators' desks ask, under /desk/v1.
    """

    async def show_health(request: Request) -> Response:
        reading = await health.read()
        report: dict[str, object] = {"live": True, "ready": reading.ready}
        if is_local(request):
            report |= {
                "database": reading.database,
                "outbox_lag_seconds": round(reading.outbox_lag.total_seconds(), 1),
                "timers_lag_seconds": round(reading.timers_lag.total_seconds(), 1),
            }
        return JSONResponse(report, 200 if reading.ready else 503, headers=_PLAIN)

    async def show_metrics(request: Request) -> Response:
        if not is_local(request):
            return PlainTextResponse("", 404, headers=_PLAIN)
        return Response(
            metrics.write(await health.read()),
            media_type="text/plain; version=0.0.4",
            headers=_PLAIN,
        )

    routes: list[BaseRoute] = [Route("/health", show_health), Route("/metrics", show_metrics)]
    routes += [Route(path, _Endpoint(endpoint)) for path, endpoint in webhooks]
    if desk is not None:
        routes.append(Mount("/desk/v1", desk))
    return Starlette(routes=[*routes, *chat])


_PLAIN = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class _Endpoint:
    """An ASGI endpoint as an object, which a route calls as it is, unlike a function."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        await self._app(scope, receive, send)


def is_local(request: Request) -> bool:
    """Tell whether somebody on this machine asks.

    An onion service and a proxy come from the loopback too, so the name asked for must be local and
    nothing may say that the request was passed on.
    """
    host = request.headers.get("host", "").rsplit(":", maxsplit=1)[0]
    passed_on = any(name in request.headers for name in _FORWARDED)
    try:
        near = request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:
        near = False
    return near and host in _LOCAL_NAMES and not passed_on


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # Signals are the program's, not the server's.
        yield


def bind(listen: str) -> socket.socket:
    """Take the address to listen on.

    Raises:
        SettingsError: It is taken, or not ours.
    """
    host, _, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, int(port)))
    except OSError as error:
        bound.close()
        reason = error.strerror or type(error).__name__
        raise SettingsError(f"VIGIL_LISTEN {listen} cannot be used: {reason}.") from None
    return bound


async def serve(
    app: ASGIApp,
    listen: str | socket.socket,
    stop: asyncio.Event,
    *,
    ready: Callable[[], None] = lambda: None,
    stopping: Callable[[], None] = lambda: None,
) -> None:
    """Serve until told to stop; requests under way are finished within the grace.

    Args:
        app: What answers.
        listen: Address and port, or what `bind` returned.
        stop: Set when the program ends.
        ready: Called when requests are taken.
        stopping: Called first when we stop: open streams must end by themselves.

    Raises:
        SettingsError: The address cannot be used.
    """
    bound = bind(listen) if isinstance(listen, str) else listen
    server = _Server(
        uvicorn.Config(
            app,
            access_log=False,
            log_config=None,
            lifespan="off",
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=15,
            timeout_graceful_shutdown=GRACE,
        )
    )

    async def watch() -> None:
        await server.up.wait()
        ready()
        await stop.wait()
        stopping()
        server.should_exit = True

    async with asyncio.TaskGroup() as group:
        watching = group.create_task(watch(), name="http-stop")
        try:
            await server.serve(sockets=[bound])
        finally:
            watching.cancel()
            bound.close()
