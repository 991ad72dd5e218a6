"""Who may use this desk: the one browser that followed the link printed at the start.

The desk listens on the loopback, where every program and every user of the machine can knock. The
link holds a secret that works once; the cookie that it is exchanged for lives as long as the desk.
Requests must name the loopback (against pages that rebind a name), and forms must carry a token
that belongs to the cookie and come from our own page.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

COOKIE = "desk"
_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})

HEADERS = {
    "Cache-Control": "no-store, max-age=0",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), browsing-topics=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-DNS-Prefetch-Control": "off",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


class Guard:
    """Knows the link's secret and the cookie; both only in memory."""

    def __init__(self) -> None:
        self._link: str | None = secrets.token_urlsafe(32)
        self._cookie = secrets.token_urlsafe(32)

    @property
    def link(self) -> str:
        """The secret of the link; empty once it was used."""
        return self._link or ""

    def exchange(self, offered: str) -> str | None:
        """Return the cookie for the link's secret, once."""
        if self._link is None or not hmac.compare_digest(self._link.encode(), offered.encode()):
            return None
        self._link = None
        return self._cookie

    def knows(self, request: Request) -> bool:
        """Tell whether a request comes from our browser and names this machine."""
        host = request.headers.get("host", "").rsplit(":", maxsplit=1)[0]
        given = request.cookies.get(COOKIE, "")
        return host in _NAMES and hmac.compare_digest(self._cookie.encode(), given.encode())

    @property
    def token(self) -> str:
        """What every form must carry."""
        return hmac.new(self._cookie.encode(), b"form", hashlib.sha256).hexdigest()[:32]

    def is_ours(self, request: Request, token: str) -> bool:
        """Tell whether a form was sent from our own page."""
        if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            return False
        origin = request.headers.get("origin", "null")
        if origin != "null" and urlsplit(origin).netloc != request.headers.get("host", ""):
            return False
        return hmac.compare_digest(self.token.encode(), token.encode())


def is_named_rightly(request: Request) -> bool:
    """Tell whether a request names the loopback."""
    return request.headers.get("host", "").rsplit(":", maxsplit=1)[0] in _NAMES


def remember(response: Response, cookie: str) -> None:
    """Give the cookie to the browser until it is closed."""
    response.set_cookie(COOKIE, cookie, path="/", httponly=True, samesite="strict")


def dress(response: Response) -> Response:
    """Put on the headers that every answer wears."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response
