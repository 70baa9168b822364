"""Export of a recording's folder as a bag (RFC 8493) that anyone can check without our software
(docs/recording-format.md §6).

A bag is a copy: it is built in a temporary folder and renamed when it is complete; after a power cut, export again.
"""

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import metadata, resources
from pathlib import Path

import bagit

from media.evidence.check.bag_check import STORED, read_bag
from media.evidence.check.findings import Findings
from media.evidence.check.hash_worker import READ_BYTES
from media.evidence.check.policy import Policy
from media.evidence.check.verify import VerificationReport, VerificationRequest, verify
from media.evidence.log import custody, provenance, tlog
from media.evidence.log.custody import Accessor, CustodyError
from media.evidence.log.journal_lines import Line
from media.evidence.log.proof import CourtSeal

VERIFY_TEXT = "VERIFY.txt"
TREE_SCRIPT = "tree.py"
EXCERPT_TEXT = "VERIFY-EXCERPT.txt"
PROOFS_SCRIPT = "proofs.py"
TRAINING_NOTICE = """TRAINING, NOT EVIDENCE
======================
This is the record of a rehearsal, with invented people. Its origin begins with "training.", which stands under the
signature of the key that sealed it. What follows shows that nobody has changed it, and nothing else.

"""
_DECLARATION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"


class ExportError(Exception):
    """The bag could not be made; nothing is left of it."""


class UnsoundError(ExportError):
    """The bag does not verify, so it was not handed out; `report` says why."""

    def __init__(self, report: VerificationReport) -> None:
        super().__init__(f"the recording does not verify: {report.verdict}, first {report.findings.first}")
        self.report = report


@dataclass(frozen=True)
class Exported:
    """A bag that was made."""

    folder: Path
    head: tlog.Checkpoint
    """The head at which the recording was closed, the same in every copy."""
    tagmanifest_sha256: str
    """SHA-256 of `tagmanifest-sha256.txt`: names the whole bag."""
    size: int
    """Bytes of payload."""
    verdict: str
    """Report of the verification of the bag, as text."""
    custody: tlog.Checkpoint | None = None
    """The head of the custody log in the bag; None of a recording exported despite what is wrong with it."""


def export(
    folder: Path,
    target: Path,
    seal: CourtSeal,
    by: Accessor,
    why: str,
    now: datetime,
    *,
    kept: Sequence[tlog.Checkpoint] = (),
    despite: str = "",
    released: Sequence[Line] = (),
    tags: Mapping[str, str] | None = None,
) -> Exported:
    """Copy a closed recording into a new bag at `target`, and verify the bag before it has its name.

    Effects, in order: an `access` line (what: export) and its signed head, durable; the bag, complete, under its
    name. `by` is the recipient of the bag, `kept` are heads that others kept. NotClosedError, NotProvenError or
    CustodyError: the recording cannot be appended to, nothing was written; ExportError: the bag could not be written or
    does not verify, the `access` line stays, since the export was attempted. `despite` is the order to export a
    recording that fails verification: nothing is appended where that is impossible; the bag states verdict and order.
    `released` are lines to append behind the `access` line, `tags` further tag files of the bag by their names.
    The recording is locked while the lines are written and what may still change is copied, not while the rest is.
    """
    if now.tzinfo is None:
        raise ValueError("a naive datetime")
    if target.exists():
        raise ExportError(f"{target} is there already")
    building = target.with_name(f".{target.name}.{secrets.token_hex(4)}.building")
    seconds = int(now.timestamp())
    with custody.locked(folder):
        access = by.line("export", despite or why)
        try:
            at = seconds * 10**9 + now.microsecond * 1000
            heads = custody.record_locked(folder, [access, *released], seal, at, kept)
            head, log = heads.recording, heads.custody
        except custody.NotProvenError:
            if not despite:
                raise
            head, log = _claimed(folder), None
        try:
            building.mkdir(mode=0o700)
            frozen, manifest = _copy_changing(folder, building / "data")
        except OSError as error:
            shutil.rmtree(building, ignore_errors=True)
            raise ExportError(f"the bag cannot be written: {error.strerror}") from error
    try:
        manifest |= _copy_payload(folder, building / "data", frozen)
        made = _finish(building, target, head, manifest, now, seal, despite, tags or {})
        return replace(made, custody=log)
    except OSError as error:
        raise ExportError(f"the bag cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _claimed(folder: Path) -> tlog.Checkpoint:
    """The head stored beside a recording that does not match what was signed: an unverified claim."""
    try:
        return tlog.parse_checkpoint(tlog.parse_note((folder / custody.CHECKPOINT).read_bytes()).text)
    except (OSError, ValueError) as error:
        raise ExportError(f"the recording has no checkpoint to name it by: {error}") from error


def _verdict(building: Path, head: tlog.Checkpoint, seal: CourtSeal) -> VerificationReport:
    name = tlog.key_name(head.origin)
    logs = tuple(tlog.VerifierKey(name, tlog.ED25519, key) for key in seal.trust().public_keys())
    return verify(building, VerificationRequest(Policy(logs=logs), without_stamp=True, origin=head.origin))


def _finish(
    building: Path,
    target: Path,
    head: tlog.Checkpoint,
    manifest: dict[str, str],
    now: datetime,
    seal: CourtSeal,
    despite: str,
    tags: Mapping[str, str],
) -> Exported:
    beside = {**_provenance(building, head), **tags}
    write_tags(building, head, manifest, now, beside=beside)
    report = _verdict(building, head, seal)
    if report.findings.verdict in ("failed", "cannot"):
        if not despite:
            raise UnsoundError(report)
        more = {"Verdict-At-Export": report.verdict, "Exported-Despite": despite}
        write_tags(building, head, manifest, now, more, beside=beside)
    tagmanifest = hashlib.sha256((building / "tagmanifest-sha256.txt").read_bytes()).hexdigest()
    bagit.Bag(str(building)).validate(completeness_only=True)  # type: ignore[no-untyped-call]
    building.rename(target)
    return Exported(target, head, tagmanifest, sum((target / path).stat().st_size for path in manifest), report.verdict)


def _provenance(building: Path, head: tlog.Checkpoint) -> dict[str, str]:
    """What the logs say, in the words of forensic tools; nothing where they cannot be read, which the verdict says."""
    logs = (building / "data" / custody.JOURNAL, building / "data" / custody.LOG)
    try:
        journal, kept = (path.read_bytes().split(b"\n")[:-1] for path in logs)
        return {provenance.FILE: provenance.document(head.origin, journal, kept).decode()}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def write_tags(
    building: Path,
    head: tlog.Checkpoint,
    manifest: Mapping[str, str],
    now: datetime,
    more: Mapping[str, str] | None = None,
    *,
    text: str = "",
    beside: Mapping[str, str] | None = None,
) -> None:
    """Write the tag files of a bag. `manifest`: path → SHA-256 of the payload; `more`: fields of bag-info.txt beside
    the usual ones, or in their place; `text`: VERIFY.txt, that of a whole recording unless given; `beside`: further tag
    files by their names."""
    size = sum((building / path).stat().st_size for path in manifest)
    tags = {
        "bagit.txt": _DECLARATION,
        "bag-info.txt": _bag_info(head.origin, size, len(manifest), now, more or {}),
        "manifest-sha256.txt": "".join(f"{digest}  {path}\n" for path, digest in sorted(manifest.items())),
        VERIFY_TEXT: text or verify_text(head),
        **(beside or {}),
    }
    for name, text in tags.items():
        (building / name).write_text(text, encoding="utf-8", newline="")
    for algorithm in ("sha256", "sha512"):
        lines = (f"{hashlib.new(algorithm, tags[name].encode()).hexdigest()}  {name}\n" for name in sorted(tags))
        (building / f"tagmanifest-{algorithm}.txt").write_text("".join(lines), encoding="utf-8", newline="")


def check(folder: Path) -> Findings:
    """Whether a folder is a complete and valid bag, whatever is in it; the verdict on the recording is `verify`."""
    findings = Findings()
    read_bag(folder, findings)
    return findings


def verify_text(head: tlog.Checkpoint) -> str:
    """VERIFY.txt: how to check the bag with tools that are not ours, with the tree script printed in full."""
    return _filled(VERIFY_TEXT, TREE_SCRIPT, head)


def excerpt_text(head: tlog.Checkpoint) -> str:
    """VERIFY.txt of an excerpt, with the script that checks its proofs."""
    return _filled(EXCERPT_TEXT, PROOFS_SCRIPT, head)


def _filled(text_name: str, script_name: str, head: tlog.Checkpoint) -> str:
    here = resources.files("media.evidence.check.standalone")
    text = (here / text_name).read_text(encoding="utf-8")
    script = (here / script_name).read_text(encoding="utf-8")
    values = {
        "ORIGIN": head.origin,
        "COURT": tlog.key_name(head.origin),
        "SIZE": str(head.size),
        "ROOT": head.root.hex(),
        "SCRIPT": script.rstrip("\n"),
    }
    filled = re.sub(r"@([A-Z]+)@", lambda match: values[match[1]], text)
    return TRAINING_NOTICE + filled if tlog.is_training(head.origin) else filled


def _bag_info(origin: str, size: int, count: int, now: datetime, more: Mapping[str, str]) -> str:
    fields = {
        "Bag-Software-Agent": f"Vivavoce {metadata.version('vivavoce')}",
        "Bagging-Date": now.date().isoformat(),
        "External-Identifier": origin,
        "Payload-Oxum": f"{size}.{count}",
        "Recording-Scope": "full",
        **({"Training-Record": "made in a rehearsal; not evidence"} if tlog.is_training(origin) else {}),
        **{name: " ".join(value.split()) for name, value in more.items()},
    }
    return "".join(f"{name}: {value}\n" for name, value in fields.items())


def _copy_changing(folder: Path, data: Path) -> tuple[list[str], dict[str, str]]:
    """Copy the files of a closed recording that may still change: custody log, heads, stamp, keys. Returns the paths of
    the others, which do not, and of those copied the path in the bag → SHA-256. The caller holds the lock."""
    paths = list(_files(folder))
    if custody.JOURNAL not in paths:
        raise CustodyError("the recording has no journal")
    frozen = [path for path in paths if "/" in path or path == custody.JOURNAL]
    return frozen, _copy_payload(folder, data, sorted(set(paths) - set(frozen)))


def _copy_payload(folder: Path, data: Path, paths: Sequence[str]) -> dict[str, str]:
    """Copy files of a recording; path in the bag → SHA-256."""
    manifest: dict[str, str] = {}
    for path in paths:
        copy = data / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        manifest[f"data/{path}"] = copy_file(folder / path, copy)
    return manifest


def _files(folder: Path) -> Iterator[str]:
    for at, names, files in os.walk(folder):
        names.sort()
        for name in sorted(files):
            path = (Path(at) / name).relative_to(folder).as_posix()
            if STORED.fullmatch(path) and not (folder / path).is_symlink():
                yield path


def copy_file(source: Path, copy: Path) -> str:
    """Copy a file to a new one; the SHA-256 of what was copied."""
    hasher = hashlib.sha256()
    with source.open("rb", buffering=0) as reader, copy.open("xb", buffering=0) as writer:
        while block := reader.read(READ_BYTES):
            hasher.update(block)
            writer.write(block)
    return hasher.hexdigest()
