"""Flows as pictures: Mermaid text for documents, SVG for everything else.

Drawn from the flow itself, so that a picture cannot be out of date. Knows layout, not meaning.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from textwrap import wrap
from typing import TYPE_CHECKING, assert_never

from bot.content.flow_checks import targets
from bot.flow.conditions import describe
from bot.flow.model import (
    AskStep,
    BranchStep,
    CallStep,
    DoStep,
    FinishStep,
    HandOverStep,
    SayStep,
    ShowStep,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.ids import StepId
    from bot.flow.model import Flow, Step

_LETTERS, _LINES = 26, 4
_BOX_WIDTH, _LINE, _PAD = 190, 15, 9
_GAP_X, _GAP_Y, _MARGIN = 34, 62, 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A way from one step to another, with what leads there."""

    start: StepId
    end: StepId
    label: str = ""


def edges(flow: Flow) -> list[Edge]:
    """Return every way of a flow in the order of its steps; each pair of steps once."""
    found: list[Edge] = []
    for step in flow.steps.values():
        ways: dict[StepId, list[str]] = {}
        for goto, loc in targets(step):
            ways.setdefault(goto, []).append(_why(step, loc))
        found += [
            Edge(start=step.id, end=goto, label=" / ".join(filter(None, whys)))
            for goto, whys in ways.items()
        ]
    return found


def mermaid(flow: Flow) -> str:
    """Return a flow as a Mermaid flowchart."""
    numbers = {id_: f"s{number}" for number, id_ in enumerate(flow.steps)}
    lines = [f"---\ntitle: {flow.title.source}\n---", "flowchart TD"]
    for step in flow.steps.values():
        kind, text = caption(step)
        opening, closing = _SHAPES[kind]
        lines.append(f'    {numbers[step.id]}{opening}"{_quoted(f"{step.id}: {text}")}"{closing}')
    for edge in edges(flow):
        if edge.end in numbers:
            label = f'|"{_quoted(edge.label)}"|' if edge.label else ""
            lines.append(f"    {numbers[edge.start]} -->{label} {numbers[edge.end]}")
    return "\n".join(lines) + "\n"


def svg(flow: Flow) -> str:
    """Return a flow as one SVG picture; it needs no font or style from elsewhere."""
    boxes = {id_: _Box.of(step) for id_, step in flow.steps.items()}
    rows = _rows(flow)
    widest = max(len(row) for row in rows)
    width = 2 * _MARGIN + widest * (_BOX_WIDTH + _GAP_X) - _GAP_X
    places: dict[StepId, tuple[float, float]] = {}
    top = _MARGIN + 28.0
    for row in rows:
        left = (width - len(row) * (_BOX_WIDTH + _GAP_X) + _GAP_X) / 2
        for number, id_ in enumerate(row):
            places[id_] = (left + number * (_BOX_WIDTH + _GAP_X), top)
        top += max(boxes[id_].height for id_ in row) + _GAP_Y
    drawn = [_edge(edge, places, boxes) for edge in edges(flow) if edge.end in places]
    drawn += [boxes[id_].draw(*places[id_]) for id_ in flow.steps]
    return _PAGE.format(
        width=width, height=top - _GAP_Y + _MARGIN, title=escape(flow.title.source),
        body="\n".join(drawn),
    )  # fmt: skip


def caption(step: Step) -> tuple[str, str]:
    """Return the kind of a step and its text in short."""
    match step:
        case SayStep():
            return "say", step.text.source
        case AskStep():
            return "ask", step.text.source
        case BranchStep():
            return "branch", "which way?"
        case CallStep():
            return "call", f"flow {step.flow}"
        case ShowStep():
            return "show", f"cards: {step.lookup}"
        case DoStep():
            return "do", step.act
        case HandOverStep():
            return "hand_over", f"people on duty, within {step.urgency}"
        case FinishStep():
            return "finish", step.text.source if step.text else step.outcome
        case _ as never:
            assert_never(never)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Box:
    kind: str
    name: str
    lines: tuple[str, ...]

    @classmethod
    def of(cls, step: Step) -> _Box:
        kind, text = caption(step)
        lines = wrap(" ".join(text.replace("*", "").split()), _LETTERS)
        if len(lines) > _LINES:
            lines = [*lines[: _LINES - 1], f"{lines[_LINES - 1][: _LETTERS - 1]}…"]
        return cls(kind=kind, name=step.id, lines=tuple(lines))

    @property
    def height(self) -> int:
        return 2 * _PAD + _LINE * (len(self.lines) + 1)

    def draw(self, x: float, y: float) -> str:
        texts = [f'<tspan x="{x + _PAD}" class="n">{escape(self.name)} · {self.kind}</tspan>']
        texts += [f'<tspan x="{x + _PAD}" dy="{_LINE}">{escape(line)}</tspan>'
                  for line in self.lines]  # fmt: skip
        return (
            f'<rect class="{self.kind}" x="{x}" y="{y}" rx="7" width="{_BOX_WIDTH}"'
            f' height="{self.height}"/><text y="{y + _PAD + _LINE - 4}">{"".join(texts)}</text>'
        )


def _rows(flow: Flow) -> list[list[StepId]]:
    """Put steps into rows by how far they are from the start; keep ways short within a row."""
    after: Mapping[StepId, list[StepId]] = {
        id_: [goto for goto, _ in targets(step) if goto in flow.steps]
        for id_, step in flow.steps.items()
    }
    depth = _depths(flow.start, after)
    rows: dict[int, list[StepId]] = {}
    for id_ in flow.steps:
        rows.setdefault(depth.get(id_, 0), []).append(id_)
    ordered: list[list[StepId]] = []
    place: dict[StepId, float] = {}
    for number in sorted(rows):
        above = {
            id_: [place[one] for one in place if id_ in after[one]] or [0.0] for id_ in rows[number]
        }
        row = sorted(rows[number], key=lambda id_: sum(above[id_]) / len(above[id_]))
        for at, id_ in enumerate(row):
            place[id_] = at - len(row) / 2
        ordered.append(row)
    return ordered


def _depths(start: StepId, after: Mapping[StepId, list[StepId]]) -> dict[StepId, int]:
    """Return each step's longest way from the start; ways that lead back do not count."""
    order: list[StepId] = []
    forward: dict[StepId, list[StepId]] = {id_: [] for id_ in after}
    open_ = {start}
    closed: set[StepId] = set()
    stack = [(start, iter(after[start]))]
    while stack:
        id_, ways = stack[-1]
        goto = next(ways, None)
        if goto is None:
            stack.pop()
            open_.discard(id_)
            closed.add(id_)
            order.append(id_)
        elif goto not in open_:
            forward[id_].append(goto)
            if goto not in closed:
                open_.add(goto)
                stack.append((goto, iter(after[goto])))
    depth = dict.fromkeys(after, 0)
    for id_ in reversed(order):
        for goto in forward[id_]:
            depth[goto] = max(depth[goto], depth[id_] + 1)
    return depth


def _edge(
    edge: Edge, places: Mapping[StepId, tuple[float, float]], boxes: Mapping[StepId, _Box]
) -> str:
    x1, y1 = places[edge.start]
    x2, y2 = places[edge.end]
    x1, x2 = x1 + _BOX_WIDTH / 2, x2 + _BOX_WIDTH / 2
    if y2 > y1:
        y1 += boxes[edge.start].height
        middle = (y1 + y2) / 2
        path = f"M{x1},{y1} C{x1},{middle} {x2},{middle} {x2},{y2}"
        at = (0.35 * x1 + 0.65 * x2, 0.35 * y1 + 0.65 * y2)
    else:
        # Back or sideways: round the right side of both boxes.
        side = max(x1, x2) + _BOX_WIDTH / 2 + _GAP_X / 2
        y1 += boxes[edge.start].height / 2
        y2 += boxes[edge.end].height / 2
        x1, x2 = x1 + _BOX_WIDTH / 2, x2 + _BOX_WIDTH / 2
        path = f"M{x1},{y1} C{side + 30},{y1} {side + 30},{y2} {x2},{y2}"
        at = (side, (y1 + y2) / 2)
    label = wrap(edge.label, 2 * _LETTERS)[0] if edge.label else ""
    text = f'<text class="l" x="{at[0]}" y="{at[1]}">{escape(label)}</text>' if label else ""
    return f'<path d="{path}" marker-end="url(#a)"/>{text}'


def _why(step: Step, loc: tuple[str | int, ...]) -> str:
    match step, loc:
        case AskStep(), ("options", int() as number, _):
            return step.options[number].label.source
        case AskStep(), ("skip_to",):
            return step.skip.source if step.skip else ""
        case AskStep(), ("silence", _):
            return "silence"
        case BranchStep(), ("branch", int() as number, _):
            return describe(step.cases[number][0])
        case BranchStep(), _:
            return "else"
        case _:
            return ""


def _quoted(text: str) -> str:
    return " ".join(text.split()).replace("*", "").replace('"', "#quot;")


_SHAPES = {
    "say": ("[", "]"),
    "ask": ("{{", "}}"),
    "branch": ("{", "}"),
    "call": ("[[", "]]"),
    "show": ("[/", "/]"),
    "do": ("(", ")"),
    "hand_over": ("([", "])"),
    "finish": ("((", "))"),
}

_PAGE = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">
<title>{title}</title>
<style>
text{{font:12px sans-serif;fill:#1d2733}} .n{{font-weight:bold}} .t{{font-size:16px}}
.l{{font-size:10px;fill:#4a5a6b;text-anchor:middle}} svg{{background:#fff}}
rect{{stroke:#5b6b7c;fill:#f4f6f8}} rect.ask{{fill:#e3effc}} rect.branch{{fill:#fff6dd}}
rect.finish{{fill:#e4f4e7}} rect.hand_over{{fill:#fde6e4}} rect.call{{fill:#efe7fb}}
path{{fill:none;stroke:#8796a5}}
</style>
<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7"
 orient="auto"><path d="M0,0 L8,4 L0,8 z" style="fill:#8796a5;stroke:none"/></marker></defs>
<text class="t" x="24" y="30">{title}</text>
{body}
</svg>
"""
