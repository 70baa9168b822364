"""Session descriptions (RFC 8866, RFC 8829): a strict parser of offers with limits, and a writer of answers.

An offer is parsed completely before anything is built from it. One that is malformed or unsupported is refused with a
stable code and a text that states the error; neither quotes the offer.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from media.live.rtp import LEVEL, MID, TRANSPORT_SEQUENCE, ExtensionIds

MAX_BYTES = 64 * 1024
MAX_LINES = 4_000
MAX_SECTIONS = 20
MAX_CANDIDATES = 40
MAX_SLOTS = 8

DIGESTS = {"sha-256": 32, "sha-384": 48, "sha-512": 64}
CODECS = {"audio": ("opus", 48_000), "video": ("vp8", 90_000)}
FEEDBACK = {
    ("audio", True): ("transport-cc", "nack"),
    ("audio", False): (),
    ("video", True): ("nack", "nack pli", "ccm fir", "transport-cc", "goog-remb"),
    ("video", False): ("nack", "nack pli", "ccm fir"),
}

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`{|}~-]{1,16}")
_ICE = re.compile(r"[A-Za-z0-9+/]+")
_M_LINE = re.compile(r"(\w+) (\d{1,5})(?:/\d+)? ([A-Z/]+)((?: \d{1,3}){1,64})")


class OfferError(ValueError):
    """An offer that is not accepted. `code` is stable."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(slots=True)
class Section:
    """One media section (m-line): its kind, direction, payload types and header extensions."""

    kind: Literal["audio", "video"]
    profile: str
    formats: list[int]
    mid: str = ""
    direction: str = "sendrecv"
    payload_type: int = -1
    rtx_type: int = -1
    fmtp: dict[int, str] = field(default_factory=dict)
    feedback: set[str] = field(default_factory=set)
    extensions: dict[str, int] = field(default_factory=dict)
    ssrcs: list[int] = field(default_factory=list)

    @property
    def sends(self) -> bool:
        """The page sends on this m-line."""
        return self.direction == "sendonly"

    @property
    def receives(self) -> bool:
        """The page receives on this m-line."""
        return self.direction == "recvonly"


@dataclass(slots=True)
class CheckedOffer:
    """A page's offer, checked."""

    ufrag: str
    password: str
    fingerprints: list[tuple[str, str]]
    sections: list[Section]
    extensions: ExtensionIds


@dataclass(frozen=True, slots=True)
class Local:
    """This side's parameters in the answer. `candidate` is the value of an a=candidate line."""

    ufrag: str
    password: str
    fingerprint: str
    candidate: str


@dataclass(frozen=True, slots=True)
class Sender:
    """A slot's identifiers, as in the packets that the page receives."""

    ssrc: int
    rtx_ssrc: int
    name: str


@dataclass(slots=True)
class _Block:
    """The lines of the session part or of one m-line, as attribute name and value."""

    head: str
    attributes: list[tuple[str, str]]

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.attributes if key == name]

    def last(self, name: str, session: "_Block") -> str:
        values = self.values(name) or session.values(name)
        return values[-1] if values else ""


def parse_offer(text: str) -> CheckedOffer:
    """Parse an offer. Raises `OfferError` and no other exception."""
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise OfferError("too_large", f"an offer has at most {MAX_BYTES} bytes")
    session, blocks = _blocks(text)
    if session.values("ice-lite"):
        raise OfferError("ice", "the offering side must be a full ICE agent")
    sections = [_section(block) for block in blocks]
    mids = [section.mid for section in sections]
    if len(set(mids)) != len(mids):
        raise OfferError("mid", "two m-lines have the same mid")
    bundles = [value.split()[1:] for value in session.values("group") if value.split()[:1] == ["BUNDLE"]]
    if len(bundles) != 1 or sorted(bundles[0]) != sorted(mids):
        raise OfferError("bundle", "one BUNDLE group must name every m-line once")
    for kind in CODECS:
        lines = [section for section in sections if section.kind == kind]
        if sum(section.sends for section in lines) > 1:
            raise OfferError("direction", f"at most one {kind} m-line may send")
        if sum(section.receives for section in lines) > MAX_SLOTS:
            raise OfferError("direction", f"at most {MAX_SLOTS} {kind} m-lines may receive")
    ufrag, password = _credentials(session, blocks)
    return CheckedOffer(ufrag, password, _fingerprints(session, blocks), sections, _extension_ids(sections))


def _blocks(text: str) -> tuple[_Block, list[_Block]]:
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    if len(lines) > MAX_LINES:
        raise OfferError("too_large", f"an offer has at most {MAX_LINES} lines")
    if lines[0] != "v=0":
        raise OfferError("syntax", "a session description begins with v=0")
    blocks: list[_Block] = []
    current = session = _Block("", [])
    candidates = 0
    for number, line in enumerate(lines, 1):
        if len(line) < 2 or line[1] != "=" or not line[0].islower() or not line.isprintable() or not line.isascii():
            raise OfferError("syntax", f"line {number} is not of the form a=value")
        value = line[2:]
        if line[0] == "m":
            if value.startswith("application"):
                raise OfferError("data_channel", "data channels are not offered here")
            if len(blocks) == MAX_SECTIONS:
                raise OfferError("too_many_m_lines", f"an offer has at most {MAX_SECTIONS} m-lines")
            current = _Block(value, [])
            blocks.append(current)
        elif line[0] == "a":
            name, _, rest = value.partition(":")
            candidates += name == "candidate"
            if candidates > MAX_CANDIDATES:
                raise OfferError("too_many_candidates", f"an offer has at most {MAX_CANDIDATES} candidates")
            current.attributes.append((name, rest))
    if not blocks:
        raise OfferError("no_media", "an offer has at least one m-line")
    return session, blocks


def _section(block: _Block) -> Section:
    match = _M_LINE.fullmatch(block.head)
    if match is None:
        raise OfferError("syntax", "an m-line is malformed")
    kind, _, profile, formats = match.groups()
    if kind not in CODECS:
        raise OfferError("kind", "m-lines are audio or video")
    if profile != "UDP/TLS/RTP/SAVPF":
        raise OfferError("profile", "m-lines use UDP/TLS/RTP/SAVPF")
    section = Section("audio" if kind == "audio" else "video", profile, [int(number) for number in formats.split()])
    mids = block.values("mid")
    if len(mids) != 1 or not _TOKEN.fullmatch(mids[0]):
        raise OfferError("mid", "each m-line has one mid of 1 to 16 characters")
    section.mid = mids[0]
    directions = [name for name, _ in block.attributes if name in ("sendonly", "recvonly", "inactive", "sendrecv")]
    if len(directions) != 1 or directions[0] == "sendrecv":
        raise OfferError("direction", "each m-line either sends, receives or is inactive")
    section.direction = directions[0]
    if not block.values("rtcp-mux"):
        raise OfferError("rtcp_mux", "each m-line has rtcp-mux")
    _codecs(block, section)
    for value in block.values("extmap"):
        number, _, uri = value.partition(" ")
        extension_id = _number(number.partition("/")[0], 255)
        if not extension_id:
            raise OfferError("extmap", "a header extension has a number from 1 to 255")
        section.extensions[uri.split(" ")[0]] = extension_id
    for value in block.values("ssrc"):
        ssrc = _number(value.split(" ")[0], (1 << 32) - 1)
        if ssrc is None:
            raise OfferError("ssrc", "an ssrc is a number of 32 bits")
        if ssrc not in section.ssrcs:
            section.ssrcs.append(ssrc)
        if len(section.ssrcs) > 8:
            raise OfferError("ssrc", "an m-line has at most 8 ssrcs")
    return section


def _number(text: str, most: int) -> int | None:
    """A number from 0 to `most`; Python refuses to read one of thousands of digits."""
    if not text.isdecimal() or len(text) > 10:
        return None
    value = int(text)
    return value if value <= most else None


def _codecs(block: _Block, section: Section) -> None:
    for value in block.values("fmtp"):
        number, _, parameters = value.partition(" ")
        format_number = _number(number, 127)
        if format_number is None or len(parameters) > 300:
            raise OfferError("fmtp", "a format parameter line is malformed")
        section.fmtp[format_number] = parameters
    wanted, clock = CODECS[section.kind]
    retransmissions: dict[int, int] = {}
    for value in block.values("rtpmap"):
        match = re.fullmatch(r"(\d{1,3}) ([A-Za-z0-9.-]+)/(\d{1,6})(?:/(\d{1,3}))?", value)
        if match is None:
            raise OfferError("rtpmap", "an rtpmap line is malformed")
        payload_type, name = int(match[1]), match[2].lower()
        if payload_type not in section.formats or not (96 <= payload_type <= 127 or 35 <= payload_type <= 63):
            continue
        if name == wanted and int(match[3]) == clock and section.payload_type < 0:
            section.payload_type = payload_type
        elif name == "rtx":
            apt = re.search(r"(?:^|;)\s*apt=(\d{1,3})(?:;|$)", section.fmtp.get(payload_type, ""))
            if apt is not None:
                retransmissions[int(apt[1])] = payload_type
    if section.payload_type < 0:
        raise OfferError("no_codec", f"each {section.kind} m-line offers {wanted}")
    section.rtx_type = retransmissions.get(section.payload_type, -1)
    for value in block.values("rtcp-fb"):
        number_text, _, feedback = value.partition(" ")
        if number_text in ("*", str(section.payload_type)):
            section.feedback.add(feedback)


def _credentials(session: _Block, blocks: Sequence[_Block]) -> tuple[str, str]:
    pairs = {(block.last("ice-ufrag", session), block.last("ice-pwd", session)) for block in blocks}
    if len(pairs) != 1:
        raise OfferError("ice", "bundled m-lines have the same ICE credentials")
    ufrag, password = pairs.pop()
    if not (_ICE.fullmatch(ufrag) and 4 <= len(ufrag) <= 256 and _ICE.fullmatch(password)):
        raise OfferError("ice", "the ICE user name fragment or password is missing or malformed")
    if not 22 <= len(password) <= 256:
        raise OfferError("ice", "an ICE password has 22 to 256 characters")
    return ufrag, password


def _fingerprints(session: _Block, blocks: Sequence[_Block]) -> list[tuple[str, str]]:
    fingerprints: set[tuple[tuple[str, str], ...]] = set()
    for block in blocks:
        if block.last("setup", session) not in ("actpass", "active"):
            raise OfferError("setup", "the offering side must be able to be the DTLS client")
        pairs = []
        for value in block.values("fingerprint") or session.values("fingerprint"):
            algorithm, _, digest = value.partition(" ")
            algorithm, digest = algorithm.lower(), digest.strip().upper()
            size = DIGESTS.get(algorithm)
            if size is None:
                raise OfferError("fingerprint", "a fingerprint uses SHA-256, SHA-384 or SHA-512")
            if not re.fullmatch(rf"[0-9A-F]{{2}}(?::[0-9A-F]{{2}}){{{size - 1}}}", digest):
                raise OfferError("fingerprint", "a fingerprint is malformed")
            pairs.append((algorithm, digest))
        if not pairs:
            raise OfferError("fingerprint", "a certificate fingerprint is missing")
        if len({algorithm for algorithm, _ in pairs}) != len(pairs):
            raise OfferError("fingerprint", "two fingerprints use the same algorithm")
        fingerprints.add(tuple(sorted(pairs)))
    if len(fingerprints) != 1:
        raise OfferError("fingerprint", "bundled m-lines have the same fingerprint")
    return list(fingerprints.pop())


def _extension_ids(sections: Sequence[Section]) -> ExtensionIds:
    numbers: dict[int, str] = {}
    for section in sections:
        for uri, number in section.extensions.items():
            if numbers.setdefault(number, uri) != uri:
                raise OfferError("extmap", "one number stands for two header extensions")
    by_uri = {uri: number for number, uri in numbers.items()}
    return ExtensionIds(by_uri.get(MID, 0), by_uri.get(LEVEL, 0), by_uri.get(TRANSPORT_SEQUENCE, 0))


def write_answer(
    offer: CheckedOffer, local: Local, senders: dict[str, Sender], voice: Mapping[str, str] = MappingProxyType({})
) -> str:
    """The answer: VP8 with retransmission, and Opus. `senders` has the slot of each receiving m-line by mid, `voice`
    the parameters by which the page is asked to send Opus."""
    lines = [
        "v=0",
        f"o=- {secrets.randbits(62)} 1 IN IP4 0.0.0.0",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE " + " ".join(section.mid for section in offer.sections),
        "a=msid-semantic: WMS *",
        "a=ice-options:trickle",
    ]
    for section in offer.sections:
        types = [section.payload_type] + ([section.rtx_type] if section.rtx_type >= 0 else [])
        lines += [
            f"m={section.kind} 9 {section.profile} " + " ".join(map(str, types)),
            "c=IN IP4 0.0.0.0",
            f"a=mid:{section.mid}",
            "a=rtcp-mux",
            "a=rtcp-rsize",
            "a=" + {"sendonly": "recvonly", "recvonly": "sendonly"}.get(section.direction, "inactive"),
            f"a=ice-ufrag:{local.ufrag}",
            f"a=ice-pwd:{local.password}",
            f"a=fingerprint:{local.fingerprint}",
            "a=setup:passive",
        ]
        uris = (MID, LEVEL, TRANSPORT_SEQUENCE) if section.sends else (MID, LEVEL)
        lines += [f"a=extmap:{section.extensions[uri]} {uri}" for uri in uris if uri in section.extensions]
        lines += _format_lines(section, voice if section.sends and section.kind == "audio" else {})
        sender = senders.get(section.mid)
        if sender is not None:
            lines.append(f"a=msid:{sender.name} {sender.name}-{section.kind}")
            ssrcs = [sender.ssrc]
            if section.rtx_type >= 0:
                ssrcs.append(sender.rtx_ssrc)
                lines.append(f"a=ssrc-group:FID {sender.ssrc} {sender.rtx_ssrc}")
            lines += [f"a=ssrc:{ssrc} cname:{sender.name}" for ssrc in ssrcs]
        lines += [f"a=candidate:{local.candidate}", "a=end-of-candidates"]
    return "\r\n".join(lines) + "\r\n"


def _format_lines(section: Section, wanted: Mapping[str, str]) -> list[str]:
    name, clock = ("opus", "48000/2") if section.kind == "audio" else ("VP8", "90000")
    lines = [f"a=rtpmap:{section.payload_type} {name}/{clock}"]
    parameters = _with(section.fmtp.get(section.payload_type, ""), wanted)
    if parameters:
        lines.append(f"a=fmtp:{section.payload_type} {parameters}")
    lines += [
        f"a=rtcp-fb:{section.payload_type} {feedback}"
        for feedback in FEEDBACK[section.kind, section.sends]
        if feedback in section.feedback
    ]
    if section.rtx_type >= 0:
        lines.append(f"a=rtpmap:{section.rtx_type} rtx/{clock}")
        lines.append(f"a=fmtp:{section.rtx_type} apt={section.payload_type}")
    return lines


def _with(parameters: str, wanted: Mapping[str, str]) -> str:
    """Format parameters (a=fmtp) in which those of `wanted` replace those of the same name."""
    if not wanted:
        return parameters
    unchanged = [
        parameter
        for parameter in parameters.split(";")
        if parameter.strip() and parameter.partition("=")[0].strip() not in wanted
    ]
    return ";".join([*unchanged, *(f"{name}={value}" for name, value in wanted.items())])
