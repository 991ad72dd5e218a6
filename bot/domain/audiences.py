"""Whom an alert is for: a small language over what people chose to tell, and what it means.

    country is UG and (topic is arrests or group in [journalist, lawyer]) and not language is sw

Grammar, loosest first: `or`, `and`, `not`, parentheses, then one test:

    NAME is CODE        NAME in [A, B]        everyone

Total: every text is read, or refused with the place of its first mistake. Knows nothing of rows;
that the database finds the same people as `matches` is held by tests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from bot.domain.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

NAMES = ("country", "region", "language", "topic", "group", "role")
"""What can be asked; each is a choice that the person made. No name of a check-in is among them."""

_TOKEN = re.compile(r"\s*(?:(?P<word>[A-Za-z0-9][A-Za-z0-9_.-]*)|(?P<mark>[()\[\],]))")
_KEYWORDS = frozenset({"and", "or", "not", "is", "in", "everyone"})
MAX_LENGTH = 1_000
MAX_TESTS = 60
MAX_DEPTH = 20


class AudienceError(RefusedError):
    """A text that is no audience.

    Args:
        reason: What is wrong, for the coordinator who wrote it.
        at: The character at which it is, from 0.
    """

    def __init__(self, reason: str, at: int = 0) -> None:
        super().__init__(f"{reason} (character {at + 1})")
        self.reason = reason
        self.at = at


@dataclass(frozen=True, slots=True, kw_only=True)
class Everyone:
    """All who take alerts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chose:
    """Those who chose one of `values` under `name`."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Without:
    """Those whom `inner` does not mean."""

    inner: Audience


@dataclass(frozen=True, slots=True, kw_only=True)
class Both:
    """Those whom every part means."""

    parts: tuple[Audience, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Either:
    """Those whom one part means."""

    parts: tuple[Audience, ...]


Audience = Everyone | Chose | Without | Both | Either
Choices = frozenset[tuple[str, str]]
"""What one person chose, as (name, code)."""


def parse(text: str) -> Audience:
    """Read an audience.

    Raises:
        AudienceError: It is none; says where and why.
    """
    if len(text) > MAX_LENGTH:
        raise AudienceError(f"The audience is longer than {MAX_LENGTH} characters", MAX_LENGTH)
    return _Parser(text).whole()


def check(audience: Audience, known: Mapping[str, Collection[str]]) -> None:
    """Hold an audience against the codes that exist.

    Raises:
        AudienceError: A code that nobody can have chosen; a typo would send to the wrong people.
    """
    for test in tests(audience):
        for value in test.values:
            if test.name in known and value not in known[test.name]:
                raise AudienceError(f"There is no {test.name} {value}")


def tests(audience: Audience) -> tuple[Chose, ...]:
    """Return every test in it, in order."""
    match audience:
        case Everyone():
            return ()
        case Chose():
            return (audience,)
        case Without():
            return tests(audience.inner)
        case Both() | Either():
            return tuple(test for part in audience.parts for test in tests(part))
        case _ as never:
            assert_never(never)


def matches(audience: Audience, choices: Choices) -> bool:
    """Tell whether somebody with these choices is meant."""
    match audience:
        case Everyone():
            return True
        case Chose():
            return any((audience.name, value) in choices for value in audience.values)
        case Without():
            return not matches(audience.inner, choices)
        case Both():
            return all(matches(part, choices) for part in audience.parts)
        case Either():
            return any(matches(part, choices) for part in audience.parts)
        case _ as never:
            assert_never(never)


def write(audience: Audience) -> str:
    """Return the text of an audience, in its one plain form; `parse` gives the audience again."""
    match audience:
        case Everyone():
            return "everyone"
        case Chose():
            if len(audience.values) == 1:
                return f"{audience.name} is {audience.values[0]}"
            return f"{audience.name} in [{', '.join(audience.values)}]"
        case Without():
            return f"not {_inside(audience.inner)}"
        case Both():
            return " and ".join(_inside(part) for part in audience.parts)
        case Either():
            return " or ".join(_inside(part) for part in audience.parts)
        case _ as never:
            assert_never(never)


def _inside(audience: Audience) -> str:
    text = write(audience)
    return f"({text})" if isinstance(audience, Both | Either) else text


def normal(name: str, value: str) -> str:
    """Return a code as it is kept: countries in capitals, all others small."""
    return value.upper() if name == "country" else value.lower()


class _Parser:
    """Reads one text from left to right."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, int]] = []
        self._place = 0
        self._tests = 0
        self._end = len(text)
        at = 0
        while text[at:].strip():
            found = _TOKEN.match(text, at)
            if found is None:
                at += len(text[at:]) - len(text[at:].lstrip())
                raise AudienceError(f"“{text[at]}” means nothing here", at)
            token = found["word"] or found["mark"]
            self._tokens.append((token, found.end() - len(token)))
            at = found.end()

    def whole(self) -> Audience:
        if not self._tokens:
            raise AudienceError("The audience is empty; write “everyone” for all")
        found = self._either(0)
        if self._place < len(self._tokens):
            raise self._error(f"“{self._peek()}” was not expected")
        return found

    def _either(self, depth: int) -> Audience:
        parts = [self._both(depth)]
        while self._take("or"):
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else Either(parts=tuple(parts))

    def _both(self, depth: int) -> Audience:
        parts = [self._one(depth)]
        while self._take("and"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else Both(parts=tuple(parts))

    def _one(self, depth: int) -> Audience:
        if depth > MAX_DEPTH:
            raise self._error("The audience is nested too deeply")
        if self._take("not"):
            return Without(inner=self._one(depth + 1))
        if self._take("("):
            inner = self._either(depth + 1)
            self._need(")")
            return inner
        if self._take("everyone"):
            return Everyone()
        return self._test()

    def _test(self) -> Chose:
        name = self._word("the name of a choice").lower()
        if name not in NAMES:
            self._place -= 1
            raise self._error(f"“{name}” cannot be asked; there is {', '.join(NAMES)}")
        self._tests += 1
        if self._tests > MAX_TESTS:
            raise self._error(f"There are more than {MAX_TESTS} tests")
        if self._take("is"):
            return Chose(name=name, values=(normal(name, self._word("a code")),))
        if not self._take("in"):
            raise self._error(f"After “{name}” comes “is” or “in”")
        self._need("[")
        values = [normal(name, self._word("a code"))]
        while self._take(","):
            values.append(normal(name, self._word("a code")))
        self._need("]")
        return Chose(name=name, values=tuple(dict.fromkeys(values)))

    def _word(self, wanted: str) -> str:
        token = self._peek()
        if token is None or not token[0].isalnum() or token.lower() in _KEYWORDS:
            raise self._error(f"Here should be {wanted}")
        self._place += 1
        return token

    def _take(self, wanted: str) -> bool:
        token = self._peek()
        if token is None or token.lower() != wanted:
            return False
        self._place += 1
        return True

    def _need(self, wanted: str) -> None:
        if not self._take(wanted):
            raise self._error(f"Here should be “{wanted}”")

    def _peek(self) -> str | None:
        return self._tokens[self._place][0] if self._place < len(self._tokens) else None

    def _error(self, reason: str) -> AudienceError:
        at = self._tokens[self._place][1] if self._place < len(self._tokens) else self._end
        return AudienceError(reason, at)
