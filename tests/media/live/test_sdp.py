"""Offers: what is accepted, what is refused and with which word; and the answer."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from aiortc.sdp import SessionDescription
from hypothesis import given, settings, strategies as st

from media.live.sdp import Local, OfferError, Sender, parse_offer, write_answer
from media.messages import Offer, Refused

Make = Callable[..., str]
FINGERPRINT = "sha-256 " + ":".join(["AB"] * 32)


def line(text: str) -> str:
    return text + "\r\n"


REFUSED: dict[str, tuple[str, Callable[[str], str]]] = {
    "empty": ("syntax", lambda sdp: ""),
    "words": ("syntax", lambda sdp: "hello"),
    "no m-line": ("no_media", lambda sdp: sdp.split("m=")[0]),
    "a line without =": ("syntax", lambda sdp: sdp + line("nonsense")),
    "a control character": ("syntax", lambda sdp: sdp + line("a=x\x00y")),
    "letters beyond ASCII": ("syntax", lambda sdp: sdp + line("a=münchen")),
    "data channel": (
        "data_channel",
        lambda sdp: sdp + line("m=application 9 UDP/DTLS/SCTP webrtc-datachannel") + line("a=mid:99"),
    ),
    "data channel first": ("data_channel", lambda sdp: sdp.replace("m=audio", "m=application", 1)),
    "65 KiB": ("too_large", lambda sdp: sdp + line("a=x:" + "y" * 1000) * 70),
    "500 m-lines": ("too_many_m_lines", lambda sdp: sdp + line("m=audio 9 UDP/TLS/RTP/SAVPF 111") * 500),
    "21 m-lines": ("too_many_m_lines", lambda sdp: sdp + line("m=audio 9 UDP/TLS/RTP/SAVPF 111") * 3),
    "41 candidates": (
        "too_many_candidates",
        lambda sdp: sdp + "".join(line(f"a=candidate:1 1 udp 1 127.0.0.1 {n} typ host") for n in range(1, 42)),
    ),
    "no fingerprint": ("fingerprint", lambda sdp: re.sub(r"a=fingerprint.*\r\n", "", sdp)),
    "a missing fingerprint": ("fingerprint", lambda sdp: re.sub(r"a=fingerprint.*\r\n", "", sdp, count=1)),
    "SHA-1": ("fingerprint", lambda sdp: sdp.replace(FINGERPRINT, "sha-1 " + ":".join(["AB"] * 20))),
    "SHA-1 besides": (
        "fingerprint",
        lambda sdp: sdp.replace("a=setup", "a=fingerprint:sha-1 " + ":".join(["AB"] * 20) + "\r\na=setup"),
    ),
    "SHA-256 too short": ("fingerprint", lambda sdp: sdp.replace(FINGERPRINT, FINGERPRINT[:-3])),
    "SHA-256 of letters": ("fingerprint", lambda sdp: sdp.replace("AB:AB", "ZZ:AB")),
    "the same fingerprint twice": (
        "fingerprint",
        lambda sdp: sdp.replace("a=setup", f"a=fingerprint:{FINGERPRINT}\r\na=setup"),
    ),
    "two fingerprints": ("fingerprint", lambda sdp: sdp.replace("AB:AB", "CD:AB", 1)),
    "duplicate mid": ("mid", lambda sdp: sdp.replace("a=mid:5\r\n", "a=mid:6\r\n")),
    "no mid": ("mid", lambda sdp: sdp.replace("a=mid:5\r\n", "")),
    "two mids": ("mid", lambda sdp: sdp.replace("a=mid:5\r\n", "a=mid:5\r\na=mid:55\r\n")),
    "a long mid": ("mid", lambda sdp: sdp.replace("a=mid:5\r\n", "a=mid:" + "5" * 17 + "\r\n")),
    "a mid with a space": ("mid", lambda sdp: sdp.replace("a=mid:5\r\n", "a=mid:5 5\r\n")),
    "setup passive": ("setup", lambda sdp: sdp.replace("actpass", "passive")),
    "setup holdconn": ("setup", lambda sdp: sdp.replace("actpass", "holdconn", 1)),
    "no setup": ("setup", lambda sdp: sdp.replace("a=setup:actpass\r\n", "")),
    "no bundle": ("bundle", lambda sdp: re.sub(r"a=group.*\r\n", "", sdp)),
    "bundle of a few": ("bundle", lambda sdp: re.sub(r"a=group.*\r\n", "a=group:BUNDLE 0 1\r\n", sdp)),
    "bundle of a stranger": ("bundle", lambda sdp: sdp.replace("BUNDLE 0 1", "BUNDLE 77 1")),
    "sendrecv": ("direction", lambda sdp: sdp.replace("a=sendonly", "a=sendrecv")),
    "no direction": ("direction", lambda sdp: sdp.replace("a=sendonly\r\n", "")),
    "two directions": ("direction", lambda sdp: sdp.replace("a=sendonly", "a=sendonly\r\na=recvonly")),
    "two microphones": ("direction", lambda sdp: sdp.replace("a=recvonly", "a=sendonly", 1)),
    "no rtcp-mux": ("rtcp_mux", lambda sdp: sdp.replace("a=rtcp-mux\r\n", "", 1)),
    "plain RTP": ("profile", lambda sdp: sdp.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP", 1)),
    "a text m-line": ("kind", lambda sdp: sdp.replace("m=audio", "m=text", 1)),
    "a malformed m-line": ("syntax", lambda sdp: sdp.replace("m=audio 9", "m=audio nine", 1)),
    "H.264 only": ("no_codec", lambda sdp: sdp.replace("VP8/90000", "H264/90000")),
    "another clock": ("no_codec", lambda sdp: sdp.replace("opus/48000", "opus/8000")),
    "a payload type that means RTCP": (
        "no_codec",
        lambda sdp: sdp.replace("a=rtpmap:111", "a=rtpmap:72").replace("SAVPF 111", "SAVPF 72"),
    ),
    "a malformed rtpmap": ("rtpmap", lambda sdp: sdp.replace("a=rtpmap:96 VP8/90000", "a=rtpmap:VP8")),
    "a malformed fmtp": ("fmtp", lambda sdp: sdp.replace("a=fmtp:97 apt=96", "a=fmtp:apt=96")),
    "a long fmtp": ("fmtp", lambda sdp: sdp.replace("apt=96", "apt=96;x=" + "y" * 300, 1)),
    "no ICE name": ("ice", lambda sdp: re.sub(r"a=ice-ufrag.*\r\n", "", sdp)),
    "a short ICE name": ("ice", lambda sdp: sdp.replace("abcdefgh", "abc")),
    "an ICE name with a quote": ("ice", lambda sdp: sdp.replace("abcdefgh", "abcd'efg")),
    "a short ICE password": ("ice", lambda sdp: sdp.replace("p" * 24, "p" * 21)),
    "two ICE names": ("ice", lambda sdp: sdp.replace("abcdefgh", "ijklmnop", 1)),
    "ICE lite": ("ice", lambda sdp: sdp.replace("t=0 0\r\n", "t=0 0\r\na=ice-lite\r\n")),
    "an extension number of 300": ("extmap", lambda sdp: sdp.replace("a=extmap:1 ", "a=extmap:300 ")),
    "an extension without a number": ("extmap", lambda sdp: sdp.replace("a=extmap:1 ", "a=extmap:one ")),
    "one number for two extensions": ("extmap", lambda sdp: sdp.replace("a=extmap:1 ", "a=extmap:4 ", 1)),
    "an ssrc of 33 bits": ("ssrc", lambda sdp: sdp + line(f"a=ssrc:{1 << 33} cname:x")),
    "nine ssrcs": ("ssrc", lambda sdp: sdp + "".join(line(f"a=ssrc:{n} cname:x") for n in range(9))),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_malformed_offer_is_refused_with_its_word(case: str, make_offer: Make) -> None:
    code, change = REFUSED[case]
    with pytest.raises(OfferError) as refusal:
        parse_offer(change(make_offer()))
    assert refusal.value.code == code
    assert "AB:AB" not in str(refusal.value)


async def test_a_worker_refuses_each_of_them_and_builds_nothing(court: Any, make_offer: Make) -> None:
    court.seat("judge")
    court.plan()
    for number, (code, change) in enumerate(REFUSED.values()):
        answer = await court.process.request(Offer(id=f"o{number}", seat="judge", sdp=change(make_offer())))
        assert isinstance(answer, Refused)
        assert answer.code == code
    big = await court.process.request(Offer(id="big", seat="judge", sdp=make_offer() + "a=x\r\n" * 200_000))
    assert isinstance(big, Refused)
    assert big.code == "too_large"
    assert court.events == []
    assert (await court.process.request(Offer(id="x", seat="nobody", sdp=make_offer()))).code == "unknown_seat"


def test_the_offer_of_the_contract_is_understood(make_offer: Make) -> None:
    offer = parse_offer(make_offer(ssrcs={"audio": (1, 2), "video": (3, 4)}))
    assert [section.mid for section in offer.sections if section.sends] == ["0", "1"]
    assert [section.kind for section in offer.sections if section.receives] == ["audio"] * 8 + ["video"] * 8
    assert offer.sections[1].payload_type == 96
    assert offer.sections[1].rtx_type == 97
    assert offer.sections[1].ssrcs == [3, 4]
    assert (offer.extensions.level, offer.extensions.transport_sequence, offer.extensions.mid) == (1, 3, 4)
    assert offer.fingerprints == [("sha-256", ":".join(["AB"] * 32))]


@pytest.mark.parametrize(
    "change",
    [
        lambda sdp: sdp.replace("\r\n", "\n"),
        lambda sdp: sdp.replace("actpass", "active"),
        lambda sdp: sdp.replace("m=video 9", "m=video 0"),
        lambda sdp: sdp.replace("a=sendonly", "a=inactive"),
        lambda sdp: sdp.replace("AB:AB", "ab:ab"),
        lambda sdp: sdp.replace("a=setup", "a=fingerprint:sha-512 " + ":".join(["CD"] * 64) + "\r\na=setup"),
        lambda sdp: sdp + line("a=candidate:1 1 udp 1 whatever.local 5 typ host") * 40,
        lambda sdp: sdp + line("a=something-of-tomorrow:x"),
    ],
)
def test_variations_that_browsers_use_are_accepted(change: Callable[[str], str], make_offer: Make) -> None:
    assert parse_offer(change(make_offer())).sections


def test_the_answer_says_what_was_agreed_and_no_more(make_offer: Make) -> None:
    offer = parse_offer(make_offer())
    senders = {str(n): Sender(1000 + n, 2000 + n, f"slot{(n - 2) % 8}") for n in range(2, 18)}
    local = Local("u" * 12, "w" * 32, FINGERPRINT, "1 1 udp 5 127.0.0.1 5000 typ host")
    answer = write_answer(offer, local, senders)
    parsed = SessionDescription.parse(answer)
    assert [media.rtp.muxId for media in parsed.media] == [str(n) for n in range(18)]
    assert [media.direction for media in parsed.media] == ["recvonly"] * 2 + ["sendonly"] * 16
    for media in parsed.media:
        assert {codec.name for codec in media.rtp.codecs} == ({"opus"} if media.kind == "audio" else {"VP8", "rtx"})
        assert [candidate.port for candidate in media.ice_candidates] == [5000]
        assert media.dtls is not None
        assert media.dtls.role == "server"
    uris = {extension.uri.rpartition("/")[2] for extension in parsed.media[2].rtp.headerExtensions}
    assert not any("transport-wide" in uri for uri in uris)
    assert "a=msid:slot0 slot0-audio" in answer
    assert "a=ssrc-group:FID 1010 2010" in answer
    assert len(answer) < 20_000


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_mutation_raises_anything_else(data: st.DataObject) -> None:
    from_contract = data.draw(st.sampled_from(MUTABLE))
    lines = from_contract.split("\r\n")
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(lines) - 1))
        action = data.draw(st.sampled_from(["drop", "double", "cut", "put", "swap"]))
        if action == "drop" and len(lines) > 1:
            del lines[place]
        elif action == "double":
            lines.insert(place, lines[place])
        elif action == "cut":
            lines[place] = lines[place][: data.draw(st.integers(0, 12))]
        elif action == "put":
            lines[place] += data.draw(st.text(max_size=5))
        else:
            other = data.draw(st.integers(0, len(lines) - 1))
            lines[place], lines[other] = lines[other], lines[place]
    try:
        offer = parse_offer("\r\n".join(lines))
    except OfferError as error:
        assert error.code.isidentifier()
    else:
        local = Local("u" * 12, "w" * 32, FINGERPRINT, "1 1 udp 5 127.0.0.1 5000 typ host")
        assert write_answer(offer, local, {}).count("m=") == len(offer.sections)


MUTABLE: list[str] = []


@pytest.fixture(autouse=True)
def _fill(make_offer: Make) -> None:
    if not MUTABLE:
        MUTABLE.extend([make_offer(), make_offer(slots=1, ssrcs={"audio": (1, 2), "video": (3, 4)})])
