"""Outage or silence: when many of one region miss at once, the network is the likelier cause.

Pure counting over what was answered and missed lately. A canary, kept by a helper of ours who
answers by habit, weighs more than one plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

WINDOW = timedelta(hours=1)
SHARE = 0.30
FEWEST = 5
"""Fewer than so many tell nothing about a region."""

CANARY = 3
"""Plans that one canary counts for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What became of the check-ins of one region within the window."""

    answered: int = 0
    missed: int = 0


def seems_cut_off(tally: Tally) -> bool:
    """Tell whether so many are silent that the region itself may be cut off (rule 9)."""
    whole = tally.answered + tally.missed
    return whole >= FEWEST and tally.missed > SHARE * whole
