"""`vivavoce keys rotate-seal`: recordings of before verify by either key, and their custody logs say who signs now."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hearings.db import Database
from media.evidence.check import policy
from media.evidence.check.verify import VerificationRequest, verify_stored
from media.evidence.log import custody, tlog
from media.evidence.seal.seal_key import read_seal_key
from scheduler.audits import Verdict
from scheduler.due import Action, Kind
from scheduler.environment import World
from scheduler.jobs import PREPARE
from tests.support.evidence.recordings import COURT, SealedRecording
from tests.support.evidence.seals import LocalSeal, SealProcess
from tests.support.installation import Installation
from tests.support.process import end_seal
from web import cli, clock
from web.parts import read_keys
from web.seal_keeper import SealKeeper, policy_of
from web.settings import Settings


@pytest.fixture
def court(
    prepared: Path, built: SealedRecording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Installation]:
    """An installation that has sealed a recording by its own key, the seal process not separated."""
    for name in [name for name in os.environ if name.startswith("VIVAVOCE_")]:
        monkeypatch.delenv(name)
    found = Installation.copy(prepared, tmp_path, court_name=COURT)
    shutil.rmtree(found.settings.seal_folder)
    shutil.copytree(built.seal.folder, found.settings.seal_folder)
    (found.settings.keys / "seal.pub").write_text(built.seal.key.vkey(COURT) + "\n")
    folder = shutil.copytree(built.folder, found.settings.recordings / built.recording)
    custody.close_log(folder, LocalSeal(found.settings.seal_folder, built.seal.key), time.time_ns())
    monkeypatch.setenv("VIVAVOCE_DATA", str(found.settings.data))
    monkeypatch.setenv("VIVAVOCE_COURT_NAME", COURT)
    yield found
    end_seal(found.settings.seal_folder)


def lines(court: Installation, built: SealedRecording) -> list[dict[str, Any]]:
    text = (court.settings.recordings / built.recording / "custody.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def verdict(court: Installation, built: SealedRecording, pinned: str) -> str:
    request = VerificationRequest(policy.parse(pinned.encode()), without_stamp=True)
    return verify_stored(court.settings.recordings / built.recording, request).findings.verdict


def test_both_keys_sign_until_the_end_and_a_recording_of_before_verifies_by_either(court, built, capsys):
    old = policy_of(court.settings)
    assert verdict(court, built, old) == "gaps"
    assert cli.main(["keys", "rotate-seal"]) == 0
    both = policy_of(court.settings)
    assert both in capsys.readouterr().out and both.count("log ") == 2
    new = "\n".join([both.splitlines()[0], "quorum none", ""])
    for pinned in (old, both):
        assert verdict(court, built, pinned) == "gaps"
    found = lines(court, built)[-2:]
    assert [line["type"] for line in found] == ["sealkey", "head"]
    assert f"log {found[0]['vkey']}" == both.splitlines()[0]
    assert len(tlog.parse_note(found[1]["note"].encode()).signatures) == 2
    assert cli.main(["keys", "rotate-seal"]) == 0
    assert lines(court, built)[-2:] == found and policy_of(court.settings) == both
    assert cli.main(["keys", "rotate-seal", "--end"]) == 0
    assert verdict(court, built, both) == "gaps" and verdict(court, built, new) == "failed"
    assert not list(court.settings.seal_folder.glob("*.former"))
    access = custody.Accessor("Ana Popa", "judge", "RO").line("view", "minutes")
    seal = SealKeeper(court.settings).ensure()
    custody.record(court.settings.recordings / built.recording, [access], seal, int(found[1]["at"]) + 10**9)
    note = (court.settings.recordings / built.recording / "custody-checkpoint").read_bytes()
    assert len(tlog.parse_note(note).signatures) == 1
    assert seal.keys()[0] == read_seal_key(court.settings.seal_folder / "seal.key").public
    assert verdict(court, built, both) == "gaps"
    assert cli.main(["keys", "rotate-seal", "--end"]) == 2


def audited(court: Installation, built: SealedRecording, world: World) -> Verdict:
    """What an audit by the court's own clock finds."""
    action = Action(key="x", kind=Kind.custody_audit, due_at=datetime.now(UTC), subject_id=built.recording)
    found: Verdict = asyncio.run(PREPARE[Kind.custody_audit](world, action))
    return found


def world_of(court: Installation) -> World:
    """The clock's, as a process that is started now builds it."""
    database = Database(court.settings.database_url)
    (made, *_) = clock.build(court.settings, database, None, read_keys(court.settings))
    return made.world


def test_the_courts_own_audits_find_a_recording_sound_through_a_change_of_the_seal_key_and_a_restart(court, built):
    world = world_of(court)
    before = audited(court, built, world)
    assert before.verdict == "gaps"
    assert cli.main(["keys", "rotate-seal"]) == 0
    assert audited(court, built, world).verdict == "gaps"
    assert cli.main(["keys", "rotate-seal", "--end"]) == 0
    access = custody.Accessor("Ana Popa", "judge", "RO").line("view", "minutes")
    seal = SealKeeper(court.settings).ensure()
    custody.record(court.settings.recordings / built.recording, [access], seal, time.time_ns())  # by the new key alone
    assert audited(court, built, world) == before
    end_seal(court.settings.seal_folder)
    assert audited(court, built, world_of(court)) == before


def test_a_seal_key_that_came_back_is_named_once(court):
    vkey = (court.settings.keys / "seal.pub").read_text()
    (court.settings.keys / "seal-former.pub").write_text(vkey)
    assert len(policy.parse(policy_of(court.settings).encode()).logs) == 1


def test_init_afterwards_changes_nothing(court, built):
    assert cli.main(["keys", "rotate-seal"]) == 0
    before = policy_of(court.settings)
    assert cli.main(["init"]) == 0
    assert policy_of(court.settings) == before


@pytest.fixture
def apart(court: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The seal's folder, whose process the court reaches by its socket alone, as with an account of its own."""
    folder = shutil.copytree(court.settings.seal_folder, tmp_path / "apart")
    shutil.rmtree(court.settings.seal_folder)
    process = SealProcess(folder, tmp_path / "apart.sock")
    assert process.answers()
    monkeypatch.setenv("VIVAVOCE_SEAL_SOCKET", str(tmp_path / "apart.sock"))
    yield folder
    process.end()


def test_a_seal_with_an_account_of_its_own_is_changed_there_and_its_lines_are_written_here(court, built, apart, capsys):
    there = [sys.executable, "-m", "media.evidence.seal.rotation", str(apart)]
    old = policy_of(court.settings)
    assert cli.main(["keys", "rotate-seal"]) == 2
    assert "media.evidence.seal.rotation" in capsys.readouterr().err
    assert not [line for line in lines(court, built) if line["type"] == "sealkey"]
    subprocess.run(there, check=True, timeout=60)
    assert cli.main(["keys", "rotate-seal", "--end"]) == 2
    assert "without --end first" in capsys.readouterr().err
    assert cli.main(["keys", "rotate-seal"]) == 0
    both = policy_of(court.settings)
    assert both in capsys.readouterr().out and both.count("log ") == 2
    found = lines(court, built)[-2:]
    assert [line["type"] for line in found] == ["sealkey", "head"]
    assert f"log {found[0]['vkey']}" == both.splitlines()[0]
    assert len(tlog.parse_note(found[1]["note"].encode()).signatures) == 2
    for pinned in (old, both):
        assert verdict(court, built, pinned) == "gaps"
    assert cli.main(["keys", "rotate-seal", "--end"]) == 0
    assert lines(court, built)[-2:] == found
    subprocess.run([*there, "--end"], check=True, timeout=60)
    assert not list(apart.glob("*.former"))
    access = custody.Accessor("Ana Popa", "judge", "RO").line("view", "minutes")
    settings = Settings.from_environment(os.environ)
    custody.record(settings.recordings / built.recording, [access], SealKeeper(settings).ensure(), time.time_ns())
    note = (settings.recordings / built.recording / "custody-checkpoint").read_bytes()
    assert len(tlog.parse_note(note).signatures) == 1
    assert verdict(court, built, both) == "gaps"


def test_without_a_rotation_under_way_there_is_none_to_end(court, capsys):
    assert cli.main(["keys", "rotate-seal", "--end"]) == 2
    assert "no rotation" in capsys.readouterr().err
