"""Time-stamps from a real authority (openssl's), and every way in which an answer is not one."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from asn1crypto import tsp

from media.evidence.check.policy import parse
from media.evidence.check.stamp_check import StampError
from media.evidence.check.verify import VerificationRequest, verify
from media.evidence.log.custody import CustodyError
from media.evidence.stamping import timestamps
from media.evidence.stamping.timestamps import Authorities, HeadChangedError, NoStampError
from tests.support import tsa
from web.demo import time_authority
from web.demo.time_authority import REPLY, Authority

HEAD = b"court.example/hearing/one\n3\nroot\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that nobody trusts."""
    return Authority(tmp_path_factory.mktemp("stranger"))


@pytest.fixture
def address(authority: Authority) -> Iterator[str]:
    server = time_authority.serve(authority, 0)
    with tsa.running(server):
        yield f"http://127.0.0.1:{server.server_port}/"


def now() -> datetime:
    return datetime.now(UTC)


async def obtain(urls: list[str], anchors: bytes, *, clock: Callable[[], datetime] = now) -> timestamps.Stamp:
    async with httpx.AsyncClient() as client:
        return await timestamps.obtain(Authorities(urls, anchors), HEAD, client=client, clock=clock)


async def test_a_stamp_holds_over_these_bytes_alone(address: str, authority: Authority) -> None:
    stamp = await obtain([address], authority.anchors)
    assert abs(stamp.at - now()) < timedelta(minutes=1)
    assert address.startswith(f"http://{stamp.by}/")
    assert timestamps.check(stamp.tsr, HEAD, None, authority.anchors, None) == stamp.at
    with pytest.raises(StampError, match="over something else"):
        timestamps.check(stamp.tsr, HEAD + b"x", None, authority.anchors, None)


def altered(change: Callable[[Any], None]) -> Callable[[Authority, bytes], bytes]:
    """The answer of an honest authority to a request that was changed on the way."""

    def answer(authority: Authority, query: bytes) -> bytes:
        asked = tsp.TimeStampReq.load(query)
        change(asked)
        return authority.answer(asked.dump(force=True))

    return answer


def other_nonce(asked: Any) -> None:
    asked["nonce"] = 7


def other_imprint(asked: Any) -> None:
    asked["message_imprint"]["hashed_message"] = hashlib.sha256(b"something else").digest()


def by_sha1(asked: Any) -> None:
    asked["message_imprint"] = {
        "hash_algorithm": {"algorithm": "sha1"},
        "hashed_message": hashlib.sha1(HEAD, usedforsecurity=False).digest(),
    }


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (altered(other_nonce), "it answers another request"),
        (altered(other_imprint), "it is over something else"),
        (altered(by_sha1), "its imprint is not by SHA-256"),
        (lambda _authority, _query: b"", "it is not a time-stamp token"),
        (lambda _authority, _query: b"\x30\x03\x02\x01\x02", "it is not a time-stamp token"),
        (lambda _authority, _query: bytes(70_000), "the answer is too long"),
        (lambda authority, _query: authority.answer(b"no request"), "it was not granted"),
    ],
)
async def test_an_answer_that_is_not_the_one_asked_for_is_refused(
    authority: Authority, answer: Callable[[Authority, bytes], bytes], why: str
) -> None:
    with (
        tsa.served(lambda query: (200, REPLY, answer(authority, query))) as url,
        pytest.raises(NoStampError, match=why) as error,
    ):
        await obtain([url], authority.anchors)
    assert set(error.value.reasons) == {url}


async def test_a_certificate_that_nobody_trusts_is_refused(authority: Authority, stranger: Authority) -> None:
    with (
        tsa.served(lambda query: (200, REPLY, stranger.answer(query))) as url,
        pytest.raises(NoStampError, match=r"[Vv]erif|certificate"),
    ):
        await obtain([url], authority.anchors)


@pytest.mark.parametrize("apart", [timedelta(minutes=10), timedelta(minutes=-10)])
async def test_a_time_that_is_not_ours_is_refused(address: str, authority: Authority, apart: timedelta) -> None:
    with pytest.raises(NoStampError, match="is not that of this machine"):
        await obtain([address], authority.anchors, clock=lambda: now() + apart)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ((500, REPLY, b""), "HTTP 500"),
        ((302, REPLY, b""), "HTTP 302"),
        ((200, "text/html", b"hello"), "no time-stamp reply"),
    ],
)
async def test_another_answer_than_a_reply_is_refused(
    authority: Authority, given: tuple[int, str, bytes], why: str
) -> None:
    with tsa.served(lambda _query: given) as url, pytest.raises(NoStampError, match=why):
        await obtain([url], authority.anchors)


async def test_the_next_authority_is_asked_when_one_is_away_or_wrong(address: str, authority: Authority) -> None:
    with tsa.served(lambda _query: (500, REPLY, b"")) as wrong:
        stamp = await obtain(["http://127.0.0.1:9/away", wrong, address], authority.anchors)
    assert address.startswith(f"http://{stamp.by}/")
    with pytest.raises(NoStampError, match="no authority is configured"):
        await obtain([], authority.anchors)


async def test_the_next_authority_is_asked_when_one_takes_too_long(
    address: str, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timestamps, "SECONDS", 2.0)
    over = threading.Event()

    def slow(_query: bytes) -> tuple[int, str, bytes]:
        over.wait(30)
        return 503, REPLY, b""

    with tsa.served(slow) as url:
        try:
            stamp = await obtain([url, address], authority.anchors)
            with pytest.raises(NoStampError, match="TimeoutError"):
                await obtain([url], authority.anchors)
        finally:
            over.set()
    assert address.startswith(f"http://{stamp.by}/")


async def test_a_kept_stamp_makes_a_recording_verify_by_its_time(
    address: str, authority: Authority, recording: Any, builder: Any, tmp_path: Path
) -> None:
    for line in recording.lines:
        line["at"] = str(int(line["at"]) - 90 * 86_400 * 10**9)
    bag = recording.write(tmp_path / "bag")
    data, note = bag / "data", (bag / "data/checkpoint").read_bytes()
    assert timestamps.stamped_at(data, authority.anchors) is None
    async with httpx.AsyncClient() as client:
        stamp = await timestamps.obtain(Authorities([address], authority.anchors), note, client=client, clock=now)
    timestamps.keep(data, note, stamp)
    timestamps.keep(data, note, stamp)  # in place of the older one
    assert timestamps.stamped_at(data, authority.anchors) == stamp.at
    assert [path.name for path in data.iterdir() if path.name.startswith(".")] == []
    builder.rebag(bag)
    request = VerificationRequest(parse(recording.policy()), anchors=authority.anchors)
    assert verify(bag, request).findings.verdict == "verified"
    (data / "checkpoint").write_bytes(note + b"\n")
    assert timestamps.stamped_at(data, authority.anchors) is None
    with pytest.raises(HeadChangedError):
        timestamps.keep(data, note, stamp)
    with pytest.raises(CustodyError):
        timestamps.keep(tmp_path / "nothing", note, stamp)
