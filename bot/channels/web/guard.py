"""Who may come through the door, and what the browser is told to forget.

The address is a random token in a session cookie and nothing else. A form counts when its token
belongs to the cookie and it was sent from this page. Nothing here knows what a form says.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

COOKIE = "chat"
_ADDRESS = re.compile(r"^[A-Za-z0-9_-]{22}$")
_LOOPBACK = frozenset({"127.0.0.1", "::1"})

_HEADERS = {
    "Cache-Control": "no-store, max-age=0",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), browsing-topics=()",
    "Pragma": "no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-DNS-Prefetch-Control": "off",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


def new_address() -> str:
    """Return an address that nobody can guess: 128 random bits."""
    return secrets.token_urlsafe(16)


def new_nonce() -> str:
    """Return a mark for one form, by which its repeat is recognised."""
    return secrets.token_urlsafe(12)


def address_of(request: Request) -> str | None:
    """Return the visitor's address; None when they have none that could be ours."""
    value = request.cookies.get(COOKIE, "")
    return value if _ADDRESS.match(value) else None


def form_token(address: str) -> str:
    """Return what a form of this visitor must carry; another site cannot know it."""
    return hmac.new(address.encode(), b"form", hashlib.sha256).hexdigest()[:32]


def is_ours(request: Request) -> bool:
    """Tell whether a form was sent from our own page, by what the browser says of it."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = request.headers.get("origin", "null")
    # Under no-referrer a plain form says "null"; the token in it speaks for itself then.
    return origin == "null" or urlsplit(origin).netloc == request.headers.get("host", "")


def comes_from_elsewhere(request: Request) -> bool:
    """Tell whether a link of another site led here, so that a strict cookie was held back."""
    return request.headers.get("sec-fetch-site") in {"cross-site", "same-site"}


def token_fits(address: str, token: str) -> bool:
    """Tell whether a form's token belongs to the cookie."""
    return hmac.compare_digest(form_token(address).encode(), token.encode())


def update_id(address: str, *parts: str) -> str:
    """Return the id of an update: the same form sent again gives the same."""
    return hashlib.blake2b("\0".join((address, *parts)).encode(), digest_size=16).hexdigest()


def is_https(request: Request) -> bool:
    """Tell whether the browser came by https, also when a proxy on this machine ended it."""
    if request.url.scheme == "https":
        return True
    client = request.client.host if request.client else ""
    return client in _LOOPBACK and request.headers.get("x-forwarded-proto") == "https"


def remember(response: Response, request: Request, address: str) -> None:
    """Give the address to the browser until it is closed."""
    response.set_cookie(
        COOKIE, address, path="/", httponly=True, samesite="strict", secure=is_https(request)
    )


def forget(response: Response, request: Request) -> None:
    """Take the address from the browser."""
    response.delete_cookie(
        COOKIE, path="/", httponly=True, samesite="strict", secure=is_https(request)
    )


def dress(response: Response, *, leads_to: str = "") -> Response:
    """Put on the headers that every answer wears.

    Args:
        response: The answer.
        leads_to: The one foreign origin that a form may end at, or nothing.
    """
    allowed = f"'self' {leads_to}".strip()
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault(
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self'; "
        f"form-action {allowed}; base-uri 'none'; "
        "frame-ancestors 'none'",
    )
    return response
