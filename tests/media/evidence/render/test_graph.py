"""What is burnt in is what was meant, whatever letters it has; clocks follow their zone."""

import re
from zoneinfo import ZoneInfo

import ffmpeg
import pytest

from media.evidence.render import graph, layout
from media.evidence.render.graph import Canvas

WIDTH, HEIGHT = 640, 360
UTC_MIDNIGHT = 1_790_035_200_000
"""2026-09-22 00:00:00 UTC, in ms since 1970."""


def drawn(shown: graph.Stream, at: str = "0") -> bytes:
    """The picture of a graph at a second, as grey pixels."""
    shown = shown.filter("trim", start=at)
    made = ffmpeg.output(shown, "-", f="rawvideo", pix_fmt="gray", **{"frames:v": 1})
    out, _said = ffmpeg.run(made.global_args("-v", "error", "-nostdin"), capture_stdout=True)
    return bytes(out)


def black(name: str = "black", c: str = "black") -> graph.Stream:
    return graph.colour(name, c, WIDTH, HEIGHT, d="4")


def frame(*zones: ZoneInfo, begin: int = 0, zero_ms: int = UTC_MIDNIGHT) -> Canvas:
    return Canvas(WIDTH, HEIGHT, begin, 4_000, zero_ms, "mark", "origin", zones)


def test_any_text_is_drawn_as_it_is(tmp_path) -> None:
    text = r"""it's 5%: a\b, [c]; %{pts} "d" {e} = f|g — ș ไทย"""
    plain = tmp_path / "text"
    plain.write_text(text)
    look = {**graph.LETTER, "fontsize": 18, "expansion": "none"}
    by_file = black().filter("drawtext", textfile=str(plain), x=20, y=20, **look)
    assert drawn(graph.write(black(), text, 20, 20, 18)) == drawn(by_file)
    assert drawn(graph.write(black(), text, 20, 20, 18)) != drawn(graph.write(black(), text[1:], 20, 20, 18))


def test_clock_and_time_code_show_the_instant_of_the_recording() -> None:
    made = frame(ZoneInfo("Asia/Bangkok"), begin=1_500)
    picture = drawn(graph.picture([], made), "2.0")
    size, y = made.bar * 3 // 5, f"h-({made.bar}+th)/2"
    expected = graph.write(black(c="0x101214"), "\N{NO-BREAK SPACE}00:00:03.500", size // 2, y, size)
    expected = graph.write(expected, "2026-09-22 07:00:03 Bangkok (UTC+7:00)", size * 9, y, size * 3 // 4)
    reference = drawn(expected, "2.0")
    below = WIDTH * (HEIGHT - made.bar)
    assert picture[below:] == reference[below:]
    assert len(set(reference[below:])) > 2


def test_pictures_that_are_alike_stand_side_by_side() -> None:
    """ffmpeg-python takes what is the same for one and refuses to use it twice."""
    alike = [graph.Tile(box, None, "witness, TH") for box in layout.grid(2, frame().area)]
    picture = drawn(graph.picture(alike, frame()))
    rows = [picture[at : at + WIDTH] for at in range(0, len(picture), WIDTH)][frame().bar : -frame().bar]
    assert all(row[: WIDTH // 2] == row[WIDTH // 2 :] for row in rows)
    assert len(set(b"".join(rows))) > 2


def test_a_clock_that_is_put_back_in_the_recording_shows_both_times() -> None:
    """Bucharest goes from UTC+3 to UTC+2 on 2026-10-25 at 01:00 UTC."""
    begin = 1_792_889_880_000  # 00:58 UTC
    assert graph.offsets(ZoneInfo("Europe/Bucharest"), begin, 300_000) == [
        (0, 120_000, 10_800),
        (120_000, 300_000, 7_200),
    ]
    assert graph.offsets(ZoneInfo("America/St_Johns"), begin, 60_000) == [(0, 60_000, -9_000)]
    made = Canvas(WIDTH, HEIGHT, 0, 300_000, begin, "mark", "origin", (ZoneInfo("Europe/Bucharest"),))
    texts = " ".join(ffmpeg.get_args(ffmpeg.output(graph.picture([], made), "-")))
    assert "UTC+3:00" in texts.replace("\\", "") and "UTC+2:00" in texts.replace("\\", "")


def test_the_time_of_a_card_ends_before_the_picture_that_follows() -> None:
    assert graph.during([(1_000, 2_000)]) == {"enable": "gte(t,1.000)*lt(t,2.000)"}
    assert graph.during([]) == {"enable": "0"}


def test_a_small_picture_beside_the_speaker_is_not_distorted() -> None:
    """A square camera stays a square in a place four times as wide as high."""
    made = frame()
    place, places = layout.beside(8, made.area)
    square = [ffmpeg.input(f"color@{at}=c=white:s=64x64:r=25:d=4", f="lavfi") for at in range(8)]
    tiles = [graph.Tile(box, source, "") for box, source in zip(places, square, strict=True)]
    picture = drawn(graph.picture(tiles, made, (place, [layout.Turn(0, 4_000, 0)])), "1")
    middle = (places[3].y + places[3].h // 2) * WIDTH
    bright = sum(value > 200 for value in picture[middle + places[3].x : middle + WIDTH])
    assert abs(bright - places[3].h) <= 2
    assert graph.letters(places[3], made) >= 10


@pytest.mark.parametrize("width", [640, 1280])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_clocks_do_not_cover_one_another(width: int, count: int) -> None:
    zones = [ZoneInfo(name) for name in ("America/Argentina/ComodRivadavia", "Europe/Bucharest", "Asia/Kathmandu")][
        :count
    ]
    made = Canvas(width, width * 9 // 16, 0, 4_000, UTC_MIDNIGHT, "mark", "origin", tuple(zones))
    texts = " ".join(ffmpeg.get_args(ffmpeg.output(graph.picture([], made), "-"))).replace("\\", "")
    written = re.findall(r"fontsize=(\d+):text=%{pts:([^}]*)}([^:]*:?[^:]*\))?:x=(\d+)", texts)
    ends = [
        int(x) + int(size) * 0.55 * (12 if form.startswith("hms") else 19 + len(behind))
        for size, form, behind, x in written
    ]
    begins = [int(x) for *_, x in written]
    assert len(written) == count + 1
    assert all(end <= begin for end, begin in zip(ends, [*begins[1:], width], strict=True)), (begins, ends)
