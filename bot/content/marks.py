"""YAML in which every value knows its place.

A document is plain data plus a map from each path inside it to file, line and column, so that any
check can point at the line an editor has to change. It knows nothing of flows or entries.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml
from yaml.constructor import SafeConstructor

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pydantic import ValidationError

Loc = tuple[str | int, ...]

_MAX_BYTES = 2_000_000
_MAX_DEPTH = 40
_TEXT, _BOOLEAN = "tag:yaml.org,2002:str", "tag:yaml.org,2002:bool"


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
    reading = _Reading(file)
    try:
        data = reading.build(node, ())
    except _AliasError:
        return None, [
            _problem(Place(file=file), "uses an alias (*name), which is not allowed here")
        ]
    return Document(file=file, data=data, places=reading.places), reading.problems


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


class _AliasError(Exception):
    """An alias can make a small file huge, and hides where a value comes from."""


class _Reading:
    """One document being turned from nodes into data, places and problems."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.places: dict[Loc, Place] = {}
        self.problems: list[Problem] = []
        self._met: set[int] = set()

    def build(self, node: yaml.Node | None, loc: Loc) -> Any:
        """Return what a node says; an alias is a node that comes a second time.

        Raises:
            _AliasError: There is one.
        """
        if node is None:
            self.places[loc] = Place(file=self.file)
            return None
        if id(node) in self._met:
            raise _AliasError
        self._met.add(id(node))
        self.places[loc] = place = self._place(node)
        if len(loc) > _MAX_DEPTH:
            self.problems.append(_problem(place, f"nested deeper than {_MAX_DEPTH} levels"))
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, loc)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(child, (*loc, index)) for index, child in enumerate(node.value)]
        return self._scalar(node, place)

    def _mapping(self, node: yaml.MappingNode, loc: Loc) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            if id(key_node) in self._met:
                raise _AliasError
            self._met.add(id(key_node))
            place = self._place(key_node)
            if not isinstance(key_node, yaml.ScalarNode):
                self.problems.append(_problem(place, "has a list or a mapping for a name"))
                continue
            key = self._scalar(key_node, place)
            if not isinstance(key, (str, int)) or isinstance(key, bool):
                key = str(key_node.value)
            if key in found:
                self.problems.append(
                    Problem(
                        place=place,
                        rule="yaml-duplicate-key",
                        message=f"{key!r} stands here twice",
                        remedy="Keep one of the two.",
                    )
                )
            found[key] = self.build(value_node, (*loc, key))
            self.places[(*loc, key)] = place
        return found

    def _place(self, node: yaml.Node) -> Place:
        mark = node.start_mark
        return Place(file=self.file, line=mark.line + 1, column=mark.column + 1)

    def _scalar(self, node: yaml.Node, place: Place) -> Any:
        if node.tag == _TEXT and isinstance(node.value, str):
            return node.value
        if node.tag == _BOOLEAN and str(node.value).lower() not in {"true", "false"}:
            # YAML 1.1 reads yes, no, on and off as truth; editors mean the word (or Norway).
            return str(node.value)
        try:
            return SafeConstructor().construct_object(node, deep=True)
        except yaml.YAMLError:
            self.problems.append(_problem(place, f"has a tag that is not allowed: {node.tag}"))
            return None
        except ValueError:
            self.problems.append(_problem(place, f"{node.value!r} is not a value of its kind"))
            return None


def _problem(place: Place, what: str) -> Problem:
    return Problem(
        place=place,
        rule="yaml",
        message=what,
        remedy="Write it as YAML; a text with a colon needs quotes or a block.",
    )
