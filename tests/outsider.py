"""Twelve checks of an outsider on a bag, each with a tool that is not ours, and nothing of the court's server.

    .venv/bin/python -m tests.outsider BAG --policy POLICY --key KEYFILE --tsa TSA.PEM --excerpt BAG --pdf CUSTODY.PDF

Exit code 0 when all twelve pass. What is needed: bagit, pymerkle, aics-tlog and case-utils (PyPI), age, jq, openssl,
ffprobe, pdfsig (poppler-utils) and sha256sum. Of this project only the excerpt's and the bag's format are used.
"""

import argparse
import base64
import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import aics_tlog
import bagit
from pymerkle import InmemoryTree

SPKI = bytes.fromhex("302a300506032b6570032100")
"""What stands before the 32 bytes of an Ed25519 public key (RFC 8410)."""


class RefusedError(AssertionError):
    """A check that did not pass."""


@dataclass(frozen=True)
class Papers:
    """What the outsider has: a bag and an excerpt, and by other ways the policy, a key file, the time authority's
    certificate; and the court's custody record."""

    bag: Path
    policy: Path
    key: Path
    tsa: Path
    excerpt: Path
    pdf: Path
    work: Path

    @property
    def data(self) -> Path:
        return self.bag / "data"

    @property
    def lines(self) -> list[bytes]:
        """Of the journal."""
        return (self.data / "journal.jsonl").read_bytes().split(b"\n")[:-1]

    @property
    def note(self) -> aics_tlog.Note:
        """The signed head, as the other tool reads it."""
        return aics_tlog.parse_note((self.data / "checkpoint").read_bytes())

    def vkeys(self, kind: str) -> list[aics_tlog.VKey]:
        """The keys of a kind of lines of the policy: `log`, `witness`."""
        words = [line.split() for line in self.policy.read_text().splitlines()]
        return [aics_tlog.parse_vkey(line[1 if kind == "log" else 2]) for line in words if line[:1] == [kind]]


def run(*command: str | Path, given: bytes = b"") -> bytes:
    """What a tool prints. Raises `RefusedError` with what it says when it fails."""
    done = subprocess.run([str(word) for word in command], input=given, capture_output=True, check=False)
    if done.returncode:
        raise RefusedError(f"{command[0]}: {done.stderr.decode(errors='replace') or done.stdout.decode()}")
    return done.stdout


def require(good: object, what: str) -> None:
    """Raise `RefusedError` unless it is so."""
    if not good:
        raise RefusedError(what)


def bagit_check(papers: Papers) -> str:
    for folder in (papers.bag, papers.excerpt):
        try:
            require(bagit.Bag(str(folder)).validate(), f"{folder.name} is no valid bag")
        except bagit.BagError as error:
            raise RefusedError(str(error)) from error
    return f"{len(list(papers.data.rglob('*')))} files"


def age_check(papers: Papers) -> str:
    own = papers.work / "hearing-key"
    own.write_bytes(run("age", "-d", "-i", papers.key, papers.data / "hearing-key.age"))
    opened = closed = 0
    keys = {path.name for path in papers.data.glob("hearing-key-*.age")}
    for piece in sorted((papers.data / "seg").iterdir()):
        try:
            clear = run("age", "-d", "-i", own, piece)
        except RefusedError:
            closed += 1
            require(keys, f"{piece.name} does not open")
            continue
        opened += 1
        with (papers.work / f"{piece.name.rpartition('-')[0]}.webm").open("ab") as file:
            file.write(clear)
    return f"{opened} pieces opened, {closed} have another key"


def ffprobe_check(papers: Papers) -> str:
    files = sorted(papers.work.glob("*.webm"))
    require(files, "no track was opened")
    for file in files:
        command = ["ffprobe", "-v", "warning", "-count_packets"]
        shown = ["-show_entries", "stream=nb_read_packets", "-of", "csv=p=0"]
        done = subprocess.run([*command, *shown, str(file)], capture_output=True, text=True, check=False)
        require(done.returncode == 0 and not done.stderr, f"{file.name}: {done.stderr}")
        require(int(done.stdout.strip().strip(",") or 0) > 0, f"{file.name} has no packets")
    return f"{len(files)} tracks without a warning"


def hash_check(papers: Papers) -> str:
    program = 'select((.type == "segment" or .type == "init") and .file) | "\\(.sha256)  \\(.file)"'
    listed = run("jq", "-r", program, papers.data / "journal.jsonl")
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet"], input=listed, cwd=papers.data, capture_output=True, check=False
    )
    require(done.returncode == 0, done.stdout.decode() + done.stderr.decode())
    return f"{len(listed.splitlines())} pieces are those of their lines"


def completeness_check(papers: Papers) -> str:
    program = """
      map(select(.type == "segment" or .type == "gap" or .type == "recovered_segment")) | group_by(.track)[]
      | sort_by(.t0) | [.[0].track, (reduce .[1:][] as $l ({t: .[0].t1, holes: 0};
          {holes: (.holes + (if $l.t0 > .t then 1 else 0 end)), t: ([.t, $l.t1] | max)}) | .holes)] | @tsv
    """
    rows = run("jq", "-r", "-s", program, papers.data / "journal.jsonl").decode().splitlines()
    holes = [row for row in rows if not row.endswith("\t0")]
    require(rows and not holes, f"neither recorded nor declared missing: {holes}")
    named = set(run("jq", "-r", ".. | .file? // empty", papers.data / "journal.jsonl").decode().split())
    there = {f"seg/{path.name}" for path in (papers.data / "seg").iterdir()}
    require(there <= named, f"no line names {sorted(there - named)}")
    return f"{len(rows)} tracks, each moment recorded or declared missing"


def pymerkle_check(papers: Papers) -> str:
    tree = InmemoryTree(algorithm="sha256")
    for line in papers.lines:
        tree.append_entry(line)
    head = aics_tlog.parse_checkpoint(papers.note.text)
    require((tree.get_size(), tree.get_root()) == (head.size, head.root), "the journal is not that of the head")
    return f"root over {head.size} lines"


def _pkeyutl(papers: Papers, key: bytes, message: bytes, signature: bytes) -> bool:
    for name, data in (("key.der", SPKI + key), ("message", message), ("signature", signature)):
        (papers.work / name).write_bytes(data)
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "key.der", "-rawin"]
    signed = ["-in", "message", "-sigfile", "signature"]
    done = subprocess.run([*command, *signed], cwd=papers.work, capture_output=True, check=False)
    return done.returncode == 0


def signatures_check(papers: Papers) -> str:
    text = papers.note.text.encode()
    by_key = {(line.name, line.key_id): line.signature for line in papers.note.signatures}
    seals = [key for key in papers.vkeys("log") if (key.name, key.key_id) in by_key]
    require(seals, "no key of the court has signed")
    for key in seals:
        require(_pkeyutl(papers, key.public_key, text, by_key[key.name, key.key_id]), f"{key.name} has not signed this")
    witnesses = papers.vkeys("witness")
    require(len(witnesses) >= 2, "the policy names fewer than two cosigners")
    for key in witnesses:
        blob = by_key.get((key.name, key.key_id))
        require(blob, f"{key.name} has not cosigned")
        assert blob is not None
        at = int.from_bytes(blob[:8], "big")
        message = f"cosignature/v1\ntime {at}\n".encode() + text
        require(_pkeyutl(papers, key.public_key, message, blob[8:]), f"{key.name} has not cosigned this")
    return f"the court and {len(witnesses)} cosigners"


def stamp_check(papers: Papers) -> str:
    token, head = papers.data / "checkpoint.tsr", papers.data / "checkpoint"
    run("openssl", "ts", "-verify", "-in", token, "-data", head, "-CAfile", papers.tsa, "-partial_chain")
    text = run("openssl", "ts", "-reply", "-in", token, "-text").decode()
    return next(line for line in text.splitlines() if line.startswith("Time stamp:"))


def tlog_check(papers: Papers) -> str:
    data = papers.excerpt / "data"
    note = aics_tlog.parse_note((data / "checkpoint").read_bytes())
    (key,) = papers.vkeys("log")
    witnesses = papers.vkeys("witness")
    result = aics_tlog.verify_checkpoint(note, key, witnesses, len(witnesses))
    require(result.ok, f"the head: {result.error}")
    head = aics_tlog.parse_checkpoint(note.text)
    proofs = sorted((data / "proofs").glob("*.tlog-proof"))
    for path in proofs:
        kind, extra, index, *rest = path.read_text().split("\n\n", 1)[0].splitlines()
        require(kind == "c2sp.org/tlog-proof@v1", f"{path.name} is no proof")
        leaf = base64.b64decode(extra.removeprefix("extra "), validate=True)
        way = [base64.b64decode(line, validate=True) for line in rest]
        good = aics_tlog.verify_leaf_inclusion(leaf, int(index.removeprefix("index ")), head.size, way, head.root)
        require(good, f"{path.name} does not lead to the head")
        line = json.loads(leaf)
        if line["type"] in ("segment", "init"):
            require(
                hashlib.sha256((data / line["file"]).read_bytes()).hexdigest() == line["sha256"],
                f"{line['file']} is not that of its proof",
            )
    return f"{len(proofs)} proofs of the excerpt"


def truncation_check(papers: Papers) -> str:
    head = aics_tlog.parse_checkpoint(papers.note.text)
    tree = aics_tlog.MerkleTree()
    tree.extend(papers.lines[:-1])
    require(head.size == len(papers.lines), "lines are missing")
    require(tree.root() != head.root, "a journal without its last line has the same root")
    require(json.loads(papers.lines[-1])["type"] == "close", "the last line is not the close")
    shortened = papers.work / "shortened"
    piece = max((papers.data / "seg").iterdir(), key=lambda path: path.stat().st_size)
    shortened.write_bytes(piece.read_bytes()[:-1])
    try:
        run("age", "-d", "-i", papers.work / "hearing-key", shortened)
    except RefusedError:
        return "a line or a byte less is noticed"
    raise RefusedError("a piece without its last byte opens")


def pdfsig_check(papers: Papers) -> str:
    text = run("pdfsig", "-nocert", papers.pdf).decode()
    require("Signature is Valid." in text and "Total document signed" in text, text)
    return "the custody record's seal is valid over the whole file"


def case_check(papers: Papers) -> str:
    validate = "from case_utils.case_validate import main; main()"
    text = run(sys.executable, "-c", validate, papers.bag / "provenance.jsonld").decode()
    require("Conforms: True" in text, text)
    return "CASE and UCO"


CHECKS: tuple[tuple[str, Callable[[Papers], str]], ...] = (
    ("bagit.py", bagit_check),
    ("age", age_check),
    ("ffprobe", ffprobe_check),
    ("jq and sha256sum", hash_check),
    ("completeness by jq", completeness_check),
    ("pymerkle", pymerkle_check),
    ("openssl pkeyutl", signatures_check),
    ("openssl ts", stamp_check),
    ("aics-tlog", tlog_check),
    ("truncation", truncation_check),
    ("pdfsig", pdfsig_check),
    ("case_validate", case_check),
)
"""In this order: what age opens is looked at by ffprobe."""


def check(papers: Papers) -> dict[str, str]:
    """Make all checks; of each, by its tool, what was found. Raises `RefusedError` at the first that does not pass."""
    found = {}
    for tool, one in CHECKS:
        try:
            found[tool] = one(papers)
        except RefusedError as error:
            raise RefusedError(f"{tool}: {error}") from error
    return found


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bag", type=Path)
    for name in ("policy", "key", "tsa", "excerpt", "pdf"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    with tempfile.TemporaryDirectory() as work:
        try:
            found = check(Papers(**vars(parser.parse_args()), work=Path(work)))
        except RefusedError as error:
            print(f"FAILED {error}")
            return 1
    for number, (tool, text) in enumerate(found.items(), 1):
        print(f"{number:2}. {tool}: {text}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
