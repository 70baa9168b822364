"""Init segments and Clusters: what other programs make of them, and what they are byte by byte."""

import base64
import itertools
import json
import subprocess

import pytest
from playwright.async_api import async_playwright

from media.evidence.recording import mux
from media.evidence.recording.mux import Block


def webm(samples, kind, start=0, count=100):
    """Init segment and Clusters of a sample that begins at `start` ms."""
    if kind == "video":
        pictures = samples.video[:count]
        blocks = [Block(start + 40 * place, key, data) for place, (key, data) in enumerate(pictures)]
        return mux.video_init(*mux.vp8_size(pictures[0][1])), blocks
    blocks = [Block(start + 20 * place, True, data) for place, data in enumerate(samples.audio[:count])]
    return mux.audio_init(), blocks


def probe(data, *entries):
    """What ffprobe says of the streams; nothing may go to its standard error."""
    command = ["ffprobe", "-v", "warning", "-count_frames", "-show_entries", f"stream={','.join(entries)}"]
    found = subprocess.run([*command, "-of", "json", "-"], input=data, capture_output=True, check=True)
    assert found.stderr == b""
    return [stream[entry] for stream in json.loads(found.stdout)["streams"] for entry in entries]


@pytest.mark.parametrize(
    ("kind", "expected"), [("video", ["vp8", "100", "7203.000000"]), ("audio", ["opus", "100", "7203.000000"])]
)
def test_other_programs_decode_every_frame_and_see_the_times_of_the_timeline(samples, kind, expected):
    init, blocks = webm(samples, kind, start=7_203_000)
    found = probe(init + mux.clusters(blocks), "codec_name", "nb_read_frames", "start_time")
    assert [found[0], found[1], found[2].lstrip("0")] == [expected[0], expected[1], "7203.000000"]


def test_a_segment_from_the_middle_plays_behind_its_init(samples):
    init, blocks = webm(samples, "audio")
    assert probe(init + mux.clusters(blocks[50:]), "nb_read_frames", "start_time") == ["50", "1.000000"]


def test_a_change_of_size_goes_into_the_same_track(samples):
    init, blocks = webm(samples, "video", count=25)
    larger = samples.encode_video(25, size=(640, 480))
    blocks += [Block(1000 + 40 * place, key, data) for place, (key, data) in enumerate(larger)]
    assert probe(init + mux.clusters(blocks), "width", "height", "nb_read_frames") == [320, 240, "50"]


def test_init_and_clusters_begin_as_the_format_says_and_no_cluster_spans_half_a_second(samples):
    init, blocks = webm(samples, "video", start=123_456)
    data = mux.clusters(blocks)
    assert init.startswith(bytes.fromhex("1a45dfa3"))
    starts = cluster_times(data)
    assert starts[0] == 123_456
    assert all(later - earlier >= 500 for earlier, later in itertools.pairwise(starts))
    ends = [*starts[1:], 123_456 + 40 * 100]
    assert all(end - start <= 540 for start, end in zip(starts, ends, strict=True))


def cluster_times(data):
    """Times of the Clusters, which have known sizes and follow each other without a byte between."""
    times = []
    at = 0
    while at < len(data):
        assert data[at : at + 4] == bytes.fromhex("1f43b675")
        length, width = read_size(data, at + 4)
        body = data[at + 4 + width : at + 4 + width + length]
        assert body[0] == 0xE7
        size, width_of_time = read_size(body, 1)
        times.append(int.from_bytes(body[1 + width_of_time : 1 + width_of_time + size], "big"))
        at += 4 + width + length
    return times


def read_size(data, at):
    """An EBML length and the number of its bytes."""
    width = 9 - data[at].bit_length()
    value = int.from_bytes(data[at : at + width], "big") & ((1 << 7 * width) - 1)
    return value, width


@pytest.mark.parametrize("length", [0, 1, 126, 127, 128, 16_382, 16_383, 2_097_151, 2_097_152])
def test_a_length_is_never_the_one_that_means_unknown(length):
    data = mux._size(length)
    assert read_size(data, 0) == (length, len(data))
    assert length != (1 << 7 * len(data)) - 1


def test_frames_are_recognised_by_their_own_header(samples):
    keys = [mux.is_vp8_key(data) for _, data in samples.video]
    assert keys == [key for key, _ in samples.video]
    assert mux.vp8_size(samples.video[0][1]) == (320, 240)
    with pytest.raises(ValueError, match="not a VP8 key frame"):
        mux.vp8_size(samples.video[1][1])
    with pytest.raises(ValueError, match="go back"):
        mux.clusters([Block(5, True, b"x"), Block(4, True, b"x")])


PLAY = """async ({kind, mime, parts}) => {
    const bytes = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
    if (!MediaSource.isTypeSupported(mime)) return {error: "not supported"};
    const element = document.createElement(kind);
    element.muted = true;
    const source = new MediaSource();
    element.src = URL.createObjectURL(source);
    document.body.append(element);
    await new Promise((done) => source.addEventListener("sourceopen", done, {once: true}));
    const buffer = source.addSourceBuffer(mime);
    for (const part of parts) {
        buffer.appendBuffer(bytes(part));
        await new Promise((done, fail) => {
            buffer.addEventListener("updateend", done, {once: true});
            buffer.addEventListener("error", () => fail(new Error("append refused")), {once: true});
        });
    }
    const ranges = [];
    for (let i = 0; i < buffer.buffered.length; i++) ranges.push([buffer.buffered.start(i), buffer.buffered.end(i)]);
    element.currentTime = ranges[0][0];
    await element.play();
    const limit = performance.now() + 10000;
    while (element.currentTime < ranges[0][0] + 1 && performance.now() < limit) await new Promise((go) => setTimeout(go, 50));
    return {ranges, played: element.currentTime - ranges[0][0], width: element.videoWidth ?? 0, error: element.error?.message};
}"""  # noqa: E501


@pytest.mark.e2e
@pytest.mark.parametrize("kind", ["video", "audio"])
async def test_chromium_plays_it_segment_by_segment(samples, kind):
    init, blocks = webm(samples, kind, start=3_600_000)
    half = len(blocks) // 2
    parts = [init, mux.clusters(blocks[:half]), mux.clusters(blocks[half:])]
    mime = mux.VIDEO_MIME if kind == "video" else mux.AUDIO_MIME
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        )
        try:
            page = await browser.new_page()
            texts = [base64.b64encode(part).decode() for part in parts]
            found = await page.evaluate(PLAY, {"kind": kind, "mime": mime, "parts": texts})
        finally:
            await browser.close()
    assert found.get("error") is None
    assert found["played"] >= 1
    assert [len(found["ranges"]), round(found["ranges"][0][0])] == [1, 3600]
    assert found["width"] == (320 if kind == "video" else 0)
