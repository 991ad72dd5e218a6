"""The facts of a case in codes, as the adviser and the resource finder take them.

Every fact may be missing; missing means unknown and is never guessed. An id that no vocabulary
knows counts as unknown and is named, so that nothing is silently misread.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.content.entries import Knowledge
    from bot.flow.session import Answer

URGENCIES = ("hours", "days", "weeks", "months")
ONGOING = ("ongoing", "imminent", "past")
WHO = ("self", "family", "other", "organisation")
REMEDIES = ("none", "ongoing", "exhausted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One case. Times are whole days (or hours where the name says so) from today."""

    id: str = ""
    threats: tuple[str, ...] = ()
    country: str | None = None
    ongoing: str | None = None
    days_ago: int | None = None
    in_days: int | None = None
    in_hours: int | None = None
    who: str | None = None
    groups: tuple[str, ...] = ()
    perpetrators: tuple[str, ...] = ()
    company_home_country: str | None = None
    reported_to: tuple[str, ...] = ()
    domestic_remedies: str | None = None
    cooperated_with_un: bool | None = None
    consent: str | None = None
    urgency: str | None = None
    language: str | None = None
    needs: tuple[str, ...] = ()
    detained: bool | None = None
    location_known: bool | None = None
    environmental_link: bool | None = None
    organisation: bool | None = None
    collective: int | None = None
    union: bool | None = None
    victim_age: int | None = None
    visibility: str | None = None
    reported_nationally: bool | None = None
    registered_with: tuple[str, ...] = ()
    cooperated_with_regional: str | None = None
    last_decision_days_ago: int | None = None
    hearing_in_days: int | None = None
    court_deadline_in_days: int | None = None
    date_of_vote_in_days: int | None = None
    removal_in_hours: int | None = None
    death_sentence: bool | None = None
    written_order: bool | None = None
    civil_case: bool | None = None
    hours_ago: int | None = None
    disappearance_year: int | None = None
    second_country: str | None = None
    second_country_role: str | None = None
    msi: tuple[str, ...] = ()
    finance: tuple[str, ...] = ()

    def answers(self) -> dict[str, Answer]:
        """Return the facts as codes, for conditions of rules."""
        found: dict[str, Answer] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool):
                found[field.name] = "yes" if value else "no"
            elif isinstance(value, int):
                found[field.name] = str(value)
            elif isinstance(value, (tuple, str)) and value:
                found[field.name] = value
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """Facts as they were read, with what could not be."""

    facts: Facts
    unknown_keys: tuple[str, ...]
    """Keys that mean nothing here; ignored, named on stderr."""
    unknown_values: tuple[str, ...]
    """`key=value` of ids that no vocabulary knows; they count as unknown."""


def parse_facts(raw: Mapping[str, Any], knowledge: Knowledge) -> Parsed:
    """Read one object of a fact file; nothing in it makes this fail."""
    return _Reading(knowledge).read(raw)


_NUMBERS = (
    "collective", "victim_age", "last_decision_days_ago", "hearing_in_days",
    "court_deadline_in_days", "date_of_vote_in_days", "removal_in_hours", "hours_ago",
    "disappearance_year",
)  # fmt: skip
_FLAGS = (
    "detained", "location_known", "environmental_link", "organisation", "union",
    "reported_nationally", "death_sentence", "written_order", "civil_case",
)  # fmt: skip


_MOST = 100_000
"""Days, hours and people beyond this are mistakes."""


class _Reading:
    """Reads one object and remembers what it could not read."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._terms = knowledge.terms
        self._countries = frozenset(knowledge.countries)
        self._mechanisms = frozenset(knowledge.mechanisms)
        self._values: list[str] = []

    def read(self, raw: Mapping[str, Any]) -> Parsed:
        found: dict[str, Any] = {}
        keys: list[str] = []
        for key, value in raw.items():
            if not self._take(str(key), value, found):
                keys.append(str(key))
        extra = raw.get("extra")
        if isinstance(extra, dict):
            for key, value in extra.items():
                if not self._take_extra(str(key), value, found):
                    keys.append(f"extra.{key}")
        facts = Facts(**{name: value for name, value in found.items() if value is not None})
        return Parsed(facts=facts, unknown_keys=tuple(keys), unknown_values=tuple(self._values))

    def _take(self, key: str, value: Any, found: dict[str, Any]) -> bool:
        terms = self._terms
        match key:
            case "id":
                found["id"] = str(value)
            case "threats":
                found[key] = self._several(key, value, terms["threat_types"])
            case "groups":
                found[key] = self._several(key, value, terms["defender_groups"])
            case "perpetrators":
                found[key] = self._several(key, value, terms["perpetrator_types"])
            case "needs":
                found[key] = self._several(key, value, terms["resource_kinds"])
            case "reported_to":
                found[key] = self._several(key, value, self._mechanisms)
            case "country" | "company_home_country":
                found[key] = self._one(key, value, self._countries, upper=True)
            case "ongoing":
                found[key] = self._one(key, value, ONGOING)
            case "who":
                found[key] = self._one(key, value, WHO)
            case "domestic_remedies":
                found[key] = self._one(key, value, REMEDIES)
            case "urgency":
                found[key] = self._one(key, value, URGENCIES)
            case "consent":
                found[key] = self._one(key, value, terms["consent_levels"])
            case "language":
                found[key] = value if isinstance(value, str) else None
            case "cooperated_with_un":
                found[key] = self._flag(key, value)
            case "when":
                self._when(value, found)
            case "extra":
                pass
            case _:
                return False
        return True

    def _take_extra(self, key: str, value: Any, found: dict[str, Any]) -> bool:
        if key in _NUMBERS:
            found[key] = self._number(key, value)
        elif key in _FLAGS:
            found[key] = self._flag(key, value)
        elif key == "visibility":
            found[key] = self._one(key, value, self._terms["visibility_choice"])
        elif key == "registered_with":
            found[key] = self._several(key, value, self._mechanisms)
        elif key == "cooperated_with_regional":
            found[key] = value if isinstance(value, str) else None
        elif key in {"msi", "finance"}:
            items = value if isinstance(value, list) else [value]
            found[key] = tuple(str(item).lower() for item in items if isinstance(item, str))
        elif key == "second_country" and isinstance(value, str):
            found[key] = self._one(key, value, self._countries, upper=True)
        elif key == "second_country" and isinstance(value, dict):
            code = self._one("second_country.code", value.get("code"), self._countries, upper=True)
            role = value.get("role")
            found["second_country"] = code
            found["second_country_role"] = role if isinstance(role, str) else None
        else:
            return False
        return True

    def _when(self, value: Any, found: dict[str, Any]) -> None:
        if not isinstance(value, dict):
            self._values.append("when")
            return
        for key in ("days_ago", "in_days", "in_hours", "hours_ago"):
            if key in value:
                found[key] = self._number(f"when.{key}", value[key])

    def _several(self, key: str, value: Any, known: Any) -> tuple[str, ...]:
        items = value if isinstance(value, list) else [value] if value else []
        good = [item for item in items if isinstance(item, str) and item in known]
        self._values += [f"{key}={item}" for item in items if item not in good]
        return tuple(dict.fromkeys(good))

    def _one(self, key: str, value: Any, known: Any, *, upper: bool = False) -> str | None:
        if value is None:
            return None
        if upper and value is False:
            # What YAML makes of NO, the code of Norway.
            value = "NO"
        code = str(value).upper() if upper else str(value)
        if code in known:
            return code
        self._values.append(f"{key}={value}")
        return None

    def _number(self, key: str, value: Any) -> int | None:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST:
            return value
        if value is not None:
            self._values.append(f"{key}={value}")
        return None

    def _flag(self, key: str, value: Any) -> bool | None:
        if isinstance(value, bool):
            return value
        if value is not None:
            self._values.append(f"{key}={value}")
        return None
