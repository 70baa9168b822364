"""`vivavoce receive`: check a copy that another State has released, store it, and sign a receipt for it.

Needs no installation and no network. The copy is stored first and checked where it lies, by two programs that share no
line: the court's own, and the script that VERIFY.txt prints. What is acknowledged is printed first, word for word.
"""

import argparse
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

from hearings.errors import HearingsError
from hearings.models.signature import Act
from hearings.signatures import jws, signatures
from hearings.texts import clean
from media.evidence.check import receipt, verify
from media.evidence.check.bag import copy_file
from media.evidence.check.receipt import Statement, StatementError
from media.evidence.check.verify import USAGE_ERROR, UsageError, VerificationReport, VerificationRequest
from media.evidence.log import journal_lines
from media.evidence.log.custody import LOG
from media.evidence.log.store import sync_folder, write_durably

BAG, RECEIPT = "bag", "receipt.jws"
"""What the folder of a received copy holds."""
SOUND = frozenset({"verified", "gaps"})
SECOND_SECONDS = 24 * 3600
"""How long the second program may take, in seconds."""
_RELEASE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_SEED = re.compile(r"^# signing-key: ([\w-]{43})$", re.M)


class NotReceived(Exception):
    """The copy was not received, and nothing of it was kept; `code` is the exit code."""

    def __init__(self, text: str, code: int = USAGE_ERROR) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Receiver:
    """Who receives: State (ISO 3166-1), name of the person, and the seed of the State's signing key."""

    state: str
    name: str
    seed: bytes


@dataclass(frozen=True)
class Received:
    """A copy that was received: its folder, its receipt, and what its check came to."""

    folder: Path
    receipt: str
    report: VerificationReport


def released_to(bag: Path, state: str, release_key: bytes | None) -> Statement:
    """The release of a bag, if it is to this State. Raises `NotReceived`."""
    try:
        found = receipt.release_in(bag)
    except StatementError as error:
        raise NotReceived(str(error)) from error
    if release_key is not None and not found.signed_by(release_key):
        raise NotReceived("the release is not signed by the key given with --release-key", 20)
    if found.claims["aud"] != state:
        raise NotReceived(f"this copy was released to {found.claims['aud']}, not to {state}")
    if not isinstance(found.body.get("release"), str) or not _RELEASE.fullmatch(found.body["release"]):
        raise NotReceived("the release has no id")
    limits = found.body.get("limits")
    if not isinstance(limits, list) or not all(
        isinstance(one, dict) and set(one) == {"source", "text"} and all(isinstance(text, str) for text in one.values())
        for one in limits
    ):
        raise NotReceived("the limits on use in the release cannot be read")
    return found


def limit_lines(release: Statement) -> list[str]:
    """The limits on use, each behind its source."""
    return [f"{limit['source']}: {limit['text']}" for limit in release.body["limits"]]


def receive(
    bag: Path, into: Path, wanted: VerificationRequest, release: Statement, by: Receiver, now: datetime
) -> Received:
    """Store a copy, check it where it lies, and sign the receipt.

    Raises `NotReceived`; nothing is left then. Effects: `into`/<id of the release>, durable, with the bag and the
    receipt.
    """
    target = into / str(release.body["release"])
    if target.exists():
        raise NotReceived(f"{target} is there already: this copy was received before, and its receipt is in it")
    building = into / f".{target.name}.receiving"
    try:
        into.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir(mode=0o700)
        _copy(bag, building / BAG)
        report = verify.verify(building / BAG, wanted)
        if report.findings.verdict not in SOUND:
            raise NotReceived(report.as_text() + "The copy does not verify. Nothing was kept", report.exit_code)
        _second(building / BAG, report)
        copy = verify.copy_of(building / BAG, report)
        _fits(building / BAG, release, copy)
        body = copy.named(release) | {
            "verdict": report.findings.verdict,
            "received_by": by.name,
            "received_at": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        }
        text = _signed(release, body, by, now)
        write_durably(building / RECEIPT, text.encode("ascii") + b"\n")
        _sync(building)
        building.rename(target)
        sync_folder(into)
    except OSError as error:
        raise NotReceived(f"the copy cannot be stored: {error}") from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return Received(target, text, report)


def _copy(source: Path, target: Path) -> None:
    """Copy regular files. Raises `NotReceived` for anything else: it would not be what was checked."""
    for at, folders, files in os.walk(source):
        here = target / Path(at).relative_to(source)
        here.mkdir(mode=0o700)
        for name in (*folders, *files):
            mode = os.lstat(Path(at) / name).st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                raise NotReceived(f"{name} in the bag is a link or a device", 20)
        for name in files:
            copy_file(Path(at) / name, here / name)


def _sync(folder: Path) -> None:
    """Make every file and folder below durable."""
    for at, _folders, files in os.walk(folder):
        for name in files:
            descriptor = os.open(Path(at) / name, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        sync_folder(Path(at))


def _second(bag: Path, report: VerificationReport) -> None:
    """Check the copy again by the script that VERIFY.txt prints. Raises `NotReceived` when it does not agree."""
    name = "proofs.py" if report.excerpt is not None else "tree.py"
    script = resources.files("media.evidence.check.standalone") / name
    with resources.as_file(script) as path:
        command = [sys.executable, "-I", str(path), str(bag / "data")]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=SECOND_SECONDS, check=False)
    last = ran.stdout.rstrip().rpartition("\n")[2]
    if ran.returncode or not last.startswith("OK: ") or report.root not in last:
        raise NotReceived(f"the second program does not agree: {ran.stderr.strip() or last}. Nothing was kept", 20)


def _fits(bag: Path, release: Statement, copy: receipt.Copy) -> None:
    """Raises `NotReceived` unless the release is for this recording; of a whole one, unless its custody log, which the
    court has sealed, names the statement and its limits."""
    for name in ("origin", "size", "root"):
        if release.body.get(name) != getattr(copy, name):
            raise NotReceived(f"the release names another {name} than this recording has", 20)
    if copy.custody is None:
        return
    lines = [journal_lines.parse(line) for line in (bag / "data" / LOG).read_bytes().splitlines()]
    named: list[Mapping[str, Any]] = [line for line in lines if line["type"] == "released"]
    if not any(line["statement"] == release.sha256 and line["limits"] == limit_lines(release) for line in named):
        raise NotReceived("the custody log of this copy does not name its release: it is another's", 20)


def _signed(release: Statement, body: Mapping[str, Any], by: Receiver, now: datetime) -> str:
    stated = signatures.statement(
        state=by.state,
        other=release.claims["iss"],
        act=Act.receive_recording,
        about=release.claims["about"],
        body=body,
        now=now,
    )
    return signatures.sign(stated, seed=by.seed)


# --- the command -----------------------------------------------------------------------------------------------------


def _parser() -> verify.Parser:
    parser = verify.Parser(prog="vivavoce receive", description="Check, store and acknowledge a released copy.")
    parser.add_argument("--into", type=Path, required=True, metavar="FOLDER", help="where copies are kept")
    parser.add_argument(
        "--key", type=Path, required=True, metavar="FILE", help="key file of your authority, to sign by"
    )
    parser.add_argument("--state", required=True, help="ISO 3166-1 code of your State, such as TH")
    parser.add_argument("--by", required=True, metavar="NAME", help="who receives it, as the receipt says")
    parser.add_argument(
        "--release-key", metavar="KEY", help="public signing key of the releasing State, had from elsewhere"
    )
    parser.add_argument("--acknowledge", action="store_true", help="acknowledge the limits on use, which are printed")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _receiver(options: argparse.Namespace) -> Receiver:
    text = verify.read_file(options.key, "the key file").decode("utf-8", "replace")
    found = _SEED.search(text)
    if found is None:
        raise UsageError(f"{options.key} holds no signing key (# signing-key:)")
    if not re.fullmatch("[A-Z]{2}", options.state):
        raise UsageError("a State is two capital letters, such as TH")
    try:
        return Receiver(state=options.state, name=clean(options.by, "by", most=200, least=1), seed=jws.decode(found[1]))
    except (HearingsError, jws.BadProof) as error:
        raise UsageError(str(error)) from error


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code: 0 or 10 as of `vivavoce verify`, 20 and 30 when the copy does not verify
    or is not what was released, 2 when it was not received for another reason."""
    try:
        options = _parser().parse_args(argv)
        wanted, by = verify.request_of(options, time.time_ns()), _receiver(options)
        key = receipt.public_key(options.release_key) if options.release_key else None
        release = released_to(options.bag, by.state, key)
        if not options.acknowledge:
            print("\n".join(["The copy may be used within these limits:", *limit_lines(release)]))
            raise NotReceived("nothing was stored: --acknowledge acknowledges these limits, word for word")
        made = receive(options.bag, options.into.absolute(), wanted, release, by, datetime.now(UTC))
    except (UsageError, StatementError) as error:
        print(f"vivavoce receive: {error}", file=sys.stderr)
        return USAGE_ERROR
    except NotReceived as error:
        print(f"vivavoce receive: {error}", file=sys.stderr)
        return error.code
    if options.json:
        words = {"folder": str(made.folder), "receipt": made.receipt, "verification": made.report.as_json()}
        print(json.dumps(words, ensure_ascii=False, indent=2))
        return made.report.exit_code
    print(made.report.as_text(), end="")
    print("\n".join(f"limit:     {line}" for line in limit_lines(release)))
    signed = "signed by the key given" if key else "its signature was not checked (--release-key)"
    print(f"release:   {release.body['release']}, of {release.claims['iss']}; {signed}")
    print(f"stored:    {made.folder / BAG}")
    print(f"receipt:   {made.folder / RECEIPT}: send it back to the court that released the copy")
    return made.report.exit_code


if __name__ == "__main__":
    raise SystemExit(main())
