"""The server as victim: whatever lies in a recording's folder, nothing is signed that the seal has not signed so."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from media.evidence.check import bag
from media.evidence.check.policy import parse
from media.evidence.check.verify import VerificationRequest, verify_stored
from media.evidence.log import custody, tlog
from media.evidence.log.custody import Accessor
from media.evidence.recording.ledger import TrackLedger
from media.evidence.recording.recovery import RecoveryError, RecoveryTarget as Opening, open_recording
from media.evidence.seal.seal_key import SealKey
from tests.support.evidence import bags as builder
from tests.support.evidence.seals import LocalSeal
from tests.vectors import stored

FOLDER = Path(stored.__file__).with_name("stored")
NAMES = sorted(path.parent.name for path in FOLDER.glob("*/stored.txt"))
CLERK = Accessor("Ioana Marin", "clerk", "RO")
NOW = datetime(2026, 11, 1, tzinfo=UTC)
NOW_NS = int(NOW.timestamp()) * 10**9
LOGS = ("journal.jsonl", "custody.jsonl")


class Victim:
    """A copy of a vector, with the court's seal that signed what the vector says."""

    def __init__(self, name: str, at: Path) -> None:
        said = (FOLDER / name / "stored.txt").read_text().splitlines()
        self.expect = {key: value.strip() for key, _, value in (line.partition(":") for line in said)}
        self.folder = Path(shutil.copytree(FOLDER / name / "recording", at / builder.UUID))
        self.policy = parse((FOLDER / name / "policy.txt").read_bytes())
        self.seal = LocalSeal(at / "seal", SealKey(b"s" * 32))
        self.heads = [tlog.parse_checkpoint(path.read_bytes()) for path in sorted((FOLDER / name).glob("signed-*"))]
        for head in self.heads:
            self.seal.has_signed(head)
        self.before = self.bytes()

    def bytes(self) -> dict[str, bytes]:
        """Every file of the folder."""
        return {str(path): path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}

    def signed(self) -> list[tlog.Checkpoint | None]:
        """What the seal has signed last of the same origins."""
        return [self.seal.trust().last(head.origin) for head in self.heads]

    def outcome(self, act: str, at: Path) -> str:
        """View, export or take it up again: what came of it."""
        try:
            if act == "view":
                custody.record(self.folder, [CLERK.line("view", "copy")], self.seal, NOW_NS)
            elif act == "export":
                bag.export(self.folder, at / "bag", self.seal, CLERK, "copy", NOW)
            else:
                return self.taken_up()
        except custody.NotProvenError as error:
            return error.code
        except custody.NotClosedError:
            return "not_closed"
        except RecoveryError as error:
            return error.code
        return "ok"

    def taken_up(self) -> str:
        """As a recorder that is started again."""
        track = TrackLedger(track="judge_1_mic", role="judge", kind="floor-audio", lang="", required=True, pseudonym="")
        wanted = Opening(builder.COURT, builder.UUID, "hearing", [("requesting", "")], [track])
        opened = open_recording(self.folder, self.seal, wanted)
        opened.journal.close()
        if opened.closed_at is not None:
            return "closed"
        lines = [json.loads(line) for line in (self.folder / LOGS[0]).read_bytes().splitlines()]
        kinds = [line["type"] for line in lines[self.heads[0].size :]]
        assert "segment" not in kinds
        assert kinds.count("recovered_segment") == kinds.count("found") == 1
        return "found"


@pytest.mark.parametrize("act", ["view", "export", "recovery"])
@pytest.mark.parametrize("name", NAMES)
def test_what_does_not_fit_is_refused_and_nothing_is_signed(name: str, act: str, tmp_path: Path) -> None:
    victim = Victim(name, tmp_path)
    expected = victim.expect["recovery" if act == "recovery" else "view"]
    assert victim.outcome(act, tmp_path) == expected
    if expected not in ("ok", "closed", "found"):
        assert victim.signed() == victim.heads
        assert victim.bytes() == victim.before
        assert not (tmp_path / "bag").exists()
        return
    for head, now in zip(victim.heads, victim.signed(), strict=True):
        log = victim.folder / LOGS[head.origin.endswith(tlog.CUSTODY)]
        tree = tlog.Tree(tlog.leaf_hash(line) for line in log.read_bytes().splitlines())
        assert now is not None and tree.root(head.size) == head.root  # it went on from what was signed
        assert (tree.size, tree.root()) == (now.size, now.root)
        assert b"Nobody" not in log.read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_the_audit_in_place_says_so(name: str, tmp_path: Path) -> None:
    victim = Victim(name, tmp_path)
    wanted = VerificationRequest(victim.policy, without_stamp=True, last=victim.seal.trust().last)
    assert verify_stored(victim.folder, wanted).findings.verdict == victim.expect["audit"]


def test_vectors_made_anew_are_the_same_cases(tmp_path: Path) -> None:
    stored.make(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == NAMES
    for name in NAMES:
        again, kept = (folder / name / "stored.txt" for folder in (tmp_path, FOLDER))
        assert again.read_text() == kept.read_text()
