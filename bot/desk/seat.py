"""The one who sits at this desk: an unlocked identity, or nobody.

The identity is in memory while somebody works and goes after idle time, at signing out and with the
program. Python cannot promise that its bytes are overwritten; closing the desk ends the process.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.desk.server import AskError, Server, check_address
from bot.vault.identity import load_identity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    import httpx

    from bot.contract.session import Me
    from bot.desk.ports import Clock
    from bot.vault.identity import Identity

IDLE = timedelta(minutes=15)
"""Without a click the desk locks itself."""


@dataclass(slots=True, kw_only=True)
class Seat:
    """Who sits here.

    Args:
        clock: The time.
        address: The server; can be changed while signing in.
        identity_file: Where the identity lies; can be changed while signing in.
        language: Of the pages; empty until chosen.
        transport: Another than the network is for tests.
        proxy: An HTTP proxy on the way to the server.
    """

    clock: Clock
    address: str = ""
    identity_file: str = ""
    language: str = ""
    transport: httpx.AsyncBaseTransport | None = None
    proxy: str | None = None
    me: Me | None = None
    notice: tuple[str, str] = ("", "")
    """A code and a field to be shown once, on the next page."""
    drafts: dict[str, dict[str, str]] = field(default_factory=dict, repr=False)
    """What was written and could not be sent, by case: shown again, never kept on disk."""
    composed: tuple[str, Mapping[str, Sequence[str]]] | None = field(default=None, repr=False)
    """An alert that could not be sent: where it is gone on with, and its form."""
    endangered: int = 0
    """Cases that too few can read, as of the last look."""
    _server: Server | None = field(default=None, repr=False)
    _last: datetime | None = None

    async def sign_in(self, address: str, identity_file: str, passphrase: str) -> None:
        """Unlock the identity and sign in with it.

        Raises:
            AskError: The server is not there, is not Vigil or does not know the identity.
            VaultError: No such file, no identity, or another passphrase.
        """
        checked = check_address(address)
        # Kept also when it fails, so that only the wrong part is typed again.
        self.address, self.identity_file = checked, identity_file
        # A passphrase is slow to try on purpose.
        identity = await asyncio.to_thread(_unlock, identity_file, passphrase)
        server = Server(
            address=checked, identity=identity, transport=self.transport, proxy=self.proxy
        )
        try:
            me = await server.sign_in()
        except AskError:
            await server.close()
            raise
        await self.lock()
        self._server, self.me = server, me
        self.touch()

    async def ask(self, name: str, request: Any) -> Any:
        """Ask the server.

        Raises:
            AskError: It said no, could not be asked, or nobody sits here.
        """
        if self._server is None:
            raise AskError("locked")
        return await self._server.ask(name, request)

    @property
    def identity(self) -> Identity:
        """The unlocked identity.

        Raises:
            AskError: Nobody sits here.
        """
        if self._server is None:
            raise AskError("locked")
        return self._server.identity

    def touch(self) -> None:
        """Remember that somebody is here."""
        self._last = self.clock.now()

    async def is_taken(self) -> bool:
        """Tell whether somebody sits here; locks after idle time."""
        if self._server is None or self._last is None:
            return False
        if self.clock.now() - self._last > IDLE:
            await self.lock()
            self.notice = ("idle", "")
            return False
        return True

    async def lock(self) -> None:
        """Forget the identity and everything about the session."""
        server, self._server = self._server, None
        self._last = None
        if server is not None:
            self.me = None
            await server.close()

    def take_notice(self) -> tuple[str, str]:
        """Return what is to be shown once."""
        taken, self.notice = self.notice, ("", "")
        return taken


def _unlock(identity_file: str, passphrase: str) -> Identity:
    return load_identity(Path(identity_file).expanduser(), passphrase)
