"""Another implementation of tlog-witness (aics-witness) cosigns a recording of ours, and its library accepts what our
cosigner signs: neither side has code of the other.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aics_tlog
import httpx
import pytest

from media.evidence.check import bag
from media.evidence.check.policy import parse
from media.evidence.check.verify import VerificationRequest, verify
from media.evidence.cosigning.asking import AnotherPast, Cosigned, NotCosigned, Reply, ask
from media.evidence.cosigning.cosigners import NamedCosigner
from media.evidence.log import custody, tlog
from tests.support.evidence.cosigners import LocalCosigner, free_port
from tests.support.evidence.recordings import COURT, TRACKS, SealedRecording, build

pytestmark = pytest.mark.timeout(180)


class AnotherCosigner:
    """The command `aics-witness`, served."""

    def __init__(self, folder: Path, origin: str, log: str) -> None:
        self.config = folder / "witness.json"
        self.port = free_port()
        self.vkey = self.run("init", "--name", "another.example/w1", "--listen", f"127.0.0.1:{self.port}").split()[-1]
        self.run("add-log", "--origin", origin, "--vkey", log)
        command = [sys.executable, "-m", "aics_witness", "serve", "--config", str(self.config)]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.named = NamedCosigner("another", tlog.parse_vkey(self.vkey), f"http://127.0.0.1:{self.port}")
        for _ in range(400):
            try:
                if httpx.get(f"{self.named.url}/healthz").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError("it does not answer")

    def run(self, *words: str) -> str:
        command = [sys.executable, "-m", "aics_witness", words[0], "--config", str(self.config), *words[1:]]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout

    def evidence(self) -> list[Any]:
        """What it has refused and kept."""
        found: list[Any] = json.loads(self.run("evidence"))
        return found


async def post(url: str, body: bytes) -> Reply:
    async with httpx.AsyncClient() as client:
        answer = await client.post(url, content=body)
    return Reply(answer.status_code, answer.headers.get("content-type", ""), answer.content)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> SealedRecording:
    made = tmp_path_factory.mktemp("recording")
    return build(made / "recording", made / "keys", tracks={"judge_1_mic": replace(TRACKS["judge_1_mic"], lost=())})


@pytest.fixture
def other(tmp_path: Path, recording: SealedRecording) -> Iterator[AnotherCosigner]:
    made = AnotherCosigner(tmp_path, recording.origin, recording.seal.key.vkey(COURT))
    yield made
    made.process.kill()
    made.process.wait()


def tree_of(recording: SealedRecording) -> tlog.Tree:
    lines = (recording.folder / custody.JOURNAL).read_bytes().splitlines()
    return tlog.Tree(tlog.leaf_hash(line) for line in lines)


def head(recording: SealedRecording, tree: tlog.Tree, size: int) -> bytes:
    text = tlog.checkpoint_text(recording.origin, size, tree.root(size))
    return recording.seal.key.sign(text, recording.origin)


async def test_it_cosigns_a_recording_of_ours_to_its_end_and_the_bag_needs_no_waiver_for_it(
    other: AnotherCosigner, recording: SealedRecording, tmp_path: Path
) -> None:
    court, tree = recording.copy(tmp_path / "copy"), tree_of(recording)
    seal, known = court.seal, 0
    for size in (3, 11, tree.size):
        note = head(recording, tree, size)
        cosigned = await ask(other.named, note, tree, known, post, int(time.time()))
        assert isinstance(cosigned, Cosigned), cosigned
        known = 0 if size == 3 else size  # after the first the clock has forgotten: the answer 409 says it again
    closing = head(recording, tree, tree.size)
    custody.open_log(court.folder, court.origin, seal, court.zero)
    custody.close_log(court.folder, seal, time.time_ns())
    text = tlog.parse_note(closing).text
    assert custody.add_cosignatures(court.folder, custody.CHECKPOINT, text, [cosigned.line])
    bag.export(court.folder, tmp_path / "bag", seal, custody.Accessor("A", "clerk", "RO"), "test", datetime.now(UTC))
    pinned = f"log {seal.key.vkey(COURT)}\nwitness w {other.vkey}\nquorum w\n"
    report = verify(tmp_path / "bag", VerificationRequest(parse(pinned.encode()), without_stamp=True))
    assert (report.verdict, report.findings.failures, report.findings.missing) == ("verified", [], [])
    assert [line for line in report.findings.waived if "cosigner" in line] == []


async def test_it_refuses_another_past_of_the_recording_and_we_take_that_as_one(
    other: AnotherCosigner, recording: SealedRecording
) -> None:
    tree = tree_of(recording)
    forged = tlog.Tree(tlog.leaf_hash(str(number).encode()) for number in range(20))
    assert isinstance(await ask(other.named, head(recording, tree, 9), tree, 0, post, int(time.time())), Cosigned)
    for size in (9, 20):
        note = head(recording, forged, size)
        refused = await ask(other.named, note, forged, 0, post, int(time.time()))
        assert refused == AnotherPast(NotCosigned.fork, 9)
    refused = await ask(other.named, head(recording, tree, 4), tree, 0, post, int(time.time()))
    assert refused == AnotherPast(NotCosigned.ahead, 9)
    assert len(other.evidence()) >= 2


def test_its_library_accepts_what_our_cosigner_signs(recording: SealedRecording, tmp_path: Path) -> None:
    ours = LocalCosigner(tmp_path, "cosigner.example/ro", recording.seal.key.vkey(COURT))
    tree, now = tree_of(recording), 1_790_000_000
    note = head(recording, tree, tree.size)
    answer = ours.add(note, tree, 0, now=now)
    parsed = aics_tlog.parse_note(note + answer.body)
    court, cosigner = aics_tlog.parse_vkey(recording.seal.key.vkey(COURT)), aics_tlog.parse_vkey(ours.key.vkey)
    policy = aics_tlog.WitnessPolicy(quorum=1, witnesses=(cosigner,))
    verified = aics_tlog.verify_checkpoint(parsed, court, policy=policy, expected_origin=recording.origin)
    assert (verified.ok, verified.timestamps) == (True, {"cosigner.example/ro": now}), verified
    false = aics_tlog.parse_note(note + ours.key.cosign(b"another text\n", now))
    assert not aics_tlog.verify_checkpoint(false, court, policy=policy).ok
    ours.seen.close()
