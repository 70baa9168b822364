"""Makes the vectors in `stored/`: recordings where the server keeps them, after somebody with write access but without
the seal's key has been there. `python -m tests.vectors.stored [FOLDER]`. See README.md."""

import hashlib
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import rfc8785

from media.evidence.log import tlog
from tests.support.evidence import bags as builder
from tests.vectors.make import CLUSTER, small

HERE = Path(__file__).parent / "stored"
THIEF = b"t" * 32
"""Seed of a key that is not the court's."""


@dataclass
class Stored:
    """A recording as the seal knows it, and what was done to its folder afterwards."""

    view: str
    recovery: str
    note: str
    recording: Any = field(default_factory=lambda: seen())
    attack: Callable[[Path, Any], object] = lambda folder, recording: None
    audit: str = "failed"

    def write(self, folder: Path) -> None:
        """The vector's folder: the recording, the heads that the seal signed last, the policy, what each must say."""
        self.recording.write_folder(folder / "recording")
        lines = [rfc8785.dumps(line) for line in self.recording.custody_lines()]
        heads = [
            tlog.Checkpoint(self.recording.origin, len(self.recording.lines), self.recording.root()),
            tlog.Checkpoint(f"{self.recording.origin}/custody", len(lines), builder.tree_root(lines)),
        ]
        for number, head in enumerate(heads):
            (folder / f"signed-{number}").write_bytes(tlog.checkpoint_text(head.origin, head.size, head.root))
        self.attack(folder / "recording", self.recording)
        (folder / "policy.txt").write_bytes(self.recording.policy())
        keys = {"view": self.view, "recovery": self.recovery, "audit": self.audit, "note": self.note}
        (folder / "stored.txt").write_text("".join(f"{key}: {value}\n" for key, value in keys.items()))


def seen() -> Any:
    """The small recording, closed, viewed once."""
    recording = small()
    recording.access()
    return recording


def forge(recording: Any) -> Any:
    """Another content under the second segment, its line, index page and close made to fit."""
    line = recording.lines[6]
    line.update(recording.sealed("seg/judge_1_mic-000002.age", CLUSTER + b"what was never said"))
    record = recording.records["judge_1_mic"]
    record[-36:] = line["size"].to_bytes(4, "big") + bytes.fromhex(line["sha256"])
    if recording.lines[-1]["type"] == "close":
        recording.lines.pop()
        recording.close(4000)
    return recording


def written(change: Callable[[Any], object], *names: str) -> Callable[[Path, Any], None]:
    """Change the recording and write everything anew but these files."""

    def attack(folder: Path, recording: Any) -> None:
        kept = {name: (folder / name).read_bytes() for name in names}
        change(recording)
        recording.write_folder(folder)
        for name, data in kept.items():
            (folder / name).write_bytes(data)

    return attack


def stale_text(folder: Path, recording: Any) -> None:
    """A forged journal with size and root of the heads to match, under the signatures of before."""
    old = {name: (folder / name).read_bytes() for name in ("checkpoint", "custody-checkpoint")}
    forge(recording)
    recording.seed = THIEF
    recording.write_folder(folder)
    for name, note in old.items():
        text = (folder / name).read_bytes().partition(b"\n\n")[0]
        (folder / name).write_bytes(text + b"\n\n" + note.partition(b"\n\n")[2])


def stolen(folder: Path, recording: Any) -> None:
    """A fork: a longer journal, signed with the court's own key behind the seal's back."""
    recording.lines.pop()
    forge(recording)
    recording.line("notice", code="x", text="")
    recording.close(4000)
    recording.write_folder(folder)


def tail(name: str) -> Callable[[Path, Any], None]:
    """A line behind what was signed."""

    def attack(folder: Path, recording: Any) -> None:
        line = {**recording.accesses[0], "person": "Nobody"}
        with (folder / name).open("ab") as log:
            log.write(rfc8785.dumps(line) + b"\n")

    return attack


def rolled_back(folder: Path, recording: Any) -> None:
    """Journal and head of before the last line, out of a backup."""
    recording.lines.pop()
    recording.accesses.clear()
    (folder / "journal.jsonl").write_bytes(recording.journal())
    (folder / "checkpoint").write_bytes(recording.note())


def custody_rolled_back(folder: Path, recording: Any) -> None:
    """The custody log of before somebody took a copy, out of a backup."""
    recording.accesses.clear()
    for name, data in recording.custody_files().items():
        (folder / name).write_bytes(data)


def renamed(folder: Path, _recording: Any) -> None:
    """Another person in an access, its signature stale."""
    path = folder / "custody.jsonl"
    path.write_bytes(path.read_bytes().replace(b"Ioana Marin", b"Ioana Marek"))


def gone(folder: Path, _recording: Any) -> None:
    """No custody log at all."""
    for name in ("custody.jsonl", "custody-checkpoint"):
        (folder / name).unlink()


def orphaned(folder: Path, recording: Any) -> None:
    """A segment and its line behind the last signed head of a recording that was not closed."""
    data = recording.sealed("seg/judge_1_mic-000003.age", CLUSTER + b"what was never said")
    counts = {"seq": [3, 3], "rtp": [1, 1], "packets": [1, 0, 0], "holes": [0, 0]}
    line = {"type": "segment", "at": recording.lines[-1]["at"], "track": "judge_1_mic", "n": 3, **data, **counts}
    line |= {"t0": 4000, "t1": 6000, "k": [], "rap": 3}
    (folder / data["file"]).write_bytes(recording.files[data["file"]])
    assert hashlib.sha256(recording.files[data["file"]]).hexdigest() == data["sha256"]
    with (folder / "journal.jsonl").open("ab") as log:
        log.write(rfc8785.dumps(line) + b"\n")


def vectors() -> dict[str, Stored]:
    """Every vector by its name. `view` stands for the export too."""
    return {
        "untouched": Stored("ok", "closed", "nothing was done", audit="verified"),
        "forged-segment": Stored(
            "altered", "journal_altered", "a segment, its line, page and close replaced under the head of before",
            attack=written(forge, "checkpoint", "custody.jsonl", "custody-checkpoint"),
        ),
        "stale-signature": Stored(
            "unsigned", "journal_unsigned", "the same with size and root in the head's text", attack=stale_text
        ),
        "fork": Stored("led", "journal_led", "another past, signed with the stolen key", attack=stolen),
        "rollback": Stored("rollback", "journal_rollback", "an older journal and head put back", attack=rolled_back),
        "unsigned-tail": Stored(
            "ok", "closed", "a line behind the close: set aside, never signed", attack=tail("journal.jsonl")
        ),
        "custody-tail": Stored(
            "ok", "closed", "a line behind the custody log: set aside, never signed", attack=tail("custody.jsonl")
        ),
        "custody-rollback": Stored(
            "rollback", "custody_rollback", "one copy vanished from the custody log", attack=custody_rolled_back
        ),
        "custody-altered": Stored("altered", "custody_altered", "another person took the copy", attack=renamed),
        "custody-gone": Stored("rollback", "custody_rollback", "no custody log", attack=gone),
        "recovered-forgery": Stored(
            "not_closed", "found", "a forged segment behind the last head of a recording that was not closed",
            small(close=False), attack=orphaned,
        ),
    }  # fmt: skip


def make(folder: Path) -> None:
    """Write every vector into a folder."""
    for name, vector in vectors().items():
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir(parents=True)
        vector.write(folder / name)


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
