"""Content credentials, read by C2PA's own reader: what they say, and that a changed byte is found."""

import builtins
import json
import subprocess
from pathlib import Path

import c2pa
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from media.evidence.render import signing
from media.evidence.render.signing import SigningError
from tests.support.evidence.content_credentials import Identity, identity

HEAD = f"9:{'ab' * 32}"
FACTS = {
    "original": {"origin": "court.example/hearing/1", "head": HEAD, "verdict": "verified"},
    "layout": "grid",
    "masked": ["witness_1"],
    "sounds": [{"title": "Interpretation: Thai", "language": "tha"}],
    "software": "Vivavoce 1.2",
}


@pytest.fixture(scope="module")
def one() -> Identity:
    return identity()


@pytest.fixture(scope="module")
def signed(one: Identity, tmp_path_factory) -> Path:
    """A signed film; do not change it."""
    folder = tmp_path_factory.mktemp("signed")
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "color=s=64x64:d=1", str(folder / "plain.mp4")]
    subprocess.run(command, check=True, timeout=60)
    out = folder / "copy.mp4"
    out.touch()
    by = signing.signer(one.certificates, one.key)
    signing.sign(folder / "plain.mp4", out, signing.manifest(FACTS, out.name), by)
    return out


def test_the_manifest_says_what_the_copy_was_made_of_how_and_by_whom(signed: Path) -> None:
    with signed.open("rb") as stream, c2pa.Reader("video/mp4", stream) as reader:
        told = json.loads(reader.json())
    active = told["manifests"][told["active_manifest"]]
    [original] = active["ingredients"]
    assert (original["title"], original["instance_id"]) == ("court.example/hearing/1", HEAD)
    assert original["relationship"] == "parentOf"
    acts = next(one["data"]["actions"] for one in active["assertions"] if one["label"] == "c2pa.actions.v2")
    assert [act["action"] for act in acts] == ["c2pa.opened", "c2pa.transcoded", "c2pa.edited", "c2pa.edited"]
    assert acts[3]["parameters"]["description"] == "Picture covered and voice left out: witness_1"
    assert active["claim_generator_info"][0]["name"] == "Vivavoce"
    assert active["signature_info"]["common_name"] == "Evidence custodian"
    assert "ingredient" in acts[0]["parameters"]["ingredients"][0]["url"]


def test_it_is_trusted_by_its_own_authority_alone(signed: Path, one: Identity) -> None:
    assert signing.credentials(signed, one.anchor) == ("Evidence custodian, Court", True, (), FACTS)
    assert signing.credentials(signed, identity().anchor) == ("Evidence custodian, Court", False, (), FACTS)
    assert signing.credentials(signed, None) == ("Evidence custodian, Court", False, (), FACTS)
    assert signing.credentials(signed.with_name("plain.mp4"), one.anchor) is None


def test_a_changed_byte_of_the_film_is_found(signed: Path, one: Identity, tmp_path: Path) -> None:
    whole = bytearray(signed.read_bytes())
    at = whole.rindex(b"mdat") + 40
    whole[at] ^= 1
    changed = tmp_path / "changed.mp4"
    changed.write_bytes(whole)
    found = signing.credentials(changed, one.anchor)
    assert found.problems == ("assertion.bmffHash.mismatch",)
    assert not found.trusted


def test_a_changed_byte_of_what_is_said_is_found(signed: Path, one: Identity, tmp_path: Path) -> None:
    changed = tmp_path / "changed.mp4"
    changed.write_bytes(signed.read_bytes().replace(b"witness_1", b"witness_2"))
    found = signing.credentials(changed, one.anchor)
    assert "assertion.hashedURI.mismatch" in found.problems and not found.trusted


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (ec.generate_private_key(ec.SECP384R1()), "ES384"),
        (rsa.generate_private_key(65537, 2048), "PS256"),
        (ed25519.Ed25519PrivateKey.generate(), "ED25519"),
    ],
)
def test_a_key_that_is_not_the_certificates_is_refused(one: Identity, key, algorithm: str) -> None:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    assert hasattr(c2pa.C2paSigningAlg, algorithm)
    with pytest.raises(SigningError, match="does not belong to the first certificate"):
        signing.signer(one.certificates, pem)


def test_what_cannot_be_read_is_told(one: Identity) -> None:
    with pytest.raises(SigningError, match="cannot be read"):
        signing.signer(b"no certificate", one.key)
    locked = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    )
    with pytest.raises(SigningError, match="without a passphrase"):
        signing.signer(one.certificates, locked)
    other = x25519.X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(SigningError, match="no such key"):
        signing.signer(one.certificates, other)


def test_a_certificate_that_may_not_sign_is_told_and_not_used(tmp_path: Path, signed: Path, one: Identity) -> None:
    wrong = identity()
    chain = wrong.certificates.split(b"-----END CERTIFICATE-----\n")
    by = signing.CopySigner(chain[1] + b"-----END CERTIFICATE-----\n", one.key, "ES256")
    (tmp_path / "copy.mp4").touch()
    with pytest.raises(SigningError):
        signing.sign(signed.with_name("plain.mp4"), tmp_path / "copy.mp4", signing.manifest(FACTS, "copy.mp4"), by)


def test_without_the_library_it_is_told_what_to_install(monkeypatch, signed: Path) -> None:
    plain = builtins.__import__

    def without(name: str, *rest: object) -> object:
        if name == "c2pa":
            raise ImportError(name)
        return plain(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(SigningError, match=r"pip install 'vivavoce\[c2pa\]'"):
        signing.credentials(signed, None)
