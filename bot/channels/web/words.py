"""The page on which PIN and words are chosen: opened by a link that works once.

Whoever has the link may choose, so it holds no name and shows nothing that was chosen before. What
is typed here becomes digests before anything is written.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from bot.channels.web import guard
from bot.domain.secret_words import LONGEST, Secret
from bot.services.check_in_sheet import LINES
from bot.services.floods import Floods

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from bot.channels.web.pages import Pages
    from bot.services.ports import Clock

SET = frozenset({"armed", "agreed", "not-sealed"})
_CODES = {"link-over": 410, "too-fast": 429}


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsPage:
    """Shows the page and takes what was chosen.

    Args:
        pages: Make HTML.
        clock: For limits.
        fill: Agrees on words through a link; returns what came of it as a code.
        fields: Reads a form.
    """

    pages: Pages
    clock: Clock
    fill: Callable[..., Awaitable[str]]
    fields: Callable[[Request], Awaitable[dict[str, str]]]
    floods: Floods = field(default_factory=lambda: Floods(burst=10, per_second=0.1))

    def routes(self) -> list[BaseRoute]:
        """Return the routes, for the root of a host."""
        return [
            Route("/words/{token}", self.show, methods=["GET"]),
            Route("/words/{token}", self.take, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """Show the empty form; it is the same for every link, also for one that is over."""
        return self._page(request, "")

    async def take(self, request: Request) -> Response:
        """Take what was chosen."""
        token = str(request.path_params["token"])[:64]
        if not self.floods.calm(token, self.clock.now()):
            return self._page(request, "too-fast")
        found = await self.fields(request) if guard.is_ours(request) else {}
        words = {secret: found.get(secret.value, "").strip()[:LONGEST] for secret in Secret}
        told = await self.fill(
            token,
            words,
            harmless=found.get("harmless") == "yes",
            pin=found.get("old", "")[:LONGEST],
            sheet={
                name: found.get(f"sheet-{name}", "").replace("\r\n", "\n").strip() for name in LINES
            },
        )
        return self._page(request, told)

    def _page(self, request: Request, told: str) -> Response:
        language = self.pages.language(
            None, request.query_params.get("lang", ""), request.headers.get("accept-language")
        )
        status = 200 if not told or told in SET else _CODES.get(told, 422)
        return guard.dress(
            Response(
                self.pages.words(language, told=told, done=told in SET),
                media_type="text/html",
                status_code=status,
            )
        )
