"""Requests and answers as JSON, and back, strictly: what is not declared is refused.

Fields are `str`, `int`, `bool`, `bytes` (base64), `datetime` (ISO 8601 with zone), a `StrEnum`,
`tuple[X, ...]`, another of our dataclasses, or any of these or None. Bounds are written with
`Annotated`. Errors name the field and the rule and never the value.
"""

import base64
import binascii
import dataclasses
import functools
import re
import types
import typing
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, TypeVar

T = TypeVar("T")


class ShapeError(ValueError):
    """A value has another shape than declared.

    Args:
        field: Where, as `items.0.kind`; empty for the whole.
        reason: The rule that was not met.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Bounds of a string, in characters."""

    longest: int
    shortest: int = 0
    pattern: str = ""
    """A regular expression for the whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """Bounds of a whole number."""

    least: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Bounds of bytes, or of the length of a list."""

    most: int
    least: int = 0


Id = Annotated[str, Text(shortest=1, longest=64, pattern=r"[A-Za-z0-9_.-]+")]
"""Names one row: random or coded, never a person's name."""
Code = Annotated[str, Text(shortest=1, longest=64, pattern=r"[a-z0-9][a-z0-9_.-]*")]
Tag = Annotated[str, Text(shortest=2, longest=35, pattern=r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")]
"""A language, BCP 47."""
Count = Annotated[int, Number(least=0, most=2**31 - 1)]
Recipient = Annotated[str, Text(shortest=62, longest=62, pattern=r"age1[a-z0-9]{58}")]
"""An age X25519 recipient."""


def hints(cls: Any) -> dict[str, Any]:
    """Return the declared types of a dataclass's fields, bounds included."""
    return _hints(cls)


@functools.cache
def _hints(cls: typing.Hashable) -> dict[str, Any]:
    return typing.get_type_hints(cls, include_extras=True)


def parse(cls: type[T], value: object, field: str = "") -> T:
    """Make a dataclass out of decoded JSON.

    Raises:
        ShapeError: Something is missing, unknown, of another type or out of bounds.
    """
    if not isinstance(value, dict):
        raise ShapeError(field, "must be an object")
    declared = {one.name: one for one in dataclasses.fields(typing.cast("Any", cls))}
    if any(name not in declared for name in value):
        raise ShapeError(field, "holds a field that is not known here")
    found = {}
    for name, one in declared.items():
        place = f"{field}.{name}" if field else name
        if name in value:
            found[name] = _parse(hints(cls)[name], value[name], place)
        elif one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING:
            raise ShapeError(place, "is missing")
    return cls(**found)


def from_strings(cls: type[T], values: dict[str, str]) -> T:
    """Make a dataclass out of what stands in an address, where everything is a string.

    Raises:
        ShapeError: As for `parse`.
    """
    declared = hints(cls)
    return parse(cls, {name: _read(declared.get(name), text) for name, text in values.items()})


def plain(value: object) -> Any:
    """Return what JSON can hold, to be read back by `parse`."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: plain(getattr(value, one.name)) for one in dataclasses.fields(value)}
    if value is None or isinstance(value, str | int):
        return value
    raise TypeError(type(value).__name__)


def schema(kind: Any, parts: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON Schema of a type; dataclasses go into `parts` and are referred to."""
    base, bound = _bounds(kind)
    options = _options(base)
    if options is not None:
        return {"anyOf": [*(schema(one, parts) for one in options), {"type": "null"}]}
    if base is str:
        found: dict[str, Any] = {"type": "string"}
        if isinstance(bound, Text):
            found |= {"minLength": bound.shortest, "maxLength": bound.longest}
            if bound.pattern:
                found["pattern"] = f"^({bound.pattern})$"
        return found
    if base is bool:
        return {"type": "boolean"}
    if base is int:
        found = {"type": "integer"}
        if isinstance(bound, Number):
            found |= {"minimum": bound.least, "maximum": bound.most}
        return found
    if base is bytes:
        return {"type": "string", "contentEncoding": "base64"}
    if base is datetime:
        return {"type": "string", "format": "date-time"}
    if typing.get_origin(base) is tuple:
        found = {"type": "array", "items": schema(typing.get_args(base)[0], parts)}
        if isinstance(bound, Size):
            found |= {"minItems": bound.least, "maxItems": bound.most}
        return found
    if isinstance(base, type) and issubclass(base, StrEnum):
        return {"type": "string", "enum": [one.value for one in base]}
    return _object(base, parts)


def _object(cls: Any, parts: dict[str, Any]) -> dict[str, Any]:
    name = cls.__name__
    if name not in parts:
        parts[name] = {}
        fields = dataclasses.fields(cls)
        parts[name] = {
            "type": "object",
            "description": (cls.__doc__ or "").split("\n", maxsplit=1)[0],
            "properties": {one.name: schema(hints(cls)[one.name], parts) for one in fields},
            "required": [
                one.name
                for one in fields
                if one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING
            ],
            "additionalProperties": False,
        }
    return {"$ref": f"#/components/schemas/{name}"}


def _bounds(kind: Any) -> tuple[Any, Any]:
    if typing.get_origin(kind) is Annotated:
        base, *more = typing.get_args(kind)
        return base, more[0]
    return kind, None


def _options(base: Any) -> tuple[Any, ...] | None:
    """Return what a type may be beside None; None when it may not be None."""
    if typing.get_origin(base) not in {types.UnionType, typing.Union}:
        return None
    return tuple(one for one in typing.get_args(base) if one is not types.NoneType)


def _parse(kind: Any, value: object, field: str) -> Any:
    base, bound = _bounds(kind)
    options = _options(base)
    if options is not None:
        return None if value is None else _parse(options[0], value, field)
    if base is str:
        return _text(value, bound, field)
    if base is bool:
        if not isinstance(value, bool):
            raise ShapeError(field, "must be true or false")
        return value
    if base is int:
        return _number(value, bound, field)
    if base is bytes:
        return _bytes(value, bound, field)
    if base is datetime:
        return _moment(value, field)
    if typing.get_origin(base) is tuple:
        return _many(typing.get_args(base)[0], value, bound, field)
    if issubclass(base, StrEnum):
        if not isinstance(value, str) or value not in {one.value for one in base}:
            raise ShapeError(field, "is not one of the choices")
        return base(value)
    return parse(base, value, field)


def _text(value: object, bound: Any, field: str) -> str:
    if not isinstance(value, str):
        raise ShapeError(field, "must be text")
    # Half of a pair, or the sign that databases end texts with, cannot be stored anywhere.
    if "\0" in value or any("\ud800" <= one <= "\udfff" for one in value):
        raise ShapeError(field, "holds a sign that is no character")
    if isinstance(bound, Text):
        if not bound.shortest <= len(value) <= bound.longest:
            raise ShapeError(
                field, f"must have between {bound.shortest} and {bound.longest} characters"
            )
        if bound.pattern and not re.fullmatch(bound.pattern, value):
            raise ShapeError(field, "has another form than expected")
    return value


def _number(value: object, bound: Any, field: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ShapeError(field, "must be a whole number")
    if isinstance(bound, Number) and not bound.least <= value <= bound.most:
        raise ShapeError(field, f"must lie between {bound.least} and {bound.most}")
    return value


def _bytes(value: object, bound: Any, field: str) -> bytes:
    if not isinstance(value, str):
        raise ShapeError(field, "must be base64")
    try:
        found = base64.b64decode(value.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise ShapeError(field, "must be base64") from None
    if isinstance(bound, Size) and not bound.least <= len(found) <= bound.most:
        raise ShapeError(field, f"must have between {bound.least} and {bound.most} bytes")
    return found


def _moment(value: object, field: str) -> datetime:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
        found = found.astimezone(UTC) if found and found.tzinfo else None
    except (ValueError, OverflowError):
        found = None
    if found is None:
        raise ShapeError(field, "must be a moment with its zone")
    return found


def _many(kind: Any, value: object, bound: Any, field: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise ShapeError(field, "must be a list")
    if isinstance(bound, Size) and not bound.least <= len(value) <= bound.most:
        raise ShapeError(field, f"must have between {bound.least} and {bound.most} entries")
    return tuple(_parse(kind, one, f"{field}.{place}") for place, one in enumerate(value))


def _read(kind: Any, text: str) -> object:
    """Read a string of an address as what the field wants; unreadable stays text and is refused."""
    base, _ = _bounds(kind)
    options = _options(base)
    if options is not None:
        return _read(options[0], text)
    if base is int and re.fullmatch(r"-?[0-9]{1,18}", text):
        return int(text)
    if base is bool and text in {"true", "false"}:
        return text == "true"
    if typing.get_origin(base) is tuple:
        return [_read(typing.get_args(base)[0], one) for one in text.split(",") if one]
    return text
