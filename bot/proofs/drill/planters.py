"""Who plants, and how much of the whole each does. A new surface is a line here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.proofs.drill import browser, oddities, reports, telegram, watched

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from bot.proofs.drill.stage import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Planter:
    """Plants through one surface. `plant` is given the stage and about how many words to plant."""

    plant: Callable[[Stage, int], Coroutine[Any, Any, None]]
    share: float
    """Of all canaries. Those of one kind are planted beside each other."""
    alone: bool = False
    """Disturbs the others: is let in when they have finished."""


PLANTERS = (
    Planter(plant=telegram.walk_flows, share=0.64),
    Planter(plant=reports.report_and_be_answered, share=0.02),
    Planter(plant=watched.be_checked_on, share=0.05),
    Planter(plant=watched.write_letters, share=0.01),
    Planter(plant=watched.be_alerted, share=0.01),
    Planter(plant=watched.note_at_the_desk, share=0.01),
    Planter(plant=browser.visit, share=0.12),
    Planter(plant=browser.type_in_a_terminal, share=0.04),
    Planter(plant=oddities.send_malformed, share=0.02),
    Planter(plant=oddities.talk_in_groups, share=0.01),
    Planter(plant=oddities.be_refused, share=0.01),
    Planter(plant=oddities.block_and_return, share=0.02),
    Planter(plant=oddities.write_while_locked, share=0.01, alone=True),
    Planter(plant=oddities.write_and_crash, share=0.01, alone=True),
)
