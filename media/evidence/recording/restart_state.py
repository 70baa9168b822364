"""State that a restarted recorder needs and no recording contains: switches of tracks, results of sound checks.

A small file in the run folder, replaced at each change; not evidence, and not fsynced: it survives the process, not a
crash of the machine, which ends the hearing's other processes too.
"""

import asyncio
import contextlib
from pathlib import Path

import msgspec

from media.evidence.log.journal import Line
from media.messages import TrackSwitch


class Check(msgspec.Struct, frozen=True):
    """The result of a sound check for one track."""

    track: str
    picture: bool
    level: int
    ok: bool

    def line(self) -> Line:
        """Its journal line."""
        return {
            "type": "soundcheck",
            "track": self.track,
            "picture": self.picture,
            "level": self.level,
            "ok": self.ok,
        }


class _File(msgspec.Struct):
    switches: dict[str, TrackSwitch]
    checks: dict[str, Check]


class RestartState:
    """`switches`: the last one of each track. `checks`: results not yet in a journal. Owned by the event loop."""

    def __init__(self, path: Path) -> None:
        self.switches: dict[str, TrackSwitch] = {}
        self.checks: dict[str, Check] = {}
        self._path = path
        self._saving = asyncio.Lock()

    def load(self) -> None:
        """Read the file, if there is one that can be read."""
        with contextlib.suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError):
            state = msgspec.msgpack.decode(self._path.read_bytes(), type=_File)
            self.switches, self.checks = state.switches, state.checks

    async def save(self) -> None:
        """Replace the file with the present state."""
        async with self._saving:
            data = msgspec.msgpack.encode(_File(self.switches, self.checks))
            with contextlib.suppress(OSError):
                await asyncio.to_thread(self._write, data)

    def _write(self, data: bytes) -> None:
        draft = self._path.with_suffix(".new")
        draft.write_bytes(data)
        draft.replace(self._path)
