"""Whom an alert is for, as controls of a form, and back.

The controls say the plain cases: people with one of these topics, and one of these countries, and
not those. Whatever else the audience language can say is written by hand in a field of its own; the
server reads both the same way and refuses what is no audience.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.desk.frame import Form

EVERYONE = "everyone"
_ONE = re.compile(
    r"(?P<without>not )?(?P<name>[a-z]+) (?:is (?P<code>[\w.-]+)|in \[(?P<codes>[\w., -]+)\])"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What is ticked: by name of a choice, the codes that are meant and those that are left out."""

    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    without: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    written: str = ""
    """By hand; counts instead of everything that is ticked."""

    @property
    def text(self) -> str:
        """The audience in its own language."""
        if self.written.strip():
            return self.written.strip()
        parts = [_part(name, codes) for name, codes in self.only.items() if codes]
        parts += [f"not {_part(name, codes)}" for name, codes in self.without.items() if codes]
        return " and ".join(parts) or EVERYONE


def of_form(form: Form, names: Sequence[str]) -> Chosen:
    """Read the controls."""
    return Chosen(
        only={name: form.all(f"only-{name}") for name in names},
        without={name: form.all(f"without-{name}") for name in names},
        written=form.one("audience"),
    )


def of_text(text: str) -> Chosen:
    """Return the controls that say an audience; by hand when they cannot say it."""
    only: dict[str, tuple[str, ...]] = {}
    without: dict[str, tuple[str, ...]] = {}
    if text.strip() in {"", EVERYONE}:
        return Chosen()
    for part in text.split(" and "):
        found = _ONE.fullmatch(part)
        kept = without if found and found["without"] else only
        if found is None or found["name"] in kept:
            return Chosen(written=text)
        codes = [found["code"]] if found["code"] else found["codes"].split(",")
        kept[found["name"]] = tuple(code.strip() for code in codes)
    return Chosen(only=only, without=without)


def _part(name: str, codes: Sequence[str]) -> str:
    return f"{name} is {codes[0]}" if len(codes) == 1 else f"{name} in [{', '.join(codes)}]"
