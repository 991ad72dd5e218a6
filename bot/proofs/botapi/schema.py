"""The Bot API's schema, compiled into checks.

It decides whether a call and an answer have the right names and JSON types; sizes and meaning are
the business of `sizes` and `methods`.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from bot.proofs.botapi import newer
from bot.proofs.botapi.errors import RefusedCall, violation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Check = Callable[[Any, str], list[str]]
    Read = Callable[[Any, str], Any]

_TRUE, _FALSE = frozenset({"true", "True", "1"}), frozenset({"false", "False", "0", ""})


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that came with a call."""

    name: str
    media_type: str
    content: bytes


class Schema:
    """Checks for every method and type of one version of the Bot API."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.version: str = raw["version"]
        self._types: Mapping[str, Any] = raw["types"]
        self._methods: Mapping[str, Any] = raw["methods"]
        self._checks: dict[str, Check] = {}
        self._readers: dict[str, dict[str, Read]] = {}
        self._required: dict[str, tuple[str, ...]] = {
            name: tuple(field for field, of in method["fields"].items() if of["required"])
            for name, method in self._methods.items()
        }

    def knows(self, method: str) -> bool:
        """Tell whether there is such a method."""
        return method in self._methods or method in newer.METHODS

    def read_call(
        self, method: str, fields: Mapping[str, Any], uploads: Mapping[str, Upload]
    ) -> dict[str, Any]:
        """Return the call's fields as Python values.

        Raises:
            RefusedCall: A field is unknown, missing or of the wrong type.
        """
        if method in newer.METHODS:
            return dict(fields)
        readers = self._readers.get(method)
        if readers is None:
            readers = self._readers[method] = self._compile_method(method)
        found: dict[str, Any] = {}
        for name, value in fields.items():
            reader = readers.get(name)
            if reader is not None:
                found[name] = reader(value, name)
            elif (method, name) not in newer.FIELDS and name not in uploads:
                raise violation(f"{method} has no field {name!r} in {self.version}")
        found.update((name, upload) for name, upload in uploads.items() if name in readers)
        for name in self._required[method]:
            if name not in found:
                raise violation(f"{method} needs the field {name!r}")
        return found

    def faults_in(self, type_name: str, value: Any) -> list[str]:
        """Return everything in `value` that is not as the schema says; empty when it is right."""
        return self._check(type_name)(value, type_name)

    def faults_in_answer(self, method: str, value: Any) -> list[str]:
        """Return what is wrong with the result of a method."""
        if method in newer.METHODS:
            return []
        return self._one_of(tuple(self._methods[method]["returns"]))(value, method)

    def _compile_method(self, method: str) -> dict[str, Read]:
        return {
            name: self._reader(tuple(field["types"]))
            for name, field in self._methods[method]["fields"].items()
        }

    def _reader(self, types: tuple[str, ...]) -> Read:
        if types == ("Integer",):
            return _read_integer
        if types == ("Float",):
            return _read_float
        if types == ("String",):
            return _read_string
        if types == ("Boolean",):
            return _read_boolean
        if set(types) == {"Integer", "String"}:
            return _read_chat
        if "InputFile" in types:
            return _read_file
        check = self._one_of(types)

        def read(value: Any, name: str) -> Any:
            # A form carries objects as JSON text, a JSON body carries them as they are.
            if isinstance(value, str):
                try:
                    value = json.loads(value)
                except ValueError:
                    raise violation(f"can't parse field {name!r} as JSON") from None
            faults = check(value, name)
            if faults:
                raise violation("; ".join(faults))
            return value

        return read

    def _one_of(self, types: tuple[str, ...]) -> Check:
        if len(types) == 1:
            return self._check(types[0])

        def check(value: Any, path: str) -> list[str]:
            shortest: list[str] | None = None
            for name in types:
                faults = self._check(name)(value, path)
                if not faults:
                    return []
                if shortest is None or len(faults) < len(shortest):
                    shortest = faults
            return shortest or [f"{path}: no type fits"]

        return check

    def _check(self, type_name: str) -> Check:
        known = self._checks.get(type_name)
        if known is None:
            # Types refer to each other in circles: the name is known before its check is.
            def later(value: Any, path: str) -> list[str]:
                return self._checks[type_name](value, path)

            self._checks[type_name] = later
            known = self._checks[type_name] = self._compile_type(type_name)
        return known

    def _compile_type(self, type_name: str) -> Check:
        if type_name.startswith("Array of "):
            return _array(self._check(type_name.removeprefix("Array of ")))
        scalar = _SCALARS.get(type_name)
        if scalar is not None:
            return scalar
        if type_name == "InputFile":
            return _string
        declared = self._types[type_name]
        if declared.get("subtypes"):
            return self._one_of(tuple(declared["subtypes"]))
        fields: dict[str, Check] = {
            name: self._one_of(tuple(field["types"])) for name, field in declared["fields"].items()
        }
        required = tuple(name for name, field in declared["fields"].items() if field["required"])
        return _object(type_name, fields, required)


@cache
def load() -> Schema:
    """Return the schema of the snapshot that lies beside this module."""
    text = files("bot.proofs.botapi").joinpath("schema.json").read_text(encoding="utf-8")
    return Schema(json.loads(text))


def _object(type_name: str, fields: dict[str, Check], required: tuple[str, ...]) -> Check:
    def check(value: Any, path: str) -> list[str]:
        if not isinstance(value, dict):
            return [f"{path}: {type_name} must be an object"]
        faults = [f"{path}: {type_name} needs {name!r}" for name in required if name not in value]
        for name, item in value.items():
            field = fields.get(name)
            if field is not None:
                faults += field(item, f"{path}.{name}")
            elif (type_name, name) not in newer.FIELDS:
                faults.append(f"{path}: {type_name} has no field {name!r}")
        return faults

    return check


def _array(item: Check) -> Check:
    def check(value: Any, path: str) -> list[str]:
        if not isinstance(value, list):
            return [f"{path}: must be a list"]
        return [fault for index, one in enumerate(value) for fault in item(one, f"{path}.{index}")]

    return check


def _integer(value: Any, path: str) -> list[str]:
    right = isinstance(value, int) and not isinstance(value, bool)
    return [] if right else [f"{path}: must be an integer"]


def _float(value: Any, path: str) -> list[str]:
    right = isinstance(value, (int, float)) and not isinstance(value, bool)
    return [] if right else [f"{path}: must be a number"]


def _string(value: Any, path: str) -> list[str]:
    return [] if isinstance(value, str) else [f"{path}: must be a string"]


def _boolean(value: Any, path: str) -> list[str]:
    return [] if isinstance(value, bool) else [f"{path}: must be true or false"]


_SCALARS: dict[str, Check] = {
    "Integer": _integer,
    "Float": _float,
    "String": _string,
    "Boolean": _boolean,
}


def _read_integer(value: Any, name: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str):
        with suppress(ValueError):
            return int(value)
    raise _wrong(name, "an integer")


def _read_float(value: Any, name: str) -> float:
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):
        with suppress(ValueError):
            return float(value)
    raise _wrong(name, "a number")


def _read_string(value: Any, name: str) -> str:
    if isinstance(value, str):
        return value
    raise _wrong(name, "a string")


def _read_boolean(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value in _TRUE | _FALSE:
        return value in _TRUE
    raise _wrong(name, "true or false")


def _read_chat(value: Any, name: str) -> int | str:
    if isinstance(value, str) and value.startswith("@"):
        return value
    return _read_integer(value, name)


def _read_file(value: Any, name: str) -> str | Upload:
    if isinstance(value, (str, Upload)):
        return value
    raise _wrong(name, "a file or its id")


def _wrong(name: str, what: str) -> RefusedCall:
    return violation(f"field {name!r} must be {what}")
