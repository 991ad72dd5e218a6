from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.services.facts import Known, Source

if TYPE_CHECKING:
    from collections.abc import Mapping


def known(told: Mapping[str, str], asked: list[Source]) -> Known:
    source = Source(names=frozenset({"role", "canary"}), tell=lambda *_of: told)

    def ask(one: Source) -> Mapping[str, str]:
        asked.append(one)
        return told

    return Known({"language": "es", "role": "of before"}, [source], ask)


def test_a_source_is_asked_when_one_of_its_facts_is_and_only_once() -> None:
    asked: list[Source] = []
    facts = known({"role": "coordinator"}, asked)
    assert facts["language"] == "es"
    assert asked == []
    assert facts["role"] == "coordinator"
    assert facts.get("canary") is None
    assert len(asked) == 1


def test_what_a_source_does_not_tell_is_what_was_known_before() -> None:
    facts = known({}, [])
    assert facts["role"] == "of before"
    assert dict(facts) == {"language": "es", "role": "of before"}
    assert len(facts) == 2


def test_a_source_that_tells_what_it_does_not_name_is_a_bug() -> None:
    with pytest.raises(ValueError, match="nobody names"):
        known({"address": "somewhere"}, [])["role"]
