"""Counts for a file that leaves the house: small ones would tell who they are.

Hiding the small ones alone is not enough. Whoever knows the sum works the last hidden one out, so
never one alone is hidden: the next larger goes with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LEAST = 5


def hidden(numbers: Sequence[int], *, below: int = LEAST) -> tuple[str, ...]:
    """Return how counts that make up one sum are shown; zero is told, it is nobody.

    Args:
        numbers: Parts of one sum.
        below: What is smaller tells too much.
    """
    small = [place for place, number in enumerate(numbers) if 0 < number < below]
    rest = [place for place, number in enumerate(numbers) if number >= below]
    shown = [f"<{below}" if place in small else str(number) for place, number in enumerate(numbers)]
    if len(small) == 1 and rest:
        # "Fewer than ten" says no more of a seven than of a five.
        other = min(rest, key=lambda place: numbers[place])
        shown[other] = f"<{_next(numbers[other], below)}"
    return tuple(shown)


def _next(number: int, below: int) -> int:
    return (number // (2 * below) + 1) * 2 * below
