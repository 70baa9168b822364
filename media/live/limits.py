"""What pages are asked to send at most: told to a worker when it starts, and by it to every page it answers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """`bitrate` (bit/s) of a camera with its voice. `voice_hz`, the highest frequency, and `voice_bitrate` (bit/s) of
    Opus; 0: whatever the page does by itself."""

    bitrate: int = 1_200_000
    voice_hz: int = 0
    voice_bitrate: int = 0

    def opus(self) -> dict[str, str]:
        """Parameters for Opus by RFC 7587, section 6.1: what whoever sends should keep to."""
        found = {}
        if 0 < self.voice_hz <= 12_000:  # 48 kHz, which carries all that Opus can, goes without saying
            found["maxplaybackrate"] = str(2 * self.voice_hz)
        if self.voice_bitrate:
            found["maxaveragebitrate"] = str(self.voice_bitrate)
        return found


NO_LIMITS = Limits()
