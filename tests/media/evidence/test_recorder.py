"""The recorder process with real media: what is on disk, what was said, and what is left after a kill."""

import asyncio
import json
import subprocess

from media.evidence.journal import tree_of
from media.messages import GapDeclared, RecordingClosed, RecordingOpened, Sealed


def lines_of(folder):
    return [json.loads(line) for line in (folder / "journal.jsonl").read_bytes().splitlines()]


def check_tiling(lines):
    """Every track is tiled exactly; returns the close line."""
    ends = {line["track"]: line["t"] for line in lines if line["type"] == "track"}
    numbers = dict.fromkeys(ends, 0)
    for line in lines:
        if line["type"] in ("segment", "gap"):
            assert line["t0"] == ends[line["track"]], line
            assert line["t1"] > line["t0"]
            ends[line["track"]] = line["t1"]
        if line["type"] in ("segment", "recovered_segment"):
            numbers[line["track"]] += 1
            assert line["n"] == numbers[line["track"]]
    return ends


async def test_a_sitting_is_sealed_tiled_exactly_and_decodes_with_other_peoples_tools(bench, media_samples):
    bench.start()
    await bench.web()
    source = await bench.worker(audio={"judge_1_mic": media_samples.audio}, video={"judge_1_cam": media_samples.video})
    running = asyncio.create_task(source.run(60))
    opened = await bench.open(
        media_samples.plan("judge_1_mic", "floor-audio"),
        media_samples.plan("judge_1_cam", "floor-video"),
        media_samples.plan("channel_ro", "language", required=False, lang="ro"),
    )
    assert isinstance(opened, RecordingOpened)
    assert not opened.reopened
    await bench.until(lambda: bench.of(Sealed) and bench.of(Sealed)[-1].count >= 6)
    running.cancel()
    closed = await bench.close()
    assert isinstance(closed, RecordingClosed)
    lines = lines_of(bench.folder)
    ends = check_tiling(lines)
    assert lines[-1]["type"] == "close"
    assert ends == {"judge_1_mic": lines[-1]["t"], "judge_1_cam": lines[-1]["t"]}
    data = (bench.folder / "journal.jsonl").read_bytes()
    assert (closed.size, closed.root) == (len(lines), tree_of(data).root().hex())
    for track, codec in (("judge_1_mic", "opus"), ("judge_1_cam", "vp8")):
        names = [line["file"] for line in lines if line["type"] in ("init", "segment") and line["track"] == track]
        file = bench.base / f"{track}.webm"
        clear = [bench.clear(name) for name in names]
        assert clear[0].startswith(bytes.fromhex("1a45dfa3"))
        assert all(one.startswith(bytes.fromhex("1f43b675")) for one in clear[1:])
        file.write_bytes(b"".join(clear))
        command = ["ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=codec_name,nb_read_frames"]
        found = subprocess.run([*command, "-of", "json", str(file)], capture_output=True, check=True, text=True)
        assert found.stderr == ""
        stream = json.loads(found.stdout)["streams"][0]
        assert stream["codec_name"] == codec
        assert int(stream["nb_read_frames"]) > 50
    assert source.progress
    assert {gap.cause for gap in bench.of(GapDeclared)} <= {"other"}
