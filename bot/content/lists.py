"""Lists of words and sentences that stand beside the flows: flows/{phrases,words,dates,…}.yaml."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.content import marks
from bot.content.marks import Place, Problem
from bot.content.reading import Numbers, plain
from bot.flow.inputs import Universal
from bot.flow.model import Text

if TYPE_CHECKING:
    from pathlib import Path


def read_phrases(root: Path) -> tuple[dict[str, Text], tuple[str, ...], list[Problem]]:
    """Return our own short sentences by name, and the patterns of those that may come later."""
    file, problems = read_mapping(root, "phrases")
    plain_map, patterns = file.get("phrases", file), file.get("later", [])
    found = {}
    for name, value in plain_map.items():
        one, other = (
            (value.get("one"), value.get("other")) if isinstance(value, dict) else (value, None)
        )
        if isinstance(one, str):
            found[name] = Text(source=one.rstrip("\n"), context=f"phrases.{name}", plural=other)
        else:
            problems.append(_wrong(root, "phrases", f"{name} is no sentence"))
    return found, tuple(str(pattern) for pattern in patterns), problems


def read_words(
    root: Path,
) -> tuple[dict[str, Universal], dict[str, frozenset[str]], list[Problem]]:
    """Return universal words, plain: what each means, and the languages that have it."""
    lists, problems = read_mapping(root, "words")
    found: dict[str, Universal] = {}
    spoken: dict[str, frozenset[str]] = {}
    for name, languages in lists.items():
        if name not in set(Universal) or not isinstance(languages, dict):
            problems.append(_wrong(root, "words", f"{name} is no universal word"))
            continue
        for language, words in languages.items():
            for word in words if isinstance(words, list) else ():
                # A sign such as ? or the SOS emoji has no letters to fold.
                key = plain(str(word)) or str(word)
                spoken[key] = spoken.get(key, frozenset()) | {str(language)}
                meaning = found.setdefault(key, Universal(name))
                if meaning != name:
                    told = f"{word!r} ({language}) means both {meaning.value} and {name}"
                    problems.append(_wrong(root, "words", told))
    return found, spoken, problems


def read_day_words(root: Path) -> tuple[dict[str, int], list[Problem]]:
    """Return days in words, plain, as a number of days ago."""
    lists, problems = read_mapping(root, "dates")
    found: dict[str, int] = {}
    for words in lists.values():
        for word, ago in (words if isinstance(words, dict) else {}).items():
            if isinstance(ago, int):
                found["#".join(plain(part) if part else "" for part in str(word).split("#"))] = ago
                found[_hash(str(word))] = ago
    return found, problems


def read_countries(root: Path) -> tuple[tuple[tuple[str, str], ...], list[Problem]]:
    """Return (name, code) of countries that people call otherwise than lists do."""
    lists, problems = read_mapping(root, "countries")
    found = ((str(name), code) for code, names in lists.items() for name in names)
    return tuple(found), problems


def read_numbers(root: Path) -> tuple[Numbers, list[Problem]]:
    """Return numbers in words of all languages, and words that stand before a number or a name."""
    lists, problems = read_mapping(root, "numbers")
    before = frozenset(plain(str(word)) for word in lists.pop("of", []))
    articles = [str(word) for word in lists.pop("articles", [])]
    joined = tuple(plain(word.rstrip("*")) for word in articles if word.endswith("*"))
    apart = frozenset(plain(word) for word in articles if not word.endswith("*"))
    found: dict[str, int] = {}
    for words in lists.values():
        for number, forms in enumerate(words if isinstance(words, list) else (), start=1):
            for form in str(forms).split("|"):
                found.setdefault(plain(form), number)
    return Numbers(words=found, before=before, articles=apart, joined=joined), problems


def read_yes_no(root: Path) -> tuple[dict[str, str], list[Problem]]:
    """Return what means "yes" or "no" as a whole answer, plain, in all languages."""
    lists, problems = read_mapping(root, "yes_no")
    found: dict[str, str] = {}
    for meaning, languages in lists.items():
        if meaning not in {"yes", "no"} or not isinstance(languages, dict):
            problems.append(_wrong(root, "yes_no", f"{meaning!r} is neither yes nor no"))
            continue
        for language, words in languages.items():
            for word in words if isinstance(words, list) else ():
                if found.setdefault(plain(str(word)), meaning) != meaning:
                    told = f"{word!r} ({language}) means both yes and no"
                    problems.append(_wrong(root, "yes_no", told))
    return found, problems


def _hash(word: str) -> str:
    """Plain form of a pattern such as "# days ago": the sign stays, what is around is folded."""
    marked = plain(word.replace("#", " 0 "))
    return marked.replace("0", "#", 1) if "#" in word else marked


def read_plain_map(root: Path, name: str, kind: type) -> tuple[dict[str, Any], list[Problem]]:
    """Return a file of names and values of one kind; others are told and left out."""
    found, problems = read_mapping(root, name)
    for key, value in list(found.items()):
        if not isinstance(value, kind):
            problems.append(_wrong(root, name, f"{key} is not a {kind.__name__}"))
            del found[key]
    return found, problems


def read_mapping(root: Path, name: str) -> tuple[dict[str, Any], list[Problem]]:
    """Return what flows/<name>.yaml holds, without a wrapping key of that very name."""
    document, problems = marks.load(root / "flows" / f"{name}.yaml", root=root)
    data = document.data if document else None
    if isinstance(data, dict) and len(data) == 1 and isinstance(next(iter(data.values())), dict):
        wrapped = next(iter(data))
        if wrapped == name:
            data = data[name]
    return (data if isinstance(data, dict) else {}), problems


def _wrong(root: Path, name: str, message: str) -> Problem:
    del root
    return Problem(
        place=Place(file=f"flows/{name}.yaml"), rule=name, message=message, remedy="Correct it."
    )
