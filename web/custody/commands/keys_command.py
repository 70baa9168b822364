"""`vivavoce keys`: makes and shows the key files of authorities, and wraps the keys of a recording anew (docs/keys.md).

`make`, `show` and `rewrap` are for the machine of the authority and need no installation: only there is the identity.
The others are the court's (`recipient_commands`). Nothing here prints a secret key.
"""

import argparse
import getpass
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pyrage

from hearings.errors import HearingsError
from hearings.signatures.recipients import fingerprint
from media.evidence.check import policy
from media.evidence.log.journal_lines import key_of_file
from media.evidence.seal import age, keyfile, rewrapping
from media.evidence.seal.client import SealSilentError
from media.evidence.seal.seal_key import SealKeyError, read_private
from web.custody.commands import recipient_commands, seal_command
from web.operation.older_data import OlderData
from web.settings import SettingsError

ENCRYPTED = b"age-encryption.org/v1\n"
"""How a key file under a passphrase begins."""
KINDS = {True: "post-quantum (mlkem768x25519; age from version 1.3)", False: "X25519"}
POST_QUANTUM = "of the kind that stays closed to a quantum computer: mlkem768x25519"


class KeysRefused(Exception):
    """The command cannot be carried out; the text says why and what to do."""


REFUSALS = (
    *(KeysRefused, age.SealError, SealKeyError, rewrapping.RewrapError, policy.PolicyError),
    *(SettingsError, HearingsError, OlderData, SealSilentError, seal_command.NotHere),
)


def main(arguments: Sequence[str]) -> int:
    """The command; returns its exit code: 2 when it cannot be carried out."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except REFUSALS as error:
        print(f"vivavoce keys: {error}", file=sys.stderr)
    except OSError as error:
        print(f"vivavoce keys: {error.filename}: {error.strerror}", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="vivavoce keys", description="Key files of authorities, and what they open.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text)
        made.set_defaults(command=command)
        return made

    made = add("make", make, "Make a key file for an authority, and print the public halves for the court.")
    made.add_argument("file", type=Path, help="the new file; only its owner can read it")
    made.add_argument("--authority", required=True, help="name of the authority")
    made.add_argument("--policy", type=Path, metavar="FILE", help="what `vivavoce policy` prints at the court")
    made.add_argument("--post-quantum", action="store_true", help=POST_QUANTUM)
    made.add_argument("--escrow", action="store_true", help="for an escrow agent: without a signing key")
    made.add_argument("--passphrase", action="store_true", help="encrypt the file; it is asked for")
    shown = add("show", show, "Show what a key file or recipient is, and which recordings a key file opens.")
    shown.add_argument("key", help="a key file, or a recipient (age1…)")
    shown.add_argument("--in", dest="folder", type=Path, metavar="FOLDER", help="bags or recordings to try it on")
    anew = add("rewrap", rewrap, "Encrypt the keys of a recording to other recipients; the court takes the file in.")
    anew.add_argument("bag", type=Path, help="a copy of the recording (bag)")
    anew.add_argument("--identity", type=Path, required=True, metavar="FILE", help="key file that opens the recording")
    anew.add_argument(
        "--to", action="append", required=True, metavar="RECIPIENT", help="age1…, or a file with it; may be repeated"
    )
    anew.add_argument(
        "--closed-session", action="append", type=int, default=[], metavar="N",
        help="also the key of this closed session; only for those whom its order names; may be repeated",
    )  # fmt: skip
    anew.add_argument("--out", type=Path, required=True, metavar="FILE", help="the new file for the court")
    recipient_commands.add_to(add)
    seal_command.add_to(add)
    return parser


# --- make --------------------------------------------------------------------------------------------------------


def make(options: argparse.Namespace) -> int:
    """Make a key file, mode 0600; one that is there is never overwritten."""
    lines: list[str] = []
    if options.policy:
        pinned = options.policy.read_bytes()
        policy.parse(pinned)
        lines = [line for line in pinned.decode("ascii").splitlines() if line and not line.startswith("#")]
    made = keyfile.make_with(
        lines, authority=options.authority, signs=not options.escrow, post_quantum=options.post_quantum
    )
    content = made.text.encode()
    if options.passphrase:
        content = pyrage.passphrase.encrypt(content, _new_passphrase())
    write_private(options.file, content)
    print(f"{options.file}: keep it where nobody else can read it, and a copy elsewhere.")
    print(f"kind:        {KINDS[options.post_quantum]}")
    print(f"recipient:   {made.recipient}")
    print(f"fingerprint: {fingerprint(made.recipient)}")
    if made.signing_public:
        print(f"signing key: {made.signing_public}")
    if not lines:
        print("Without --policy nothing is pinned in it: the player asks for a policy. See docs/keys.md.")
    return 0


def write_private(path: Path, content: bytes) -> None:
    """Write a new file that only its owner can read. Raises FileExistsError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _new_passphrase() -> str:
    given = getpass.getpass("Passphrase: ")
    if len(given) < 12:
        raise KeysRefused("a passphrase has at least 12 characters: four or five random words are good")
    if getpass.getpass("Again: ") != given:
        raise KeysRefused("the two are not the same")
    return given


# --- show --------------------------------------------------------------------------------------------------------


def read_key_file(path: Path) -> bytes:
    """The text of a key file; of one under a passphrase, which is asked for. SealKeyError where others can read it."""
    content = read_private(path, "the key file")
    if not content.startswith(ENCRYPTED):
        return content
    try:
        return bytes(pyrage.passphrase.decrypt(content, getpass.getpass(f"Passphrase of {path}: ")))
    except pyrage.DecryptError as error:
        raise KeysRefused("the passphrase is not that of the key file") from error


def show(options: argparse.Namespace) -> int:
    """Print what a key is, never the secret half, and with --in which recordings it opens."""
    if options.key.startswith("age1"):
        _say(age.recipient_of(options.key))
        if options.folder:
            raise KeysRefused("what a recipient can open is seen with its key file only")
        return 0
    text = read_key_file(Path(options.key))
    identity = age.read_identity(text)
    for line in text.decode("utf-8", "replace").splitlines():
        for name, label in (("# authority: ", "authority:  "), ("# signing-public: ", "signing key:")):
            if line.startswith(name):
                print(f"{label} {line.removeprefix(name)}")
    _say(identity.recipient)
    pinned = policy.of_key_file(text)
    print(f"policy:      {len(pinned.splitlines()) if pinned else 'no'} lines")
    for found in recordings_in(options.folder) if options.folder else ():
        print(f"{found}: {opened(found, identity)}")
    return 0


def _say(recipient: age.Recipient) -> None:
    print(f"kind:        {KINDS[age.is_post_quantum(recipient.text)]}")
    print(f"recipient:   {recipient.text}")
    print(f"fingerprint: {fingerprint(recipient.text)}")


def recordings_in(folder: Path) -> list[Path]:
    """The folders at most three levels down that hold the wrapped key of a recording."""
    levels = ("hearing-key.age", "*/hearing-key.age", "*/*/hearing-key.age", "*/*/*/hearing-key.age")
    return sorted(path.parent for level in levels for path in folder.glob(level))


def opened(data: Path, identity: age.Identity) -> str:
    """What of a recording an identity opens, in words."""
    numbers = []
    files = {key_of_file(path.name): path for path in data.glob("hearing-key*.age")}
    for number, path in files.items():
        try:
            age.unwrap(path.read_bytes(), identity)
        except age.SealError:
            continue
        if number is not None:
            numbers.append(number)
    if not numbers:
        return "does not open it"
    stretches = [str(number) for number in sorted(numbers) if number]
    closed = len(files) - len(numbers)
    words = ["opens it" if 0 in numbers else "opens only closed sessions of it"]
    words += [f"with the closed sessions of key {', '.join(stretches)}"] if stretches else []
    words += [f"{closed} key(s) of it stay closed"] if closed else []
    return "; ".join(words)


# --- rewrap ------------------------------------------------------------------------------------------------------


def rewrap(options: argparse.Namespace) -> int:
    """Wrap the keys of a recording anew and write the file for the court. What the identity does not open stays."""
    identity = age.read_identity(read_key_file(options.identity))
    recipients = [_recipient(text) for text in options.to]
    data = options.bag / "data" if (options.bag / "data").is_dir() else options.bag
    made = rewrapping.rewrap(data, identity, recipients, closed=options.closed_session)
    write_private(options.out, made.text().encode())
    print(f"{options.out}: {', '.join(made.files)} of {made.recording}, encrypted to")
    for recipient in recipients:
        print(f"  {fingerprint(recipient)}  {KINDS[age.is_post_quantum(recipient)]}")
    print("Compare the fingerprints with each authority by telephone, then give the file to the court.")
    return 0


def _recipient(text: str) -> str:
    """A recipient as given, or the one line of a file with it."""
    if not text.startswith("age1"):
        lines = [line.strip() for line in Path(text).read_text(encoding="ascii").splitlines()]
        keys = [line for line in lines if line.startswith("age1")]
        if len(keys) != 1:
            raise KeysRefused(f"{text} does not hold one recipient")
        text = keys[0]
    return age.recipient_of(text).text
