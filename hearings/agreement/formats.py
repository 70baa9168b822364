"""Picture and sound under both sites' bandwidth: preferred codecs, then the largest size, then the rate. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from hearings.agreement.outcome import Interpreting, Needs
from hearings.agreement.profiles import Profile


@dataclass(frozen=True)
class Format:
    """Codecs, size, frames a second, and bit rates in kbit/s."""

    audio: str
    audio_kbps: int
    video: str
    height: int
    fps: int
    video_kbps: int


def video_kbps(bits: int, width: int, height: int, fps: int) -> int:
    """Bit rate of a picture in kbit/s, rounded up; `bits` are those for a thousand pixels."""
    return -(-width * height * fps * bits // 1_000_000)


def fits(a: Profile, b: Profile, needs: Needs, audio: int, video: int, table: Mapping[str, Any], which: str) -> bool:
    """Whether both lines, up and down, carry it: every camera of a site with its voice goes up once and down at the
    other; an interpreted hearing has one more voice each way. `which`: `least` or `target`."""
    voices = 0 if needs.interpreting is Interpreting.none else 1
    for site, own, other in ((a, needs.cameras_a, needs.cameras_b), (b, needs.cameras_b, needs.cameras_a)):
        for way, cameras in (("up", own), ("down", other)):
            wanted = (cameras * (audio + video) + voices * audio) * (100 + table["headroom_percent"])
            if wanted > getattr(site, f"{way}_{which}") * table["usable_percent"]:
                return False
    return True


def best_format(a: Profile, b: Profile, needs: Needs, table: Mapping[str, Any]) -> Format | None:
    """The preferred codecs, then the largest size, then the most frames, that what there usually is carries.

    None when no common format exists that is not below the least, or when what is guaranteed does not carry the least.
    """
    audios = [row for row in table["audio_codecs"] if row["carried"] and row["id"] in a.audio_codecs & b.audio_codecs]
    videos = [row for row in table["video_codecs"] if row["carried"] and row["id"] in a.video_codecs & b.video_codecs]
    heights = sorted(
        (size for size in table["sizes"] if needs.least_height <= size <= min(a.height, b.height, needs.most_height)),
        reverse=True,
    )
    rates = sorted(
        (rate for rate in table["rates"] if needs.least_fps <= rate <= min(a.fps, b.fps, needs.most_fps)), reverse=True
    )
    for audio in audios:
        for video in videos:
            for height in heights:
                for fps in rates:
                    kbps = video_kbps(video["bits"], table["sizes"][height], height, fps)
                    least = video_kbps(video["bits"], table["sizes"][heights[-1]], heights[-1], rates[-1])
                    if fits(a, b, needs, audio["kbps"], kbps, table, "target") and fits(
                        a, b, needs, audio["kbps"], least, table, "least"
                    ):
                        return Format(audio["id"], audio["kbps"], video["id"], height, fps, kbps)
    return None


def unbound(profile: Profile) -> Profile:
    """The same site with unlimited bandwidth."""
    return replace(profile, up_least=_ENOUGH, up_target=_ENOUGH, down_least=_ENOUGH, down_target=_ENOUGH)


_ENOUGH = 10**9
