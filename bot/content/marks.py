"""YAML in which every value knows its place.

A document is plain data plus a map from each path inside it to file, line and column, so that any
check can point at the line an editor has to change. It knows nothing of flows or entries.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pydantic import ValidationError

Loc = tuple[str | int, ...]

_MAX_BYTES = 2_000_000
_MAX_DEPTH = 40
_BOOLEAN = "tag:yaml.org,2002:bool"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """Where something stands: a path relative to the content root, line and column from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    """One thing that is wrong in the content, with what to do about it.

    `rule` is a stable kebab-case name; `severity` is "error" (exit 1) or "warning".
    """

    place: Place
    rule: str
    message: str
    remedy: str
    severity: str = "error"

    def __str__(self) -> str:
        return f"{self.place}: {self.severity}: {self.message} [{self.rule}] {self.remedy}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The data of one YAML file and the place of every value in it, by path."""

    file: str
    data: Any
    places: Mapping[Loc, Place]

    def place(self, *loc: str | int) -> Place:
        """Return the place of the value at `loc`, or of its nearest parent that exists."""
        path: Loc = loc
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, Place(file=self.file))


def load(path: Path, *, root: Path) -> tuple[Document | None, list[Problem]]:
    """Read one YAML file; a file that is no YAML gives None and a problem with its line."""
    file = path.relative_to(root).as_posix()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return None, [_problem(Place(file=file), f"cannot be read: {type(error).__name__}")]
    return loads(text, file=file)


def loads(text: str, *, file: str) -> tuple[Document | None, list[Problem]]:
    """Like `load`, from text that is already in hand."""
    if len(text) > _MAX_BYTES:
        return None, [_problem(Place(file=file), f"longer than {_MAX_BYTES} characters")]
    try:
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        place = Place(file=file, line=line, column=column)
        return None, [_problem(place, error.problem or "is not YAML")]
    except yaml.YAMLError:
        return None, [_problem(Place(file=file), "is not YAML")]
    if any(
        isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.CSafeLoader)
    ):
        # An alias can make a small file huge, and hides where a value comes from.
        return None, [
            _problem(Place(file=file), "uses an alias (*name), which is not allowed here")
        ]
    places: dict[Loc, Place] = {}
    problems: list[Problem] = []
    data = _build(node, (), file, places, problems)
    return Document(file=file, data=data, places=places), problems


def from_validation(document: Document, error: ValidationError, *, rule: str) -> Iterator[Problem]:
    """Turn pydantic's errors into problems with file and line."""
    for item in error.errors():
        loc = tuple(item["loc"])
        path = ".".join(str(part) for part in loc) or "the file"
        yield Problem(
            place=document.place(*loc),
            rule=rule,
            message=f"{path}: {item['msg']}",
            remedy="Write it as the guide for editors shows.",
        )


def _build(
    node: yaml.Node | None,
    loc: Loc,
    file: str,
    places: dict[Loc, Place],
    problems: list[Problem],
) -> Any:
    if node is None:
        places[loc] = Place(file=file)
        return None
    mark = node.start_mark
    place = Place(file=file, line=mark.line + 1, column=mark.column + 1)
    places[loc] = place
    if len(loc) > _MAX_DEPTH:
        problems.append(_problem(place, f"nested deeper than {_MAX_DEPTH} levels"))
        return None
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, loc, file, places, problems)
    if isinstance(node, yaml.SequenceNode):
        return [
            _build(child, (*loc, index), file, places, problems)
            for index, child in enumerate(node.value)
        ]
    return _scalar(node, place, problems)


def _mapping(
    node: yaml.MappingNode,
    loc: Loc,
    file: str,
    places: dict[Loc, Place],
    problems: list[Problem],
) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        mark = key_node.start_mark
        place = Place(file=file, line=mark.line + 1, column=mark.column + 1)
        key = _scalar(key_node, place, problems)
        if not isinstance(key, (str, int)) or isinstance(key, bool):
            key = str(key_node.value)
        if key in found:
            problems.append(
                Problem(
                    place=place,
                    rule="yaml-duplicate-key",
                    message=f"{key!r} stands here twice",
                    remedy="Keep one of the two.",
                )
            )
        found[key] = _build(value_node, (*loc, key), file, places, problems)
        places[(*loc, key)] = place
    return found


def _scalar(node: yaml.Node, place: Place, problems: list[Problem]) -> Any:
    if node.tag == _BOOLEAN and str(node.value).lower() not in {"true", "false"}:
        # YAML 1.1 reads yes, no, on and off as truth; editors mean the word (or Norway).
        return str(node.value)
    loader = yaml.CSafeLoader("")
    try:
        return loader.construct_object(node, deep=True)
    except yaml.YAMLError:
        problems.append(_problem(place, f"has a tag that is not allowed: {node.tag}"))
        return None
    except ValueError:
        problems.append(_problem(place, f"{node.value!r} is not a value of its kind"))
        return None


def _problem(place: Place, what: str) -> Problem:
    return Problem(
        place=place,
        rule="yaml",
        message=what,
        remedy="Write it as YAML; a text with a colon needs quotes or a block.",
    )
