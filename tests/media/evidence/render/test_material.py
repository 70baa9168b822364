"""Which files are needed for a part of a recording, and why something is missing of it."""

import io
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest

from media.evidence.check.files_check import read_identities
from media.evidence.log.course import Course, Stretch, TrackCourse
from media.evidence.render import material
from media.evidence.render.material import Material, MaterialError, Piece
from media.evidence.seal import age
from tests.support.evidence.films import GREEN, Shot, film


def piece(n: int, rap: int) -> Piece:
    return Piece(n, (n - 1) * 2_000, n * 2_000, rap, f"{n}", 0, "")


def test_a_part_is_read_from_where_decoding_can_start_to_one_behind_its_end() -> None:
    held = Material(Path(), Course(), inits={"a_cam": Piece(0, 0, 0, 0, "0", 0, "")})
    held.pieces["a_cam"] = [piece(n, rap=n - (n - 1) % 3) for n in range(1, 10)]
    assert [one.n for one in held.to_play("a_cam", 10_500, 11_500)] == [0, 4, 5, 6, 7]
    assert [one.n for one in held.to_play("a_cam", 0, 2_000)] == [0, 1, 2]
    assert [one.n for one in held.to_play("a_cam", 16_000, 30_000)] == [0, 7, 8, 9]
    assert not held.has_media("a_cam", 18_000, 30_000)
    assert not held.has_media("b_cam", 0, 30_000)


def test_every_missing_time_has_its_cause_and_late_parts_are_not_missing() -> None:
    track = TrackCourse("a_cam", "floor-video", "a", "")
    track.recorded = [Stretch(2_000, 4_000), Stretch(7_000, 9_000)]
    track.gaps = [Stretch(4_000, 6_000, "network"), Stretch(6_000, 7_000, "pause"), Stretch(8_000, 8_100, "late")]
    held = Material(Path(), Course(tracks={"a_cam": track}))
    assert held.missing("a_cam", 0, 10_000) == [
        *(Stretch(0, 2_000), Stretch(4_000, 6_000, "network"), Stretch(6_000, 7_000, "pause"), Stretch(9_000, 10_000)),
    ]
    assert held.missing("a_cam", 5_000, 6_500) == [Stretch(5_000, 6_000, "network"), Stretch(6_000, 6_500, "pause")]
    assert held.missing("a_cam", 2_500, 3_500) == []


def test_what_a_bag_holds_is_read_from_its_journal(bagged) -> None:
    held = material.read(bagged.bag, bagged.recording.root().hex())
    assert held.recording == bagged.recording.origin.rpartition("/")[2]
    assert held.tracks(*material.VIDEO) == ["judge_1_cam", "witness_1_cam"]
    assert held.tracks(material.LANGUAGE) == ["channel_ro", "channel_th"]
    assert [one.n for one in held.pieces["judge_1_mic"]] == [1, 2, 3, 4]
    assert sorted(held.seals) == [1, 2, 3, 4]


@pytest.mark.parametrize("track", ["judge_1_cam", "judge_1_mic"])
def test_a_long_gap_is_handed_on_with_something_in_every_second(tmp_path: Path, track: str) -> None:
    """ffmpeg keeps what makes up for a hole in memory: of a gap of an hour, gigabytes."""
    gaps = ((2_000, 12_000, "sender_off"),)
    shots = {
        "judge_1_cam": Shot("floor-video", lambda _t: GREEN, begin=3_000, gaps=((5_000, 12_000, "network"),)),
        "judge_1_mic": Shot("floor-audio", lambda _t: 440, gaps=gaps),
    }
    made = film(shots, 14_000)
    made.close(14_000)
    held = material.read(made.write(tmp_path / "bag"), made.root().hex())
    identities = read_identities(made.key_file(), {0: made.files["hearing-key.age"]})
    with av.open(io.BytesIO(b"".join(held.stream(track, 0, 14_000, identities)))) as stream:
        times = [float(frame.time or 0) for frame in stream.decode(stream.streams[0])]
    assert times[0] == 0 and times[-1] > 13.9
    assert max(after - before for before, after in pairwise(times)) <= 1.001
    assert len([t for t in times if 5 <= t < 12]) == 7


def test_a_journal_that_is_not_the_verified_one_is_refused(bagged) -> None:
    with pytest.raises(MaterialError, match="the journal has changed since it was verified"):
        material.read(bagged.bag, bagged.recording.root(len(bagged.recording.lines) - 1).hex())


@pytest.mark.parametrize("opened", [{0}, {0, 1}])
def test_what_the_key_file_does_not_open_is_missing_with_a_cause_of_its_own(
    builder: Any, webm: dict[str, list[bytes]], tmp_path: Path, opened: set[int]
) -> None:
    recording = builder.Recording()
    recording.begin()
    recording.track("judge_1_mic", "floor-audio")
    recording.init("judge_1_mic", webm["audio"][0], builder.MIMES["audio"])
    recording.segment("judge_1_mic", 1, webm["audio"][1], (0, 2000), [])
    recording.wrap()
    recording.rekey(1, 2000)
    recording.segment("judge_1_mic", 2, webm["audio"][2], (2000, 4000), [])
    recording.rekey(0, 4000)
    recording.segment("judge_1_mic", 3, webm["audio"][3], (4000, 6000), [])
    recording.close(6000)
    held = material.read(recording.write(tmp_path / "bag"), recording.root().hex())
    held.lock(opened)
    locked = [] if 1 in opened else [Stretch(2000, 4000, material.LOCKED)]
    assert held.missing("judge_1_mic", 0, 6000) == locked
    assert held.has_media("judge_1_mic", 2000, 4000) == (1 in opened)
    assert [piece.n for piece in held.to_play("judge_1_mic", 0, 6000)] == ([0, 1, 2, 3] if 1 in opened else [0, 1, 3])
    content = list(
        held.stream("judge_1_mic", 0, 6000, dict(enumerate(age.identity_of(str(key)) for key in recording.keys)))
    )
    assert content[-1] == webm["audio"][3]
