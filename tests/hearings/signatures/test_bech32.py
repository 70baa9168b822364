"""Bech32 as age writes it, against age's own keys and the examples of BIP 173."""

import pytest
from pyrage import x25519

from hearings.signatures import recipients


def test_what_age_writes_is_read_and_one_wrong_letter_is_noticed() -> None:
    for _ in range(20):
        text = str(x25519.Identity.generate().to_public())
        assert len(recipients.decode(text, prefix="age")) == 32
        for at in range(4, len(text)):
            other = recipients.LETTERS[(recipients.LETTERS.index(text[at]) + 1) % 32]
            with pytest.raises(ValueError, match="checksum"):
                recipients.decode(text[:at] + other + text[at + 1 :], prefix="age")


@pytest.mark.parametrize(
    ("text", "prefix", "size"),
    [("a12uel5l", "a", 0), ("abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw", "abcdef", 20)],
)
def test_the_examples_of_the_standard_are_read(text: str, prefix: str, size: int) -> None:
    assert len(recipients.decode(text, prefix=prefix)) == size


@pytest.mark.parametrize(
    "text",
    [
        *("", "1", "age", "age1", "age1qqqqq", "a12uel5l", "AGE12uel5l", "age1bbbbbbbb"),
        "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w",
        "age1qp7hls0jvgqfu0p7x8vh65h8jderkw2dpxeavx7znzx2d0fwe5xszj8sf",
        "age1pzry9x0s0muk",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        recipients.decode(text, prefix="age")
