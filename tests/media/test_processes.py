"""Supervision, with the real media worker: killed, stopped, taken over, and ended."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from media import processes
from media.messages import (
    WORKER_TO_WEB,
    CountPackets,
    Offer,
    PacketCounts,
    Plan,
    Refused,
    SeatPlan,
)
from media.processes import Process, ProcessError, python

Starter = Callable[..., Any]


def plan(version: int) -> Plan:
    seat = SeatPlan(
        seat="judge",
        present=True,
        speaks="en",
        hears="",
        original=15,
        interpreter=False,
        renders="",
        microphone=True,
        camera=True,
        mic_track="judge_1_mic",
        cam_track="judge_1_cam",
        mic_unrecorded="before_start",
        cam_unrecorded="before_start",
        muted_by_order=False,
        hears_floor=True,
        sees=True,
    )
    return Plan(version=version, floor_open=True, feed=False, expect_seals=False, seats=[seat], channels=[])


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Starter]:
    started: list[Process] = []
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)

    async def begin(**more: Any) -> Process:
        argv = python("media.live.worker", "--folder", str(folder), "--udp-host", "127.0.0.1", "--udp-port", "0")
        more.setdefault("on_message", lambda message: None)
        process = await Process.start_or_adopt("worker", argv, folder, "worker.sock", WORKER_TO_WEB, **more)
        started.append(process)
        return process

    yield begin
    for process in started:
        await process.stop()


async def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 the condition is another process's
            await asyncio.sleep(0.01)


def moment(process: Process, what: str, last: bool = False) -> float:
    found = [item.at for item in process.history if item.what == what]
    assert found, f"no {what} in {process.history}"
    return found[-1 if last else 0]


async def test_a_process_starts_and_answers(start: Starter) -> None:
    process = await start()
    assert process.attached.pid == process.pid
    assert not process.adopted
    answer = await process.request(CountPackets(id=process.new_id()))
    assert isinstance(answer, PacketCounts)
    assert answer.counts == []
    refused = await process.request(Offer(id="1", seat="nobody", sdp="v=0"))
    assert isinstance(refused, Refused)
    assert refused.code == "unknown_seat"


async def test_files_of_a_process_are_private(start: Starter, tmp_path: Path) -> None:
    await start()
    for name in ("worker.pid", "worker.log", "worker.sock"):
        assert (tmp_path / "run" / name).stat().st_mode & 0o777 == 0o600


async def test_a_process_gets_no_environment_of_ours(start: Starter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIVAVOCE_SOMETHING", "private")
    process = await start()
    assert b"VIVAVOCE" not in Path(f"/proc/{process.pid}/environ").read_bytes()


async def test_a_process_runs_in_a_session_of_its_own(start: Starter) -> None:
    process = await start()
    assert os.getsid(process.pid) == process.pid


async def test_a_killed_process_is_replaced_and_attached_at_once(start: Starter) -> None:
    told: list[str] = []
    process = await start(on_lost=lambda: told.append("lost"), on_restart=lambda: told.append("restart"))
    first = process.pid
    os.kill(first, signal.SIGKILL)
    await until(lambda: "restart" in told)
    assert told == ["lost", "restart"]
    assert process.lost_by == "exit"
    assert process.pid != first
    assert moment(process, "attached", last=True) - moment(process, "exit") < 3.0 * slowness()
    assert isinstance(await process.request(CountPackets(id="a")), PacketCounts)


def slowness() -> float:
    """How much slower than an idle machine: starting Python with its imports competes with everything else."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


async def test_a_stopped_process_is_killed_two_seconds_after_it_was_last_alive(start: Starter) -> None:
    told: list[str] = []
    process = await start(on_lost=lambda: told.append("lost"), on_restart=lambda: told.append("restart"))
    first = process.pid
    alive = process.last_alive
    await until(lambda: process.last_alive > alive)
    os.kill(first, signal.SIGSTOP)
    await until(lambda: bool(told))
    last_alive = process.last_alive
    killed = moment(process, "killed")
    assert 2.0 < killed - last_alive < 2.6 * slowness()
    await until(lambda: "restart" in told)
    assert told == ["lost", "restart"]
    assert process.lost_by == "hang"
    assert not Path(f"/proc/{first}").exists()


async def test_a_loss_is_told_at_once_whatever_a_handler_waits_for(start: Starter) -> None:
    told: list[str] = []
    gone: list[int] = []
    release, waiting = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        waiting.set()
        await release.wait()

    process = await start(on_lost=lambda: told.append("lost"), on_restart=slow, on_gone=gone.append)
    os.kill(process.pid, signal.SIGKILL)
    await asyncio.wait_for(waiting.wait(), 30)
    killed = time.time_ns()
    os.kill(process.pid, signal.SIGKILL)
    await until(lambda: len(gone) == 2)
    assert 0 <= gone[1] - killed < 2_000_000_000
    assert told == ["lost"], "the handler is still waiting"
    release.set()
    await until(lambda: told == ["lost", "lost"])


async def test_a_stopped_process_that_does_not_read_is_killed_all_the_same(start: Starter) -> None:
    told: list[str] = []
    process = await start(on_restart=lambda: told.append("restart"))
    first = process.pid
    os.kill(first, signal.SIGSTOP)
    for version in range(3_000):  # until more waits than a socket takes
        process.send(plan(version))
    assert process._link is not None
    assert process._link.waiting > 0
    await until(lambda: bool(told), 60)
    assert process.pid != first
    assert moment(process, "killed") - moment(process, "attached") < 10 * slowness()


async def test_a_stopped_process_is_noticed_by_a_web_process_that_is_held_up_again_and_again(start: Starter) -> None:
    told: list[str] = []
    process = await start(on_lost=lambda: told.append("lost"))
    os.kill(process.pid, signal.SIGSTOP)
    for _ in range(12):
        time.sleep(0.6)  # noqa: ASYNC251 what holds the loop up
        await asyncio.sleep(0.02)
        if told:
            break
    assert told == ["lost"]


async def test_restart_may_use_requests(start: Starter) -> None:
    done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def restart() -> None:
        process.send(plan(1))
        done.set_result(await process.request(Offer(id="again", seat="judge", sdp="nonsense")))

    process = await start(on_restart=restart)
    os.kill(process.pid, signal.SIGKILL)
    answer = await asyncio.wait_for(done, 20)
    assert answer.code == "syntax"


async def test_a_request_to_a_process_that_dies_fails_instead_of_waiting(start: Starter) -> None:
    process = await start()
    os.kill(process.pid, signal.SIGSTOP)
    asking = asyncio.create_task(process.request(CountPackets(id="never"), timeout=30))
    await asyncio.sleep(0.1)
    os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(ProcessError):
        await asyncio.wait_for(asking, 5)


async def test_a_request_that_is_not_answered_times_out(start: Starter) -> None:
    process = await start()
    os.kill(process.pid, signal.SIGSTOP)
    with pytest.raises(TimeoutError):
        await process.request(CountPackets(id="late"), timeout=0.3)
    os.kill(process.pid, signal.SIGCONT)


async def test_the_next_web_process_takes_over_the_same_process(start: Starter) -> None:
    first_heard: list[Any] = []
    first = await start(on_message=first_heard.append)
    first.send(plan(1))
    assert isinstance(await first.request(Offer(id="1", seat="judge", sdp="x")), Refused)
    pid, since = first.pid, first.attached.since
    await first.detach()
    second = await start()
    assert second.adopted
    assert await second.caught_up(5)
    assert (second.pid, second.attached.since) == (pid, since)
    assert isinstance(await second.request(CountPackets(id="2")), PacketCounts)


async def test_a_stopped_process_that_is_found_is_replaced(start: Starter) -> None:
    first = await start()
    pid = first.pid
    await first.detach()
    os.kill(pid, signal.SIGSTOP)
    second = await start()
    assert not second.adopted
    assert second.pid != pid


async def test_a_pid_that_belongs_to_somebody_else_is_left_alone(start: Starter, tmp_path: Path) -> None:
    (tmp_path / "run" / "worker.pid").write_text(f"{os.getpid()} 1\n")
    process = await start()
    assert not process.adopted
    assert process.pid != os.getpid()


@pytest.mark.parametrize("content", ["", "x y", "999999999 5", "-1 0", "1"])
async def test_a_damaged_pid_file_is_no_obstacle(start: Starter, tmp_path: Path, content: str) -> None:
    (tmp_path / "run" / "worker.pid").write_text(content)
    assert not (await start()).adopted


async def test_stop_ends_the_process_and_removes_its_files(start: Starter, tmp_path: Path) -> None:
    process = await start()
    pid = process.pid
    await process.stop()
    assert not Path(f"/proc/{pid}").exists()
    assert not (tmp_path / "run" / "worker.pid").exists()
    assert not (tmp_path / "run" / "worker.sock").exists()
    assert [item.what for item in process.history if item.what in ("killed", "lost")] == []


async def test_a_process_that_cannot_serve_is_reported(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    argv = python("media.live.worker", "--folder", str(folder), "--udp-host", "0.0.0.0", "--udp-port", "0")
    with pytest.raises(ProcessError):
        await Process.start_or_adopt("worker", argv, folder, "worker.sock", WORKER_TO_WEB, lambda message: None)
    assert "public address" in (folder / "worker.log").read_text()


async def test_a_handler_that_fails_does_not_end_the_supervision(start: Starter) -> None:
    told: list[str] = []

    def fail() -> None:
        raise RuntimeError("handler")

    process = await start(on_lost=fail, on_restart=lambda: told.append("restart"))
    for times in (1, 2):
        os.kill(process.pid, signal.SIGKILL)
        await until(lambda: len(told) == times)  # noqa: B023
        assert isinstance(await process.request(CountPackets(id=f"after {times}")), PacketCounts)


async def test_what_a_handler_could_not_take_is_told_again_in_order_until_what_hindered_it_has_passed(
    start: Starter, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """More often than an event is tried that fails for a reason of its own, and before what came later."""
    monkeypatch.setattr(processes, "AGAIN", (0.01, 0.02))
    told: list[str] = []

    def lost() -> None:
        told.append("lost")
        if len(told) <= 2 * processes.MOST_TRIES:
            raise ConnectionResetError

    process = await start(
        on_lost=lost,
        on_restart=lambda: told.append("restart"),
        passing=lambda error: isinstance(error, ConnectionResetError),
    )
    os.kill(process.pid, signal.SIGKILL)
    await until(lambda: "restart" in told)
    assert told == ["lost"] * (2 * processes.MOST_TRIES + 1) + ["restart"]
    assert "is called again in 0.0 s" in caplog.text and "has taken the event, the 7. time" in caplog.text


async def test_a_worker_whose_socket_was_taken_ends_itself(start: Starter, tmp_path: Path) -> None:
    process = await start()
    pid = process.pid
    await process.detach()
    (tmp_path / "run" / "worker.pid").unlink()
    (tmp_path / "run" / "worker.sock").unlink()
    await until(lambda: not _running(pid))


def _running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
