"""Orders to a simulated person: each is a line, and what is none is refused."""

import msgspec
import pytest

from media.training.orders import Do, DropLine, Join, PersonOrder, Say, decode, encode

ORDERS: list[PersonOrder] = [
    Join(url="http://localhost:8100", secret="s", pin="123456", tone=800, colour=(90, 60, 60), renders="ro"),
    Say(text="I do not agree.\nNot any more.", seconds=6),
    DropLine(seconds=30),
    Do(command={"type": "raise_objection", "kind": "privilege_claim"}),
]


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: type(order).__name__)
def test_an_order_is_one_line_and_is_read_as_it_was_given(order: PersonOrder) -> None:
    line = encode(order)
    assert (line.count(b"\n"), line[-1:]) == (1, b"\n")
    assert decode(line) == order


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b'{"type":"leave_for_good"}',
        b'{"type":"say","text":"","seconds":6}',
        b'{"type":"drop_line","seconds":0}',
        b'{"type":"drop_line","seconds":100000}',
        b'{"type":"drop_line","seconds":5,"why":"x"}',
        b'{"type":"join","url":"u","secret":"s","pin":"1","tone":801,"colour":[1,2,3]}',
    ],
)
def test_what_is_no_order_is_refused(line: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        decode(line)
