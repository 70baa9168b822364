"""RFC 3161 time-stamp tokens, checked with the `openssl` command (docs/recording-format.md §5).

They are taken in `media.evidence.stamping`.
"""

import hashlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TIME = re.compile(r"^Time stamp: (\w{3}) +(\d+) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9})\d*)? (\d{4}) GMT$", re.MULTILINE)
_LIMIT_S = 30

KEY_ENDS = (
    ("rsa", 2048, date(2013, 12, 31)),
    ("rsa", 3072, date(2030, 12, 31)),
    ("", 0, date(2035, 12, 31)),
)
"""How long a signature of an authority's key is relied on, by its kind and, below so many bits, its last day: the first
row that fits counts; "" is every kind (NIST SP 800-131A, SP 800-57 part 1, IR 8547)."""
_KINDS = {"rsassa_pss": "rsa"}
"""Kinds of keys that are those of another algorithm, certified for one use of it (RFC 4055 §1.2)."""


class StampError(ValueError):
    """A token that does not verify."""


class StampUnavailable(RuntimeError):
    """Tokens cannot be checked here."""


class Imprint(bytes):
    """The SHA-256 of what was time-stamped, where that is not at hand itself (message imprint, RFC 3161 §2.4.1)."""


def imprint_of(data: bytes) -> bytes:
    """The SHA-256 of the data, or the digest that was given in place of them."""
    return bytes(data) if isinstance(data, Imprint) else hashlib.sha256(data).digest()


def require_token_over(tsr: bytes, data: bytes) -> None:
    """Raise StampError unless it is a TimeStampResp that was granted, with a token over the SHA-256 of exactly `data`.

    RFC 3161 §2.4.2. Does not verify the signer: that needs trust anchors, see `check_token`.
    """
    from asn1crypto import tsp  # slow to load, and few recordings have a token

    try:
        response = tsp.TimeStampResp.load(tsr, strict=True)
        if response["status"]["status"].native != "granted":
            raise StampError("it was not granted")
        token = response["time_stamp_token"]
        if token["content_type"].native != "signed_data":
            raise StampError("it holds no signed token")
        info = token["content"]["encap_content_info"]["content"].parsed
        if not isinstance(info.native["gen_time"], datetime) or not response.native:  # reads all of it
            raise StampError("it names no time")
        imprint = info["message_imprint"]
        algorithm, digest = imprint["hash_algorithm"]["algorithm"].native, imprint["hashed_message"].native
    except StampError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise StampError("it was not granted" if _is_refusal(tsr) else "it is not a time-stamp token") from error
    if algorithm != "sha256":
        raise StampError("its imprint is not by SHA-256")
    if digest != imprint_of(data):
        raise StampError("it is over something else")


def _is_refusal(tsr: bytes) -> bool:
    """Whether it is an answer without a token, with a status that says why (RFC 3161 §2.4.2)."""
    from asn1crypto import core, tsp

    try:
        parts = core.Sequence.load(tsr, strict=True)
        return len(parts) == 1 and tsp.PKIStatusInfo.load(parts[0].dump())["status"].native != "granted"
    except (ValueError, TypeError, KeyError, AttributeError):
        return False


def check_token(tsr: bytes, data: bytes, anchors: bytes) -> int:
    """The time of a token over exactly these bytes, in ns since 1970.

    Status 0, imprint by SHA-256, and the chain, at the token's own time, to any certificate among the anchors (PEM).
    """
    openssl = shutil.which("openssl")
    if openssl is None:
        raise StampUnavailable("the openssl command, to check the time-stamp token")
    with tempfile.TemporaryDirectory(prefix="vivavoce-stamp-") as name:
        folder = Path(name)
        (folder / "token").write_bytes(tsr)
        (folder / "anchors").write_bytes(anchors)
        read = _run([openssl, "ts", "-reply", "-in", "token", "-text"], folder)
        if "Status: Granted.\n" not in read:
            raise StampError("it was not granted")
        if not re.search(r"^Hash Algorithm: sha256$", read, re.MULTILINE):
            raise StampError("its imprint is not by SHA-256")
        time_ns = _time(read)
        chain = ["-CAfile", "anchors", "-partial_chain", "-attime", str(time_ns // 10**9)]
        _run([openssl, "ts", "-verify", "-in", "token", "-digest", imprint_of(data).hex(), *chain], folder)
    return time_ns


def end_of(tsr: bytes) -> int | None:
    """Until when the certificate that signed a token is valid and its key relied on (`KEY_ENDS`), ns since 1970.

    None where the token does not hold that certificate, or cannot be read. Verifies nothing.
    """
    from asn1crypto import tsp

    try:
        signed = tsp.TimeStampResp.load(tsr, strict=True)["time_stamp_token"]["content"]
        signer = signed["signer_infos"][0]["sid"].chosen
        wanted = signer["issuer"].dump(), signer["serial_number"].native
        for choice in signed["certificates"]:
            certificate = choice.chosen
            if (certificate.issuer.dump(), certificate.serial_number) != wanted:
                continue
            key = certificate.public_key
            its = _KINDS.get(key.algorithm, key.algorithm)
            bits = key["public_key"].parsed["modulus"].native.bit_length() if its == "rsa" else 0
            last = next(day for kind, below, day in KEY_ENDS if kind in ("", its) and (not below or bits < below))
            relied = datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1)
            return int(min(certificate.not_valid_after, relied).timestamp()) * 10**9
    except (ValueError, TypeError, KeyError, AttributeError, IndexError):
        return None
    return None


@dataclass(frozen=True)
class Stamped:
    """A token of a `stamp` line of a custody log that verifies."""

    line: int
    """Index of its line."""
    covers: int
    """How many lines of the custody log the head has that it is over; 0 of a head of the journal."""
    tsr: bytes
    at_ns: int
    end_ns: int | None
    """`end_of` it."""


def counting(stamps: Sequence[Stamped], now_ns: int) -> list[Stamped]:
    """Those that count at a time: whose certificate has not ended, or which were renewed before it did. `stamps` in the
    order of their lines."""
    found: list[Stamped] = []
    for one in reversed(stamps):
        if one.end_ns is None or now_ns <= one.end_ns or renewed(one.line, one.end_ns, found):
            found.append(one)
    return found[::-1]


def renewed(line: int, end_ns: int, later: Iterable[Stamped]) -> bool:
    """Whether a token in this line of the custody log, with this end, is covered by a later one taken before that."""
    return any(one.covers > line and one.at_ns <= end_ns for one in later)


def _time(text: str) -> int:
    match = _TIME.search(text)
    if not match or match[1] not in _MONTHS:
        raise StampError("it names no time")
    day, hour, minute, second = (int(match[group]) for group in (2, 3, 4, 5))
    try:
        at = datetime(int(match[7]), _MONTHS.index(match[1]) + 1, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise StampError("it names no time") from None
    return int(at.timestamp()) * 10**9 + int((match[6] or "").ljust(9, "0"))


def _run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_LIMIT_S, check=False)
    if done.returncode:
        said = [line for line in done.stderr.strip().splitlines() if not line.startswith("Using configuration from")]
        raise StampError((said or ["openssl refuses it"])[0])
    return done.stdout
