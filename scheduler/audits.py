"""Custody audits: a stored recording is verified by the same code as anywhere, in a process of its own."""

import asyncio
import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

LIMIT = 3600.0
"""Seconds an audit may take; the longest recordings take minutes."""
GOOD = frozenset({"verified", "gaps"})


@dataclass(frozen=True)
class Verdict:
    """The result of an audit. `verdict` is one of `media.evidence.check.findings.WORDS`, or `unreadable`."""

    verdict: str
    first: str = ""
    size: int | None = None
    root: str = ""

    @property
    def good(self) -> bool:
        """Whether nothing needs to be done."""
        return self.verdict in GOOD


async def audit(folder: Path, pins: str, seal: Path | None = None, anchors: bytes = b"") -> Verdict:
    """Verify a recording where it is kept, against the seal process's last head too where its socket is given, and its
    time-stamp, if it has one, by the trust anchors (PEM).

    At low priority, because hearings may be going on. Changes nothing.
    """
    if not folder.is_dir():
        return Verdict("unreadable", "the recording's folder is not there")
    with tempfile.TemporaryDirectory() as room:
        policy = Path(room) / "policy.txt"
        policy.write_text(pins, encoding="utf-8")
        command = [sys.executable, "-m", "media.evidence.check.verify", str(folder), "--stored"]
        command += ["--policy", str(policy), "--json"]
        if anchors and (folder / "checkpoint.tsr").exists():
            (Path(room) / "tsa.pem").write_bytes(anchors)
            command += ["--tsa", str(Path(room) / "tsa.pem")]
        else:
            command += ["--without-stamp"]
        command += ["--seal", str(seal)] if seal is not None else []
        process = await asyncio.create_subprocess_exec(
            "nice",
            "-n",
            "15",
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(LIMIT):
                out, _ = await process.communicate()
        except BaseException as error:
            if process.returncode is None:
                process.kill()
                await process.wait()
            if isinstance(error, TimeoutError):
                return Verdict("unreadable", "it took too long")
            raise
    return read(out)


def read(out: bytes) -> Verdict:
    """The verdict from the verifier's output."""
    try:
        verdict = json.loads(out)
        return Verdict(str(verdict["verdict"]), str(verdict["first"])[:300], verdict["size"], str(verdict["root"]))
    except (ValueError, KeyError, TypeError):
        return Verdict("unreadable", "the verifier gave no verdict")
