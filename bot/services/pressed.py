"""What a button carries, and how it is read again: at most 64 bytes, codes only.

a.TURN.OPTION   a choice of the question that was put in TURN (base 36)
w.WORD          a universal word
f.FLOW          open a flow
x.NAME.ARGUMENT something that no flow asks for: a page is acknowledged, a request accepted
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.domain.ids import FlowId
from bot.flow.inputs import Chose, Pressed, Started, Universal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.flow.model import Value

MAX_BYTES = 64
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_MAX_TURN_DIGITS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class NoButton:
    """Something came that no button of ours carries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra:
    """A button outside of every flow; `name` tells which service takes it."""

    name: str
    argument: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """An answer that leaves the conversation where it stands: one of our own sentences."""

    phrase: str
    values: Mapping[str, Value] = field(default_factory=dict)
    forgets: bool = False
    """What was written leaves the chat at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """All is said and written already; the conversation stands where it stood."""


def choice_data(option: str, turn: int) -> str:
    """Return what the button of a choice carries."""
    return f"a.{_base36(turn)}.{option}"


def word_data(word: Universal) -> str:
    """Return what the button of a universal word carries."""
    return f"w.{word.value}"


def flow_data(flow: FlowId) -> str:
    """Return what a button that opens a flow carries."""
    return f"f.{flow}"


def extra_data(name: str, argument: str) -> str:
    """Return what a button outside of every flow carries."""
    return f"x.{name}.{argument}"


def read_button(data: str) -> Chose | Pressed | Started | Extra | NoButton:
    """Read what a button carried; anything may arrive here."""
    if len(data.encode()) > MAX_BYTES:
        return NoButton()
    match data.split(".", maxsplit=2):
        case ["a", turn, option] if turn and len(turn) <= _MAX_TURN_DIGITS:
            if all(digit in _DIGITS for digit in turn):
                return Chose(option=option, turn=int(turn, 36))
        case ["w", word] if word in set(Universal):
            return Pressed(word=Universal(word))
        case ["f", flow] if flow:
            return Started(flow=FlowId(flow))
        case ["x", name, argument] if name and argument:
            return Extra(name=name, argument=argument)
        case _:
            pass
    return NoButton()


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
    return digits or "0"
