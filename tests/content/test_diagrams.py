"""A picture of a flow shows every step and every way, and is a picture."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

from bot.content.diagrams import edges, mermaid, svg
from bot.content.library import open_library
from bot.flow.conditions import describe, parse
from bot.flow.model import BranchStep

if TYPE_CHECKING:
    from bot.flow.model import Flow

FLOWS = list(open_library().flows.values())
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.id)
def test_every_step_and_every_way_is_drawn(flow: Flow) -> None:
    ways = edges(flow)
    picture = ET.fromstring(svg(flow))  # noqa: S314 - our own picture
    assert len(picture.findall(f"{SVG}rect")) == len(flow.steps)
    assert len(picture.findall(f"{SVG}path")) == len(ways)
    text = mermaid(flow)
    assert text.count("-->") == len(ways)
    for step in flow.steps:
        assert f'"{step}: ' in text


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.id)
def test_no_two_boxes_overlap(flow: Flow) -> None:
    boxes = [
        tuple(float(box.attrib[name]) for name in ("x", "y", "width", "height"))
        for box in ET.fromstring(svg(flow)).findall(f"{SVG}rect")  # noqa: S314 - our own picture
    ]
    for number, (x, y, width, height) in enumerate(boxes):
        for ox, oy, owidth, oheight in boxes[:number]:
            apart = x + width <= ox or ox + owidth <= x or y + height <= oy or oy + oheight <= y
            assert apart


def test_conditions_are_written_down_as_they_are_read() -> None:
    steps = [step for flow in FLOWS for step in flow.steps.values()]
    found = [one for step in steps if isinstance(step, BranchStep) for one, _ in step.cases]
    found += [
        parse("a is not x and (b in [y, z] or not c has w) and d >= 3"),
        parse("a has any of [x, y] or b is unknown"),
    ]
    for condition in found:
        assert parse(describe(condition)) == condition
