"""The parts of check-ins put together, for whoever wires the program or a proof."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.services.check_in import KIND, Ticking
from bot.services.check_in_due import DuePages, DuePlans
from bot.services.check_in_effects import PAGE, Hands
from bot.services.check_in_heard import Hearing
from bot.services.check_in_setup import Setup

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import datetime

    from bot.content.library import Library
    from bot.domain.plans import Watched
    from bot.services.check_in_sheet import Sheets
    from bot.services.ports import Clock, DueTimer, Store, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """What check-ins need of those who are on duty."""

    page: Callable[[Tx, str, int, str], None]
    """Call humans: (what waits, urgency from 0 to 3, its ref)."""
    acknowledged: Callable[[Tx, str], str | None]
    """Who took the page of a ref."""
    over: Callable[[Tx, str], None]
    """Nobody need look at the page of a ref any more."""
    on_duty: Callable[[Tx], int]
    """How many with real keys are there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIns:
    """Everything about check-ins."""

    hands: Hands
    hearing: Hearing
    setup: Setup
    plans: DuePlans
    pages: DuePages
    duty: Duty = field(repr=False)

    def batches(self) -> Mapping[str, Callable[[Sequence[DueTimer]], Awaitable[None]]]:
        """Return who takes which timers."""
        return {KIND: self.plans, PAGE: self.pages}


def make(
    *,
    store: Store,
    clock: Clock,
    library: Callable[[], Library],
    worker: str,
    duty: Duty,
    audit: Callable[..., None],
    new_id: Callable[[], str],
    salt: Callable[[], bytes],
    derive: Callable[[bytes, str], Awaitable[bytes]],
    shuffle: Callable[[list[str]], None],
    armed: Callable[[Hands, Tx, Watched, datetime], None] = lambda *_told: None,
    sheets: Sheets | None = None,
    wake: Callable[[], None] = lambda: None,
) -> CheckIns:
    """Put the parts together."""
    hands = Hands(library=library, audit=audit, over=duty.over, shuffle=shuffle)
    ticking = Ticking(hands=hands, acknowledged=duty.acknowledged)
    return CheckIns(
        hands=hands,
        hearing=Hearing(hands=hands),
        setup=Setup(
            store=store, clock=clock, hands=hands, new_id=new_id, salt=salt, derive=derive,
            on_duty=duty.on_duty, armed=armed, sheets=sheets,
        ),
        plans=DuePlans(store=store, clock=clock, worker=worker, ticking=ticking, wake=wake),
        pages=DuePages(store=store, clock=clock, worker=worker, page=duty.page, wake=wake),
        duty=duty,
    )  # fmt: skip
