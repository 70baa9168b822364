"""Recording against forwarding: CPU of the recorder process and of the media worker for the same hearing.

    python -m tests.benchmarks.bench_recording [--seconds 40]

Four people send 640×480 VP8 at 25 frames/s (about 500 kbit/s) and Opus; each receives the three others. The worker
forwards alone, then also feeds a recorder that seals and journals every track and has each round signed by the seal
process, and so in turn; the median of the rounds counts. CPU time is that which the scheduler counted for every
thread (/proc/<pid>/task/*/schedstat). Recording is what recorder and seal take, and what feeding adds to the worker.
Exit code 1 when it costs more than a fifth of forwarding.
"""

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

LIMIT = 0.20
ROUNDS, SETTLING_SECONDS = 4, 3.0
COURT = "court.example"
RECORDING = "0193c0de-0000-7000-8000-000000000001"
ROOT = Path(__file__).parent.parent.parent


def cpu_seconds(pid: int) -> float:
    """CPU time of all threads a process has now; those that ended meanwhile are not counted."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


async def cores(seconds: float, *pids: int) -> list[float]:
    """Cores used by each process during this time."""
    before, start = [cpu_seconds(pid) for pid in pids], time.monotonic()
    await asyncio.sleep(seconds)
    took = time.monotonic() - start
    return [(cpu_seconds(pid) - was) / took for pid, was in zip(pids, before, strict=True)]


def start_seal(folder: Path) -> subprocess.Popen[bytes]:
    """The seal process, with a key of its own."""
    from media.evidence.seal import seal_key
    from media.evidence.seal.client import SealClient, SealSilentError
    from media.processes import python

    (folder / "seal").mkdir(mode=0o700)
    seal_key.make_seal_key(folder / "seal/seal.key")
    socket = folder / "seal.sock"
    argv = python("media.evidence.seal.service", "--socket", str(socket), "--folder", str(folder / "seal"))
    started = subprocess.Popen(argv, cwd=ROOT)
    while True:
        try:
            SealClient(socket).keys()
        except SealSilentError:
            time.sleep(0.05)
        else:
            return started


async def start_recorder(folder: Path) -> Any:
    """The recorder, with a folder of its own."""
    from media.messages import RECORDER_TO_WEB
    from media.processes import Process, python

    (folder / "recordings").mkdir()
    paths = [
        "--folder",
        str(folder),
        "--recordings",
        str(folder / "recordings"),
        "--seal",
        str(folder / "seal.sock"),
    ]
    argv = python("media.evidence.recording.recorder", *paths, "--court", COURT)
    return await Process.start_or_adopt(
        "recorder", argv, folder, "recorder.sock", RECORDER_TO_WEB, lambda message: None
    )


async def open_recording(recorder: Any, people: list[str]) -> None:
    """Every microphone and camera is required."""
    from media.evidence.seal import age as seal
    from media.messages import NamedRecipient, OpenRecording, RecordingOpened, TrackPlan

    kinds = {"mic": "floor-audio", "cam": "floor-video"}
    tracks = [
        TrackPlan(track=f"{person}_{end}", role="judge", kind=kind, lang="", required=True, pseudonym=False)
        for person in people
        for end, kind in kinds.items()
    ]
    authority = NamedRecipient(name="requesting authority", recipient=seal.make_identity().recipient.text)
    opened = await recorder.request(
        OpenRecording(id="open", recording=RECORDING, hearing="h", recipients=[authority], tracks=tracks), 20
    )
    assert isinstance(opened, RecordingOpened), opened


async def one_round(court: Any, seconds: float, worker: int, recorder: int, seal: int) -> list[float]:
    """Cores of the worker while it forwards alone, then those of worker, recorder and seal while all is recorded."""
    court.feed = False
    court.plan()
    await asyncio.sleep(SETTLING_SECONDS)
    alone = await cores(seconds, worker)
    court.feed = True
    court.plan()
    await asyncio.sleep(SETTLING_SECONDS)
    return alone + await cores(seconds, worker, recorder, seal)


async def measure(seconds: float) -> int:
    """Forwarding alone and with the recorder, in turn, so that what else the machine does counts on both sides."""
    import aioice.ice

    from media.messages import WORKER_TO_WEB, CloseRecording
    from media.processes import Process, python

    aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]
    from tests.benchmarks import bench_forwarding as forwarding

    pages = forwarding.load_pages()
    sender = forwarding.make_sender(pages, forwarding.make_clip())
    people = [f"person{number}" for number in range(forwarding.PEOPLE)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        argv = python("media.live.worker", "--folder", name, "--udp-host", "127.0.0.1", "--udp-port", "0")
        worker = await Process.start_or_adopt(
            "worker", argv, folder, "worker.sock", WORKER_TO_WEB, lambda message: None
        )
        court = pages.Courtroom(worker, folder)
        for person in people:
            court.seat(person)
        court.plan()
        senders = [sender(person) for person in people]
        for one in senders:
            await one.join(worker)
            one.send(fps=forwarding.FPS)
        seal = start_seal(folder)
        recorder = await start_recorder(folder)
        await open_recording(recorder, people)
        rounds = [await one_round(court, seconds / ROUNDS, worker.pid, recorder.pid, seal.pid) for _ in range(ROUNDS)]
        alone, fed, recording, sealing = (statistics.median(figures) for figures in zip(*rounds, strict=True))
        closed = await recorder.request(CloseRecording(id="close"), 20)
        for one in senders:
            await one.close()
        await worker.stop()
        await recorder.stop()
        seal.kill()
        seal.wait()
    whole = recording + sealing + max(0.0, fed - alone)
    print(f"forwarding alone         {alone:7.4f} cores")
    print(f"forwarding and feeding   {fed:7.4f} cores")
    print(f"recorder                 {recording:7.4f} cores, {closed.segments} segments, {closed.gaps} gaps")
    print(f"seal                     {sealing:7.4f} cores")
    print(f"recording / forwarding   {whole / alone:7.1%} (limit {LIMIT:.0%})")
    return 0 if whole <= LIMIT * alone else 1


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=40.0, help="length of each of both measurements")
    options = parser.parse_args()
    return asyncio.run(measure(options.seconds))


if __name__ == "__main__":
    sys.exit(main())
