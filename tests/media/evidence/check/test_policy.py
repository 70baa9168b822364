"""A policy is read in C2SP's one form or refused, and a quorum counts the witnesses it names."""

import pytest

from media.evidence.check import policy
from media.evidence.log import tlog

LOG = tlog.vkey("court.example/hearing", tlog.public_key(b"L" * 32))
KEYS = {
    name: tlog.vkey(f"{name}.example", tlog.public_key(name.encode() * 16), tlog.COSIGNATURE)
    for name in ("x1", "x2", "y1")
}
WITNESSES = "".join(f"witness {name} {key}\n" for name, key in KEYS.items())


def test_quorum_none_needs_no_cosigner() -> None:
    read = policy.parse(f"# demo\n\n\tlog  {LOG} https://log.example/\t\nquorum none\n".encode())
    assert read.logs == (tlog.parse_vkey(LOG),)
    assert read.quorum == "none"
    assert read.is_met([])


def test_a_quorum_of_groups_counts_members() -> None:
    text = f"log {LOG}\n{WITNESSES}group X 2 x1 x2\ngroup both all X y1\nquorum both\n"
    read = policy.parse(text.encode())
    assert read.is_met(["x1", "x2", "y1"])
    assert not read.is_met(["x1", "x2"])
    assert not read.is_met(["x1", "y1"])
    assert not read.is_met([])
    assert read.wanting(["x1"]) == ["x2", "y1"]
    either = policy.parse(f"{WITNESSES}group any3 any x1 x2 y1\nquorum any3".encode())
    assert either.is_met(["y1"])
    assert not either.is_met([])


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "no quorum"),
        (f"log {LOG}\n", "no quorum"),
        ("quorum none\nquorum none\n", "line 2"),
        ("quorum\n", "line 1"),
        ("quorum none none\n", "line 1"),
        ("quorum x1\n" + WITNESSES, "line 1"),
        (f"log {LOG}\nlog {LOG}\nquorum none\n", "line 2"),
        (f"log {KEYS['x1']}\nquorum none\n", "line 1"),
        (f"witness w {LOG}\nquorum none\n", "line 1"),
        ("log\nquorum none\n", "line 1"),
        ("log nonsense\nquorum none\n", "line 1"),
        (f"log {LOG} https://a.example/ more\nquorum none\n", "line 1"),
        (f"witness none {KEYS['x1']}\nquorum none\n", "line 1"),
        (f"witness a {KEYS['x1']}\nwitness b {KEYS['x1']}\nquorum none\n", "line 2"),
        (f"{WITNESSES}witness x1 {KEYS['x1']}\nquorum none\n", "line 4"),
        (f"{WITNESSES}group g 0 x1\nquorum g\n", "line 4"),
        (f"{WITNESSES}group g 2 x1\nquorum g\n", "line 4"),
        (f"{WITNESSES}group g 01 x1\nquorum g\n", "line 4"),
        (f"{WITNESSES}group g all\nquorum g\n", "line 4"),
        (f"{WITNESSES}group g all none\nquorum g\n", "line 4"),
        (f"{WITNESSES}group g all x1 x1\nquorum g\n", "line 4"),
        (f"{WITNESSES}group g all x1\ngroup h all x1\nquorum h\n", "line 5"),
        (f"{WITNESSES}group g all h\ngroup h all x1\nquorum h\n", "line 4"),
        ("Quorum none\n", "line 1"),
        ("quorum none\r\n", "line 1"),
        ("quorum\u00a0none\n", "line 1"),
    ],
)
def test_a_malformed_policy_is_refused_naming_the_line(text: str, named: str) -> None:
    with pytest.raises(policy.PolicyError, match=named):
        policy.parse(text.encode())


def test_a_key_file_carries_a_policy_in_its_comments() -> None:
    text = (
        f"# Vivavoce key file\n# authority: a court\n# policy:\n# | log {LOG}\n# | quorum none\nAGE-SECRET-KEY-1XYZ\n"
    )
    carried = policy.of_key_file(text.encode())
    assert carried == f"log {LOG}\nquorum none\n".encode()
    assert policy.of_key_file(carried) is None
    assert policy.of_key_file(b"AGE-SECRET-KEY-1XYZ\n") == b""
