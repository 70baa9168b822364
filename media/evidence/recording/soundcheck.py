"""The sound check: record to a temporary key, read back from the store, decrypt, decode, measure, delete.

Same muxer, seal and store as a recording; decoding is done by `media.evidence.recording.level_meter`. Passed when, in
what was decoded from the store, the loudest 400 ms of sound is above `PASS_LEVEL` and at least `PASS_FRAMES` pictures
decode of which one is not a single colour. The files and the key live only as long as the check; the journal keeps the
result, not the media.
"""

import asyncio
import contextlib
import errno
import hashlib
import json
import logging
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from media.evidence.log.store import FileStore
from media.evidence.recording import mux
from media.evidence.recording.ledger import segment_name
from media.evidence.recording.level_meter import HEADER, LOWEST_LEVEL
from media.evidence.recording.mux import Block
from media.evidence.seal import age as seal
from media.messages import Frame

logger = logging.getLogger("vivavoce.media.evidence.recording.soundcheck")

PASS_LEVEL = -500
"""Tenths of dBFS RMS."""
PASS_FRAMES = 10
PASS_DEVIATION = 4.0
"""Standard deviation of luma, of 255."""
PIECE = 0.8
"""Seconds of media in one stored file."""
ANSWER_WITHIN = 15.0
"""Seconds for one piece to be decoded."""


@dataclass(frozen=True)
class Measured:
    """Measurements of the media decoded from the store."""

    level: int = LOWEST_LEVEL
    heard: bool = False
    """Whether any sound was decoded, silence included."""
    frames: int = 0
    deviation: float = 0.0
    error: str = ""

    @property
    def audio_ok(self) -> bool:
        """Whether the sound is loud enough."""
        return self.level > PASS_LEVEL

    @property
    def picture(self) -> bool:
        """Whether there was a picture that is not a single colour."""
        return self.frames >= PASS_FRAMES and self.deviation > PASS_DEVIATION


class SoundCheckRun:
    """One check of one person, or of one language channel. Fed on the event loop; stores and decodes in threads."""

    def __init__(self, folder: Path, audio: str, video: str | None, ask_key: Callable[[str], None]) -> None:
        self.audio = audio
        self.video = video
        self._folder = folder
        self._ask_key = ask_key
        self._blocks: dict[str, list[Block]] = {track: [] for track in (audio, video) if track is not None}
        self._init: dict[str, bytes] = {audio: mux.audio_init()}
        self._numbers: dict[str, int] = {}
        self._start: int | None = None
        self._measured = Measured()

    def feed(self, frame: Frame) -> None:
        """Take a frame of the recorder's feed; other tracks' are ignored. Video begins with a key frame."""
        blocks = self._blocks.get(frame.track)
        if blocks is None:
            return
        if frame.track not in self._init:
            if not frame.key or not mux.is_vp8_key(frame.data):
                self._ask_key(frame.track)
                return
            self._init[frame.track] = mux.video_init(*mux.vp8_size(frame.data))
        if self._start is None:
            self._start = frame.at
        t = max((frame.at - self._start) // 1_000_000, blocks[-1].t if blocks else 0)
        blocks.append(Block(t, frame.key or frame.track == self.audio, frame.data))

    async def run(self, seconds: float) -> Measured:
        """Measure until passed, at most `seconds`; the files are gone and the key forgotten on return."""
        identity = seal.make_identity()
        store = FileStore(self._folder)
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        decoder: asyncio.subprocess.Process | None = None
        try:
            await asyncio.to_thread((self._folder / "seg").mkdir, mode=0o700, parents=True)
            decoder = await _start_decoder()
            if self.video is not None:
                self._ask_key(self.video)
            while not self._passed() and (left := end - loop.time()) > 0:
                await asyncio.sleep(min(PIECE, left))
                pieces = [(track, blocks.copy()) for track, blocks in self._blocks.items() if blocks]
                for blocks in self._blocks.values():
                    blocks.clear()
                for track, clear in await asyncio.to_thread(self._store, store, identity, pieces):
                    self._measured = await _decode(decoder, b"a" if track == self.audio else b"v", clear)
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            return replace(self._measured, error="disk_full" if full else "io_error")
        except DecoderError:
            return replace(self._measured, error="decoder")
        finally:
            if decoder is not None:
                await _end_decoder(decoder)
            await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)
        return self._measured

    def _passed(self) -> bool:
        return self._measured.audio_ok and (self.video is None or self._measured.picture)

    def _store(
        self, store: FileStore, identity: seal.Identity, pieces: list[tuple[str, list[Block]]]
    ) -> list[tuple[str, bytes]]:
        """Seal and store each piece, read it back; the clear WebM files, in memory."""
        out = []
        for track, blocks in pieces:
            n = self._numbers[track] = self._numbers.get(track, 0) + 1
            name = segment_name(track, n)
            sealed = identity.recipient.seal(mux.clusters(blocks))
            store.publish([(store.stage(name, sealed), name)])
            stored = store.read(name)
            if hashlib.sha256(stored).digest() != hashlib.sha256(sealed).digest():
                raise OSError(errno.EIO, "what was read back is not what was written")
            out.append((track, self._init[track] + identity.unseal(stored)))
        return out


class DecoderError(Exception):
    """The decoder ended, or did not answer."""


async def _start_decoder() -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "media.evidence.recording.level_meter",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )


async def _decode(decoder: asyncio.subprocess.Process, kind: bytes, clear: bytes) -> Measured:
    assert decoder.stdin is not None
    assert decoder.stdout is not None
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            decoder.stdin.write(HEADER.pack(kind, len(clear)) + clear)
            await decoder.stdin.drain()
            return Measured(**json.loads(await decoder.stdout.readline()))
    except (TimeoutError, ConnectionError, ValueError) as error:
        logger.error("the decoder has failed")
        raise DecoderError from error


async def _end_decoder(decoder: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        decoder.kill()
    await decoder.wait()


def advice(measured: Measured, wants_picture: bool) -> str:
    """The measurements and advice, in English."""
    if measured.error == "disk_full":
        return "The recorder's disk is full: nothing could be stored. Ask the technician to free space."
    if measured.error == "decoder":
        return "What was stored could not be decoded. Reload the page and try again, or use another browser."
    if measured.error:
        return "The recorder could not store or read back the test. Ask the technician to look at its disk."
    parts = []
    if not measured.heard:
        parts.append("No sound reached the recorder. Switch the microphone on, and choose the right one.")
    elif measured.level == LOWEST_LEVEL:
        parts.append("Only silence reached the recorder. Unmute the microphone, or choose another one.")
    elif not measured.audio_ok:
        loud, wanted = measured.level / 10, PASS_LEVEL / 10
        parts.append(f"The sound is too quiet: {loud:.1f} dBFS, more than {wanted:.0f} is needed. Move closer.")
    if wants_picture and measured.frames == 0:
        parts.append("No picture reached the recorder. Switch the camera on, and choose the right one.")
    elif wants_picture and measured.frames < PASS_FRAMES:
        parts.append(f"Only {measured.frames} pictures reached the recorder, {PASS_FRAMES} are needed. Try again.")
    elif wants_picture and not measured.picture:
        parts.append("The picture is a single colour. Take off the lens cover, and turn on a light.")
    if parts:
        return " ".join(parts)
    text = f"Heard at {measured.level / 10:.1f} dBFS"
    return f"{text}, {measured.frames} pictures decoded." if wants_picture else f"{text}."
