"""The second verifier: by itself, on the vectors beside the court's own, and on what two thousand mutations make."""

import ast
import functools
import hashlib
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from media.evidence.check import policy as court_policy
from tests.deploy import verify_bag_mutations as mutations
from tests.support.databases import memory

page = mutations.page
SCRIPT = mutations.ROOT / "deploy" / "verify_bag.py"
VECTORS = sorted(path.parent for path in mutations.VECTORS.glob("*/vector.txt"))
COUNT, SEED = 2_000, 20_261_127


def test_it_imports_the_standard_library_alone():
    imported = set()
    for item in ast.walk(ast.parse(SCRIPT.read_text(encoding="utf-8"))):
        if isinstance(item, ast.Import):
            imported |= {alias.name for alias in item.names}
        elif isinstance(item, ast.ImportFrom):
            imported.add(item.module)
    assert {name.partition(".")[0] for name in imported} - sys.stdlib_module_names == set()


def test_it_is_written_for_python_3_9():
    assert ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 9)).body


@pytest.mark.parametrize("folder", VECTORS, ids=lambda folder: folder.name)
def test_a_vector_gets_its_verdict_from_both(folder: Path, tmp_path: Path):
    given = dict(line.split(":", 1) for line in (folder / "vector.txt").read_text(encoding="utf-8").splitlines())
    expected = given["expect"].strip(), given["first"].strip()
    mine, theirs = mutations.ask(mutations.vector_case(folder), tmp_path)
    assert (mine.verdict, mine.first) == expected, mine.as_text()
    assert (theirs.findings.verdict, theirs.findings.first) == expected
    if "reason" in given:
        reasons = given["reason"].strip().split(" | ")
        for found in (
            [text for *_, text in sorted(mine.failures)] or mine.missing,
            [failure.what for failure in theirs.findings.ordered()] or theirs.findings.missing,
        ):
            assert any(words in found[0] for words in reasons), found


@pytest.mark.beside
def test_both_agree_on_what_mutations_make():
    with tempfile.TemporaryDirectory(dir=memory()) as folder:
        found, different = mutations.compare(COUNT, SEED, Path(folder))
    print(f"seed {SEED}:", ", ".join(f"{name}: {many}" for name, many in found.most_common()))
    assert different == []
    for verdict in (
        "verified -",
        "gaps -",
        "cannot -",
        "failed bag",
        "failed checkpoint",
        "failed line",
        "failed token",
    ):
        assert found[verdict] > 0, verdict
    assert found["failed custody"] > 0
    assert found["failed judge_1_mic"] > 0


def signature_of(message: bytes) -> tuple[bytes, bytes]:
    private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(message).digest())
    return private.public_key().public_bytes_raw(), private.sign(message)


@pytest.mark.parametrize("message", [b"", b"a", b"of several words\n" * 99])
def test_signatures_are_those_of_rfc_8032(message: bytes):
    key, signature = signature_of(message)
    assert page.signed(key, signature, message)
    assert not page.signed(key, signature, message + b"x")
    assert not page.signed(key, bytes([signature[0] ^ 1]) + signature[1:], message)
    assert not page.signed(bytes([key[0] ^ 1]) + key[1:], signature, message)


def test_a_signature_whose_s_is_too_large_is_refused():
    key, signature = signature_of(b"m")
    large = int.from_bytes(signature[32:], "little") + page.ORDER
    assert not page.signed(key, signature[:32] + large.to_bytes(32, "little"), b"m")


@pytest.mark.parametrize("y", [0, 1, page.P - 1, page.P, page.P + 1, 2**255 - 1])
@pytest.mark.parametrize("sign", [0, 1])
def test_keys_of_small_order_and_of_a_second_spelling_are_refused(y: int, sign: int):
    key = (y | sign << 255).to_bytes(32, "little")
    assert not page.signed(key, key + bytes(32), b"m")
    assert not page.signed(key, (1).to_bytes(32, "little") + bytes(32), b"m")


def test_roots_are_those_of_rfc_6962():
    tree = page.Tree()
    lines = [bytes([number]) for number in range(33)]
    for line in lines:
        tree.leaves += hashlib.sha256(b"\0" + line).digest()
    roots = tree.roots(set(range(35)))
    assert roots == {size: mutations.root_of(lines[:size]) for size in range(34)}
    leaves = [bytes(tree.leaves[32 * i : 32 * i + 32]) for i in range(33)]
    for size in range(1, 34):
        for index in range(size):
            path = mutations.path_of(leaves[:size], index)
            assert page.included(leaves[index], index, size, path) == roots[size]
            assert page.included(leaves[index], index, size, [*path, bytes(32)]) is None


@pytest.fixture
def recording(tmp_path: Path):
    """The command's arguments for a recording with a line of every type."""
    case = mutations.bases()[-3]
    mutations.write(case.bag, tmp_path / "bag")
    (tmp_path / "policy").write_text(case.policy)
    return [str(tmp_path / "bag"), "--policy", str(tmp_path / "policy"), "--now", str(case.now), "--without-stamp"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", str(SCRIPT), *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120, check=False)


def test_the_command_says_what_it_found_in_words(recording):
    done = run(*recording)
    assert (done.returncode, done.stderr) == (10, "")
    lines = done.stdout.splitlines()
    assert lines[:3] == [f"origin:    {mutations.ORIGIN}", "verdict:   verified with declared gaps", "first:     -"]
    assert "gap:       judge_1_cam 0:00:04.000–0:00:05.000 recorder" in lines
    assert "waived:    time-stamp: not asked for (--without-stamp)" in lines
    assert "access:    2026-09-21 14:15:03 UTC  A, judge (RO): export; reason: copy" in lines
    assert any(line.startswith("note:      nothing was decrypted") for line in lines)


def test_the_command_says_the_same_as_json(recording):
    done = run(*recording, "--json")
    said = json.loads(done.stdout)
    assert (done.returncode, said["exit"]) == (10, 10)
    assert (said["verdict"], said["first"], said["origin"]) == ("verified with declared gaps", "-", mutations.ORIGIN)
    assert said["accesses"][1]["why"] == "copy"
    head = f"{said['size']}:{said['root']}"
    assert run(*recording, "--head", head).returncode == 10
    other = run(*recording, "--head", f"{said['size']}:{'0' * 64}", "--origin", mutations.ORIGIN)
    assert (other.returncode, other.stdout.splitlines()[2]) == (20, "first:     checkpoint")


def test_a_usage_error_is_no_verdict(recording, tmp_path):
    (tmp_path / "policy").write_text("quorum nobody\n")
    for arguments in (
        recording,
        ["--policy", "x"],
        [str(tmp_path / "none"), *recording[1:]],
        [*recording, "--head", "1"],
    ):
        done = run(*arguments)
        assert (done.returncode, done.stdout) == (2, ""), arguments


def test_without_the_openssl_command_a_stamp_cannot_be_verified(tmp_path, monkeypatch):
    case = mutations.bases()[-2]
    monkeypatch.setattr(page.shutil, "which", lambda _name: None)
    mine, _theirs = mutations.ask(case, tmp_path)
    assert mine.verdict == "cannot"
    assert any("openssl" in text for text in mine.missing)


def test_a_key_file_is_a_policy():
    policy = page.parse_policy(
        b"# Vivavoce key file\n# policy:\n"
        + b"".join(b"# | " + line + b"\n" for line in mutations.POLICIES[0].encode().splitlines())
        + b"AGE-SECRET-KEY-1XX\n"
    )
    assert policy.quorum == b"none"
    assert policy.seals(mutations.COURT)


POLICY_EDITS = (
    b"| |\n|\t|#|log |witness w |quorum none\n|quorum state\n|group g any state\n|group g 2 state\nquorum g\n"
)
POLICY_EDITS += b"|group g all state state\n|group none 1 state\n|group h 1 g\n"
POLICY_EDITS += b"|\r|\x7f|+|http://x |witness none |group g 01 state\n"


def test_both_take_the_same_policies():
    rng = random.Random(SEED)
    for number in range(2_000):
        data = rng.choice(mutations.POLICIES).encode()
        for _ in range(rng.choice([1, 1, 2, 3])):
            at, edit = (
                rng.randrange(len(data) + 1),
                rng.choice([*POLICY_EDITS.split(b"|"), bytes([rng.randrange(256)])]),
            )
            data = data[:at] + edit + data[at + rng.choice([0, 0, 1, len(edit)]) :]
            lines = data.split(b"\n")
            rng.shuffle(lines) if rng.random() < 0.2 else None
            data = b"\n".join(lines)
        takes = []
        for parse, refusal in (
            (page.parse_policy, page.Malformed),
            (court_policy.parse, court_policy.PolicyError),
        ):
            takes.append(is_taken(functools.partial(parse, data), refusal))
        assert takes[0] == takes[1], f"seed {SEED}, {number}: {data!r}"


def is_taken(parse: functools.partial[object], refusal: type[Exception]) -> bool:
    try:
        parse()
    except refusal:
        return False
    return True
