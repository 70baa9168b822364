"""A token holds the seal key: what it signs verifies anywhere, what is wrong is said, and it may come and go."""

import os
import subprocess
import sys
from pathlib import Path

import pkcs11
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pkcs11 import Attribute, KeyType, Mechanism, MechanismFlag, ObjectClass

from media.evidence.log import tlog
from media.evidence.seal.client import SealSilentError
from media.evidence.seal.heads import KeySilentError
from media.evidence.seal.seal_key import SealKeyError
from media.evidence.seal.token import ED25519, NoTokenKeyError, TokenKey, make_token_key
from media.evidence.seal.token_uri import parse_token_uri
from tests.support.evidence.seals import LocalSeal, SealProcess
from tests.support.evidence.tokens import MODULE, PIN, WRONG_PIN, SoftToken

ORIGIN = "court.example/hearing/0193c0de-0000-7000-8000-000000000001"


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SoftToken:
    return SoftToken(tmp_path / "hsm", monkeypatch)


def tree_of(size: int) -> tlog.Tree:
    return tlog.Tree(tlog.leaf_hash(f"line {number}".encode()) for number in range(size))


def head_of(tree: tlog.Tree) -> tlog.Checkpoint:
    return tlog.Checkpoint(ORIGIN, tree.size, tree.root())


# --- what it signs -----------------------------------------------------------------------------------------------


def test_a_head_signed_by_a_token_verifies_as_any_and_with_openssl(token: SoftToken, tmp_path: Path) -> None:
    made = make_token_key(token.uri)
    key = TokenKey(token.uri)
    assert key.public == made.public
    note = LocalSeal(tmp_path / "seal", key).sign_head(head_of(tree_of(5)), tree_of(5))
    assert tlog.verify_checkpoint(note, ORIGIN, [key.vkey("court.example")]) == head_of(tree_of(5))

    parsed = tlog.parse_note(note)
    public = Ed25519PublicKey.from_public_bytes(key.public).public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )
    for name, data in (("public.pem", public), ("text", parsed.text), ("signature", parsed.signatures[0].value)):
        (tmp_path / name).write_bytes(data)
    command = "openssl pkeyutl -verify -pubin -inkey public.pem -rawin -in text -sigfile signature"
    done = subprocess.run(command.split(), cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, "Signature Verified Successfully")


def test_a_key_that_is_made_cannot_be_taken_off_the_token_and_is_never_made_twice(token: SoftToken) -> None:
    command = [sys.executable, "-m", "media.evidence.seal.token", token.text]
    first, second = (subprocess.run(command, capture_output=True, text=True) for _ in range(2))
    assert (first.returncode, first.stdout) == (0, f"Made. Its public half: {TokenKey(token.uri).public.hex()}\n")
    assert (second.returncode, "has an object 'seal' already" in second.stderr) == (2, True)
    with token.session() as session:
        (key,) = session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY})
        found = [key[one] for one in (Attribute.EXTRACTABLE, Attribute.SENSITIVE, Attribute.PRIVATE, Attribute.LOCAL)]
        assert found == [False, True, True, True]
        with pytest.raises(pkcs11.AttributeSensitive):
            key[Attribute.VALUE]


# --- what is wrong with it is said -------------------------------------------------------------------------------


def generate(session: pkcs11.Session, label: str, **private: bool) -> tuple[pkcs11.PublicKey, pkcs11.PrivateKey]:
    parameters = session.create_domain_parameters(KeyType.EC_EDWARDS, {Attribute.EC_PARAMS: ED25519}, local=True)
    return parameters.generate_keypair(
        mechanism=Mechanism.EC_EDWARDS_KEY_PAIR_GEN,
        label=label,
        store=True,
        capabilities=MechanismFlag.SIGN | MechanismFlag.VERIFY,
        private_template={Attribute[name]: value for name, value in private.items()},
    )


def test_a_token_without_such_a_key_or_no_token_says_so(token: SoftToken) -> None:
    with pytest.raises(NoTokenKeyError, match="no private key 'seal'"):
        TokenKey(token.uri)
    token.text = token.text.replace("token=", "token=Other%20")
    with pytest.raises(SealKeyError, match="there is no token 'Other Tribunal București'"):
        TokenKey(token.uri)
    token.text = token.text.replace(str(MODULE), "/usr/lib/absent.so")
    with pytest.raises(SealKeyError, match=r"absent\.so"):
        TokenKey(token.uri)


def test_a_key_that_can_be_taken_off_is_twice_there_or_is_another_kind_is_refused(token: SoftToken) -> None:
    with token.session() as session:
        generate(session, "seal", EXTRACTABLE=True)
    with pytest.raises(SealKeyError, match="can be taken off the token"):
        TokenKey(token.uri)
    with token.session() as session:
        generate(session, "seal")
    with pytest.raises(SealKeyError, match="2 private keys 'seal'"):
        TokenKey(token.uri)
    with token.session() as session:
        session.generate_keypair(KeyType.RSA, 2048, label="rsa", store=True)
    with pytest.raises(SealKeyError, match="not an Ed25519 key"):
        TokenKey(parse_token_uri(token.text.replace("object=seal", "object=rsa")))


def test_a_public_key_that_is_not_the_private_ones_is_found_at_the_start(token: SoftToken) -> None:
    with token.session() as session:
        generate(session, "seal")[0].destroy()
        generate(session, "other")[0][Attribute.LABEL] = "seal"
    with pytest.raises(SealKeyError, match="does not verify"):
        TokenKey(token.uri)


def test_a_pin_file_that_others_can_read_is_refused(token: SoftToken) -> None:
    make_token_key(token.uri)
    token.pin_file.chmod(0o640)
    with pytest.raises(SealKeyError, match="can be read by others: set its mode to 0600"):
        TokenKey(token.uri)
    token.pin_file.unlink()
    with pytest.raises(SealKeyError, match="cannot be read"):
        TokenKey(token.uri)


def test_a_pin_that_was_refused_is_not_tried_again_until_its_file_changes(token: SoftToken, tmp_path: Path) -> None:
    make_token_key(token.uri)
    token.spoil_the_pin()
    with pytest.raises(SealKeyError, match="refuses the PIN"):
        TokenKey(token.uri, tmp_path / "refused")
    for _ in range(2):  # no attempt is made: the very token is away, and that is not noticed
        token.take_away()
        with pytest.raises(SealKeyError, match="has refused the PIN"):
            TokenKey(token.uri, tmp_path / "refused")
        token.bring_back()
    token.pin_file.write_text(PIN)
    later = (tmp_path / "refused").stat().st_mtime_ns + 1
    os.utime(token.pin_file, ns=(later, later))
    TokenKey(token.uri, tmp_path / "refused")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("/usr/lib/softhsm/libsofthsm2.so", "expected pkcs11:"),
        ("pkcs11:token=a?module-path=/m&pin-source=/p", "without object"),
        ("pkcs11:token=a;object=?module-path=/m", "without object and pin-source"),
        ("pkcs11:token=a;object=b?module-path=m&pin-source=/p", "absolute paths"),
        ("pkcs11:token=a;object=b?module-path=/m&pin-source=|cat", "absolute paths"),
        ("pkcs11:token=a;object=b;id=%01?module-path=/m&pin-source=/p", "'id' is not known here"),
        ("pkcs11:token=a;token=b;object=b?module-path=/m&pin-source=/p", "'token' is there twice"),
        ("pkcs11:token=%ff;object=b?module-path=/m&pin-source=/p", "'token' is not UTF-8"),
    ],
)
def test_a_uri_that_does_not_name_a_key_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("|", r"\|")):
        parse_token_uri(text)


def test_a_pin_in_a_uri_is_refused_and_not_repeated() -> None:
    with pytest.raises(ValueError, match="pin-value is refused") as refused:
        parse_token_uri("pkcs11:token=a;object=b?module-path=/m&pin-value=4711")
    assert "4711" not in str(refused.value)


# --- it may come and go ------------------------------------------------------------------------------------------


def test_a_lost_session_is_opened_anew_and_an_absent_token_is_said_until_it_is_back(token: SoftToken) -> None:
    key = make_token_key(token.uri)
    token.session().close()  # this library's sessions are gone
    tlog.verify_checkpoint(note_of(key), ORIGIN, [key.vkey("court.example")])
    token.take_away()
    for _ in range(3):
        with pytest.raises(KeySilentError, match="there is no token"):
            note_of(key)
    token.tokens.rmdir()
    with pytest.raises(KeySilentError, match="fails"):  # this library does not even begin
        note_of(key)
    token.tokens.mkdir()
    token.bring_back()
    tlog.verify_checkpoint(note_of(key), ORIGIN, [key.vkey("court.example")])


def test_a_token_that_comes_back_with_another_key_signs_nothing(token: SoftToken) -> None:
    key = make_token_key(token.uri)
    with token.session() as session:
        for entry in list(session.get_objects()):
            entry.destroy()
        generate(session, "seal")
    with pytest.raises(KeySilentError, match="holds another key"):
        note_of(key)


def note_of(key: TokenKey) -> bytes:
    return key.sign(tlog.checkpoint_text(ORIGIN, 3, bytes(32)), ORIGIN)


def test_the_process_signs_with_a_token_keeps_heads_and_says_when_the_token_is_gone(
    token: SoftToken, tmp_path: Path
) -> None:
    public = make_token_key(token.uri).public
    folder = tmp_path / "seal"
    folder.mkdir(mode=0o700)
    former = tlog.vkey("court.example/hearing", tlog.public_key(bytes(32)))
    (folder / "former.pub").write_text(f"{former}\n")
    process = SealProcess(folder, tmp_path / "seal.sock", "--token", token.text)
    assert process.answers()
    assert process.client.keys() == [public, tlog.public_key(bytes(32))]
    pin = [process.client.vkey("court.example")]
    note = process.client.sign_head(head_of(tree_of(3)), tree_of(3))
    assert tlog.verify_checkpoint(note, ORIGIN, pin) == process.client.last(ORIGIN) == head_of(tree_of(3))
    token.take_away()
    for _ in range(2):
        with pytest.raises(SealSilentError, match="the seal cannot sign: there is no token"):
            process.client.sign_head(head_of(tree_of(7)), tree_of(7))
    token.bring_back()
    note = process.client.sign_head(head_of(tree_of(7)), tree_of(7))
    assert tlog.verify_checkpoint(note, ORIGIN, pin) == process.client.last(ORIGIN) == head_of(tree_of(7))
    said = process.end()
    assert (PIN in said, "there is no token" in said) == (False, True)
    assert sorted(path.name for path in folder.iterdir()) == ["former.pub", "heads", "lock"]


def test_the_process_does_not_begin_with_a_refused_pin_and_tries_it_once(token: SoftToken, tmp_path: Path) -> None:
    make_token_key(token.uri)
    token.spoil_the_pin()
    (tmp_path / "seal").mkdir(mode=0o700)
    for words in ("refuses the PIN", "has refused the PIN"):
        process = SealProcess(tmp_path / "seal", tmp_path / "seal.sock", "--token", token.text)
        assert process.popen.wait(20) == 2
        said = process.end()
        assert ("cannot begin" in said, words in said, WRONG_PIN in said) == (True, True, False), said
