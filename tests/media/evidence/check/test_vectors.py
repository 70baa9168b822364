"""Every vector gets the verdict it asks for, from the committed bytes and from bytes made anew."""

import subprocess
import sys
from pathlib import Path

import pytest

from media.evidence.check import bag
from media.evidence.check.policy import parse
from media.evidence.check.verify import VerificationRequest, verify
from tests.vectors import make

VECTORS = Path(__file__).parents[3] / "vectors"
NAMES = sorted(path.parent.name for path in VECTORS.glob("*/vector.txt"))
KEYS = {"expect", "first", "origin", "now", "waive", "head", "reason", "note"}
VERDICTS = {"verified", "gaps", "failed", "cannot"}
ATTACKS = {
    "a bit of a file is flipped": "byte-in-segment byte-in-init byte-in-journal byte-in-checkpoint byte-in-manifest",
    "a file is cut off, where a chunk of its encryption ends too": "segment-cut journal-cut",
    "segments change places": "segments-swapped",
    "a segment is that of another hearing": "segment-of-another",
    "a segment is forged with the public key of the recording": "segment-forged",
    "a file is removed": "segment-removed",
    "a file is added": "segment-added orphan",
    "lines of the journal change places": "lines-swapped byte-in-journal",
    "the journal ends early": "journal-cut no-close",
    "the tail is dropped and the rest signed with a stolen seal key": "tail-resigned head-longer",
    "an older state that was validly signed is put back": "replayed no-close custody-kept",
    "all is written anew with a stolen seal key": "rewritten quorum-not-met head-other",
    "its times are put back": "cosigned-early stamped-early",
    "its times are put forward": "ahead-of-now",
    "it is passed off as another recording": "relabelled wrong-origin stamped-other",
}
"""What somebody may do to a recording, and the vectors that show that it is noticed, and by what."""


def read_vector(path: Path) -> dict[str, str]:
    """The keys of a vector; anything unknown in it is an error."""
    found: dict[str, str] = {}
    for line in path.read_text().splitlines():
        key, separator, value = line.partition(":")
        if not separator or key in found or key not in KEYS:
            raise ValueError(f"{path}: an unknown line: {line}")
        found[key] = value.strip()
    if found["expect"] not in VERDICTS or found.get("waive", "stamp") != "stamp" or "first" not in found:
        raise ValueError(f"{path}: an unknown word")
    return found


def run(folder: Path) -> None:
    """Verify one vector."""
    vector = read_vector(folder / "vector.txt")
    anchors = folder / "tsa.pem"
    kept = sorted((folder / "kept").iterdir()) if (folder / "kept").is_dir() else []
    size, _, root = vector.get("head", "").partition(":")
    wanted = VerificationRequest(
        parse((folder / "policy.txt").read_bytes()),
        without_stamp="waive" in vector,
        anchors=anchors.read_bytes() if anchors.exists() else None,
        kept=tuple((path.name, path.read_bytes()) for path in kept),
        origin=vector.get("origin"),
        head=(int(size), bytes.fromhex(root)) if root else None,
        now_ns=int(vector["now"]) if "now" in vector else None,
    )
    report = verify(folder / "bag", wanted)
    findings = report.findings
    assert (findings.verdict, findings.first) == (vector["expect"], vector["first"]), report.as_text()
    if "reason" in vector:
        first = [item.what for item in findings.ordered()[:1]] or findings.missing[:1]
        assert first and is_reason(vector["reason"], first[0]), report.as_text()


def is_reason(reasons: str, finding: str) -> bool:
    """Whether some of the words that a vector gives, parted by " | ", are in what was found first."""
    return any(words in finding for words in reasons.split(" | "))


@pytest.mark.parametrize("name", NAMES)
def test_a_vector_gets_its_verdict(name: str) -> None:
    run(VECTORS / name)


def test_vectors_made_anew_get_the_same_verdicts(tmp_path: Path) -> None:
    make.make(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == NAMES
    for name in NAMES:
        run(tmp_path / name)


def test_the_vectors_hold_every_verdict_and_every_class_of_first() -> None:
    vectors = [read_vector(VECTORS / name / "vector.txt") for name in NAMES]
    assert {vector["expect"] for vector in vectors} == VERDICTS
    firsts = {vector["first"].split(" ")[0] for vector in vectors}
    assert {"-", "line", "checkpoint", "token", "bag", "judge_1_mic-000002", "notes.txt"} <= firsts


@pytest.mark.parametrize("attack", ATTACKS)
def test_every_attack_has_vectors_that_are_refused_for_a_reason_that_they_tell(attack: str) -> None:
    for name in ATTACKS[attack].split():
        vector = read_vector(VECTORS / name / "vector.txt")
        assert vector["expect"] in ("failed", "cannot"), name
        assert vector.get("reason"), name


def test_every_reason_that_a_vector_tells_is_that_of_an_attack() -> None:
    told = {name for name in NAMES if "reason" in read_vector(VECTORS / name / "vector.txt")}
    assert told == set(make.REASONS) == {name for names in ATTACKS.values() for name in names.split()}


@pytest.mark.parametrize("line", ["expect: fine", "first -", "waive: quorum", "hint: x", "expect: failed"])
def test_an_unknown_word_in_a_vector_is_an_error(line: str, tmp_path: Path) -> None:
    lines = ["first: -"] if line == "expect: fine" else ["expect: failed", "first: -"]
    (tmp_path / "vector.txt").write_text("\n".join([*lines, line]))
    with pytest.raises(ValueError, match="unknown"):
        read_vector(tmp_path / "vector.txt")


def test_the_printed_scripts_agree_where_they_can() -> None:
    """That of a whole recording and that of an excerpt, each on its own."""
    scripts = Path(bag.__file__).with_name("standalone")
    blind = {"no-pin", "wrong-pin", "wrong-origin", "no-stamp", "quorum-not-met", "stamped-other"}
    blind |= {"rewritten", "cosigned-early", "byte-in-manifest", "ahead-of-now", "other-format"}
    blind |= {"custody-other-key", "custody-kept", "custody-segment", "head-other", "head-longer", "token-garbage"}
    blind |= {"not-required", "count-in-close", "reopened-in-silence", "reopened-as-if-off", "number-left-out"}
    blind |= {"pause-nobody", "excerpt-rap", "key-used-unnumbered", "released-alone", "excerpt-rewrapped-stranger"}
    blind |= {"derived-why", "destroyed-role-of-one", "stamped-early", "tail-resigned"}
    for name in NAMES:
        vector = read_vector(VECTORS / name / "vector.txt")
        data = VECTORS / name / "bag/data"
        script = scripts / ("tree.py" if (data / "journal.jsonl").exists() else "proofs.py")
        done = subprocess.run([sys.executable, str(script), str(data)], capture_output=True, timeout=60, check=False)
        passes = vector["expect"] in ("verified", "gaps") or name in blind
        assert (done.returncode == 0) is passes, f"{name}: {done.stdout!r} {done.stderr!r}"
