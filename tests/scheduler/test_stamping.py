"""Heads of a recording are time-stamped at its opening, every ten minutes, at its close and over its custody log; an
authority that is away holds nothing up and is asked again.
"""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from media.evidence.check import bag
from media.evidence.check.findings import EXIT_CODES
from media.evidence.check.policy import parse
from media.evidence.check.stamp_check import Stamped, counting, end_of
from media.evidence.check.verify import VerificationReport, VerificationRequest, verify
from media.evidence.log import custody, tlog
from media.evidence.log.journal import Journal
from media.evidence.stamping import renewal, timestamps
from media.evidence.stamping.timestamps import Authorities
from scheduler.environment import World
from scheduler.stamping import BESIDE, RENEWALS, Stamping
from tests.support import tsa
from tests.support.evidence.recordings import COURT, TRACKS, SealedRecording, build
from tests.support.evidence.seals import LocalSeal
from web.demo.time_authority import REPLY, Authority

VERIFY_BAG = Path(__file__).parents[2] / "deploy" / "verify_bag.py"
BY = custody.Accessor("I. Marin", "clerk", "RO")


class Court:
    """A recording that a test writes line by line, the clock's job over it, and an authority that can be away."""

    def __init__(self, setting: Any, tmp_path: Path, whole: SealedRecording, authority: Authority) -> None:
        self.recordings = tmp_path / "recordings"
        self.name: str = setting.recording.id
        self.folder = self.recordings / self.name
        shutil.copytree(whole.folder, self.folder)
        for file in (custody.JOURNAL, custody.CHECKPOINT):
            (self.folder / file).unlink()
        self.whole, self.authority = whole, authority
        self.seal = LocalSeal(tmp_path / "seal", whole.seal.key)
        self.journal = Journal(self.folder, whole.origin, self.seal)
        self.left = list(whole.lines)
        self.away, self.asked, self.steady, self.url = False, 0, 0.0, ""
        self.world = World(
            database=setting.database,
            origin="https://court.example",
            recordings=self.recordings,
            seal=lambda: self.seal,  # type: ignore[return-value]
        )

    def answer(self, query: bytes) -> tuple[int, str, bytes]:
        self.asked += 1
        return (503, REPLY, b"") if self.away else (200, REPLY, self.authority.answer(query))

    def begin(self) -> None:
        """The job as a process begins it."""
        authorities = Authorities([self.url], self.authority.anchors)
        self.job = Stamping(authorities, self.recordings, steady=lambda: self.steady)

    def write(self, count: int | None = None) -> None:
        """Journal some lines, or all that are left, and have the head signed."""
        self.journal.append(self.left[:count])
        self.left = self.left[count:] if count is not None else []
        self.journal.sign()
        custody.open_log(self.folder, self.whole.origin, self.seal, self.whole.zero)
        if not self.left:
            custody.close_log(self.folder, self.seal, self.whole.zero + 60 * 10**9)

    async def round(self, after: float = 0.0) -> int:
        self.steady += after
        return await self.job.stamp_due(self.world)

    def quiet(self) -> None:
        """As if nothing had been added to the custody log for a quarter of an hour."""
        long_ago = datetime.now(UTC).timestamp() - 900
        os.utime(self.folder / custody.LOG_CHECKPOINT, (long_ago, long_ago))

    def stamps(self) -> list[str]:
        """What the `stamp` lines of the custody log are over; each token holds."""
        lines = [json.loads(line) for line in (self.folder / custody.LOG).read_bytes().splitlines()]
        found = [line for line in lines if line["type"] == "stamp"]
        for line in found:
            tsr = base64.b64decode(line["tsr"])
            timestamps.check(tsr, line["note"].encode(), None, self.authority.anchors, None)
        origins = [tlog.parse_checkpoint(tlog.parse_note(line["note"].encode()).text) for line in found]
        return [f"{'custody' if head.origin.endswith('custody') else 'journal'} {head.size}" for head in origins]

    def verify(self, tmp_path: Path) -> VerificationReport:
        """The verdict on a bag that is taken now, with the token demanded."""
        target = tmp_path / f"bag-{len(list(tmp_path.iterdir()))}"
        bag.export(self.folder, target, self.seal, BY, "test", datetime.now(UTC))
        return verify(target, VerificationRequest(parse(self.pins()), anchors=self.authority.anchors))

    def pins(self) -> bytes:
        """The policy that its recordings are verified by."""
        return f"log {self.seal.key.vkey(COURT)}\nquorum none\n".encode()

    def both(self, target: Path, anchors: bytes, days: int) -> list[str]:
        """The verdicts of both verifiers on a bag, so many days from now."""
        now = time.time_ns() + days * 86_400 * 10**9
        own = verify(target, VerificationRequest(parse(self.pins()), anchors=anchors, now_ns=now)).findings
        (target.parent / "policy").write_bytes(self.pins())
        (target.parent / "tsa.pem").write_bytes(anchors)
        command = [sys.executable, str(VERIFY_BAG), str(target), "--policy", str(target.parent / "policy"), "--json"]
        command += ["--tsa", str(target.parent / "tsa.pem"), "--now", str(now)]
        other = json.loads(subprocess.run(command, capture_output=True, text=True, check=False, timeout=60).stdout)
        assert (other["exit"], bool(other["missing"])) == (EXIT_CODES[own.verdict], bool(own.missing)), other
        return [own.verdict, *own.missing, *(note for note in own.notes if "certificate" in note)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> SealedRecording:
    made = tmp_path_factory.mktemp("whole")
    return build(made / "recording", made / "keys", tracks={"judge_1_mic": replace(TRACKS["judge_1_mic"], lost=())})


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa"))


@pytest.fixture
def court(setting: Any, tmp_path: Path, whole: SealedRecording, authority: Authority) -> Iterator[Court]:
    made = Court(setting, tmp_path, whole, authority)
    with tsa.served(made.answer) as url:
        made.url = url
        made.begin()
        yield made


async def test_a_recording_that_goes_on_is_stamped_at_once_and_every_ten_minutes(court: Court) -> None:
    court.write(2)
    assert [await court.round(after) for after in (0, 5, 300)] == [1, 0, 0]
    court.write(1)
    assert [await court.round(after) for after in (200, 200, 5)] == [0, 1, 0]
    assert await court.round(700) == 0  # nothing was journaled since
    beside = court.recordings / BESIDE / court.name
    assert [int(path.stem) for path in sorted(beside.iterdir())] == [2, 3]


async def test_a_closed_recording_verifies_with_the_token_demanded(court: Court, tmp_path: Path) -> None:
    court.write(2)
    await court.round()
    court.write()
    assert court.verify(tmp_path).findings.missing == ["a time-stamp token: there is none in the bag"]
    assert await court.round(5) == 1
    assert court.stamps() == ["journal 2"]
    assert not (court.recordings / BESIDE / court.name).exists()
    report = court.verify(tmp_path)
    assert (report.verdict, report.findings.failures) == ("verified", [])
    assert not [line for line in report.findings.waived if "time-stamp" in line]


async def test_what_is_added_to_the_custody_log_is_stamped_when_it_rests_and_once(court: Court, tmp_path: Path) -> None:
    court.write()
    await court.round()
    court.verify(tmp_path)
    assert await court.round(5) == 0
    assert court.stamps() == []
    court.quiet()
    assert await court.round(5) == 1
    assert [line.partition(" ")[0] for line in court.stamps()] == ["custody"]
    asked = court.asked
    for _ in range(3):
        court.quiet()
        assert await court.round(700) == 0
    assert court.asked == asked
    assert court.verify(tmp_path).verdict == "verified"


async def test_an_authority_that_is_away_is_asked_again_less_and_less_often(court: Court, tmp_path: Path) -> None:
    court.write()
    court.away = True
    times = []
    for second in range(200):
        before = court.asked
        assert await court.round(1) == 0
        times += [second] if court.asked > before else []
    assert times == [0, 10, 30, 70, 150]
    court.away = False
    assert await court.round(160) == 1
    assert court.verify(tmp_path).verdict == "verified"


async def test_the_next_process_goes_on_from_the_files(court: Court, tmp_path: Path) -> None:
    court.write(2)
    await court.round()
    court.begin()
    court.write()
    assert await court.round(5) == 1
    asked = court.asked
    court.begin()
    assert await court.round(5) == 0
    assert (court.asked, court.stamps()) == (asked, ["journal 2"])
    assert court.verify(tmp_path).verdict == "verified"


async def test_a_token_that_no_longer_fits_is_taken_anew(court: Court, tmp_path: Path) -> None:
    court.write()
    await court.round()
    (court.folder / timestamps.FILE).write_bytes(b"garbage")
    court.begin()
    assert await court.round(5) == 1
    assert court.verify(tmp_path).verdict == "verified"


@pytest.fixture
def ending(court: Court, tmp_path: Path) -> Authority:
    """The court's authority from now on: its certificate ends in five days."""
    court.authority = tsa.soon_over(tmp_path / "ending", 5)
    court.begin()
    return court.authority


def renewing(court: Court, *authorities: Authority) -> bytes:
    """The court trusts these authorities, and the last of them answers; the trust anchors."""
    anchors = b"".join(one.anchors for one in authorities)
    court.authority = authorities[-1]
    court.job = Stamping(Authorities([court.url], anchors), court.recordings, steady=lambda: court.steady)
    return anchors


def custody_lines(court: Court) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (court.folder / custody.LOG).read_bytes().splitlines()]


async def test_a_token_is_renewed_before_its_certificate_ends_and_counts_afterwards(
    court: Court, ending: Authority, authority: Authority, tmp_path: Path
) -> None:
    court.write(2)
    await court.round()
    court.write()
    await court.round(5)  # the token of the close
    court.quiet()
    await court.round(5)  # that of the custody log, and the first attempt to renew
    before = tmp_path / "before"
    bag.export(court.folder, before, court.seal, BY, "test", datetime.now(UTC))
    assert court.both(before, ending.anchors, 1) == ["verified"]
    assert court.both(before, ending.anchors, 6)[0] == "cannot"
    assert "none renews it" in court.both(before, ending.anchors, 6)[1]

    anchors = renewing(court, ending, authority)
    court.quiet()
    assert renewal.renewed_at(court.folder, anchors) is None
    assert await court.round(700) == 1  # over what was written since, and so over the old tokens
    beside = hashlib.sha256((court.folder / timestamps.FILE).read_bytes()).hexdigest()
    stamped = [
        hashlib.sha256(base64.b64decode(one["tsr"])).hexdigest()
        for one in custody_lines(court)
        if one["type"] == "stamp"
    ]
    assert beside in stamped
    assert renewal.renewed_at(court.folder, anchors) is not None
    assert await court.round(700) == 0
    after = tmp_path / "after"
    bag.export(court.folder, after, court.seal, BY, "test", datetime.now(UTC))
    assert court.both(after, anchors, 1) == ["verified"]
    verdict, note = court.both(after, anchors, 6)
    assert verdict == "verified" and "it was renewed before" in note
    assert court.both(after, anchors, 3700)[0] == "cannot"


async def test_a_token_that_lasts_no_longer_is_not_kept_and_is_asked_for_again_later(
    court: Court, ending: Authority, authority: Authority
) -> None:
    court.write()
    await court.round()
    court.quiet()
    await court.round(700)
    await court.round(700)
    assert not [line for line in custody_lines(court) if "renews" in line]
    for _ in range(3):
        await court.round(700)
    asked = court.asked
    assert await court.round(700) == 0
    assert court.asked == asked
    renewing(court, ending, authority)
    assert await court.round(700) == 1
    assert [line["type"] for line in custody_lines(court)[-2:]] == ["stamp", "stamp"]
    renewed = hashlib.sha256((court.folder / timestamps.FILE).read_bytes()).hexdigest()
    assert renewed in custody_lines(court)[-1]["renews"]
    assert renewal.renewed_at(court.folder, ending.anchors + authority.anchors) is not None


async def old_ones(court: Court, count: int) -> None:
    """So many closed recordings whose tokens end soon, and one, with a name before theirs, that goes on."""
    court.write(2)
    live = court.recordings / "0"
    shutil.copytree(court.folder, live)
    court.write()
    await court.round()
    court.quiet()
    for _ in range(4):
        await court.round(700)
    for number in range(1, count):
        shutil.copytree(court.folder, court.recordings / f"{court.name}{number}")


async def test_renewals_that_fail_do_not_keep_a_recording_that_goes_on_waiting(court: Court, ending: Authority) -> None:
    await old_ones(court, 6)
    court.begin()
    asked = court.asked
    assert (await court.round(700), court.asked - asked) == (1, 2), "the live one, and one renewal that failed"
    assert (await court.round(5), court.asked - asked) == (0, 2)
    assert (await court.round(700), court.asked - asked) == (0, 3), "that of another recording"


async def test_a_few_recordings_are_renewed_at_a_time_and_all_in_the_end(
    court: Court, ending: Authority, authority: Authority
) -> None:
    await old_ones(court, RENEWALS + 2)
    renewing(court, ending, authority)
    court.world = replace(court.world, seal=None)  # the copies have one origin: no line of theirs could be signed
    assert await court.round(700) == 1 + RENEWALS
    assert [await court.round(5) for _ in range(2)] == [2, 0]


async def test_a_token_that_was_renewed_too_late_counts_no_more(
    court: Court, ending: Authority, authority: Authority, tmp_path: Path
) -> None:
    court.write()
    await court.round()
    renewing(court, ending, authority)
    court.quiet()
    await court.round(700)
    await court.round(700)
    stamps = [line for line in custody_lines(court) if line["type"] == "stamp"]
    tokens = [base64.b64decode(stamps[at]["tsr"]) for at in (1, -1)]
    late = [
        Stamped(index, size, tsr, 10 * index, 10 * index + end)
        for index, (tsr, size, end) in enumerate(zip(tokens, (0, 1), (5, 100), strict=True))
    ]
    assert [one.line for one in counting(late, 50)] == [1]
    assert [one.line for one in counting([replace(late[0], end_ns=10), late[1]], 50)] == [0, 1]
    assert counting(late, 200) == []
    assert end_of(late[0].tsr) != end_of(late[1].tsr)
    assert end_of(b"nothing") is None
