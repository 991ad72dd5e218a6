"""The pages of the desk. A new one is a module here with a `PAGE`, and a line in `every_page`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.desk.pages import audit, card, case, exports, keys, queue

if TYPE_CHECKING:
    from bot.desk.frame import Page


def every_page() -> tuple[Page, ...]:
    """Return all pages, in the order of the menu."""
    pages = (queue.PAGE, case.PAGE, exports.PAGE, keys.PAGE, audit.PAGE, card.PAGE)
    return tuple(sorted(pages, key=lambda page: page.order))
