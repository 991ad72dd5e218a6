"""Every error that is not a bug, drawn as a tree.

    BotError
    ├── ContentError    fix the files
    ├── RefusedError    tell the person
    ├── ConflictError   try again
    ├── SettingsError   tell the operator, do not start
    ├── SendError       the channel said what to do
    └── VaultError      stop; never continue in clear

A bug is not a `BotError` and is not caught.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class BotError(Exception):
    """Something true about the world that the program expected could be so."""


class ContentError(BotError):
    """A file of flows/, locales/ or knowledge/ cannot be used as it is."""


class RefusedError(BotError):
    """What was asked is not allowed; the message says why in words for a person."""


class ConflictError(BotError):
    """Somebody else changed it first; reading again and repeating is right."""


class SettingsError(BotError):
    """A setting is wrong or missing; the message is one sentence for the operator."""


class VaultError(BotError):
    """A key or a seal is not what it should be; stop, never continue in clear."""


class SendError(BotError):
    """A channel did not take a message.

    Args:
        reason: A short code without content, safe to log.
        retry_at: Send again at this UTC time; None when waiting does not help.
        gone: The address will never take a message again (blocked, deactivated).
        rejected: This message will never be taken; the address may be well.
        uncertain: It may have arrived; a repeat must be marked as one.
    """

    def __init__(
        self,
        reason: str,
        *,
        retry_at: datetime | None = None,
        gone: bool = False,
        rejected: bool = False,
        uncertain: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_at = retry_at
        self.gone = gone
        self.rejected = rejected
        self.uncertain = uncertain
