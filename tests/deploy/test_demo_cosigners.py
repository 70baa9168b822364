"""The demo's two cosigners: made for its court, served, demanded by its policy, and gone with what started them."""

import asyncio
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from media.evidence.check import policy
from media.evidence.cosigning import cosigners
from media.evidence.cosigning.submission import write
from media.evidence.log import tlog
from media.evidence.seal.seal_key import read_seal_key
from media.evidence.stamping import timestamps
from tests.support.installation import Installation
from web.seal_keeper import policy_of
from web.settings import Settings, SettingsError

pytestmark = pytest.mark.timeout(120)
ROOT = Path(__file__).parents[2]
VIVAVOCE = [sys.executable, "-m", "web.cli"]
STARTER = """
import importlib.util, os, sys, time
from pathlib import Path
spec = importlib.util.spec_from_file_location("start", sys.argv[1])
start = importlib.util.module_from_spec(spec)
sys.modules["start"] = start
spec.loader.exec_module(start)
vivavoce, data = [sys.executable, "-m", "web.cli"], Path(sys.argv[2])
start.make_cosigners(vivavoce, data)
start.PYTHON = Path(sys.executable)
started = [start.start_time_authority(data), *start.start_cosigners(vivavoce, data)]
told = [os.environ[f"VIVAVOCE_{name}"] for name in ("TSA_URLS", "TSA_ANCHORS", "COSIGNERS")]
print(*told[:2], *[process.pid for process in started], told[2], flush=True)
time.sleep(600)
"""


def test_both_sign_what_the_demos_court_seals_and_end_with_their_starter(prepared: Path, tmp_path: Path) -> None:
    made = Installation.copy(prepared, tmp_path)
    data = made.settings.data
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "VIVAVOCE_DATA": str(data)}
    command = [sys.executable, "-c", STARTER, str(ROOT / "deploy" / "start.py"), str(data)]
    starter = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    told = next(line for line in starter.stdout if line.rstrip().endswith("list")).split()
    authority, anchors = told[0], Path(told[1]).read_bytes()
    pids, listed = [int(word) for word in told[2:5]], Path(told[5])
    named = cosigners.read(listed.read_text())
    assert [one.name for one in named.each] == ["RO", "TH"]
    key = read_seal_key(data / "keys" / "seal" / "seal.key")
    origin = f"{made.settings.court_name}/hearing/0193c0de-0000-7000-8000-000000000001"
    tree = tlog.Tree([tlog.leaf_hash(b"line")])
    note = key.sign(tlog.checkpoint_text(origin, 1, tree.root()), origin)
    lines = [submit(one.url, write(0, [], note)) for one in named.each]
    signed = tlog.parse_note(tlog.with_signatures(note, lines))
    assert [line.name.partition(".")[0] for line in signed.signatures[1:]] == ["ro", "th"]
    pinned = policy.parse(policy_of(Settings(data=data, cosigners=listed)).encode())
    assert (pinned.is_met({"RO", "TH"}), pinned.is_met({"TH"})) == (True, False)
    assert len(timestamped(authority, note, anchors)) > 1000
    starter.kill()
    starter.wait()
    starter.stdout.close()
    for _ in range(200):
        if not any(Path(f"/proc/{pid}").exists() for pid in pids):
            return
        time.sleep(0.05)
    raise AssertionError("a cosigner, or the time authority, has outlived the demo")


def timestamped(url: str, note: bytes, anchors: bytes) -> bytes:
    """A token over a head that holds, from the demo's own authority."""

    async def ask() -> bytes:
        async with httpx.AsyncClient() as client:
            authorities = timestamps.Authorities([url], anchors)
            return (await timestamps.obtain(authorities, note, client=client, clock=lambda: datetime.now(UTC))).tsr

    return asyncio.run(ask())


def submit(url: str, body: bytes) -> bytes:
    """The cosignature, as soon as the cosigner answers."""
    for _ in range(400):
        try:
            return httpx.post(f"{url}/add-checkpoint", content=body).raise_for_status().content
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("a cosigner of the demo does not answer")


def test_without_cosigners_the_policy_demands_none_and_a_list_that_is_none_is_refused(
    prepared: Path, tmp_path: Path
) -> None:
    made = Installation.copy(prepared, tmp_path)
    assert policy_of(made.settings).endswith("\nquorum none\n")
    (tmp_path / "list").write_text("quorum none\n")
    with pytest.raises(SettingsError, match=r"VIVAVOCE_COSIGNERS.*no witness is named"):
        policy_of(Settings(data=made.settings.data, cosigners=tmp_path / "list"))
    with pytest.raises(SettingsError, match="No such file"):
        policy_of(Settings(data=made.settings.data, cosigners=tmp_path / "nothing"))
