"""The verdict on a bag: every check of docs/recording-format.md §7, in its order, and the results.

`python -m media.evidence.check.verify BAG --policy FILE` or `vivavoce verify`. Needs no secret key, no network and no
server. Exit codes: 0 verified, 10 verified with declared gaps, 20 failed, 30 cannot verify, 40 a training record that
would have had 0 or 10, 2 usage error.
"""

import argparse
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, Protocol

from media.evidence.check import bag_check, proofs_check, receipt
from media.evidence.check.bag_check import Bag, printable
from media.evidence.check.custody_check import CustodyCheck
from media.evidence.check.files_check import FilesCheck, IdentityError, check_content, read_identities
from media.evidence.check.findings import EXIT_CODES, TRAINING_CODE, TRAINING_WORDS, WORDS, Findings
from media.evidence.check.heads_check import HeadsCheck
from media.evidence.check.journal_check import JournalCheck, is_origin
from media.evidence.check.policy import MAX_BYTES, Policy, PolicyError, of_key_file, parse
from media.evidence.log import custody, tlog
from media.evidence.log.custody import LOG, LOG_CHECKPOINT
from media.evidence.log.journal_lines import MAX_CLOSE, key_of_file
from media.evidence.seal import age, key_use
from media.evidence.seal.client import SealClient

USAGE_ERROR = 2
MAX_SMALL_FILE = 4 * 1024 * 1024
"""Greatest number of bytes read of a checkpoint, token, kept head or proof."""
SHOWN = 20
"""How many failures, and how many gaps, the text output lists."""


class UsageError(ValueError):
    """An argument of the verifier cannot be used; this says nothing about the recording."""


@dataclass(frozen=True)
class VerificationRequest:
    """The options of a verification: the pinned keys, and optional further checks."""

    policy: Policy
    without_stamp: bool = False
    anchors: bytes | None = None
    kept: tuple[tuple[str, bytes], ...] = ()
    origin: str | None = None
    identity: bytes | None = None
    now_ns: int | None = None
    head: tuple[int, bytes] | None = None
    """Size and root of a head of the recording that minutes or a mail name."""
    last: Callable[[str], tlog.Checkpoint | None] | None = None
    """Returns the head that the seal process signed last for an origin; used where recordings are stored."""


@dataclass
class VerificationReport:
    """The verdict and all results it is based on."""

    findings: Findings
    origin: str
    size: int | None
    root: str
    custody: tlog.Checkpoint | None
    """The head of the custody log, as far as it could be read."""
    excerpt: dict[str, tuple[int, int, int]] | None
    """For an excerpt: track → (first number, last number, numbers of the whole)."""
    content: int | None
    """Files whose content was checked with the recording's identities, or None if none was given."""
    keys: tuple[int, ...] = ()
    """Numbers of the recording's keys that were used for that."""

    @property
    def verdict(self) -> str:
        """The verdict as a sentence."""
        words = WORDS[self.findings.verdict]
        if self.excerpt is not None and self.findings.verdict in ("verified", "gaps"):
            runs = ", ".join(
                f"{track} {first}–{last} of {count}" for track, (first, last, count) in self.excerpt.items()
            )
            words += f" (excerpt {runs})"
        return f"{TRAINING_WORDS}: {words}" if self.training else words

    @property
    def training(self) -> bool:
        """Whether it was made in a rehearsal, as its signed origin says."""
        return tlog.is_training(self.origin)

    @property
    def exit_code(self) -> int:
        """The exit code of the command: 0 verified, 10 verified with declared gaps, 20 failed, 30 cannot verify; 40 in
        the place of the first two for a training record."""
        if self.training and self.findings.verdict in ("verified", "gaps"):
            return TRAINING_CODE
        return EXIT_CODES[self.findings.verdict]

    def as_json(self) -> dict[str, Any]:
        """Everything, for programs."""
        findings = self.findings
        return {
            "verdict": findings.verdict,
            "words": self.verdict,
            "training": self.training,
            "exit": self.exit_code,
            "first": findings.first,
            "origin": self.origin,
            "size": self.size,
            "root": self.root,
            "custody": {"size": self.custody.size, "root": self.custody.root.hex()} if self.custody else None,
            "failures": [{"where": item.where, "what": item.what} for item in findings.ordered()],
            "failed": findings.failed,
            "missing": findings.missing,
            "gaps": {cause: {"count": count, "ms": ms} for cause, (count, ms) in sorted(findings.gaps.items())},
            "declared": findings.declared.as_json(),
            "declared_in_all": findings.declared.count,
            "waived": findings.waived,
            "notes": findings.notes,
            "excerpt": self.excerpt,
            "content_checked": self.content,
            "stretches": findings.declared.stretches_as_json(),
        }

    def as_text(self) -> str:
        """The report as text; the origin comes first."""
        findings = self.findings
        lines = [f"origin:    {self.origin}", f"verdict:   {self.verdict}", f"first:     {findings.first}"]
        if self.size is not None:
            lines.append(f"journal:   {self.size} lines, root {self.root}")
        if self.custody is not None:
            lines.append(f"custody:   {self.custody.size} lines, root {self.custody.root.hex()}")
        lines += [f"failed:    {item.where}: {item.what}" for item in findings.ordered()[:SHOWN]]
        if findings.failed > SHOWN:
            lines.append(f"failed:    {findings.failed} in all")
        lines += [f"missing:   {item}" for item in findings.missing]
        for cause, (count, ms) in sorted(findings.gaps.items()):
            lines.append(f"gaps:      {cause}: {count}" + (f", {ms / 1000:.3f} s" if ms else ""))
        lines += [f"gap:       {item}" for item in findings.declared.as_text(SHOWN)]
        lines += [f"own key:   {item}" for item in findings.declared.stretches_as_text()]
        lines += [f"waived:    {item}" for item in findings.waived]
        lines += [f"note:      {item}" for item in findings.notes]
        return "".join(f"{printable(line)}\n" for line in lines)


def verify(folder: Path, wanted: VerificationRequest) -> VerificationReport:
    """Check the bag in a folder; UsageError if there is none or a given file cannot be used."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder")
    findings = Findings()
    return _verdict(bag_check.begin(folder, findings), wanted, findings)


def verify_stored(folder: Path, wanted: VerificationRequest) -> VerificationReport:
    """Check a closed recording in the server's own storage, before it is a bag. UsageError if there is none.

    Accesses may be appended to its custody log meanwhile: when the check fails, it is repeated under the folder's lock.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder")
    report = _stored(folder, wanted)
    if report.findings.verdict == "failed":
        with custody.locked(folder):
            report = _stored(folder, wanted)
    return report


def _stored(folder: Path, wanted: VerificationRequest) -> VerificationReport:
    findings = Findings()
    with tempfile.TemporaryDirectory() as around:
        (Path(around) / "data").symlink_to(folder.absolute())
        return _verdict(bag_check.begin_stored(folder, Path(around), findings), wanted, findings)


def _verdict(bag: Bag, wanted: VerificationRequest, findings: Findings) -> VerificationReport:
    identities = None if wanted.identity is None else _identities(bag, wanted.identity)
    checkpoint = _small(bag, "checkpoint")
    heads = HeadsCheck(wanted.policy, findings, anchors=wanted.anchors, now_ns=wanted.now_ns)
    heads.check_checkpoint(checkpoint, wanted.origin)
    heads.check_token(_small(bag, "checkpoint.tsr"), checkpoint, waived=wanted.without_stamp)
    files = FilesCheck(bag, findings)
    files.collect = identities is not None
    excerpt = custody = journal = None
    if "journal.jsonl" in bag.paths:
        journal = JournalCheck(findings, files, wanted.now_ns)
        custody = _check_logs(bag, heads, files, journal, wanted)
    else:
        bag.finish(findings)
        if wanted.head is not None:
            heads.check_named(wanted.head, None)
        excerpt = proofs_check.check_excerpt(bag, heads, files, checkpoint, wanted.kept, findings)
    heads.check_ends()
    locked, keys = 0, tuple[int, ...]()
    if identities is not None:
        locked, keys = _check_content(bag, files, journal, identities, findings)
    findings.note("tag files of the bag (bag-info.txt, VERIFY.txt …) are outside the seal: nothing is read from them")
    head = heads.head
    return VerificationReport(
        findings,
        origin=printable(head.origin) if head else "unknown",
        size=head.size if head else None,
        root=head.root.hex() if head else "",
        custody=custody,
        excerpt=excerpt,
        content=len(files.segments) - locked if files.collect else None,
        keys=keys,
    )


def _check_logs(
    bag: Bag, heads: HeadsCheck, files: FilesCheck, journal: JournalCheck, wanted: VerificationRequest
) -> tlog.Checkpoint | None:
    """Checks journal and custody log; the head of the custody log, if it can be read."""
    findings = journal.findings
    tree = _read_journal(bag, heads, journal)
    custody = CustodyCheck(findings, files, heads, journal, tree, wanted.now_ns)
    lines = _lines(bag.folder / "data" / LOG) if LOG in bag.paths else None
    custody.check(lines, _small(bag, LOG_CHECKPOINT))
    for name, data in wanted.kept:
        heads.check_kept(name, data, tree, custody)
    if wanted.head is not None:
        heads.check_named(wanted.head, tree)
    if wanted.last is not None and heads.head is not None:
        origin = heads.head.origin
        _check_last(wanted.last(origin), tree, findings.checkpoint)
        _check_last(wanted.last(origin + tlog.CUSTODY), custody.tree, partial(findings.custody, None))
    journal.finish()
    bag.finish(findings)
    if journal.foreign is None:
        if journal.origin is not None and heads.origin is not None and journal.origin != heads.origin:
            findings.checkpoint("the checkpoint's origin is not that of the journal's first line")
        files.finish()
        proofs_check.check_extra_proofs(bag, heads, tree, findings)
        heads.check_times(journal.last_at)
    return custody.head


def _read_journal(bag: Bag, heads: HeadsCheck, journal: JournalCheck) -> tlog.Tree:
    """Checks every line, and the tree of the lines against the checkpoint."""
    findings = journal.findings
    tree = tlog.Tree()
    for index, (raw, whole) in enumerate(_lines(bag.folder / "data/journal.jsonl")):
        if not whole:
            findings.line(index, "the last line does not end in a line feed")
        tree.append(tlog.leaf_hash(raw))
        value = journal.feed(raw)
        if value is not None and value["type"] in ("head", "stamp"):
            origin = heads.origin or journal.origin or ""
            proven = heads.check_line(value, {origin: (tree, index)}, partial(findings.line, index))
            if proven is not None:
                journal.proven_at(proven)
    if heads.head is not None:
        if tree.size != heads.head.size:
            findings.checkpoint(f"the journal has {tree.size} lines, the checkpoint covers {heads.head.size}")
        elif tree.root() != heads.head.root:
            findings.checkpoint("the journal's root is not the one the checkpoint names")
    return tree


def _lines(path: Path) -> Iterator[tuple[bytes, bool]]:
    """The lines without their LF, each with whether it had one. Reads no more of a line than a valid one can have."""
    with path.open("rb") as stream:
        while line := stream.readline(MAX_CLOSE + 2):
            if line.endswith(b"\n"):
                yield line[:-1], True
                continue
            rest = b""
            while len(line) >= MAX_CLOSE + 2 and (rest := stream.readline(MAX_CLOSE)):
                if rest.endswith(b"\n"):
                    break
            yield line, rest.endswith(b"\n")


def _check_last(last: tlog.Checkpoint | None, tree: tlog.Tree, report: Callable[[str], None]) -> None:
    """Checks that a log contains all lines under the head that the seal process signed last."""
    if last is None:
        report("the seal has signed nothing of it")
    elif last.size != tree.size:
        report(f"it has {tree.size} lines, the seal has signed {last.size}")
    elif last.root != tree.root():
        report("it is not the one that the seal has signed")


def _identities(bag: Bag, key_file: bytes) -> Mapping[int, age.Identity]:
    """Read before everything else is checked, which may take hours. Raises UsageError for what is no key file."""
    wrapped = {key_of_file(path): _small(bag, path) for path in sorted(bag.paths)}
    try:
        return read_identities(key_file, {key: data for key, data in wrapped.items() if key is not None})
    except IdentityError as error:
        raise UsageError(str(error)) from None


def _check_content(
    bag: Bag,
    files: FilesCheck,
    journal: JournalCheck | None,
    identities: Mapping[int, age.Identity],
    findings: Findings,
) -> tuple[int, tuple[int, ...]]:
    """Decrypts what the identities open; returns how many files have another key, and the keys used."""
    key_of = journal.key_of if journal is not None else lambda _track, n, _line: None if n else 0
    locked = check_content(bag.folder / "data", files, identities, key_of, findings)
    if locked:
        findings.note(f"not decrypted, since the identity given does not open their key: {locked} file(s)")
    return locked, tuple(identities)


def _small(bag: Bag, path: str) -> bytes | None:
    if path not in bag.paths:
        return None
    try:
        with (bag.folder / "data" / path).open("rb") as stream:
            return stream.read(MAX_SMALL_FILE)
    except OSError:  # named as such when its bag is finished
        return None


# --- the command -----------------------------------------------------------------------------------------------------


class Parser(argparse.ArgumentParser):
    """The arguments of a command on a bag: the bag, and what it is checked by. Raises UsageError for wrong ones."""

    def __init__(self, *, prog: str, description: str) -> None:
        super().__init__(prog=prog, description=description)
        self.add_argument("bag", type=Path, help="the bag's folder")
        self.add_argument(
            "--policy", type=Path, required=True, help="whose seal counts, had from elsewhere than the bag"
        )
        self.add_argument("--without-stamp", action="store_true", help="do not ask for a time-stamp token")
        self.add_argument("--tsa", type=Path, metavar="FILE", help="trust anchors for time-stamp tokens (PEM)")
        self.add_argument("--kept", type=Path, metavar="DIR", help="a folder of heads kept elsewhere")
        self.add_argument("--head", metavar="SIZE:ROOT", help="a head that minutes or a mail name")
        self.add_argument("--origin", help="the recording that is expected: <court>/hearing/<uuid>")

    def error(self, message: str) -> NoReturn:
        """Raise UsageError instead of ending the process."""
        raise UsageError(message)


class PaperReport(Protocol):
    """What was found about a paper that was given beside the bag, such as signed minutes."""

    @property
    def verdict(self) -> str: ...
    def as_json(self) -> dict[str, Any]: ...
    def as_text(self) -> str: ...


CheckPapers = Callable[[VerificationReport], Sequence[PaperReport]]


class Papers(Protocol):
    """Further papers that a command compares with the bag: their arguments, and how they are read and checked."""

    def arguments(self, parser: argparse.ArgumentParser) -> None: ...
    def read(self, options: argparse.Namespace) -> CheckPapers:
        """Read them before the bag is, and return their check, which reads no file. Raises UsageError."""
        ...


def _parser() -> Parser:
    parser = Parser(prog="vivavoce verify", description="Check the recording in a bag.")
    parser.add_argument(
        "--identity", type=Path, metavar="FILE", help="age identity: also decrypt everything and look for WebM"
    )
    parser.add_argument(
        "--key-use", type=Path, metavar="FILE", help="with --identity: a new file that tells the court of this use"
    )
    parser.add_argument("--stored", action="store_true", help="the folder is a recording where the server keeps it")
    parser.add_argument("--seal", type=Path, help="socket of the seal process: the journal is what it signed last")
    parser.add_argument("--receipt", type=Path, metavar="FILE", help="the other State's receipt for this released copy")
    parser.add_argument("--receipt-key", metavar="KEY", help="public signing key of that State, had from elsewhere")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def read_file(path: Path, what: str, limit: int = MAX_SMALL_FILE) -> bytes:
    """The beginning of a file that was named, one byte more than the limit at most. Raises UsageError."""
    try:
        with path.open("rb") as stream:
            return stream.read(limit + 1)
    except OSError as error:
        raise UsageError(f"{what} {path} cannot be read: {error.strerror}") from None


def _kept_heads(folder: Path | None) -> tuple[tuple[str, bytes], ...]:
    if folder is None:
        return ()
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder")
    return tuple((path.name, read_file(path, "the kept head")) for path in sorted(folder.iterdir()) if path.is_file())


def _named_head(text: str) -> tuple[int, bytes]:
    match = re.fullmatch(r"(0|[1-9][0-9]{0,15}):([0-9a-f]{64})", text)
    if match is None:
        raise UsageError("a head is SIZE:ROOT, the root in 64 hexadecimal digits")
    return int(match[1]), bytes.fromhex(match[2])


def request_of(options: argparse.Namespace, now_ns: int) -> VerificationRequest:
    """What is asked for by the arguments of `Parser`. Raises UsageError."""
    pins = read_file(options.policy, "the policy", MAX_BYTES)
    carried = of_key_file(pins)
    try:
        policy = parse(pins if carried is None else carried)
    except PolicyError as error:
        raise UsageError(str(error)) from None
    if options.origin is not None and not is_origin(options.origin):
        raise UsageError("an origin is <court>/hearing/<uuid>")
    return VerificationRequest(
        policy,
        without_stamp=options.without_stamp,
        anchors=read_file(options.tsa, "the file of trust anchors") if options.tsa else None,
        kept=_kept_heads(options.kept),
        origin=options.origin,
        head=_named_head(options.head) if options.head else None,
        now_ns=now_ns,
    )


def main(argv: Sequence[str] | None = None, papers: Papers | None = None) -> int:
    """Runs the command; returns the exit code. Once the bag is checked, its report is printed, whatever fails then."""
    parser = _parser()
    if papers is not None:
        papers.arguments(parser)
    try:
        options = parser.parse_args(argv)
        wanted = replace(
            request_of(options, time.time_ns()),
            identity=read_file(options.identity, "the key file") if options.identity else None,
            last=SealClient(options.seal).last if options.seal else None,
        )
        _require_key_use(options)
        check_receipt = _receipt(options)
        check_papers = papers.read(options) if papers is not None else _none
        report = (verify_stored if options.stored else verify)(options.bag, wanted)
    except UsageError as error:
        print(f"vivavoce verify: {error}", file=sys.stderr)
        return USAGE_ERROR
    except (OSError, custody.CustodyError) as error:
        print(f"vivavoce verify: the bag cannot be read: {error}", file=sys.stderr)
        return USAGE_ERROR
    failing = list[str]()
    receipted: receipt.ReceiptReport | None = None
    beside: Sequence[PaperReport] = ()
    with _noted(failing):
        _tell_key_use(options, report)
    with _noted(failing):
        receipted = check_receipt(report)
    with _noted(failing):
        beside = check_papers(report)
    _print(options, report, receipted, beside)
    for what in failing:
        print(f"vivavoce verify: {what}", file=sys.stderr)
    codes = {report.exit_code, EXIT_CODES[receipted.verdict] if receipted else 0}
    codes |= {EXIT_CODES[one.verdict] for one in beside}
    if EXIT_CODES["failed"] in codes:
        return EXIT_CODES["failed"]
    return USAGE_ERROR if failing else max(codes)


def _none(_report: VerificationReport) -> Sequence[PaperReport]:
    return ()


@contextmanager
def _noted(failing: list[str]) -> Iterator[None]:
    """Around what is done after the check of the bag: an error is kept in words, the report printed all the same."""
    try:
        yield
    except (UsageError, OSError) as error:
        failing.append(str(error))


def _print(
    options: argparse.Namespace,
    report: VerificationReport,
    receipted: receipt.ReceiptReport | None,
    beside: Sequence[PaperReport],
) -> None:
    if options.json:
        more: dict[str, Any] = {"receipt": receipted.as_json()} if receipted else {}
        more |= {"minutes": [one.as_json() for one in beside]} if beside else {}
        print(json.dumps(report.as_json() | more, ensure_ascii=False, indent=2))
    else:
        told = "".join(one.as_text() for one in beside)
        print(report.as_text() + (receipted.as_text() if receipted else "") + told, end="")


def _require_key_use(options: argparse.Namespace) -> None:
    """Before anything is checked: that a note of the use of a key can be written. Raises UsageError."""
    path: Path | None = options.key_use
    if path is None:
        return
    if options.identity is None:
        raise UsageError("--key-use goes with --identity, of a key file that opens the recording")
    if path.exists() or path.is_symlink():
        raise UsageError(f"{path} cannot be written: it is there already")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise UsageError(f"{path} cannot be written: {path.parent} is no folder that can be written to")


def _tell_key_use(options: argparse.Namespace, report: VerificationReport) -> None:
    """Write the note of a use of a key for the court, or say how. UsageError when it cannot be written."""
    if options.key_use is None and report.keys:
        print("note: a key was used; with --key-use FILE a note is written for the court's log", file=sys.stderr)
    if options.key_use is None or not report.keys:
        return
    note = key_use.made(report.origin, report.keys, "verify", datetime.now(UTC))
    try:
        with options.key_use.open("x", encoding="utf-8") as file:
            json.dump(note.as_json(), file, indent=1)
    except OSError as error:
        raise UsageError(f"a key was used, but {options.key_use} cannot be written: {error.strerror}") from None
    print(f"key use:   bring {options.key_use} to the recording's page Keys at the court", file=sys.stderr)


def copy_of(folder: Path, report: VerificationReport) -> receipt.Copy:
    """What a receipt must name of a bag that was checked. Raises `OSError`."""
    head = report.custody
    custody_head = (head.size, head.root.hex()) if head else None
    return receipt.Copy(report.origin, report.size, report.root, custody_head, receipt.bag_sha256(folder))


def _receipt(options: argparse.Namespace) -> Callable[[VerificationReport], receipt.ReceiptReport | None]:
    """Read the receipt and its key, and return its check against the copy that was checked. Raises UsageError."""
    if options.receipt is None:
        return lambda _report: None
    if options.stored:
        raise UsageError("a receipt is for a bag, not for a stored recording")
    try:
        key = receipt.public_key(options.receipt_key) if options.receipt_key else None
    except receipt.StatementError as error:
        raise UsageError(f"--receipt-key: {error}") from None
    text = read_file(options.receipt, "the receipt", receipt.MOST).decode("ascii", "replace")
    return lambda report: receipt.check(text, key, options.bag, copy_of(options.bag, report))


if __name__ == "__main__":
    raise SystemExit(main())
