"""The targets of the media side: what they begin with is read, and so is what becomes of it by chance."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzz.media_targets import TARGETS

CORPUS = Path(__file__).parent / "corpus"
CHANGED = 150
SLOW = {"segment": 10}
"""Of those that begin decoders there are fewer."""


def changed(seeds: list[bytes], chance: random.Random) -> Iterator[bytes]:
    """Inputs made of others: octets altered, taken out, repeated, joined, lengths made absurd."""
    while True:
        data = bytearray(chance.choice(seeds))
        for _ in range(chance.randrange(1, 6)):
            at = chance.randrange(len(data) + 1)
            match chance.randrange(6):
                case 0 if at < len(data):
                    data[at] = chance.randrange(256)
                case 1 if at < len(data):
                    data[at] ^= 1 << chance.randrange(8)
                case 2:
                    del data[at : at + chance.randrange(1, 20)]
                case 3:
                    data[at:at] = data[at : at + chance.randrange(1, 40)] * chance.randrange(1, 30)
                case 4:
                    data[at:at] = chance.choice(seeds)[: chance.randrange(200)]
                case _:
                    data[at : at + 2] = chance.choice([b"\xff\xff", b"\x00\x00", b"\x7f\xff", b"\x80\x00", b"\n\n"])
        yield bytes(data)


@pytest.mark.parametrize("name", TARGETS)
def test_what_a_target_begins_with_and_what_becomes_of_it_raises_nothing_else(name: str) -> None:
    seeds = [file.read_bytes() for file in sorted((CORPUS / name).iterdir())]
    assert seeds
    for data in seeds:
        TARGETS[name](data)
    inputs = changed(seeds, random.Random(name))
    for _ in range(SLOW.get(name, CHANGED)):
        TARGETS[name](next(inputs))
