"""What translators get: catalogues brought up to date with the sentences that exist.

`python -m bot.content.extraction` rewrites every locales/<tag>/LC_MESSAGES/*.po: new sentences come
empty, changed ones come in doubt (fuzzy) with their old translation, those said nowhere go. The two
extractors are registered with Babel, so `pybabel extract` reads flows and knowledge as well.
"""

from __future__ import annotations

import re
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any

from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po

from bot.content import marks
from bot.content.asides import without_ids
from bot.content.catalogues import DOMAINS, load_catalogues
from bot.content.flows import build, texts
from bot.content.place import PACKAGE, content_root
from bot.content.plurals import forms
from bot.domain.languages import SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

SHOWN = {
    "mechanisms": (
        "name", "short_name", "what_it_does", "risks", "when_to_use", "when_not_to_use",
        "consent_questions", "information_needed", "what_happens_next", "typical_timeline",
        "reprisals_note",
    ),
    "resources": (
        "name", "what_they_offer", "hours_and_response_time", "how_to_apply", "eligibility",
    ),
    "strategies": (
        "name", "what_it_is", "when_it_works", "first_three_steps", "risks", "do_no_harm",
        "examples",
    ),
    "guides": ("title", "when_to_use", "steps", "warnings"),
    "stories": ("title", "what_happened", "lesson"),
    "notes": ("title", "lines"),
}  # fmt: skip
"""Fields of entries that cards show."""

TERMS = ("threat_types", "defender_groups", "resource_kinds")
CODES = re.compile(r"_codes$")
_INTERFACE = re.compile(r"""_\(\s*(?:"((?:[^"\\]|\\.)+)"|'((?:[^'\\]|\\.)+)')""")

Message = tuple[str, str, str | None, str, int]
"""Context, English, English plural, file, line."""


def extract_flows(
    fileobj: IO[bytes], keywords: Any, comment_tags: Any, options: Any
) -> Iterator[tuple[int, str, Any, list[str]]]:
    """Babel's extractor for files of flows/: every sentence with its step as context."""
    del keywords, comment_tags, options
    name = str(getattr(fileobj, "name", "flows"))
    for context, source, plural, _, line in _of_flow_file(fileobj.read().decode(), name):
        yield _babel(context, source, plural, line)


def extract_knowledge(
    fileobj: IO[bytes], keywords: Any, comment_tags: Any, options: Any
) -> Iterator[tuple[int, str, Any, list[str]]]:
    """Babel's extractor for files of knowledge/: the fields that cards show."""
    del keywords, comment_tags, options
    name = str(getattr(fileobj, "name", "knowledge"))
    for context, source, plural, _, line in _of_entry(fileobj.read().decode(), name):
        yield _babel(context, source, plural, line)


def messages(root: Path, domain: str) -> list[Message]:
    """Return every sentence of a domain, in the order of files."""
    found: list[Message] = []
    if domain == "flows":
        for path in sorted((root / "flows").glob("*.yaml")):
            found += _of_flow_file(path.read_text(encoding="utf-8"), f"flows/{path.name}")
    elif domain == "knowledge":
        for path in sorted((root / "knowledge").rglob("*.yaml")):
            name = path.relative_to(root).as_posix()
            found += _of_entry(path.read_text(encoding="utf-8"), name)
    else:
        for path in sorted(PACKAGE.glob("**/templates/*.html")):
            found += _of_template(
                path.read_text(encoding="utf-8"), path.relative_to(PACKAGE.parent).as_posix()
            )
    return found


def update_catalogues(root: Path) -> list[str]:
    """Rewrite all catalogues; return the files that changed."""
    changed = []
    catalogues, _ = load_catalogues(root)
    for domain in DOMAINS:
        template = _template(messages(root, domain), domain)
        for language in catalogues.languages:
            if language.tag == SOURCE or not len(template):
                continue
            path = root / "locales" / language.tag / "LC_MESSAGES" / f"{domain}.po"
            if domain == "knowledge" and not path.exists():
                # Entries are English until somebody begins to translate them.
                continue
            before = path.read_bytes() if path.exists() else b""
            # Entries are many: a language that begins has only those that somebody translated.
            sparse = domain == "knowledge" and "flows" not in language.complete
            after = refreshed(before, template, language.tag, domain, sparse=sparse)
            if after != before:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(after)
                changed.append(path.relative_to(root).as_posix())
    return changed


def refreshed(
    before: bytes, template: Catalog, tag: str, domain: str, *, sparse: bool = False
) -> bytes:
    """Return a catalogue with the sentences of the template and the translations it had.

    Args:
        before: The catalogue as it is; empty when there is none.
        template: Every sentence of the domain.
        tag: The language.
        domain: Which of them.
        sparse: Leave out what is not translated.
    """
    count, header, _ = forms(tag)
    old = read_po(BytesIO(before), locale=tag, domain=domain) if before else Catalog(locale=tag)
    status = dict(old.mime_headers).get("X-Review-Status", "draft")
    old.update(template, no_fuzzy_matching=False)
    if sparse:
        for message in [one for one in old if one.id and not one.string]:
            old.delete(message.id, message.context)
    for message in old:
        if message.pluralizable and message.id:
            strings = list(message.string) if isinstance(message.string, (list, tuple)) else []
            message.string = tuple((strings + [""] * count)[:count])
    lines = (
        f"# Translations of Vigil: {domain}, {tag}.\n"
        'msgid ""\nmsgstr ""\n'
        f'"Language: {tag}\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Content-Transfer-Encoding: 8bit\\n"\n"Plural-Forms: {header}\\n"\n'
        f'"X-Review-Status: {status}\\n"\n\n'
    )
    body = BytesIO()
    write_po(body, old, omit_header=True, ignore_obsolete=True, width=100, sort_by_file=False)
    return lines.encode() + body.getvalue()


def _template(found: Iterable[Message], domain: str) -> Catalog:
    template = Catalog(domain=domain)
    for context, source, plural, file, _line in found:
        template.add(
            (source, plural) if plural else source,
            locations=[(file, 0)],
            context=context or None,
            flags=["python-brace-format"] if "{" in source else [],
        )
    # Line numbers would change with every edit and hide what really changed.
    for message in template:
        message.locations = [(file, None) for file, _ in message.locations]  # type: ignore[misc]
    return template


def _of_flow_file(text: str, file: str) -> Iterator[Message]:
    document, _ = marks.loads(text, file=file)
    if document is None or not isinstance(document.data, dict):
        return
    if "phrases" in document.data:
        for name, value in document.data["phrases"].items():
            one, other = (
                (value["one"], value["other"]) if isinstance(value, dict) else (value, None)
            )
            line = document.place("phrases", name).line
            yield f"phrases.{name}", str(one).rstrip("\n"), other, file, line
        return
    if "flow" not in document.data:
        return
    flow, _ = build(document)
    for text_ in texts(flow) if flow else ():
        parts = text_.context.split(".")
        line = document.place("steps", parts[1], *parts[2:]).line
        yield text_.context, text_.source, text_.plural, file, line


def _of_entry(text: str, file: str) -> Iterator[Message]:
    document, _ = marks.loads(text, file=file)
    data = document.data if document else None
    if document is None or not isinstance(data, dict):
        return
    kind = file.split("/")[-2] if "/" in file else ""
    for name in SHOWN.get(kind, ()):
        value = data.get(name)
        for number, source in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(source, str) and source:
                place = f"{name}.{number}" if isinstance(value, list) else name
                line = document.place(name, number).line
                yield f"{kind}.{data.get('id')}.{place}", without_ids(source), None, file, line
    for table, entries in data.items():
        if CODES.search(str(table)) and isinstance(entries, dict):
            for code, source in entries.items():
                yield f"codes.{code}", str(source), None, file, document.place(table, code).line
        if table in TERMS and isinstance(entries, list):
            for number, term in enumerate(one for one in entries if isinstance(one, dict)):
                line = document.place(table, number).line
                yield f"{table}.{term['id']}.name", str(term["name"]), None, file, line
        if table == "urgency_scale" and isinstance(entries, list):
            for number, term in enumerate(one for one in entries if isinstance(one, dict)):
                line = document.place(table, number).line
                # The word stands inside a reason: "It can react within {value}."
                yield f"urgency.{term['id']}", str(term["id"]), None, file, line


def _of_template(text: str, file: str) -> Iterator[Message]:
    for number, line in enumerate(text.splitlines(), 1):
        for found in _INTERFACE.finditer(line):
            yield (
                "",
                (found[1] or found[2]).replace('\\"', '"').replace("\\'", "'"),
                None,
                file,
                number,
            )


def _babel(
    context: str, source: str, plural: str | None, line: int
) -> tuple[int, str, Any, list[str]]:
    if plural:
        return line, "npgettext", (context, source, plural), []
    return line, "pgettext", (context, source), []


if __name__ == "__main__":
    for changed_file in update_catalogues(content_root()):
        print(changed_file)  # noqa: T201 - says what it wrote
