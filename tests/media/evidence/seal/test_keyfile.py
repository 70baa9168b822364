"""A key file: `age` opens recordings with it, verification reads its policy, and one that signs holds a seed."""

import base64
import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from media.evidence.check import policy
from media.evidence.seal.keyfile import make_key_file, policy_text

VKEY = "court.example+12345678+AQID"


def comment(text: str, name: str) -> str:
    (found,) = [line.split(": ")[1] for line in text.splitlines() if line.startswith(f"# {name}: ")]
    return found


def seed_of(text: str) -> bytes:
    return base64.urlsafe_b64decode(comment(text, "signing-key") + "=")


def test_the_age_command_opens_what_is_encrypted_to_a_key_file_that_signs(tmp_path):
    made = make_key_file(authority="Tribunalul\nBucurești", log_vkey=VKEY, demo=True)
    path = tmp_path / "key.txt"
    path.write_text(made.text, encoding="utf-8")
    sealed = subprocess.run(["age", "-r", made.recipient], input=b"clear", capture_output=True, check=True).stdout
    opened = subprocess.run(["age", "-d", "-i", str(path)], input=sealed, capture_output=True)
    assert (opened.stdout, opened.returncode) == (b"clear", 0)


def test_the_seed_belongs_to_the_public_key_that_is_registered():
    made = make_key_file(authority="A", log_vkey=VKEY)
    public = Ed25519PrivateKey.from_private_bytes(seed_of(made.text)).public_key().public_bytes_raw()
    assert base64.urlsafe_b64encode(public).rstrip(b"=").decode() == made.signing_public
    assert comment(made.text, "signing-public") == made.signing_public
    assert make_key_file(authority="A", log_vkey=VKEY).signing_public != made.signing_public


def test_the_policy_is_read_as_before():
    made = make_key_file(authority="A", log_vkey=VKEY)
    assert policy.of_key_file(made.text.encode()) == policy_text(VKEY).encode()


@pytest.mark.parametrize("demo", [False, True])
def test_an_escrow_signs_nothing(demo):
    made = make_key_file(authority="A", log_vkey=VKEY, demo=demo, signs=False)
    assert ("signing" in made.text, made.signing_public) == (False, "")
