"""What goes wrong on purpose.

A fault waits for calls (or updates) that it fits and strikes a number of times, or by chance from a
seeded source.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random


class FaultKind(StrEnum):
    """How a call or an update goes wrong."""

    DROP = "drop"
    """The connection closes and nothing happened. Of an update: it is lost."""
    DELAY = "delay"
    """`seconds` pass before the call takes effect. Of an update: before it can be had."""
    LOSE_ANSWER = "lose-answer"
    """The call takes effect and the connection closes without an answer."""
    DELAY_ANSWER = "delay-answer"
    """The call takes effect and `seconds` pass before the answer."""
    REFUSE = "refuse"
    """The call is answered with `code`, `description` and `parameters`."""
    GARBAGE = "garbage"
    """A gateway's page instead of JSON, status 502; nothing happened."""
    DUPLICATE = "duplicate"
    """An update comes twice under one id."""


@dataclass(slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong. `on` is a method's name, "update", or "*" for every method."""

    kind: FaultKind
    on: str = "*"
    chat_id: int | None = None
    times: int | None = 1
    """How often it strikes; None for ever."""
    chance: float = 1.0
    seconds: float = 0.0
    code: int = 500
    description: str = "Internal Server Error"
    parameters: dict[str, Any] = field(default_factory=dict)


class Faults:
    """The faults in waiting."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._waiting: list[Fault] = []
        self.struck: list[tuple[FaultKind, str]] = []

    def add(self, fault: Fault) -> None:
        """Let a fault wait for what it fits."""
        self._waiting.append(fault)

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        self._waiting.clear()

    def strike(self, on: str, chat_id: int | None) -> Fault | None:
        """Return the fault that meets this call or update, if one does."""
        for fault in self._waiting:
            if fault.on not in (on, "*") or (fault.on == "*" and on == "update"):
                continue
            if fault.chat_id is not None and fault.chat_id != chat_id:
                continue
            if fault.chance < 1 and self._chance.random() >= fault.chance:
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self._waiting.remove(fault)
            self.struck.append((fault.kind, on))
            return fault
        return None
