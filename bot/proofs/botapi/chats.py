"""Chats as the server holds them, and the record of all that happened in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bot.proofs.botapi.errors import RefusedCall, bad_request, forbidden

GROUPS = frozenset({"group", "supergroup"})


class Standing(StrEnum):
    """Whether a chat takes messages from the bot."""

    OPEN = "open"
    NEVER_STARTED = "never-started"
    BLOCKED = "blocked"
    DEACTIVATED = "deactivated"
    KICKED = "kicked"


@dataclass(slots=True, kw_only=True)
class Stored:
    """A message that stands in a chat."""

    message: dict[str, Any]
    from_bot: bool
    at: float
    protected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened: received, sent, edited, deleted, answered or action."""

    number: int
    at: float
    what: str
    chat_id: int
    message_id: int
    message: dict[str, Any] = field(repr=False)
    protected: bool = False
    silent: bool = False


@dataclass(slots=True, kw_only=True)
class Chat:
    """A chat between the bot and a person, a group or a channel."""

    id: int
    kind: str
    about: dict[str, Any]
    """The Chat object as updates show it."""
    user: dict[str, Any] | None = None
    standing: Standing = Standing.OPEN
    migrated_to: int | None = None
    messages: dict[int, Stored] = field(default_factory=dict)
    shown: list[Entry] = field(default_factory=list)
    """What the bot sent or edited here, in order."""
    keyboard: dict[str, Any] | None = None
    """The reply keyboard that is open."""
    heard_at: float | None = None
    crowd: bool = False
    """One of very many: what it gets is counted and not kept."""
    unmarked: int = 0
    marked: int = 0

    @property
    def is_group(self) -> bool:
        """Tell whether the limits of groups apply."""
        return self.kind in GROUPS or self.kind == "channel"

    def refusal(self) -> RefusedCall | None:
        """Return why the bot cannot write here, if it cannot."""
        if self.migrated_to is not None:
            refused = bad_request("group chat was upgraded to a supergroup chat")
            refused.parameters = {"migrate_to_chat_id": self.migrated_to}
            return refused
        match self.standing:
            case Standing.OPEN:
                return None
            case Standing.NEVER_STARTED:
                return forbidden("bot can't initiate conversation with a user")
            case Standing.BLOCKED:
                return forbidden("bot was blocked by the user")
            case Standing.DEACTIVATED:
                return forbidden("user is deactivated")
            case Standing.KICKED:
                where = {"group": "group chat", "supergroup": "supergroup chat"}
                return forbidden(f"bot was kicked from the {where.get(self.kind, 'channel chat')}")
