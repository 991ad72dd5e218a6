"""The pages of the desk. A new one is a module here with a `PAGE`, and a line in `every_page`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.desk.pages import (
    alerts,
    allies,
    audit,
    card,
    case,
    checkins,
    contacts,
    exports,
    follow_ups,
    keys,
    letter,
    notes,
    points,
    queue,
)

if TYPE_CHECKING:
    from bot.desk.frame import Page


def every_page() -> tuple[Page, ...]:
    """Return all pages, in the order of the menu."""
    modules = (
        queue, case, alerts, checkins, follow_ups, allies, points, notes, contacts, exports, keys,
        audit, card, letter,
    )  # fmt: skip
    return tuple(sorted((one.PAGE for one in modules), key=lambda page: page.order))
