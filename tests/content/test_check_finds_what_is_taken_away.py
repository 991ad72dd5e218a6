"""Whatever is taken out of the content, `vigil check` says where: nothing can be lost unseen."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from bot.content import marks
from bot.content.checking import check_all
from bot.content.flow_checks import check_flows
from bot.content.flows import build
from bot.content.library import errors, load, safety_texts
from bot.content.locale_checks import check_locales

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from bot.content.library import Library
    from bot.content.marks import Problem

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 11, 1)


@pytest.fixture(scope="module")
def library() -> Library:
    found, problems = load(ROOT, thorough=False)
    assert found is not None
    assert not errors(problems)
    return found


def needed(library: Library) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """Return the sentences that no catalogue may lack, by language and domain."""
    safety = {(text.context, text.source) for text in safety_texts(library)}
    found = {}
    for (language, domain), catalogue in library.catalogues.by_name.items():
        entry = next(one for one in library.catalogues.languages if one.tag == language)
        whole = domain in entry.complete
        found[language, domain] = [
            name
            for name in catalogue.entries
            if whole
            or (domain == "flows" and (name in safety or name[0].split(".")[0] in entry.complete))
        ]
    return {key: names for key, names in found.items() if names}


def without(library: Library, lost: dict[tuple[str, str], set[tuple[str, str]]]) -> Library:
    """Return the Library whose catalogues, by language and domain, lack some sentences."""
    kept = {
        key: replace(
            catalogue,
            entries={
                name: entry
                for name, entry in catalogue.entries.items()
                if name not in lost.get(key, set())
            },
        )
        for key, catalogue in library.catalogues.by_name.items()
    }
    return replace(library, catalogues=replace(library.catalogues, by_name=kept))


@pytest.mark.parametrize("turn", [0, 1])
def test_every_sentence_taken_from_a_catalogue_is_missed(library: Library, turn: int) -> None:
    """Every second sentence in one turn, the others in the next: each must be named."""
    lost = {key: set(names[turn::2]) for key, names in needed(library).items()}
    assert {language for language, _ in lost} == set(library.offered) - {"en"}
    found = [
        problem
        for problem in check_locales(without(library, lost), ROOT)
        if problem.rule in {"untranslated", "safety-untranslated"}
    ]
    for (language, domain), sentences in lost.items():
        file = f"locales/{language}/LC_MESSAGES/{domain}.po"
        missed = [problem for problem in found if problem.place.file == file]
        assert len(missed) == len(sentences)
        assert all(problem.place.line >= 1 for problem in missed)
    assert sum(len(sentences) for sentences in lost.values()) == len(found)


def test_a_sentence_deleted_from_a_file_is_named_beside_its_neighbours(content: Path) -> None:
    path = content / "locales" / "fr" / "LC_MESSAGES" / "flows.po"
    blocks = path.read_text(encoding="utf-8").split("\n\n")
    number = len(blocks) // 2
    line = sum(block.count("\n") + 2 for block in blocks[:number])
    del blocks[number]
    path.write_text("\n\n".join(blocks), encoding="utf-8")
    wrong = errors(check_all(content, today=TODAY))
    assert [problem.place.file for problem in wrong] == ["locales/fr/LC_MESSAGES/flows.po"]
    assert abs(wrong[0].place.line - line) < 12


def test_completeness_in_something_that_there_is_not_is_named(content: Path) -> None:
    path = content / "locales" / "languages.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("complete: [start,", "complete: [begin,", 1), encoding="utf-8")
    wrong = errors(check_all(content, today=TODAY))
    assert [(problem.rule, problem.place.file) for problem in wrong] == [
        ("complete", "locales/languages.yaml")
    ]


def test_a_sentence_in_doubt_or_with_other_placeholders_is_named(content: Path) -> None:
    path = content / "locales" / "es" / "LC_MESSAGES" / "flows.po"
    text = path.read_text(encoding="utf-8")
    assert text.count("{mark}") == 2
    head, _, tail = text.rpartition("{mark}")
    path.write_text(f"{head}{{marca}}{tail}", encoding="utf-8")
    assert [problem.rule for problem in errors(check_all(content, today=TODAY))] == ["placeholders"]


def flow_files() -> list[Path]:
    return [
        path
        for path in sorted((ROOT / "flows").glob("*.yaml"))
        if "steps:" in path.read_text(encoding="utf-8").splitlines()
    ]


def read(path: Path) -> Any:
    document, problems = marks.load(path, root=ROOT)
    assert document is not None
    assert not problems
    return document.data


def problems_of(library: Library, data: dict[str, Any]) -> list[Problem]:
    """Check the Library with one flow replaced, written anew as YAML."""
    text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
    document, problems = marks.loads(text, file=f"flows/{data['flow']}.yaml")
    assert document is not None
    flow, more = build(document)
    problems += more
    if flow is not None:
        changed = replace(
            library,
            flows={**library.flows, flow.id: flow},
            documents={**library.documents, flow.id: document},
        )
        problems += check_flows(changed)
    return errors(problems)


def targets(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Find every place in a flow that names a step to go to."""
    pairs = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in pairs:
        if key in {"goto", "skip_to", "else"} and isinstance(value, str):
            yield (*path, key)
        elif isinstance(value, (dict, list)):
            yield from targets(value, (*path, key))


@pytest.mark.parametrize("path", flow_files(), ids=lambda path: path.stem)
def test_every_target_that_leads_nowhere_is_named_with_its_line(
    library: Library, path: Path
) -> None:
    source = read(path)
    for loc in list(targets(source["steps"], ("steps",))):
        data = deepcopy(source)
        holder = data
        for part in loc[:-1]:
            holder = holder[part]
        holder[loc[-1]] = "a_step_that_nobody_wrote"
        wrong = [one for one in problems_of(library, data) if one.rule == "dangling"]
        assert wrong, f"{path.name} {loc}"
        assert all(one.place.line > 1 for one in wrong)


@pytest.mark.parametrize("path", flow_files(), ids=lambda path: path.stem)
def test_every_step_that_is_taken_out_is_missed(library: Library, path: Path) -> None:
    source = read(path)
    for name in source["steps"]:
        data = deepcopy(source)
        del data["steps"][name]
        if data["steps"] and leads_to(data, name):
            assert problems_of(library, data), f"{path.name} without {name}"


def leads_to(data: dict[str, Any], name: str) -> bool:
    for loc in targets(data["steps"]):
        holder: Any = data["steps"]
        for part in loc:
            holder = holder[part]
        if holder == name:
            return True
    return False
