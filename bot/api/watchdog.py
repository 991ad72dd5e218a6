"""The monitor outside: an address that is fetched while the timers run. Nothing else is sent."""

from __future__ import annotations

from dataclasses import dataclass

import httpx

from bot.domain.errors import SendError

PATIENCE = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Watchdog:
    """Tells a monitor that we live; when it hears nothing it calls the operators."""

    address: str

    async def ping(self) -> None:
        """Fetch the address once.

        Raises:
            SendError: It was not reached, or refused.
        """
        try:
            async with httpx.AsyncClient(timeout=PATIENCE) as client:
                answer = await client.get(self.address)
        except httpx.HTTPError as error:
            raise SendError(type(error).__name__) from None
        if answer.is_error:
            raise SendError(f"status-{answer.status_code}")
