"""The Library is swapped whole: a good one at once, a broken one never."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from bot.content.library import Bookcase, errors, open_library
from bot.content.shelf import signature
from bot.domain.errors import ContentError
from bot.domain.ids import FlowId
from bot.services.reload import Reloading

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot.content.library import Library

PERSON = FlowId("person")


def edit(content: Path, before: str, after: str) -> None:
    path = content / "flows" / "person.yaml"
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


def test_an_edit_is_taken_up_and_the_old_definition_stays_for_those_in_it(content: Path) -> None:
    bookcase = Bookcase(open_library(content))
    before = bookcase().flows[PERSON]
    edit(
        content, "flow: person\n", f"flow: person\nemergency: {str(not before.emergency).lower()}\n"
    )
    assert not errors(bookcase.swap(content))
    after = bookcase().flows[PERSON]
    assert after.hash != before.hash
    assert bookcase().pinned(PERSON, before.hash) == before
    assert bookcase().pinned(PERSON, after.hash) == after


@pytest.mark.parametrize(
    "breakage", ["steps: [", "goto: a_step_that_nobody_wrote", "\x00", "&a [*a]"]
)
def test_a_broken_file_leaves_the_last_good_library_and_says_where(
    content: Path, breakage: str
) -> None:
    bookcase = Bookcase(open_library(content))
    before = bookcase()
    path = content / "flows" / "person.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(f"{text}\n{breakage}\n", encoding="utf-8")
    wrong = errors(bookcase.swap(content))
    assert any(problem.place.file == "flows/person.yaml" for problem in wrong)
    assert bookcase() is before
    with pytest.raises(ContentError, match=r"flows/person\.yaml"):
        open_library(content)


def test_an_edit_that_leaves_a_safety_sentence_untranslated_is_refused(content: Path) -> None:
    bookcase = Bookcase(open_library(content))
    before = bookcase()
    edit(content, "title: Talk to a person", "title: Talk to somebody who listens")
    wrong = errors(bookcase.swap(content))
    assert {problem.rule for problem in wrong} == {"safety-untranslated"}
    assert bookcase() is before


def test_a_missing_part_of_the_content_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="No folder with flows/"):
        open_library(tmp_path)


class Clock:
    def now(self) -> datetime:
        return datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


@dataclass
class KeptFlows:
    kept: list[str] = field(default_factory=list)

    def keep(self, flow: str, digest: str, definition: str, *, at: datetime) -> None:
        self.kept.append(digest)


@dataclass
class Store:
    """Runs units at once on what remembers definitions only."""

    flows: KeptFlows = field(default_factory=KeptFlows)

    async def write(self, unit: Callable[[Any], Any]) -> Any:
        return unit(self)


async def test_a_running_program_takes_up_good_edits_and_refuses_bad_ones(content: Path) -> None:
    bookcase, store = Bookcase(open_library(content)), Store()
    first = bookcase().flows[PERSON].hash
    told: list[Library] = []
    reloading = Reloading(
        store=store, clock=Clock(), bookcase=bookcase, root=content,
        cache=content / "cache", seen=signature(content), taken_up=told.append,
    )  # fmt: skip
    assert await reloading() is False
    edit(content, "flow: person\n", "flow: person\nsteps_of_another: 1\n")
    assert await reloading() is False
    assert bookcase().flows[PERSON].hash == first
    assert told == []
    edit(content, "steps_of_another: 1\n", "help: Somebody listens.\n")
    # Two helps in one mapping are refused as well.
    assert await reloading() is False
    edit(content, "help: Somebody listens.\n", "emergency: true\n")
    assert await reloading() is True
    assert bookcase().flows[PERSON].hash != first
    assert bookcase().flows[PERSON].hash in store.flows.kept
    assert told == [bookcase()]
