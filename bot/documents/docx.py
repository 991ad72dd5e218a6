"""A letter as a Word document that tells nothing about who made it, where and when.

Real styles for headings and lists, blanks highlighted, page numbers, no tables. Neither author nor
time stands in the properties or in the archive itself, so the same letter is the same bytes.
"""

from __future__ import annotations

import re
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any, assert_never
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from bot.domain.languages import is_right_to_left
from bot.guidance.letters import Kind

if TYPE_CHECKING:
    from bot.guidance.letters import Block, Letter, Run

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

_NEVER = datetime(2000, 1, 1)  # noqa: DTZ001 - a property of the format, which knows no zone
_NO_TIME = (1980, 1, 1, 0, 0, 0)
_FONT = "Calibri"
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_LEFT_OUT = frozenset({"docProps/thumbnail.jpeg"})


def to_docx(letter: Letter) -> bytes:
    """Return the letter as a .docx file."""
    from docx import Document  # noqa: PLC0415 - loads lxml and is needed for letters alone

    document = Document()
    _set_up(document, letter)
    for block in letter.blocks:
        _write(document, block)
    out = BytesIO()
    document.save(out)
    return _without_time(out.getvalue())


def _set_up(document: Any, letter: Letter) -> None:
    from docx.shared import Cm, Pt, RGBColor  # noqa: PLC0415

    properties = document.core_properties
    for name in ("author", "last_modified_by", "comments", "category", "keywords", "subject"):
        setattr(properties, name, "")
    properties.title = letter.title
    properties.language = letter.language
    properties.created = properties.modified = _NEVER
    properties.revision = 1
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.3)
    section.top_margin = section.bottom_margin = Cm(2)
    dark = RGBColor(0x1F, 0x2A, 0x37)
    for name, size, before, after in (
        ("Normal", 11, 0, 5), ("List Bullet", 11, 0, 3), ("Title", 18, 0, 10),
        ("Heading 1", 13, 14, 4), ("Quote", 11, 2, 4),
    ):  # fmt: skip
        style = document.styles[name]
        style.font.name, style.font.size = _FONT, Pt(size)
        _same_size_in_every_script(style, size)
        _font_everywhere(style, letter.language)
        style.paragraph_format.space_before = Pt(before)
        style.paragraph_format.space_after = Pt(after)
        style.paragraph_format.line_spacing = 1.1
        if name in {"Title", "Heading 1", "Quote"}:
            style.font.color.rgb = dark
    quote = document.styles["Quote"].font
    # Arabic in italics is hard to read, and the style would make it so.
    quote.italic = quote.cs_italic = False
    document.styles["Quote"].paragraph_format.left_indent = Cm(0.8)
    _page_numbers(section, letter.page)


def _same_size_in_every_script(style: Any, points: int) -> None:
    from docx.oxml import OxmlElement  # noqa: PLC0415
    from docx.oxml.ns import qn  # noqa: PLC0415

    properties = style.element.get_or_add_rPr()
    for old in properties.findall(qn("w:szCs")):
        properties.remove(old)
    size = OxmlElement("w:szCs")
    size.set(qn("w:val"), str(points * 2))
    properties.find(qn("w:sz")).addnext(size)


def _font_everywhere(style: Any, language: str) -> None:
    """Name the font and the language for every script, not for Latin letters alone."""
    from docx.oxml import OxmlElement  # noqa: PLC0415
    from docx.oxml.ns import qn  # noqa: PLC0415

    properties = style.element.get_or_add_rPr()
    fonts = properties.get_or_add_rFonts()
    for name in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
        fonts.set(qn(name), _FONT)
    for name in ("w:asciiTheme", "w:hAnsiTheme", "w:cstheme", "w:eastAsiaTheme"):
        fonts.attrib.pop(qn(name), None)
    for old in properties.findall(qn("w:lang")):
        properties.remove(old)
    lang = OxmlElement("w:lang")
    lang.set(qn("w:val"), language)
    properties.append(lang)


def _page_numbers(section: Any, word: str) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH  # noqa: PLC0415
    from docx.oxml import OxmlElement  # noqa: PLC0415
    from docx.oxml.ns import qn  # noqa: PLC0415

    line = section.footer.paragraphs[0]
    line.alignment = WD_ALIGN_PARAGRAPH.CENTER
    line.add_run(f"{word} ")
    counted = OxmlElement("w:fldSimple")
    counted.set(qn("w:instr"), "PAGE")
    line._p.append(counted)  # noqa: SLF001 - python-docx has no fields of its own


def _write(document: Any, block: Block) -> None:
    match block.kind:
        case Kind.PAGE:
            document.add_page_break()
        case Kind.TITLE:
            _runs(_line(document, "Title"), block)
        case Kind.HEADING:
            _runs(_line(document, "Heading1"), block)
        case Kind.ITEM:
            _runs(_line(document, "ListBullet"), block)
        case Kind.CHECK:
            _check(document, block)
        case Kind.WORDS:
            _words(_line(document, "Quote"), block)
        case Kind.PARAGRAPH | Kind.FIELD:
            line = document.add_paragraph()
            _runs(line, block)
            # A line that is bold throughout introduces what follows it.
            line.paragraph_format.keep_with_next = all(run.strong for run in block.runs) or None
        case _ as never:
            assert_never(never)


def _line(document: Any, style_id: str) -> Any:
    line = document.add_paragraph()
    # By its id: python-docx looks a style's name up among all styles, for every line again.
    line._p.style = style_id  # noqa: SLF001
    return line


def _check(document: Any, block: Block) -> None:
    from docx.shared import Cm  # noqa: PLC0415

    line = document.add_paragraph()
    line.paragraph_format.left_indent = Cm(0.7)
    line.paragraph_format.first_line_indent = Cm(-0.7)
    line.paragraph_format.tab_stops.add_tab_stop(Cm(0.7))
    line.add_run("\u2610\t")
    _runs(line, block)


def _runs(line: Any, block: Block) -> None:
    for run in block.runs:
        _run(line, run)


def _run(line: Any, run: Run) -> Any:
    from docx.enum.text import WD_COLOR_INDEX  # noqa: PLC0415

    clean = _NOT_IN_XML.sub("", run.text)
    written = line.add_run(f"[{clean}]" if run.blank else clean)
    if run.strong:
        written.bold = True
    if run.blank:
        written.font.highlight_color = WD_COLOR_INDEX.YELLOW
    return written


def _words(line: Any, block: Block) -> None:
    """Write what the person wrote, in its own direction and marked with its own language."""
    from docx.oxml import OxmlElement  # noqa: PLC0415
    from docx.oxml.ns import qn  # noqa: PLC0415

    backward = block.language is not None and is_right_to_left(block.language)
    if backward:
        line._p.get_or_add_pPr().append(OxmlElement("w:bidi"))  # noqa: SLF001
    for run in block.runs:
        written = _run(line, run)
        properties = written._r.get_or_add_rPr()  # noqa: SLF001
        if backward:
            properties.append(OxmlElement("w:rtl"))
        if block.language is not None:
            lang = OxmlElement("w:lang")
            lang.set(qn("w:bidi" if backward else "w:val"), block.language)
            properties.append(lang)


def _without_time(raw: bytes) -> bytes:
    """Pack the archive anew: an entry carries the moment at which it was written, to the second."""
    out = BytesIO()
    with ZipFile(BytesIO(raw)) as old, ZipFile(out, "w", compression=ZIP_DEFLATED) as new:
        for item in old.infolist():
            if item.filename in _LEFT_OUT:
                continue
            content = old.read(item.filename)
            if item.filename == "_rels/.rels":
                content = re.sub(rb"<Relationship [^>]*thumbnail[^>]*/>", b"", content)
            plain = ZipInfo(item.filename, date_time=_NO_TIME)
            plain.compress_type = ZIP_DEFLATED
            plain.external_attr = 0o600 << 16
            new.writestr(plain, content)
    return out.getvalue()
