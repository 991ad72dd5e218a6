"""Asides that entries keep for their editors and that nobody else should read."""

from __future__ import annotations

import re

_ASIDE = re.compile(r"\s*\(see [a-z0-9-]+\)")


def without_ids(text: str) -> str:
    """Leave out "(see un-…)": an id helps editors, not a person.

    What translators get and what a card asks for are both the sentence without its asides.
    """
    return _ASIDE.sub("", text)
