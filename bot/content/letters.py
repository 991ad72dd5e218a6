"""Templates of letters: one file a letter under knowledge/letters/, its three languages inside.

Knows the shape of a template and which letter a body gets; what a case puts into it is decided in
`bot.guidance.letters`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.content import marks
from bot.content.marks import Document, Place, Problem
from bot.content.rules import condition
from bot.domain.ids import LanguageTag
from bot.flow.conditions import ConditionError, holds

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bot.flow.session import Answer

LANGUAGES = (LanguageTag("en"), LanguageTag("fr"), LanguageTag("es"))
"""What letters are written in."""

NOT_LETTERS = frozenset({"parts", "terms"})
_Words = Annotated[str, Field(min_length=1, max_length=2_000)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Said(_Strict):
    """One sentence in every language of letters."""

    en: _Words
    fr: _Words
    es: _Words

    def to(self, language: str) -> str:
        """Return the sentence in a language of letters."""
        return str(getattr(self, language))


class Line(_Strict):
    """One line of a section: a paragraph, a label to be filled, a point, or the own words."""

    say: Said | None = None
    field: Said | None = None
    item: Said | None = None
    words: bool = False
    value: str | None = None
    if_: str | None = Field(default=None, alias="if")

    @property
    def text(self) -> Said | None:
        """Return the sentence of the line, whichever kind it is."""
        return self.say or self.field or self.item


class Section(_Strict):
    """A heading with lines, or a shared section by name."""

    use: str | None = None
    heading: Said | None = None
    lines: list[Line] = []
    if_: str | None = Field(default=None, alias="if")


class Preferred(_Strict):
    """Bodies that get this letter rather than their usual one when the condition holds."""

    if_: str = Field(alias="if")
    for_: list[str] = Field(alias="for")


class Template(_Strict):
    """A letter before anybody's case is in it."""

    id: str
    title: Said
    for_: list[str] = Field(alias="for")
    prefer: Preferred | None = None
    resources: bool = False
    """The letter that funds and other helpers get."""
    to: Said
    subject: Said
    public: str
    """Which sentence says what becomes public: a key of `before_body` in parts.yaml."""
    ask_again: Annotated[int, Field(ge=1, le=366)]
    """Days after which silence is worth a question."""
    before: list[Said] = []
    sections: list[Section]


class Parts(_Strict):
    """What letters share."""

    parts: dict[str, Section]
    before: list[Said]
    before_body: dict[str, Said]


class Threat(Said):
    """How a letter names a kind of violation, and whom and what it concerns."""

    mandates: list[str] = []
    udhr: list[int] = []
    iccpr: list[int] = []
    icescr: list[int] = []


class Terms(_Strict):
    """What coded answers are called inside a letter."""

    threats: dict[str, Threat]
    group_mandates: dict[str, list[str]]
    groups: dict[str, Said]
    perpetrators: dict[str, Said]
    mandates: dict[str, Said]
    treaties: dict[str, Said]
    words: dict[str, Said]
    hints: dict[str, Said]
    needs: dict[str, Said]
    bodies: dict[str, Said]


@dataclass(frozen=True, slots=True, kw_only=True)
class Letters:
    """Every template, and what they share."""

    templates: Mapping[str, Template] = field(repr=False)
    parts: Parts = field(repr=False)
    terms: Terms = field(repr=False)
    documents: Mapping[str, Document] = field(repr=False)

    def for_mechanism(self, id_: str, answers: Mapping[str, Answer]) -> Template | None:
        """Return the letter that a body gets in this case; None when the body is not known."""
        usual = None
        for template in self.templates.values():
            preferred = template.prefer
            if preferred and id_ in preferred.for_ and holds(condition(preferred.if_), answers):
                return template
            if id_ in template.for_:
                usual = template
        return usual

    def for_resource(self) -> Template | None:
        """Return the letter in which somebody asks a fund or another helper for support."""
        return next((one for one in self.templates.values() if one.resources), None)

    def place(self, name: str, *loc: str | int) -> Place:
        """Return file and line of something in knowledge/letters/."""
        document = self.documents.get(name)
        return document.place(*loc) if document else Place(file=f"knowledge/letters/{name}.yaml")

    def shown(self, section: Section) -> Section | None:
        """Return a section itself, or the shared one that it names; None when there is none."""
        return section if section.use is None else self.parts.parts.get(section.use)


def applies(text: str | None, answers: Mapping[str, Answer]) -> bool:
    """Tell whether a line with this condition belongs into the letter; without one it does."""
    return text is None or holds(condition(text), answers)


def readable(text: str) -> str | None:
    """Return what is wrong with a condition, or None."""
    try:
        condition(text)
    except ConditionError as error:
        return str(error)
    return None


def load_letters(root: Path) -> tuple[Letters | None, list[Problem]]:
    """Read knowledge/letters/ below `root`; None when what all letters share cannot be read."""
    problems: list[Problem] = []
    documents: dict[str, Document] = {}
    templates: dict[str, Template] = {}
    for path in sorted((root / "knowledge" / "letters").glob("*.yaml")):
        document, more = marks.load(path, root=root)
        problems += more
        if document is not None:
            documents[path.stem] = document
    for name, document in documents.items():
        template = _read(document, Template, problems) if name not in NOT_LETTERS else None
        if template is None:
            continue
        templates[template.id] = template
        if template.id != name:
            place = document.place("id")
            problems.append(
                Problem(place=place, rule="entry-name",
                        message=f"the letter is called {template.id!r}, its file {name!r}",
                        remedy="Name both alike.")
            )  # fmt: skip
    parts = _read(documents.get("parts"), Parts, problems)
    terms = _read(documents.get("terms"), Terms, problems)
    if parts is None or terms is None:
        return None, problems
    return Letters(templates=templates, parts=parts, terms=terms, documents=documents), problems


M_ = TypeVar("M_", bound=BaseModel)


def _read(document: Document | None, model: type[M_], problems: list[Problem]) -> M_ | None:
    if document is None:
        place = Place(file="knowledge/letters")
        problems.append(
            Problem(place=place, rule="letter", message="parts.yaml or terms.yaml is missing",
                    remedy="Bring it back: every letter needs both.")
        )  # fmt: skip
        return None
    data: Any = document.data
    try:
        return model.model_validate(data)
    except ValidationError as error:
        problems += marks.from_validation(document, error, rule="letter")
        return None
