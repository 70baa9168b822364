"""Bech32 as age uses it, against age's own keys and the examples of BIP 173."""

import pytest
from pyrage import x25519

from media.evidence.seal import bech32


def test_what_age_writes_is_read_and_written_again() -> None:
    for _ in range(20):
        identity = x25519.Identity.generate()
        recipient = str(identity.to_public())
        assert bech32.encode("age", bech32.decode("age", recipient)) == recipient
        secret = bech32.decode("AGE-SECRET-KEY-", str(identity))
        assert bech32.encode("age-secret-key-", secret).upper() == str(identity)


@pytest.mark.parametrize(
    ("text", "prefix", "size"),
    [("a12uel5l", "a", 0), ("A12UEL5L", "a", 0), ("abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw", "abcdef", 20)],
)
def test_the_examples_of_the_standard_are_read(text: str, prefix: str, size: int) -> None:
    assert len(bech32.decode(prefix, text)) == size


@pytest.mark.parametrize("text", ["", "1", "age", "age1", "age1qqqqq", "A12uel5l", "age1bbbbbbbb", "age1pzry9x0s0muk"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        bech32.decode("age", text)
