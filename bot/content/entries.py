"""Knowledge made into one value: mechanisms, resources, strategies, guides, countries, terms.

One file an entry under knowledge/<kind>/<id>.yaml, edited by people who do not program. This module
knows the shape of an entry and how its contacts may be shown; what fits a case is decided in
`bot.guidance`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.content import marks
from bot.content.marks import Document, Place, Problem
from bot.content.reviews import Review, load_reviews, unknown_reviews
from bot.content.rules import AdviceRules, advice_rules
from bot.content.shapes import DateText  # noqa: TC001 - pydantic reads it

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

Status = Literal["seen", "old", "unconfirmed"]
Urgency = Literal["hours", "days", "weeks", "months"]
Confidence = Literal["high", "medium", "low"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Channel(_Strict):
    """One way to reach a body."""

    type: Literal["email", "phone", "web-form", "web-page", "post", "fax", "signal", "other"]
    value: str
    status: Status
    note: str = ""
    expires_on: DateText | None = None


class _Entry(_Strict):
    id: str
    confidence: Confidence
    source_urls: list[str] = []
    source_date: str | None = None
    checked_on: DateText | None = None
    reviewer: str | None = None
    review_by: DateText | None = None


class Remedies(_Strict):
    """Whether national courts must be tried first."""

    required: Literal["yes", "no", "partly"]
    notes: str = ""


class Mechanism(_Entry):
    """A body or procedure that can act on a case."""

    name: str
    short_name: str
    level: Literal["un", "regional", "national", "business"]
    body: str
    what_it_does: str
    when_to_use: list[str]
    when_not_to_use: list[str]
    risks: list[str]
    who_can_submit: str
    urgency: Urgency
    requirements: list[str]
    information_needed: list[str]
    consent_questions: list[str]
    what_happens_next: list[str]
    typical_timeline: str
    confidentiality: str
    reprisals_note: str
    remedies: Remedies
    threats_covered: list[str]
    defender_groups: list[str]
    regions: list[str]
    countries: list[str]
    coverage_note: str = ""
    examples: list[str]
    notes: list[str]
    channels: list[Channel]
    languages: list[str]
    rules: dict[str, Any] = {}


class Resource(_Entry):
    """Somebody who can protect or help."""

    name: str
    kind: list[str]
    what_they_offer: list[str]
    who_for: str
    regions: list[str]
    languages: list[str]
    hours_and_response_time: str
    eligibility: list[str]
    how_to_apply: list[str]
    maximum_amount: str = ""
    good_for_threats: list[str]
    defender_groups: list[str]
    notes: list[str]
    channels: list[Channel]
    rules: dict[str, Any] = {}


class Strategy(_Entry):
    """A way to protect civic space."""

    name: str
    what_it_is: str
    when_it_works: list[str]
    first_three_steps: list[str]
    risks: list[str]
    do_no_harm: list[str]
    examples: list[str]
    other_examples: list[Any]
    time_needed: str
    related_mechanisms: list[str]
    related_resources: list[str]


class Guide(_Entry):
    """Steps for one's own safety."""

    title: str
    when_to_use: str
    urgency: Urgency
    first_question: str
    steps: list[str]
    warnings: list[str]
    threats_covered: list[str]
    related_resources: list[str]


class Story(_Entry):
    """What others did somewhere, and how it went; failures included."""

    title: str
    what_happened: str
    lesson: str
    outcome: Literal["worked", "partly", "failed", "ongoing", "unclear"]
    year: int
    countries: list[str]
    strategies: list[str]


class Note(_Entry):
    """Something short to use in work: an argument, a figure, a checklist, a calendar."""

    title: str
    kind: Literal[
        "argument", "fact", "checklist", "standard", "template", "calendar", "advocacy", "training",
        "partners", "tool", "list",
    ]  # fmt: skip
    shown_to: Literal["everyone", "coordinator"]
    lines: list[str]
    related_mechanisms: list[str]
    related_resources: list[str]
    related_strategies: list[str]


class Country(_Strict):
    """A country, by ISO 3166-1 alpha-2 code."""

    code: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    name: str
    region: str


class Region(_Strict):
    """A part of the world."""

    id: str
    name: str
    countries: list[str]


class Group(_Strict):
    """A membership that rules ask for: parties to a treaty, members of an organisation."""

    id: str
    name: str
    includes: list[str] = []
    plus_countries: list[str] = []
    minus_countries: list[str] = []
    countries: list[str] = []
    notes: str = ""
    sources: list[str] = []
    checked_on: DateText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """Everything that is known, by id."""

    mechanisms: Mapping[str, Mechanism] = field(repr=False)
    resources: Mapping[str, Resource] = field(repr=False)
    strategies: Mapping[str, Strategy] = field(repr=False)
    guides: Mapping[str, Guide] = field(repr=False)
    stories: Mapping[str, Story] = field(repr=False)
    notes: Mapping[str, Note] = field(repr=False)
    countries: Mapping[str, Country] = field(repr=False)
    areas: Mapping[str, frozenset[str]] = field(repr=False)
    """Country codes of every region and group, by id."""
    groups: Mapping[str, Group] = field(repr=False)
    terms: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(repr=False)
    """Vocabularies: threat_types, defender_groups, perpetrator_types …, entries by id."""
    codes: Mapping[str, Mapping[str, str]] = field(repr=False)
    """Codes that the adviser speaks with, and their sentences."""
    intake: Mapping[str, Mapping[str, tuple[str, ...]]] = field(repr=False)
    """What the buttons of conversations mean: question, option, terms."""
    steps_for: Mapping[str, str] = field(repr=False)
    """Which guide holds the first steps for a threat."""
    rules: Mapping[str, Any] = field(repr=False)
    """knowledge/rules.yaml as read: what follows from facts, families, rules of every case."""
    advice: AdviceRules = field(repr=False)
    """The same, and the rules beside every body, compiled."""
    places: Mapping[tuple[str, str], Document] = field(repr=False)
    """Where each entry stands, by (kind, id)."""

    def place(self, kind: str, id_: str, *loc: str | int) -> Place:
        """Return file and line of something in an entry."""
        document = self.places.get((kind, id_))
        return document.place(*loc) if document else Place(file=f"knowledge/{kind}/{id_}.yaml")


E_ = TypeVar("E_", bound=_Entry)
VOCABULARIES = (
    "threat_types", "defender_groups", "perpetrator_types", "consent_levels", "urgency_scale",
    "visibility_choice", "resource_kinds", "mechanism_levels", "confidence_scale",
    "channel_verification",
)  # fmt: skip


def load_knowledge(root: Path) -> tuple[Knowledge, list[Problem]]:
    """Read knowledge/ below `root`, with every problem of shape; checks of sense come after."""
    problems: list[Problem] = []
    places: dict[tuple[str, str], Document] = {}
    base = root / "knowledge"

    reviews, more = load_reviews(root)
    problems += more
    known: dict[str, dict[str, Any]] = {}

    def kind(name: str, model: type[E_]) -> dict[str, E_]:
        found: dict[str, E_] = {}
        known[name] = found
        for path in sorted((base / name).glob("*.yaml")):
            entry, document, more = _entry(path, root, model)
            problems.extend(more)
            if entry is not None and document is not None:
                found[entry.id] = _reviewed(entry, reviews.get((name, entry.id)))
                places[name, entry.id] = document
        return found

    countries, regions, groups = _geography(root, problems)
    mechanisms = kind("mechanisms", Mechanism)
    rules = _rules(root, problems, places)
    knowledge = Knowledge(
        mechanisms=mechanisms,
        resources=kind("resources", Resource),
        strategies=kind("strategies", Strategy),
        guides=kind("guides", Guide),
        stories=kind("stories", Story),
        notes=kind("notes", Note),
        countries={one.code: one for one in countries},
        areas=_areas(regions, groups, {one.code for one in countries}),
        groups={one.id: one for one in groups},
        terms={name: _vocabulary(root, name, problems) for name in VOCABULARIES},
        codes=_codes(root, problems),
        intake=_intake(root, problems),
        steps_for=_steps_for(root, problems),
        rules=rules,
        advice=advice_rules(rules, {id_: one.rules for id_, one in mechanisms.items()}),
        places=places,
    )
    return knowledge, [*problems, *unknown_reviews(reviews, known)]


def _reviewed(entry: E_, review: Review | None) -> E_:
    """Return the entry as it was checked last: by itself or by an operator's review."""
    if review is None or (entry.checked_on or "") > review.checked_on:
        return entry
    return entry.model_copy(
        update={
            "checked_on": review.checked_on,
            "reviewer": review.reviewer,
            "review_by": review.review_by,
        }
    )


def shown_channels(channels: list[Channel], today: date) -> list[Channel]:
    """Return contacts that may be shown: seen ones, else old ones; never unconfirmed or expired."""
    live = [one for one in channels if one.expires_on is None or one.expires_on > today.isoformat()]
    for status in ("seen", "old"):
        found = [one for one in live if one.status == status]
        if found:
            return found
    return []


def _entry(
    path: Path, root: Path, model: type[E_]
) -> tuple[E_ | None, Document | None, list[Problem]]:
    document, problems = marks.load(path, root=root)
    if document is None:
        return None, None, problems
    try:
        entry = model.model_validate(document.data)
    except ValidationError as error:
        return None, document, [*problems, *marks.from_validation(document, error, rule="entry")]
    if entry.id != path.stem:
        place = document.place("id")
        message = f"the entry is called {entry.id!r}, its file {path.name!r}"
        problems.append(
            Problem(place=place, rule="entry-name", message=message, remedy="Name both alike.")
        )
    return entry, document, problems


class _Countries(_Strict):
    countries: list[Country]


class _Regions(_Strict):
    regions: list[Region]


class _Groups(_Strict):
    groups: list[Group]


M_ = TypeVar("M_", bound=BaseModel)


def _file(root: Path, name: str, model: type[M_], problems: list[Problem]) -> M_ | None:
    document, more = marks.load(root / "knowledge" / name, root=root)
    problems += more
    if document is None:
        return None
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        problems += marks.from_validation(document, error, rule="entry")
        return None


def _geography(
    root: Path, problems: list[Problem]
) -> tuple[list[Country], list[Region], list[Group]]:
    countries = _file(root, "countries/countries.yaml", _Countries, problems)
    regions = _file(root, "countries/regions.yaml", _Regions, problems)
    groups = _file(root, "countries/groups.yaml", _Groups, problems)
    return (
        countries.countries if countries else [],
        regions.regions if regions else [],
        groups.groups if groups else [],
    )


def _areas(
    regions: list[Region], groups: list[Group], everywhere: set[str]
) -> dict[str, frozenset[str]]:
    areas = {region.id: frozenset(region.countries) for region in regions}
    for group in groups:
        members = set(group.countries) | set(group.plus_countries)
        for part in group.includes:
            members |= everywhere if part == "all" else areas.get(part, frozenset())
        areas[group.id] = frozenset(members - set(group.minus_countries))
    return areas


def _vocabulary(root: Path, name: str, problems: list[Problem]) -> dict[str, Mapping[str, Any]]:
    document, more = marks.load(root / "knowledge" / "taxonomy" / f"{name}.yaml", root=root)
    problems += more
    data = document.data.get(name) if document and isinstance(document.data, dict) else None
    return {item["id"]: item for item in data or () if isinstance(item, dict) and "id" in item}


def _codes(root: Path, problems: list[Problem]) -> dict[str, Mapping[str, str]]:
    document, more = marks.load(root / "knowledge" / "codes.yaml", root=root)
    problems += more
    data = document.data if document and isinstance(document.data, dict) else {}
    return {name: value for name, value in data.items() if isinstance(value, dict)}


def _intake(root: Path, problems: list[Problem]) -> dict[str, Mapping[str, tuple[str, ...]]]:
    document, more = marks.load(root / "knowledge" / "taxonomy" / "intake.yaml", root=root)
    problems += more
    data = document.data.get("intake") if document and isinstance(document.data, dict) else None
    return {
        question: {str(option): tuple(terms or ()) for option, terms in options.items()}
        for question, options in (data or {}).items()
    }


def _steps_for(root: Path, problems: list[Problem]) -> dict[str, str]:
    document, more = marks.load(root / "knowledge" / "taxonomy" / "first_steps.yaml", root=root)
    problems += more
    data = (
        document.data.get("first_steps") if document and isinstance(document.data, dict) else None
    )
    return {str(threat): str(guide) for threat, guide in (data or {}).items()}


def _rules(
    root: Path, problems: list[Problem], places: dict[tuple[str, str], Document]
) -> dict[str, Any]:
    document, more = marks.load(root / "knowledge" / "rules.yaml", root=root)
    problems += more
    if document is None or not isinstance(document.data, dict):
        return {}
    places["rules", "rules"] = document
    return dict(document.data)
