"""Heads of a recording are cosigned while it is written, at its close and after; who is away holds nothing up, and who
has seen another past is told of.
"""

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from hearings.models import CustodyAudit, OutboxMessage, Webhook
from hearings.models.outbox import OutboxKind
from hearings.outward import changes
from media.evidence.check import bag
from media.evidence.check.policy import parse
from media.evidence.check.verify import VerificationReport, VerificationRequest, verify
from media.evidence.cosigning import cosigners, waiting
from media.evidence.cosigning.asking import Reply
from media.evidence.log import custody, tlog
from media.evidence.log.journal import Journal
from scheduler.cosigning import Cosigning
from scheduler.environment import World
from tests.support.evidence.cosigners import LocalCosigner
from tests.support.evidence.recordings import COURT, END, TRACKS, SealedRecording, build
from tests.support.evidence.seals import LocalSeal
from tests.support.rows import keep, make_hearing, make_recording, make_request, make_sitting

NAMES = ("ro", "th")
BY = custody.Accessor("I. Marin", "clerk", "RO")


class Wire:
    """Between the clock and the cosigners: it can be cut, and counts what goes over it."""

    def __init__(self, tmp_path: Path, seal: LocalSeal) -> None:
        log = seal.key.vkey(COURT)
        self.cosigners = {
            name: LocalCosigner(tmp_path / f"cosigner-{name}", f"{name}.example/1", log) for name in NAMES
        }
        self.cut: set[str] = set()
        self.posts: list[str] = []
        self.skew = 0
        self.now = 0.0
        lines = [f"witness {name} {one.key.vkey} https://{name}.example" for name, one in self.cosigners.items()]
        self.listed = cosigners.read("\n".join([*lines, f"group both all {' '.join(NAMES)}", "quorum both"]))

    async def post(self, url: str, body: bytes) -> Reply:
        name = url.removeprefix("https://").partition(".")[0]
        self.posts.append(name)
        if name in self.cut:
            raise ConnectionError(name)
        answer = self.cosigners[name].cosigner.add_checkpoint(body, int(self.now) + self.skew)
        return Reply(answer.status, answer.kind, answer.body)


class Court:
    """A recording that a test writes line by line, and the clock's job over it."""

    def __init__(self, setting: Any, tmp_path: Path, whole: SealedRecording) -> None:
        self.setting = setting
        self.recordings = tmp_path / "recordings"
        self.name: str = setting.recording.id
        self.folder = self.recordings / self.name
        shutil.copytree(whole.folder, self.folder)
        for file in (custody.JOURNAL, custody.CHECKPOINT):
            (self.folder / file).unlink()
        self.whole = whole
        self.seal = LocalSeal(tmp_path / "seal", whole.seal.key)
        self.journal = Journal(self.folder, whole.origin, self.seal)
        self.left = list(whole.lines)
        self.wire = Wire(tmp_path, self.seal)
        self.steady = 0.0
        self.world = World(
            database=setting.database,
            origin="https://court.example",
            clock=self.clock,
            recordings=self.recordings,
            seal=lambda: self.seal,  # type: ignore[return-value]
        )
        self.job = self.begun()

    def begun(self) -> Cosigning:
        """The job as a process begins it."""
        return Cosigning(self.wire.listed, self.recordings, 30, post=self.wire.post, steady=lambda: self.steady)

    def clock(self) -> datetime:
        self.wire.now = self.whole.zero / 10**9 + 60 + self.steady
        return datetime.fromtimestamp(self.wire.now, UTC)

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
        self.clock()
        return await self.job.send_due(self.world)

    def signers(self, checkpoint: str = custody.CHECKPOINT) -> set[str]:
        """Who has signed a head, the court left out."""
        note = tlog.parse_note((self.folder / checkpoint).read_bytes())
        return {line.name.partition(".")[0] for line in note.signatures} - {COURT.partition(".")[0]}

    def seen(self, name: str) -> list[int]:
        return [seen.head.size for seen in self.wire.cosigners[name].seen.all_of(self.whole.origin)]

    def waits(self) -> list[tuple[str, str, str]]:
        found = waiting.read(self.recordings)
        assert found is not None
        return [(one.cosigner, one.why, one.origin.rpartition("/")[2]) for one in found.heads]

    def head_lines(self) -> list[int]:
        """The sizes of the recording's heads that stand in the custody log."""
        lines = [json.loads(line) for line in (self.folder / custody.LOG).read_bytes().splitlines()]
        return [int(line["note"].split("\n")[1]) for line in lines if line["type"] == "head"]

    def verify(self, tmp_path: Path, policy: str | None = None) -> VerificationReport:
        """The verdict on a bag that is taken now, by the policy of the installation."""
        now = datetime.fromtimestamp(self.whole.zero / 10**9 + 120 + self.steady, UTC)
        target = tmp_path / f"bag-{self.steady}-{len(list(tmp_path.iterdir()))}"
        bag.export(self.folder, target, self.seal, BY, "test", now)
        text = policy or self.wire.listed.policy([self.seal.key.vkey(COURT)])
        return verify(target, VerificationRequest(parse(text.encode()), without_stamp=True))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> SealedRecording:
    made = tmp_path_factory.mktemp("whole")
    return build(made / "recording", made / "keys", tracks={"judge_1_mic": replace(TRACKS["judge_1_mic"], lost=())})


@pytest.fixture
def court(setting: Any, tmp_path: Path, whole: SealedRecording) -> Any:
    made = Court(setting, tmp_path, whole)
    yield made
    for one in made.wire.cosigners.values():
        one.seen.close()


async def test_the_first_head_is_cosigned_at_once_and_then_one_every_half_minute(court: Court) -> None:
    court.write(2)
    await court.round()
    for _ in range(12):
        court.write(1)
        await court.round(5)
    for name in NAMES:
        assert court.seen(name) == [2, 8, 14]
    assert court.waits() == []
    assert court.signers() == set()  # the recorder replaces the head of a recording that goes on


async def test_a_closed_recording_is_verified_by_a_policy_that_demands_both(court: Court, tmp_path: Path) -> None:
    court.write(3)
    await court.round()
    court.write(4)
    await court.round(30)
    court.write()
    await court.round(5)
    assert court.signers() == set(NAMES)
    assert court.signers(custody.LOG_CHECKPOINT) == set(NAMES)
    assert court.head_lines() == [3, 7, len(court.whole.lines)]
    report = court.verify(tmp_path)
    assert (report.verdict, report.findings.failures) == ("verified", [])
    assert not [line for line in report.findings.waived if "cosigner" in line]
    assert not (court.recordings / waiting.FOLDER / court.name).exists()


async def test_an_access_moves_the_custody_log_on_and_its_head_is_cosigned_again(court: Court, tmp_path: Path) -> None:
    court.write()
    for _ in range(3):
        await court.round(5)
    posts = len(court.wire.posts)
    await court.round(5)
    assert len(court.wire.posts) == posts  # all is settled: nobody is asked
    assert court.verify(tmp_path).verdict == "verified"
    assert court.signers(custody.LOG_CHECKPOINT) == set()
    await court.round(5)
    assert court.signers(custody.LOG_CHECKPOINT) == set(NAMES)
    assert court.head_lines() == [len(court.whole.lines)]
    assert court.verify(tmp_path).verdict == "verified"


async def test_who_is_away_is_waited_for_and_the_other_signs_meanwhile(court: Court, tmp_path: Path) -> None:
    court.wire.cut = {"th"}
    court.write()
    await court.round()
    assert court.signers() == {"ro"}
    assert court.waits() == [("th", "away", court.whole.recording)]  # it is not asked of the other log in vain
    report = court.verify(tmp_path)
    assert (report.verdict, report.findings.missing) == (
        "cannot verify",
        ["cosignatures for the quorum: none that is valid by th"],
    )
    asked = len(court.wire.posts)
    for _ in range(60):
        await court.round(5)
    assert court.wire.posts[asked:].count("th") < 10  # less and less often
    court.wire.cut = set()
    await court.round(300)
    await court.round(5)
    assert (court.signers(), court.waits()) == (set(NAMES), [])
    assert court.verify(tmp_path).verdict == "verified"


async def test_a_process_that_takes_over_knows_nothing_and_goes_on_from_what_the_cosigner_says(court: Court) -> None:
    court.write(4)
    await court.round()
    court.job = court.begun()
    court.write(3)
    await court.round(30)
    assert [court.seen(name) for name in NAMES] == [[4, 7], [4, 7]]
    court.job = court.begun()
    court.write()
    await court.round(30)
    assert court.signers() == set(NAMES)
    assert court.head_lines() == [4, 7, len(court.whole.lines)]


async def test_a_cosignature_by_a_wrong_clock_would_spoil_the_recording_and_is_not_taken(
    court: Court, tmp_path: Path
) -> None:
    court.wire.skew = -120
    court.write()
    await court.round()
    assert {why for _name, why, _log in court.waits()} == {"clock"}
    assert court.signers() == set()
    court.wire.skew = 0
    await court.round(300)
    await court.round(5)
    assert court.verify(tmp_path).verdict == "verified"


async def test_a_cosigner_that_does_not_trust_the_court_is_said_to(court: Court) -> None:
    (court.wire.cosigners["ro"].folder / "logs").write_text("")
    court.write()
    await court.round()
    assert {one[:2] for one in court.waits()} == {("ro", "untrusted")}
    assert court.signers() == {"th"}


async def test_another_past_is_refused_by_the_cosigner_and_both_states_are_told_once(
    court: Court, tmp_path: Path
) -> None:
    forged = tlog.Tree(tlog.leaf_hash(f"forged {number}".encode()) for number in range(5))
    note = court.seal.key.sign(tlog.checkpoint_text(court.whole.origin, 5, forged.root()), court.whole.origin)
    court.clock()
    assert court.wire.cosigners["th"].add(note, forged, 0, now=int(court.wire.now)).status == 200
    court.write(9)
    for _ in range(3):
        await court.round(600)
    assert {one[:2] for one in court.waits()} == {("th", "fork")}
    assert court.seen("ro") == [9]
    assert [one.kind for one in court.wire.cosigners["th"].seen.evidence()] == ["unproven"]
    async with court.setting.database.reading() as db:
        mails = (await db.exec(select(OutboxMessage))).all()
        (audit,) = (await db.exec(select(CustodyAudit))).all()
    assert sorted(mail.address for mail in mails) == [
        "administrator@ro.example",
        "authority@th.example",
        "judge@ro.example",
    ]
    assert all("a cosigner has seen another past of a recording" in mail.payload["subject"] for mail in mails)
    assert (audit.recording_id, audit.verdict, audit.first) == (court.name, "failed", "cosigner th: fork")


async def told(court: Court) -> tuple[list[str], list[dict[str, Any]]]:
    """The addresses that were mailed, and the events of webhooks."""
    async with court.setting.database.reading() as db:
        found = (await db.exec(select(OutboxMessage))).all()
    mails = sorted(one.address for one in found if one.kind is OutboxKind.mail)
    return mails, [one.payload for one in found if one.kind is OutboxKind.webhook]


async def fed(court: Court, state: str) -> list[tuple[str, dict[str, Any]]]:
    """What readers of the stream of events are told of cosigners."""
    async with court.setting.database.reading() as db:
        found = await changes.occasions(db, state=state, after=changes.floor(datetime(1970, 1, 1, tzinfo=UTC)))
    assert all(one.about == court.setting.hearing.ref for one in found)
    return [(one.event, dict(one.more)) for one in found]


async def listen(court: Court, state: str) -> None:
    hook = Webhook(
        owner_state=state, url="https://a.example/h", events=["cosignature.refused", "cosignature.missing"],
        salt="5a", created_by="a", created_at=court.setting.now,
    )  # fmt: skip
    await keep(court.setting.database, hook)


async def test_a_cosigner_that_signs_nothing_for_an_hour_is_told_once_and_again_when_it_begins_anew(
    court: Court,
) -> None:
    await listen(court, "TH")
    court.wire.cut = {"th"}
    court.write(9)
    await court.round()
    for _ in range(11):
        await court.round(300)
    assert await told(court) == ([], [])
    court.job = court.begun()  # another process takes over, and knows since when
    for _ in range(4):
        await court.round(300)
    mails, (event,) = await told(court)
    assert mails == ["administrator@ro.example", "authority@th.example"]
    assert event["type"] == "cosignature.missing"
    assert {"recording": court.name, "cosigner": "th", "why": "away"}.items() <= event["data"].items()
    assert await fed(court, "RO") == [("cosignature.missing", {"recording": court.name, "cosigner": "th"})]
    assert await fed(court, "FR") == []
    court.wire.cut = set()
    for _ in range(3):
        await court.round(300)
    assert court.waits() == []
    court.wire.cut = {"th"}
    court.write(1)
    for _ in range(14):
        await court.round(300)
    assert len((await told(court))[1]) == 2


async def test_each_pair_of_states_is_told_once_and_a_recording_that_no_docket_knows_hides_none(court: Court) -> None:
    await listen(court, "RO")
    request = make_request(reference="RO-2026-0002", requested_state="FR")
    hearing = make_hearing(request.id, ref="7F3K-22QE", requested_state="FR")
    sitting = make_sitting(hearing.id)
    other = make_recording(sitting.id, origin="court.example/hearing/2")
    await keep(court.setting.database, request, hearing, sitting, other)
    court.wire.cut = {"th"}
    court.write(9)
    for name in ("zzz", other.id):
        shutil.copytree(court.folder, court.recordings / name)
    for _ in range(15):
        await court.round(300)
    _mails, events = await told(court)
    assert sorted(one["data"]["recording"] for one in events) == sorted([court.name, other.id])
    assert {one["data"]["why"] for one in events} == {"away"}


async def test_systems_of_both_states_are_told_of_a_fork_once(court: Court) -> None:
    await listen(court, "RO")
    await listen(court, "TH")
    forged = tlog.Tree(tlog.leaf_hash(f"forged {number}".encode()) for number in range(5))
    note = court.seal.key.sign(tlog.checkpoint_text(court.whole.origin, 5, forged.root()), court.whole.origin)
    court.clock()
    assert court.wire.cosigners["th"].add(note, forged, 0, now=int(court.wire.now)).status == 200
    court.write(9)
    for _ in range(3):
        await court.round(4000)
    _mails, events = await told(court)
    assert [one["type"] for one in events] == ["cosignature.refused"] * 2
    assert {one["data"]["why"] for one in events} == {"fork"}
    sizes = [(one["data"]["log"], one["data"]["size"], one["data"]["cosigner_size"]) for one in events]
    assert sizes == [("recording", 9, 5)] * 2
    refused = {"recording": court.name, "cosigner": "th", "why": "fork"}
    for state in ("RO", "TH"):
        assert await fed(court, state) == [("cosignature.refused", refused)]
    assert await fed(court, "FR") == []
    assert {one["data"]["reference"] for one in events} == {court.setting.hearing.ref}


async def test_a_cosigner_that_has_seen_more_than_is_here_is_an_alarm_too(court: Court) -> None:
    court.write(9)
    tree = tlog.Tree(court.journal.tree.leaf(number) for number in range(9))
    for number in range(4):
        tree.append(tlog.leaf_hash(str(number).encode()))
    note = court.seal.key.sign(tlog.checkpoint_text(court.whole.origin, 13, tree.root()), court.whole.origin)
    court.clock()
    court.wire.cosigners["th"].add(note, tree, 0, now=int(court.wire.now))
    await court.round()
    assert {one[:2] for one in court.waits()} == {("th", "ahead")}
    assert await audits(court) == 0  # whoever was the clock before may have sent a later head just now
    await court.round(60)
    assert await audits(court) == 1


async def audits(court: Court) -> int:
    async with court.setting.database.reading() as db:
        return len((await db.exec(select(CustodyAudit))).all())


async def test_of_a_recording_that_was_deleted_nothing_waits(court: Court) -> None:
    court.wire.cut = {"th"}
    court.write()
    await court.round()
    assert court.waits()
    shutil.rmtree(court.folder)
    await court.round(5)
    assert court.waits() == []


async def test_a_spoilt_recording_does_not_keep_the_others_waiting(court: Court) -> None:
    court.write()
    spoilt = court.recordings / "zzz"
    shutil.copytree(court.folder, spoilt)
    (spoilt / custody.JOURNAL).write_bytes(b"{}\n")
    await court.round()
    assert court.signers() == set(NAMES)


async def test_a_recording_of_before_there_were_cosigners_is_cosigned_and_its_lines_are_not_read_again(
    court: Court, monkeypatch: pytest.MonkeyPatch
) -> None:
    court.write()
    court.steady = 86_400.0
    for _ in range(3):
        await court.round(5)
    assert court.signers() == set(NAMES)
    court.job = court.begun()

    def fail(*_: Any) -> None:
        raise AssertionError("the journal is read again")

    monkeypatch.setattr("media.evidence.cosigning.followed_log.FollowedLog._read", fail)
    assert await court.round(5) == 0


def test_the_recording_of_these_tests_is_long_enough(whole: SealedRecording) -> None:
    assert len(whole.lines) > 20
    assert whole.end == END
