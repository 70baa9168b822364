"""Everything the media side reads from strangers grows linearly with what they send, and stays within 64 MiB.

What is read is taken from where it is defined: messages from the unions of `media.messages`, datagrams from the table
of `media.live.port`, lines of a description from the source of `media.live.sdp`, and each function of `media.live` that
is given bytes. One for which nothing hostile is known fails.
"""

import ast
import gc
import inspect
import itertools
import struct
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import msgspec
import pytest
from aioice import stun
from aiortc import RTCCertificate
from aiortc.rtcdtlstransport import SRTP_PROFILES
from aiortc.rtp import RtcpPacket
from msgspec import inspect as shapes
from OpenSSL import SSL

from media import messages
from media.link import MAX_MESSAGE
from media.live import port, rtcp, rtp, sdp, vp8
from media.protocol import DIRECTIONS, _bare, _members, _struct
from tests.support import growth
from tests.support.growth import MOST_MEMORY, grows_linearly
from tests.support.live_pages import offer_text
from web.live import connections

IDS = rtp.ExtensionIds(mid=4, level=1, transport_sequence=3)
Make = Callable[[int], bytes]


@pytest.fixture(autouse=True)
def measured(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The reading, not the collector, which looks through everything other tests have left; there are many forms, each
    of which takes a moment."""
    monkeypatch.setattr(growth, "SHORTEST", 0.001)
    gc.collect()
    gc.disable()
    yield
    gc.enable()


# --- messages -------------------------------------------------------------------------------------------------------

PART = 16
"""A message of a socket whose large field is one text is measured at this part of its size, within this part of the
memory; one of many objects at its whole size."""
SOCKETS = {str(title): union for title, carrier, union in DIRECTIONS if "MessagePack" in carrier}


def json_string(size: int) -> bytes:
    """Escapes, each six octets for one character."""
    return b'"' + b"\\u00e9" * ((size - 2) // 6) + b'"'


JSON: dict[type, Callable[[shapes.Type], Make]] = {
    shapes.StrType: lambda shape: json_string,
    shapes.LiteralType: lambda shape: json_string,
    shapes.IntType: lambda shape: lambda size: b"1" * size,
    shapes.BoolType: lambda shape: lambda size: b" " * (size - 4) + b"true",
    shapes.ListType: lambda shape: lambda size: b"[" + b'"",' * (size // 3 - 1) + b'""]',
    shapes.DictType: lambda shape: (
        lambda size: b"{" + b",".join(b'"%x":""' % number for number in range(size // 9)) + b"}"
    ),
}
"""The most hostile value of each kind of field, as JSON of about so many octets."""


def json_shapes(cls: type[msgspec.Struct]) -> Iterator[tuple[str, Make]]:
    """Messages of a type: one field large, the others as they may be left; and what no message may hold."""
    name = str(cls.__struct_config__.tag).encode()
    for field in _struct(cls).fields:
        shape = _bare(field.type)
        if isinstance(shape, shapes.UnionType):  # or nothing
            shape = _bare(next(one for one in shape.types if not isinstance(one, shapes.NoneType)))
        make = JSON[type(shape)](shape)
        key = field.encode_name.encode()
        yield field.name, lambda size, make=make, key=key: b'{"type":"%s","%s":%s}' % (name, key, make(size - 40))  # type: ignore[misc]
    yield "another field", lambda size: b'{"type":"%s","x":%s}' % (name, json_string(size - 30))
    yield "nested before its type", lambda size: b'{"x":' + b"[" * (size - 30) + b',"type":"%s"}' % name
    yield "the same field again", lambda size: b'{"type":"%s"%s}' % (name, b',"id":"a"' * (size // 9 - 4))


def test_every_message_a_page_may_send_is_read_in_one_pass() -> None:
    kinds = _members(messages.BROWSER_TO_WEB)
    assert len(kinds) > 20
    for cls in kinds:
        for _what, make in json_shapes(cls):
            grows_linearly(connections.read, make, connections.LARGEST_MESSAGE, doublings=1)


def test_a_message_that_is_nested_without_end_is_none_of_the_table() -> None:
    assert connections.read(b'{"x":' + b"[" * 16_000) is None
    assert connections.read(b'{"type":"heartbeat"}') == messages.Heartbeat()


def packed(value: Any) -> bytes:
    return msgspec.msgpack.encode(value)


SMALLEST: dict[type, bytes] = {
    shapes.StrType: packed("a"),
    shapes.IntType: packed(1),
    shapes.BoolType: packed(False),
    shapes.BytesType: packed(b""),
    shapes.ListType: packed([]),
    shapes.DictType: packed({}),
    shapes.NoneType: packed(None),
}


def smallest(shape: shapes.Type) -> bytes:
    """A value of a type in as few octets as can be."""
    bare = _bare(shape)
    if isinstance(bare, shapes.UnionType):
        return smallest(bare.types[0])
    if isinstance(bare, shapes.LiteralType):
        return packed(bare.values[0])
    if isinstance(bare, shapes.StructType):
        values = [smallest(field.type) for field in bare.fields]
        if bare.array_like:
            return struct.pack("!B", 0x90 | len(values)) + b"".join(values)
        names = [packed(field.encode_name) for field in bare.fields]
        return struct.pack("!BH", 0xDE, len(values)) + b"".join(itertools.chain(*zip(names, values, strict=True)))
    if isinstance(bare, shapes.StrType) and bare.pattern:
        return packed("0" * 64 if "64" in bare.pattern else "a")
    return SMALLEST[type(bare)]


def large(shape: shapes.Type) -> Make:
    """A value of a type in about so many octets, made of as many objects as can be."""
    bare = _bare(shape)
    if isinstance(bare, shapes.ListType):
        item = smallest(bare.item_type)
        return lambda size: struct.pack("!BI", 0xDD, size // len(item)) + item * (size // len(item))
    if isinstance(bare, shapes.DictType):
        item = smallest(bare.value_type)
        return lambda size: (
            struct.pack("!BI", 0xDF, size // 12) + b"".join(packed(f"{n:08x}") + item for n in range(size // 12))
        )
    if isinstance(bare, shapes.BytesType):
        return lambda size: packed(bytes(size))
    if isinstance(bare, shapes.UnionType):
        return large(bare.types[0])
    return lambda size: packed("é" * (size // 2))


def packed_shapes(cls: type[msgspec.Struct]) -> Iterator[tuple[Make, int]]:
    """One field large, the others small; an unknown one; a list that overstates its length. Each has its size."""
    shape = _struct(cls)
    tag = packed("type") + packed(cls.__struct_config__.tag)
    for large_field in shape.fields:
        make = large(large_field.type)
        parts = [
            packed(field.encode_name) + (smallest(field.type) if field is not large_field else b"")
            for field in shape.fields
        ]
        last = packed(large_field.encode_name)
        parts.sort(key=lambda part, last=last: part == last)  # type: ignore[misc]
        head = struct.pack("!BH", 0xDE, len(parts) + 1) + tag + b"".join(parts)
        many = isinstance(_bare(large_field.type), shapes.ListType | shapes.DictType)
        size = MAX_MESSAGE if many else MAX_MESSAGE // PART
        yield (lambda size, head=head, make=make: head + make(size - len(head) - 8)), size  # type: ignore[misc]
    part = MAX_MESSAGE // PART
    yield (lambda size: struct.pack("!BH", 0xDE, 2) + tag + packed("x") + packed("é" * (size // 2 - 40))), part
    yield (lambda size: struct.pack("!BH", 0xDE, 2) + packed("x") + b"\x91" * (size - 40)), part


@pytest.mark.parametrize("direction", SOCKETS)
def test_every_message_of_a_socket_is_read_in_one_pass(direction: str) -> None:
    decoder = msgspec.msgpack.Decoder(SOCKETS[direction])
    refused = (msgspec.MsgspecError, RecursionError)
    for cls in _members(SOCKETS[direction]):
        for make, size in packed_shapes(cls):
            assert len(make(size)) <= size
            memory = MOST_MEMORY * size // MAX_MESSAGE
            grows_linearly(decoder.decode, make, size, refused=refused, memory=memory, doublings=1)


def test_a_list_that_says_it_is_longer_than_it_is_takes_no_memory() -> None:
    decoder = msgspec.msgpack.Decoder(messages.WORKER_TO_RECORDER)
    head = b"\x87\xa4type\xa5batch\xa6frames\xdd\x7f\xff\xff\xff"
    grows_linearly(decoder.decode, lambda size: head + b"\x99" * size, 4_096, refused=(msgspec.MsgspecError,))


# --- descriptions ---------------------------------------------------------------------------------------------------


def attributes() -> set[str]:
    """Names of the attributes that `media.live.sdp` reads, from its source."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(inspect.getsource(sdp))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("values", "last"):
            found |= {str(argument.value) for argument in node.args if isinstance(argument, ast.Constant)}
    return found


LINES: dict[str, list[str]] = {
    "candidate": ["a=candidate:{n} 1 udp 1 10.0.0.1 9 typ host"],
    "extmap": ["a=extmap:{n} urn:{n}", "a=extmap:" + "1" * 5_000 + " urn:a"],
    "fingerprint": ["a=fingerprint:sha-256 " + ":".join(["AB"] * 32), "a=fingerprint:sha-256 " + "AB:" * 2_000],
    "fmtp": ["a=fmtp:97 apt={n}", "a=fmtp:97 " + "; " * 149, "a=fmtp:" + "9" * 5_000 + " a"],
    "group": ["a=group:BUNDLE {n}", "a=group:BUNDLE" + " 1" * 2_000],
    "ice-lite": ["a=ice-lite"],
    "ice-pwd": ["a=ice-pwd:" + "a" * 5_000],
    "ice-ufrag": ["a=ice-ufrag:{n}"],
    "mid": ["a=mid:{n}", "a=mid:" + "!" * 5_000],
    "rtcp-fb": ["a=rtcp-fb:* {n}", "a=rtcp-fb:96 " + "nack " * 1_000],
    "rtcp-mux": ["a=rtcp-mux"],
    "rtpmap": ["a=rtpmap:96 VP8/90000", "a=rtpmap:97 rtx/" + "9" * 5_000, "a=rtpmap:97 " + "a-" * 2_500],
    "setup": ["a=setup:actpass"],
    "ssrc": ["a=ssrc:{n} cname:a", "a=ssrc:1", "a=ssrc:" + "9" * 5_000],
}
"""Lines to repeat, for each attribute that is read; {n} counts."""
OTHER = ["m=audio 9 UDP/TLS/RTP/SAVPF 111", "m=audio 9 UDP/TLS/RTP/SAVPF" + " 111" * 64, "a=x", "b=AS:1", "a=:"]


def descriptions() -> Iterator[Make]:
    """A good offer with lines that are repeated: at its head and at its end."""
    offer = offer_text(slots=1, ssrcs={"audio": (1, 2), "video": (3, 4)})
    places = (offer.index("a=group"), len(offer))
    for line in [line for lines in LINES.values() for line in lines] + OTHER:
        for place in places:

            def make(size: int, line: str = line, place: int = place) -> bytes:
                count = max(1, min(3_800, (size - len(offer)) // (len(line) + 4)))
                more = "".join(line.replace("{n}", str(number)) + "\r\n" for number in range(1, count + 1))
                return (offer[:place] + more + offer[place:]).encode()

            yield make
    yield lambda size: b"v=0\r\n" + b"a" * size
    yield lambda size: b"\n" * size
    yield lambda size: b"v=0\n" + b"m=" * (size // 2)


def read_offer(data: bytes) -> None:
    offer = sdp.parse_offer(data.decode())
    sdp.write_answer(offer, sdp.Local("u", "p", "sha-256 AB", "1 1 udp 1 ::1 9 typ host"), {}, {"a": "b"})


def test_every_line_of_an_offer_that_is_read_has_a_hostile_form() -> None:
    assert attributes() - set(LINES) == set()


def test_an_offer_is_read_in_one_pass_whatever_it_repeats() -> None:
    """And only ever refused by `OfferError`."""
    for make in descriptions():
        grows_linearly(read_offer, make, sdp.MAX_BYTES, refused=(sdp.OfferError,), doublings=1)


# --- datagrams ------------------------------------------------------------------------------------------------------


def stun_attributes(kind: int, value: bytes) -> Make:
    """A check made of as many attributes of a kind as there is room for."""
    one = struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)

    def make(size: int) -> bytes:
        body = one * ((size - 20) // len(one))
        return struct.pack("!HHI", 1, len(body), stun.COOKIE) + bytes(12) + body

    return make


def read_check(data: bytes) -> None:
    message = stun.parse_message(data)
    message.check_message_integrity(b"p" * 32)


CERTIFICATE = RTCCertificate.generateCertificate()


def read_handshake(data: bytes) -> None:
    connection = SSL.Connection(CERTIFICATE._create_ssl_context(srtp_profiles=SRTP_PROFILES))
    connection.set_accept_state()
    connection.bio_write(data)
    connection.do_handshake()


def record(kind: int, body: bytes) -> bytes:
    return struct.pack("!BHHIHH", kind, 0xFEFD, 0, 0, 1, len(body)) + body


def hello(size: int) -> bytes:
    """A client's first message with as many cipher suites as there is room for."""
    suites = b"\xc0\x2b" * ((size - 70) // 2)
    body = b"\xfe\xfd" + bytes(34) + struct.pack("!H", len(suites)) + suites + b"\x01\x00"
    length = len(body).to_bytes(3, "big")
    return record(22, b"\x01" + length + bytes(5) + length + body)


def header(size: int, first: int = 0x90, profile: int = 0xBEDE, element: bytes = b"\x10\x00") -> bytes:
    elements = element * ((size - 20) // len(element))
    elements = elements[: len(elements) // 4 * 4]
    return struct.pack("!BBHIIHH", first, 96, 1, 1, 1, profile, len(elements) // 4) + elements


def parts(kind: int, count: int, body: bytes) -> Make:
    one = struct.pack("!BBH", 0x80 | count, kind, len(body) // 4) + body
    return lambda size: one * (size // len(one))


def feedback(kind: int, count: int, body: bytes) -> Make:
    """One part, whose list of things asked for is as long as there is room for."""

    def make(size: int) -> bytes:
        found = struct.pack("!II", 1, 2) + body * ((size - 12) // len(body))
        return struct.pack("!BBH", 0x80 | count, kind, len(found) // 4) + found

    return make


def read_rtcp(data: bytes) -> None:
    rtcp.parts(data)
    RtcpPacket.parse(data)


DATAGRAMS: dict[str, tuple[Callable[[bytes], object], int, tuple[type[Exception], ...], list[Make]]] = {
    "stun": (
        read_check,
        port.MAX_CHECK,
        (ValueError, struct.error, KeyError, IndexError),
        [stun_attributes(entry[0], value) for entry in stun.ATTRIBUTES for value in (b"", b"a" * 4, b"a" * 20)]
        + [stun_attributes(0x7777, b""), lambda size: b"\x00\x01" + b"\xff" * (size - 2)],
    ),
    "dtls": (
        read_handshake,
        port.MAX_DATAGRAM,
        (SSL.Error,),
        [
            hello,
            lambda size: record(22, bytes(size - 13)),
            lambda size: record(21, b"\x01\x00") * (size // 15),
            lambda size: record(23, b"") * (size // 13),
        ],
    ),
    "rtp": (
        lambda data: rtp.parse(data, IDS),
        port.MAX_DATAGRAM,
        (),
        [
            header,
            lambda size: header(size, element=b"\x00"),
            lambda size: header(size, element=b"\xf0\x00"),
            lambda size: header(size, profile=0x1000, element=b"\x01\x00"),
            lambda size: header(size, profile=0x100F, element=b"\x04\xff" + bytes(255)),
            lambda size: b"\xbf\x60" + bytes(10 + 60) + bytes(size - 73) + b"\xff",
        ],
    ),
    "rtcp": (
        read_rtcp,
        port.MAX_DATAGRAM,
        (ValueError, struct.error, IndexError),
        [
            parts(200, 0, bytes(24)),
            parts(201, 0, bytes(4)),
            parts(202, 1, bytes(8)),
            parts(203, 0, b""),
            parts(204, 0, bytes(8)),
            parts(205, 1, bytes(8)),
            parts(206, 1, bytes(8)),
            parts(207, 0, b""),
            feedback(205, 1, b"\xff" * 4),
            feedback(205, 15, b"\xff" * 4),
            feedback(206, 4, b"\xff" * 8),
            feedback(206, 15, b"REMB"),
            lambda size: b"\x9f\xca" + struct.pack("!H", size // 4 - 1) + b"\x01\x00" * (size // 2 - 2),
        ],
    ),
}


def test_every_kind_of_datagram_the_port_tells_apart_is_read_in_one_pass() -> None:
    kinds = {*port.KINDS, "rtp", "rtcp"} - {"srtp"}
    assert kinds == set(DATAGRAMS)
    for read, size, refused, makes in DATAGRAMS.values():
        for make in makes:
            assert len(make(size)) <= size
            grows_linearly(read, make, size, refused=refused, doublings=1)


# --- what is inside -------------------------------------------------------------------------------------------------

READERS: dict[str, tuple[Callable[[bytes], object], int, list[Make]]] = {
    "rtp.parse": (lambda data: rtp.parse(data, IDS), port.MAX_DATAGRAM, [header]),
    "rtcp.parts": (rtcp.parts, port.MAX_DATAGRAM, [lambda size: b"\x80\xcb\x00\x00" * (size // 4)]),
    "vp8.descriptor": (vp8.descriptor, port.MAX_DATAGRAM, [lambda size: b"\xff" * size]),
    "vp8.begins_key_frame": (vp8.begins_key_frame, port.MAX_DATAGRAM, [lambda size: b"\x10" + bytes(size)]),
    "vp8.is_key_frame": (vp8.is_key_frame, vp8.MOST_BYTES, [lambda size: bytes(3) + b"\x9d\x01\x2a" * (size // 3)]),
}


def given_bytes(*modules: ModuleType) -> set[str]:
    """Functions that read bytes and do not write any."""
    found = set()
    for module in modules:
        for name, one in inspect.getmembers(module, inspect.isfunction):
            kinds = list(inspect.signature(one).parameters.values())
            reads = one.__module__ == module.__name__ and not name.startswith("_")
            if (
                reads
                and kinds
                and kinds[0].annotation is bytes
                and inspect.signature(one).return_annotation is not bytes
            ):
                found.add(f"{module.__name__.rpartition('.')[2]}.{name}")
    return found


def test_every_function_that_is_given_bytes_reads_them_in_one_pass() -> None:
    assert given_bytes(rtp, rtcp, vp8) == set(READERS)
    for read, size, makes in READERS.values():
        for make in makes:
            grows_linearly(read, make, size, doublings=1)


@pytest.mark.parametrize("marker", [True, False])
def test_pictures_are_put_together_in_one_pass(marker: bool) -> None:
    """As many packets as there can be in a frame, and a frame that does not end."""

    def read(data: bytes) -> None:
        assembler = vp8.Assembler()
        for start in range(0, len(data), 400):
            payload = data[start : start + 400]
            assembler.push((b"\x10" if start == 0 else b"\x00") + payload, 1, marker and start + 400 >= len(data))

    grows_linearly(read, bytes, vp8.MOST_BYTES + 100_000, doublings=1)
