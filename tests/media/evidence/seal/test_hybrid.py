"""Post-quantum recipients: C2SP's vectors, what the browser's library reads and writes, and headers of both kinds."""

import base64
import hashlib
import json
import shutil
import subprocess
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from media.evidence.seal import age, age_file, hybrid
from media.evidence.seal.age_file import SealError

FRONTEND = Path(__file__).parents[4] / "web" / "frontend"
SCRIPT = Path(__file__).parent / "vectors.mjs"


def npm(**asked: Any) -> dict[str, str]:
    """What the libraries of the browser code answer."""
    words, told = [shutil.which("node") or "node", str(SCRIPT)], json.dumps(asked)
    done = subprocess.run(words, cwd=FRONTEND, input=told, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    answer: dict[str, str] = json.loads(done.stdout)
    return answer


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


@cache
def vectors() -> dict[str, tuple[dict[str, str], bytes]]:
    """By name the head and the file of each vector of C2SP/CCTV that is not armored."""
    found = {}
    for name, data in npm(vectors=True).items():
        head, _, body = base64.b64decode(data).partition(b"\n\n")
        told = dict(line.split(": ", 1) for line in head.decode().splitlines())
        if "armored" not in told:
            found[name] = (told, zlib.decompress(body) if told.get("compressed") == "zlib" else body)
    return found


def opened(told: dict[str, str], body: bytes) -> str:
    """SHA-256 of what a file holds, "" when it is refused: by the identity, else by the file key that is told."""
    try:
        if told.get("identity", "").startswith(hybrid.IDENTITY):
            clear = hybrid.HybridIdentity(told["identity"]).unseal(body)
        else:
            clear = age_file.open_payload(body, age_file.read_header(body), bytes.fromhex(told["file key"]))
    except SealError:
        return ""
    return hashlib.sha256(clear).hexdigest()


def test_every_hybrid_vector_comes_out_as_it_says() -> None:
    asked = {name: vector for name, vector in vectors().items() if name.startswith("hybrid") and "_arg" not in name}
    assert len(asked) > 15 and any(told["expect"] == "success" for told, _ in asked.values())
    for name, (told, body) in asked.items():
        assert opened(told, body) == (told["payload"] if told["expect"] == "success" else ""), name


def test_every_vector_of_header_and_payload_comes_out_as_it_says() -> None:
    kinds = ("stanza", "hmac", "header", "stream", "version", "empty")
    asked = {name: vector for name, vector in vectors().items() if name.startswith(kinds) and "file key" in vector[0]}
    assert len(asked) > 40
    for name, (told, body) in asked.items():
        assert opened(told, body) == (told["payload"] if told["expect"] == "success" else ""), name


def test_the_library_of_the_browser_opens_what_is_sealed_here_and_the_other_way_round() -> None:
    identity = hybrid.make_hybrid_identity()
    clear = b"clear" * 40_000
    told = npm(identity=identity.text(), open=text(identity.recipient.seal(clear)))
    assert (base64.b64decode(told["clear"]), told["recipient"]) == (clear, identity.recipient.text)
    sealed = npm(seal=text(clear), to=[identity.recipient.text])["sealed"]
    assert identity.unseal(base64.b64decode(sealed)) == clear


def test_a_key_wrapped_to_both_kinds_is_opened_by_each_of_them(tmp_path: Path) -> None:
    old, new, recording = age.make_identity(), age.make_identity(post_quantum=True), age.make_identity()
    wrapped = age.wrap(recording, [old.recipient.text, new.recipient.text])
    for authority in (old, new):
        assert age.unwrap(wrapped, authority).text() == recording.text()
        told = npm(identity=authority.text(), open=text(wrapped))
        assert base64.b64decode(told["clear"]).decode() == f"{recording.text()}\n"
    (tmp_path / "old.key").write_text(old.text())
    done = subprocess.run(["age", "-d", "-i", str(tmp_path / "old.key")], input=wrapped, capture_output=True)
    assert done.stdout.decode() == f"{recording.text()}\n"
    with pytest.raises(SealError):
        age.unwrap(wrapped, age.make_identity(post_quantum=True))


@pytest.mark.parametrize(
    ("kinds", "expected"), [((True, True), True), ((True, False), False), ((False,), False), ((), False)]
)
def test_a_recording_is_post_quantum_when_all_of_its_recipients_are(kinds: tuple[bool, ...], expected: bool) -> None:
    recipients = [age.make_identity(post_quantum=kind).recipient.text for kind in kinds]
    made = age.make_recording_identity(recipients)
    assert age.is_post_quantum(made.recipient.text) is expected
    assert made.unseal(age.recipient_of(made.recipient.text).seal(b"clear")) == b"clear"


def test_an_altered_or_foreign_file_is_refused() -> None:
    identity = age.make_identity(post_quantum=True)
    sealed = identity.recipient.seal(b"clear" * 30_000)
    for data in (sealed[:-1] + bytes([sealed[-1] ^ 1]), sealed[:-20], sealed[:40], sealed[:2_000], b""):
        with pytest.raises(SealError):
            identity.unseal(data)
    with pytest.raises(SealError):
        age.make_identity(post_quantum=True).unseal(sealed)
    with pytest.raises(SealError):
        identity.unseal(age.make_identity().recipient.seal(b"clear"))


CHANGES = [str.upper, lambda text: text[:-1], lambda text: text[:-1] + ("p" if text[-1] == "q" else "q"), lambda _: ""]


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_no_recipient_is_refused(change: Any) -> None:
    recipient = age.make_identity(post_quantum=True).recipient.text
    with pytest.raises(SealError):
        hybrid.HybridRecipient(change(recipient))


def test_an_identity_does_not_show_itself() -> None:
    identity = age.make_identity(post_quantum=True)
    assert "AGE-SECRET" not in repr(identity) + str(identity)
    assert age.identity_of(identity.text()).recipient.text == identity.recipient.text
    with pytest.raises(SealError):
        hybrid.HybridIdentity(identity.text().lower())
