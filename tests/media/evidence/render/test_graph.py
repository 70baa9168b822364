"""What is burnt in is what was meant, whatever letters it has; clocks follow their zone."""

import subprocess
from zoneinfo import ZoneInfo

from media.evidence.render import graph
from media.evidence.render.graph import Canvas

WIDTH, HEIGHT = 640, 360
UTC_MIDNIGHT = 1_790_035_200_000
"""2026-09-22 00:00:00 UTC, in ms since 1970."""


def drawn(chain: str, at: str = "0") -> bytes:
    """The picture of a graph at a second, as grey pixels."""
    command = ["ffmpeg", "-v", "error", "-nostdin", "-filter_complex", f"{chain},trim=start={at}[out]", "-map", "[out]"]
    command += ["-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "gray", "-"]
    return subprocess.run(command, check=True, capture_output=True, timeout=60).stdout


def frame(*zones: ZoneInfo, begin: int = 0, zero_ms: int = UTC_MIDNIGHT) -> Canvas:
    return Canvas(WIDTH, HEIGHT, begin, 4_000, zero_ms, "mark", "origin", zones)


def test_any_text_is_drawn_as_it_is(tmp_path) -> None:
    text = r"""it's 5%: a\b, [c]; %{pts} "d" {e} = f|g — ș ไทย"""
    plain = tmp_path / "text"
    plain.write_text(text)
    base = f"color=c=black:s={WIDTH}x{HEIGHT}:d=1,"
    by_file = graph.write("", "20", "20", 18).replace("text=:", f"textfile={plain}:")
    assert drawn(base + graph.write(text, "20", "20", 18)) == drawn(base + by_file)
    assert drawn(base + graph.write(text, "20", "20", 18)) != drawn(base + graph.write(text[1:], "20", "20", 18))


def test_clock_and_time_code_show_the_instant_of_the_recording() -> None:
    made = frame(ZoneInfo("Asia/Bangkok"), begin=1_500)
    picture = drawn(graph.picture([], made).replace("[picture]", ""), "2.0")
    size, y = made.bar * 3 // 5, f"h-({made.bar}+th)/2"
    expected = [
        graph.write(" 00:00:03.500", str(size // 2), y, size),
        graph.write("2026-09-22 07:00:03 Bangkok (UTC+7:00)", str(WIDTH // 4), y, size * 3 // 4),
    ]
    reference = drawn(f"color=c=0x101214:s={WIDTH}x{HEIGHT}:r=25:d=4,format=yuv420p,{','.join(expected)}", "2.0")
    below = WIDTH * (HEIGHT - made.bar)
    assert picture[below:] == reference[below:]
    assert len(set(reference[below:])) > 2


def test_a_clock_that_is_put_back_in_the_recording_shows_both_times() -> None:
    """Bucharest goes from UTC+3 to UTC+2 on 2026-10-25 at 01:00 UTC."""
    begin = 1_792_889_880_000  # 00:58 UTC
    assert graph.offsets(ZoneInfo("Europe/Bucharest"), begin, 300_000) == [
        (0, 120_000, 10_800),
        (120_000, 300_000, 7_200),
    ]
    assert graph.offsets(ZoneInfo("America/St_Johns"), begin, 60_000) == [(0, 60_000, -9_000)]
    texts = graph.picture([], Canvas(WIDTH, HEIGHT, 0, 300_000, begin, "", "", (ZoneInfo("Europe/Bucharest"),)))
    assert "UTC+3:00" in texts.replace("\\", "") and "UTC+2:00" in texts.replace("\\", "")


def test_the_time_of_a_card_ends_before_the_picture_that_follows() -> None:
    assert graph.during([(1_000, 2_000)]).replace("\\", "") == "enable=gte(t,1.000)*lt(t,2.000)"
