"""The clock of an installation, its seal behind a socket and two cosigners served over HTTP: a closed recording is
verified by a policy that demands both, by both verifiers.
"""

import asyncio
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hearings.db import Database
from media.evidence.check import bag
from media.evidence.check.policy import parse
from media.evidence.check.verify import VerificationRequest, verify
from media.evidence.cosigning import cosigners
from media.evidence.log import custody
from media.evidence.seal.client import SealClient
from scheduler.runner import Pace
from tests.support.evidence.archive import Archive
from tests.support.evidence.cosigners import CosignerProcess
from tests.support.evidence.recordings import COURT, TRACKS, build
from web import clock
from web.parts import read_keys

pytestmark = pytest.mark.timeout(240)


async def test_a_closed_recording_is_cosigned_by_both_and_verified_without_a_waiver(
    prepared: Path, tmp_path: Path
) -> None:
    made = tmp_path / "made"
    tracks = {"judge_1_mic": replace(TRACKS["judge_1_mic"], lost=())}
    sealed = await asyncio.to_thread(build, made / "recording", made / "keys", tracks=tracks)
    archive = await Archive.make(prepared, tmp_path, sealed)
    log = archive.sealed.seal.key.vkey(COURT)
    served = [CosignerProcess(tmp_path / name, f"{name}.example", log) for name in ("ro", "th")]
    lines = [f"witness {one.folder.name} {one.vkey} {one.url}" for one in served]
    listed = tmp_path / "cosigners"
    listed.write_text("\n".join([*lines, "group both all ro th", "quorum both", ""]))
    settings = replace(archive.settings, cosigners=listed, cosign_seconds=10)
    seal = SealClient(archive.served.socket)
    database = Database(settings.database_url)
    (ticking,) = clock.build(settings, database, None, read_keys(settings))
    ticking.pace = Pace(first=0.0, cosign=0.5)
    try:
        for one in served:
            await asyncio.to_thread(one.start)
        await asyncio.to_thread(custody.close_log, archive.sealed.folder, seal, time.time_ns())
        ticking.start()
        async with asyncio.timeout(120):
            while not all(signed(archive.sealed.folder / name, served) for name in HEADS):  # noqa: ASYNC110
                await asyncio.sleep(0.2)
    finally:
        await ticking.stop()
        await database.close()
        for one in served:
            one.kill()
    by = custody.Accessor("A. Popa", "judge", "RO")
    await asyncio.to_thread(bag.export, archive.sealed.folder, tmp_path / "bag", seal, by, "test", datetime.now(UTC))
    archive.served.close()
    pinned = parse(cosigners.read(listed.read_text()).policy([log]).encode())
    report = verify(tmp_path / "bag", VerificationRequest(pinned, without_stamp=True))
    assert (report.verdict, report.findings.failures, report.findings.missing) == ("verified", [], [])
    assert report.findings.waived == ["time-stamp: not asked for (--without-stamp)"]
    (tmp_path / "policy.txt").write_text(cosigners.read(listed.read_text()).policy([log]))
    command = [sys.executable, str(SECOND), str(tmp_path / "bag"), "--policy", str(tmp_path / "policy.txt")]
    done = await asyncio.to_thread(
        subprocess.run, [*command, "--without-stamp"], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, "cosigners" in done.stdout) == (0, False), done.stdout


SECOND = Path(__file__).parents[3] / "deploy" / "verify_bag.py"
HEADS = (custody.CHECKPOINT, custody.LOG_CHECKPOINT)


def signed(checkpoint: Path, by: list[CosignerProcess]) -> bool:
    """Whether each of them has a line in a head."""
    note = checkpoint.read_text(encoding="utf-8")
    return all(f"\u2014 {one.folder.name}.example " in note for one in by)
