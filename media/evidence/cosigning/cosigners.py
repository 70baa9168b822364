"""The cosigners of a court's recordings, as its administrator lists them: a file in the form of a C2SP tlog-policy.

`witness <name> <vkey> <address>` names a cosigner and the address (submission prefix) under which it is asked, `group`
and `quorum` which of them must have signed for a recording to be verified. The `log` lines are added by the product,
which makes it the policy that whoever verifies pins (docs/cosigner.md).
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from media.evidence.check import policy
from media.evidence.log import tlog


class CosignersError(ValueError):
    """The file is not a list of cosigners."""


@dataclass(frozen=True)
class NamedCosigner:
    """One cosigner: its name in the policy, its key, the address it is asked under."""

    name: str
    key: tlog.VerifierKey
    url: str


@dataclass(frozen=True)
class Cosigners:
    """The cosigners in order, and the lines of a policy that name them and the quorum: without addresses, which nobody
    needs who verifies."""

    each: tuple[NamedCosigner, ...] = ()
    lines: tuple[str, ...] = ("quorum none",)

    def policy(self, log_vkeys: Sequence[str]) -> str:
        """The policy of an installation whose seal keys these are."""
        return "".join(f"{line}\n" for line in (*(f"log {key}" for key in log_vkeys), *self.lines))


def read(text: str) -> Cosigners:
    """Read the file. CosignersError, naming what is wrong: nothing is guessed where evidence is at stake."""
    try:
        found = policy.parse(text.encode())
    except policy.PolicyError as error:
        raise CosignersError(str(error)) from None
    if found.logs:
        raise CosignersError("log lines have no place here: the product adds its own")
    each, lines = [], []
    for line in text.splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        lines.append(" ".join(words[:3] if words[0] == "witness" else words))
        if words[0] == "witness":
            if len(words) != 4:
                raise CosignersError(f"the witness {words[1]} has no address")
            each.append(NamedCosigner(words[1], found.witnesses[words[1]], _address(words[3])))
    if not each:
        raise CosignersError("no witness is named")
    return Cosigners(tuple(each), tuple(lines))


def _address(text: str) -> str:
    url = urlsplit(text)
    if url.scheme == "https" and url.hostname and not url.query and not url.fragment:
        return text.rstrip("/")
    if url.scheme == "http" and url.hostname and _is_loopback(url.hostname):
        return text.rstrip("/")
    raise CosignersError(f"{text} is not an address that begins with https://")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
