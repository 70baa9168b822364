"""Charts drawn on the server: named for readers, in proportion, mirrored in Arabic, and gaps stay gaps."""

import re

import pytest

from web.server.rendering import environment
from web.words import i18n

BARS = 'charts.bars("Hours", [("Thai <A>", 1.0, "1 h", "f1"), ("Thai B", 5.0, "5 h", "f-warn")], 4.0, "at most 4 h")'
STACK = 'charts.stack("Requests", [("March", ((2, "f1"), (0, "f2"), (4, "f3")), "6"), ("April", ((3, "f1"),), "3")])'
LINES = 'charts.lines("Loss", [([0, 2, none, 4, 4], "l1")], [(0, "09:00"), (4, "10:00")], 5, " %")'

LANES = (
    'charts.lanes("Timeline", [("Judge <A>", ((0, 40, "f1"),)),'
    ' ("Witness", ((0, 12, "f2"), (12, 17, "missing"), (17, 40, "f2")))],'
    ' [(5, "note"), (24, "exhibit"), (40, "course")], "Marks", 40, [(0, ("09:00", "14:00")), (40, ("09:40", "14:40"))])'
)
WIDE = 960
STRETCH = re.compile(r'<rect class="(f1|f2|missing)" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"')


def drawn(call: str, tag: str = "en") -> str:
    env = environment()
    text = '{% import "charts.html" as charts with context %}{{ ' + call + " }}"
    before = i18n.current.set(i18n.LANGUAGES[tag])
    try:
        return env.from_string(text).render(language=i18n.current.get)
    finally:
        i18n.current.reset(before)


def numbers(svg: str, name: str, of: str = "rect") -> list[float]:
    return [float(value) for value in re.findall(rf'<{of}[^>]* {name}="([-\d.]+)"', svg)]


@pytest.mark.parametrize("call", [BARS, STACK, LINES])
@pytest.mark.parametrize("tag", ["en", "ar"])
def test_every_chart_is_a_named_picture_without_styles_or_scripts_within_its_frame(call, tag):
    svg = drawn(call, tag)
    assert re.search(r'role="img"><title>\w+</title>', svg)
    assert "style=" not in svg and "<script" not in svg and "Thai <A>" not in svg
    for at, width in zip(numbers(svg, "x"), numbers(svg, "width"), strict=True):
        assert at >= -1e-6 and at + width <= 640 + 1e-6


def test_bars_are_in_proportion_and_the_limit_lies_where_its_value_would_end():
    svg = drawn(BARS)
    assert numbers(svg, "width")[1::2] == [60.0, 300.0]
    assert numbers(svg, "x1", "line") == [180 + 4 * 60]


def test_a_chart_in_arabic_is_the_mirror_of_the_same_in_english():
    english, arabic = drawn(BARS), drawn(BARS, "ar")
    ends = [at + width for at, width in zip(numbers(english, "x"), numbers(english, "width"), strict=True)]
    assert numbers(arabic, "x") == pytest.approx([640 - end for end in ends])


def test_parts_of_a_stack_follow_each_other_and_empty_ones_are_left_out():
    svg = drawn(STACK)
    parts = [(at, width) for at, width in zip(numbers(svg, "x"), numbers(svg, "width"), strict=True) if width != 300]
    assert parts == [(180.0, 100.0), (280.0, 200.0), (180.0, 150.0)]


def test_a_gap_in_a_line_stays_a_gap():
    assert re.search(r'd="([^"]+)"', drawn(LINES))[1].count("M") == 2


@pytest.mark.parametrize("tag", ["en", "ar"])
def test_a_timeline_is_a_named_picture_within_its_frame_and_each_mark_has_its_shape(tag):
    svg = drawn(LANES, tag)
    assert "<title>Timeline</title>" in svg and "style=" not in svg and "Judge <A>" not in svg
    bars = STRETCH.findall(svg)
    assert [kind for kind, _at, _width in bars] == ["f1", "f2", "missing", "f2"]
    assert all(float(at) >= 0 and float(at) + float(width) <= WIDE for _kind, at, width in bars)
    assert len(set(re.findall(r'class="mark-\w+" d="([^"]+)"', svg))) == 3
    assert re.findall(r"(?:09|14):[04]0", svg) == ["09:00", "14:00", "09:40", "14:40"]


def test_a_timeline_in_arabic_is_the_mirror_of_the_same_in_english():
    spans = []
    for tag in ("en", "ar"):
        rects = re.findall(
            r'<rect class="(?:f1|f2|missing)" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', drawn(LANES, tag)
        )
        spans.append([(float(at), float(width)) for at, width in rects])
    english, arabic = spans
    assert [at for at, _width in arabic] == pytest.approx([WIDE - at - width for at, width in english])
    assert english[0] == pytest.approx((190, 736))
    assert english[2] == pytest.approx((190 + 12 * 736 / 40, 5 * 736 / 40))
