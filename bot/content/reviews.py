"""What an operator has checked: one file of reviews that stands beside the entries.

An operator seldom writes into entries, which come with each release. A review names an entry, the
day, who checked and when to look again; it takes the place of what the entry itself says, when it
is newer. Only a person may write one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.content import marks
from bot.content.marks import Problem
from bot.content.shapes import DateText  # noqa: TC001 - pydantic reads it

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILE = "reviews.yaml"
Kind = Literal["mechanisms", "resources", "strategies", "guides", "stories", "notes"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Review(_Strict):
    """One entry that somebody has checked."""

    kind: Kind
    id: str
    checked_on: DateText
    reviewer: str
    review_by: DateText
    note: str = ""


class _Reviews(_Strict):
    reviews: list[Review]


def load_reviews(root: Path) -> tuple[Mapping[tuple[str, str], Review], list[Problem]]:
    """Return the newest review of each entry by (kind, id); nothing when there is no file."""
    path = root / "knowledge" / FILE
    if not path.exists():
        return {}, []
    document, problems = marks.load(path, root=root)
    if document is None:
        return {}, problems
    try:
        found = _Reviews.model_validate(document.data).reviews
    except ValidationError as error:
        return {}, [*problems, *marks.from_validation(document, error, rule="review")]
    newest: dict[tuple[str, str], Review] = {}
    for review in sorted(found, key=lambda one: one.checked_on):
        newest[review.kind, review.id] = review
    return newest, problems


def unknown_reviews(
    reviews: Mapping[tuple[str, str], Review], known: Mapping[str, Mapping[str, object]]
) -> list[Problem]:
    """Name reviews of entries that do not exist."""
    return [
        Problem(
            place=marks.Place(file=f"knowledge/{FILE}"),
            rule="review-unknown",
            message=f"a review is of {kind}/{id_}, which does not exist",
            remedy="Correct the id, or take the review out.",
        )
        for kind, id_ in reviews
        if id_ not in known[kind]
    ]
