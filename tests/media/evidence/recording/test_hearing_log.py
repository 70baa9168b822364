"""The hearing's log in the journal: each entry once and none left out, whoever is killed."""

import asyncio
import signal
import time
from typing import Any

from media.evidence.recording.ledger import HearingLog
from media.messages import JournalLog, LoggedEntry, LogJournaled, RecordingClosed, Refused, Sealed, SeatedPerson, Stop


def entries(first: int, last: int, at: int = 0) -> list[LoggedEntry]:
    return [
        LoggedEntry(entry=n, kind="hold", at=at, who="clerk", seat="witness_1", sha256=f"{n:064x}")
        for n in range(first, last + 1)
    ]


def person(sha256: str = "a" * 64) -> SeatedPerson:
    return SeatedPerson(seat="witness_1", role="witness", state="TH", sha256=sha256)


def told(first: int, last: int, *people: SeatedPerson) -> JournalLog:
    return JournalLog(id="x", sent=0, people=list(people), entries=entries(first, last))


def numbers(lines: list[dict[str, Any]]) -> list[int]:
    return [line["entry"] for line in lines if line["type"] == "event"]


def test_an_entry_is_taken_once_and_never_past_a_hole() -> None:
    log = HearingLog()
    assert numbers(log.take(told(2, 3), lambda at: at)) == []
    assert numbers(log.take(told(1, 3), lambda at: at)) == [1, 2, 3]
    assert numbers(log.take(told(2, 5), lambda at: at)) == [4, 5]
    assert numbers(log.take(told(7, 9), lambda at: at)) == []
    assert log.entry == 5


def test_a_person_is_journaled_again_only_when_somebody_else_has_the_seat() -> None:
    log = HearingLog()
    assert log.take(told(1, 0, person()), lambda at: at) == [
        {"type": "person", "seat": "witness_1", "role": "witness", "state": "TH", "sha256": "a" * 64}
    ]
    assert log.take(told(1, 0, person()), lambda at: at) == []
    assert [line["sha256"] for line in log.take(told(1, 0, person("b" * 64)), lambda at: at)] == ["b" * 64]


async def test_whoever_is_killed_the_log_has_no_hole_and_nothing_twice_and_the_bag_verifies(
    bench: Any, samples: Any
) -> None:
    bench.start()
    first = await bench.web()
    missing = await bench.ask(JournalLog, sent=time.time_ns(), people=[], entries=entries(1, 1))
    assert (isinstance(missing, Refused), missing.code) == (True, "not_open")
    running = bench.send(await bench.worker(audio={"judge_1_mic": samples.audio}))
    opened = await bench.open(samples.plan("judge_1_mic", "floor-audio"))

    async def tell(since: int, until: int, at: int) -> int:
        answer = await bench.ask(JournalLog, sent=time.time_ns(), people=[person()], entries=entries(since, until, at))
        assert isinstance(answer, LogJournaled)
        return answer.entry

    assert await tell(1, 3, opened.zero - 10**9) == 3
    await first.close()  # the web process is killed; the next one does not know how far the journal is
    await bench.web()
    assert await tell(1, 4, time.time_ns()) == 4
    await bench.until(lambda: numbers(bench.lines) == [1, 2, 3, 4])
    assert await tell(5, 5, time.time_ns()) == 5
    await bench.kill()  # at once: it may have the fifth, or not
    running.cancel()
    bench.start()
    await bench.web()
    bench.send(await bench.worker(audio={"judge_1_mic": samples.audio}))
    assert (await bench.open(samples.plan("judge_1_mic", "floor-audio"))).reopened
    assert await tell(6, 6, time.time_ns()) in (4, 6)
    assert await tell(1, 6, time.time_ns()) == 6
    bench.control.send(Stop())
    assert await bench.gone() == 0
    bench.events.clear()
    bench.start()
    await bench.web()
    await bench.open(samples.plan("judge_1_mic", "floor-audio"))
    assert await tell(7, 7, time.time_ns()) == 7
    assert isinstance(await bench.close(), RecordingClosed)
    lines = bench.lines
    assert numbers(lines) == [1, 2, 3, 4, 5, 6, 7]
    times = [line["t"] for line in lines if line["type"] == "event"]
    assert times[:3] == [0, 0, 0]
    assert 0 < times[3] <= times[-1] <= lines[-1]["t"]
    assert [line["type"] for line in lines].count("person") == 1
    assert [line["type"] for line in lines].count("clock") == 3  # at the opening, and at each opening again
    assert lines[-1]["type"] == "close"
    report = await asyncio.to_thread(bench.verdict)
    assert (report.findings.failures, report.findings.missing) == ([], [])


async def test_a_log_that_goes_on_while_everybody_is_switched_off_keeps_no_proof_of_life_away(
    bench: Any, samples: Any
) -> None:
    bench.start()
    await bench.web()
    source = await bench.worker(audio={"judge_1_mic": samples.audio})
    running = bench.send(source)
    await bench.open(samples.plan("judge_1_mic", "floor-audio"))
    await bench.until(lambda: bench.of(Sealed))
    source.switch("judge_1_mic", False, "sender_off")
    running.cancel()
    await asyncio.sleep(6)  # what was held is sealed by now
    before = len(bench.of(Sealed))
    for entry in range(1, 10):
        await bench.ask(JournalLog, sent=time.time_ns(), people=[], entries=entries(entry, entry))
        await asyncio.sleep(1)
    assert len(bench.of(Sealed)) > before


async def test_while_nothing_can_be_sealed_the_log_is_journaled_all_the_same(bench: Any, samples: Any) -> None:
    bench.start()
    await bench.web()
    await bench.open(samples.plan("judge_1_mic", "floor-audio"))
    await bench.ask(JournalLog, sent=time.time_ns(), people=[], entries=entries(1, 2))
    await bench.until(lambda: numbers(bench.lines) == [1, 2], 5)
    bench.signal(signal.SIGTERM)
    assert await bench.gone() == 0
