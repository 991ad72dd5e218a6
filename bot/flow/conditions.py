"""The small language of conditions in flows; every condition is true or false for any answers.

    urgency is hours and (threats has killing or not country is known)

Grammar, loosest first: `or`, `and`, `not`, parentheses, then one test of a name:

    NAME is CODE          NAME is not CODE        NAME is known      NAME is unknown
    NAME in [A, B]        NAME has CODE           NAME has any of [A, B]
    NAME < 3   NAME <= 3  NAME > 3   NAME >= 3

A name without an answer makes its test false, except `is unknown` and `is not`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.errors import ContentError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.flow.session import Answer

_TOKEN = re.compile(r"\s*(?:(?P<word>[A-Za-z0-9_.:+-]+)|(?P<mark><=|>=|[<>()\[\],]))")
_MAX_LENGTH = 500
_MAX_DEPTH = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """One test of one name. `operator` is is, is-not, known, unknown, in, has, <, <=, > or >=."""

    name: str
    operator: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """True when `inner` is false."""

    inner: Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class All:
    """True when every part is."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    """True when one part is."""

    parts: tuple[Condition, ...]


Condition = Test | Not | All | AnyOf


class ConditionError(ContentError):
    """The text is not a condition; the message says where it stops making sense."""


def parse(text: str) -> Condition:
    """Read a condition.

    Raises:
        ConditionError: With a sentence for the editor.
    """
    if len(text) > _MAX_LENGTH:
        raise ConditionError(f"is longer than {_MAX_LENGTH} characters")
    tokens = list(_tokens(text))
    condition, rest = _any(tokens, 0)
    if rest:
        raise ConditionError(f"{rest[0]!r} was not expected")
    return condition


def holds(condition: Condition, answers: Mapping[str, Answer]) -> bool:
    """Tell whether the condition is true for these answers; never fails."""
    if isinstance(condition, Test):
        return _test(condition, answers.get(condition.name))
    if isinstance(condition, Not):
        return not holds(condition.inner, answers)
    if isinstance(condition, All):
        return all(holds(part, answers) for part in condition.parts)
    return any(holds(part, answers) for part in condition.parts)


def names(condition: Condition) -> frozenset[str]:
    """Return every name that the condition looks at."""
    return frozenset(test.name for test in tests(condition))


def describe(condition: Condition) -> str:
    """Write a condition down again, so that `parse` reads the same."""
    if isinstance(condition, Test):
        return _describe(condition)
    if isinstance(condition, Not):
        return f"not ({describe(condition.inner)})"
    word = " and " if isinstance(condition, All) else " or "
    return word.join(
        describe(part) if isinstance(part, Test) else f"({describe(part)})"
        for part in condition.parts
    )


def _describe(test: Test) -> str:
    several = f"[{', '.join(test.values)}]"
    match test.operator:
        case "known" | "unknown":
            return f"{test.name} is {test.operator}"
        case "is-not":
            return f"{test.name} is not {test.values[0]}"
        case "in":
            return f"{test.name} in {several}"
        case "has" if len(test.values) > 1:
            return f"{test.name} has any of {several}"
        case _:
            return f"{test.name} {test.operator} {test.values[0]}"


def tests(condition: Condition) -> Iterator[Test]:
    """Walk over every single test, for checks of names and codes."""
    if isinstance(condition, Test):
        yield condition
    elif isinstance(condition, Not):
        yield from tests(condition.inner)
    else:
        for part in condition.parts:
            yield from tests(part)


def _test(test: Test, answer: Answer | None) -> bool:
    codes = (answer,) if isinstance(answer, str) else answer or ()
    codes = tuple(code for code in codes if code)
    match test.operator:
        case "known":
            return bool(codes)
        case "unknown":
            return not codes
        case "is":
            return codes == test.values
        case "is-not":
            return codes != test.values
        case "in":
            return len(codes) == 1 and codes[0] in test.values
        case "has":
            return any(value in codes for value in test.values)
        case _:
            return _compare(test, codes)


def _compare(test: Test, codes: tuple[str, ...]) -> bool:
    try:
        left, right = int(codes[0]), int(test.values[0])
    except (IndexError, ValueError):
        return False
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}.get(
        test.operator, False
    )


def _tokens(text: str) -> Iterator[str]:
    position, end = 0, len(text.rstrip())
    while position < end:
        found = _TOKEN.match(text, position)
        if not found:
            raise ConditionError(f"{text[position:].strip()[:12]!r} cannot be read")
        yield found["word"] or found["mark"]
        position = found.end()


def _any(tokens: list[str], depth: int) -> tuple[Condition, list[str]]:
    part, rest = _all(tokens, depth)
    parts = [part]
    while rest and rest[0] == "or":
        part, rest = _all(rest[1:], depth)
        parts.append(part)
    return (parts[0] if len(parts) == 1 else AnyOf(parts=tuple(parts))), rest


def _all(tokens: list[str], depth: int) -> tuple[Condition, list[str]]:
    part, rest = _one(tokens, depth)
    parts = [part]
    while rest and rest[0] == "and":
        part, rest = _one(rest[1:], depth)
        parts.append(part)
    return (parts[0] if len(parts) == 1 else All(parts=tuple(parts))), rest


def _one(tokens: list[str], depth: int) -> tuple[Condition, list[str]]:
    if depth > _MAX_DEPTH:
        raise ConditionError(f"is nested deeper than {_MAX_DEPTH}")
    if not tokens:
        raise ConditionError("ends too early")
    if tokens[0] == "not":
        inner, rest = _one(tokens[1:], depth + 1)
        return Not(inner=inner), rest
    if tokens[0] == "(":
        inner, rest = _any(tokens[1:], depth + 1)
        if rest[:1] != [")"]:
            raise ConditionError("lacks a closing parenthesis")
        return inner, rest[1:]
    return _single(tokens)


def _single(tokens: list[str]) -> tuple[Condition, list[str]]:
    name, rest = tokens[0], tokens[1:]
    match rest:
        case ["is", "not", ("known" | "unknown") as state, *rest]:
            other = "unknown" if state == "known" else "known"
            return Test(name=name, operator=other), rest
        case ["is", "not", value, *rest]:
            return Test(name=name, operator="is-not", values=(value,)), rest
        case ["is", ("known" | "unknown") as state, *rest]:
            return Test(name=name, operator=state), rest
        case ["is", value, *rest]:
            return Test(name=name, operator="is", values=(value,)), rest
        case ["has", "any", "of", "[", *rest]:
            values, rest = _list(rest)
            return Test(name=name, operator="has", values=values), rest
        case ["has", value, *rest]:
            return Test(name=name, operator="has", values=(value,)), rest
        case ["in", "[", *rest]:
            values, rest = _list(rest)
            return Test(name=name, operator="in", values=values), rest
        case [("<" | "<=" | ">" | ">=") as operator, value, *rest] if value.isdecimal():
            return Test(name=name, operator=operator, values=(value,)), rest
        case _:
            raise ConditionError(f"after {name!r} comes is, has, in or a comparison")


def _list(tokens: list[str]) -> tuple[tuple[str, ...], list[str]]:
    if "]" not in tokens:
        raise ConditionError("lacks a closing bracket")
    end = tokens.index("]")
    values = tuple(word for word in tokens[:end] if word != ",")
    if not values:
        raise ConditionError("has an empty list")
    return values, tokens[end + 1 :]
