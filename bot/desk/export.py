"""A case as a file: what was opened here, with the mark of the record on it.

The sentences stand in a template like those of every page; this module only lays them out.
"""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

from bot.contract.exports import Form
from bot.contract.shapes import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.contract.exports import ExportMark
    from bot.desk.frame import Desk
    from bot.desk.opening import OpenedCase

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def write_export(
    desk: Desk, cases: Sequence[OpenedCase], form: Form, mark: ExportMark
) -> tuple[str, str, bytes]:
    """Return a file's name, kind and content."""
    short = cases[0].summary.case[:4].upper() if len(cases) == 1 else f"{len(cases)}"
    if form is Form.JSON:
        content = json.dumps(_plain(desk, cases, mark), ensure_ascii=False, indent=1).encode()
        return f"case-{short}.json", "application/json", content
    return f"case-{short}.docx", DOCX, _docx(desk, cases, mark)


def _plain(desk: Desk, cases: Sequence[OpenedCase], mark: ExportMark) -> dict[str, Any]:
    return {
        "mark": mark.mark,
        "at": plain(mark.at),
        "by": desk.seat.me.alias if desk.seat.me else "",
        "cases": [
            {
                "envelope": plain(one.summary),
                "items": [
                    {
                        "sequence": item.head.sequence,
                        "kind": item.kind,
                        "content": plain(item.item) if item.item is not None else None,
                    }
                    for item in one.items
                ],
            }
            for one in cases
        ],
    }


def _docx(desk: Desk, cases: Sequence[OpenedCase], mark: ExportMark) -> bytes:
    import docx  # noqa: PLC0415 - a second to load, and rarely needed

    document: Any = docx.Document()
    language = desk.language
    say = desk.sentences("export.html")
    footer = document.sections[0].footer.paragraphs[0]
    by = desk.seat.me.alias if desk.seat.me else ""
    footer.text = f"{say['mark']}: {mark.mark} · {by} · {desk.shelf.moment(mark.at, language)}"
    for number, one in enumerate(cases):
        if number:
            document.add_page_break()
        _case(document, desk, one, say)
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def _case(document: Any, desk: Desk, case: OpenedCase, say: dict[str, str]) -> None:
    from bot.desk.opening import (  # noqa: PLC0415
        Answered,
        Answers,
        Consent,
        FileHead,
        Note,
        WrittenWords,
    )

    language, shelf, summary = desk.language, desk.shelf, case.summary
    document.add_heading(f"{say['case']} {summary.case[:4].upper()}", level=1)
    document.add_paragraph(
        f"{say[summary.urgency.value]} · {shelf.term('language', summary.language, language)} · "
        f"{shelf.moment(summary.created_at, language)}"
    )
    for item in (one.item for one in case.items if one.item is not None):
        match item:
            case Answers():
                document.add_heading(say["answers"], level=2)
                table = document.add_table(rows=0, cols=2)
                table.style = "Light Grid Accent 1"
                for one in item.answers:
                    cells = table.add_row().cells
                    cells[0].text = shelf.question(item.flow, one.step, one.name, language)
                    cells[1].text = ", ".join(
                        shelf.answer(item.flow, one.step, one.kind, value, language)
                        for value in one.values
                    )
            case WrittenWords():
                document.add_heading(
                    f"{say['words']} ({shelf.term('language', item.language, language)})", level=2
                )
                _paragraph(document, item.text, shelf.is_right_to_left(item.language))
            case Answered():
                document.add_heading(
                    f"{say['answer']} · {item.by} · {shelf.moment(item.at, language)}", level=2
                )
                _paragraph(document, item.text, shelf.is_right_to_left(item.language))
            case Note():
                document.add_heading(
                    f"{say['note']} · {item.by} · {shelf.moment(item.at, language)}", level=2
                )
                _paragraph(document, item.text, shelf.is_right_to_left(language))
            case Consent():
                ended = f" · {say['revoked']}" if item.revoked_at else ""
                document.add_paragraph(
                    f"{say['consent']}: {shelf.term('consent', item.level, language)} → "
                    f"{shelf.term('recipient', item.recipient, language)} · "
                    f"{shelf.moment(item.at, language)}{ended}"
                )
            case FileHead():
                document.add_paragraph(f"{say['file']}: {item.media_type}, {item.size} B")


def _paragraph(document: Any, text: str, right_to_left: bool) -> None:  # noqa: FBT001
    from docx.enum.text import WD_ALIGN_PARAGRAPH  # noqa: PLC0415
    from docx.oxml.ns import qn  # noqa: PLC0415

    for line in text.split("\n"):
        paragraph = document.add_paragraph(_printable(line))
        if right_to_left:
            properties = paragraph._p.get_or_add_pPr()  # noqa: SLF001 - python-docx has no other way
            properties.append(properties.makeelement(qn("w:bidi"), {}))
            paragraph.alignment = WD_ALIGN_PARAGRAPH.LEFT


def _printable(line: str) -> str:
    """Return a line without signs that XML cannot hold."""
    return "".join(sign for sign in line if sign >= " " or sign == "\t")
