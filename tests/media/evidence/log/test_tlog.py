"""The tree gives RFC 6962's roots and proofs; notes and checkpoints are read and written in C2SP's one form."""

import base64
import hashlib

import pytest
from hypothesis import given, settings, strategies as st
from nacl.signing import SigningKey
from pymerkle import InmemoryTree

from media.evidence.log import tlog

ORIGIN = "court.example/hearing/0198c0de-0000-7000-8000-000000000001"
COURT = "court.example/hearing"
SEED = bytes(range(32))
KEY = tlog.vkey(COURT, tlog.public_key(SEED))

# The example leaves of the certificate-transparency test suite and the roots of their first n leaves.
CT_LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
CT_ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


def build(lines: list[bytes]) -> tlog.Tree:
    return tlog.Tree(tlog.leaf_hash(line) for line in lines)


@pytest.mark.parametrize("size", CT_ROOTS)
def test_roots_are_those_of_certificate_transparency(size: int) -> None:
    assert build([bytes.fromhex(leaf) for leaf in CT_LEAVES[:size]]).root().hex() == CT_ROOTS[size]


def test_roots_and_proofs_are_those_of_pymerkle() -> None:
    other = InmemoryTree(algorithm="sha256")
    tree = tlog.Tree()
    for number in range(40):
        line = b"line %d" % number
        other.append_entry(line)
        tree.append(tlog.leaf_hash(line))
        assert tree.root() == other.get_root()
    for size in range(1, 41):
        assert tree.root(size) == other.get_root(size)
        assert tlog.verify_consistency(size, 40, tree.consistency(size), tree.root(size), tree.root())
        for index in range(size):
            proof = tree.inclusion(index, size)
            theirs = other.prove_inclusion(index + 1, size).path
            assert [bytes(item) for item in theirs[1:]] == proof
            assert tlog.verify_inclusion(index, size, tree.leaf(index), proof, tree.root(size))


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 300), st.data())
def test_an_inclusion_proof_holds_for_its_leaf_place_and_size_alone(size: int, data: st.DataObject) -> None:
    tree = build([b"%d" % number for number in range(size)])
    index = data.draw(st.integers(0, size - 1))
    proof, root = tree.inclusion(index), tree.root()
    assert tlog.verify_inclusion(index, size, tree.leaf(index), proof, root)
    assert len(proof) <= max(1, (size - 1).bit_length())
    assert not tlog.verify_inclusion(index, size, tlog.leaf_hash(b"other"), proof, root)
    assert not tlog.verify_inclusion(index, size, tree.leaf(index), [*proof, bytes(32)], root)
    assert not tlog.verify_inclusion(size, size, tree.leaf(index), proof, root)
    if proof:
        assert not tlog.verify_inclusion(index, size, tree.leaf(index), proof[:-1], root)
        at = data.draw(st.integers(0, len(proof) - 1))
        bit = data.draw(st.integers(0, 255))
        broken = bytearray(proof[at])
        broken[bit // 8] ^= 1 << bit % 8
        changed = [*proof[:at], bytes(broken), *proof[at + 1 :]]
        assert not tlog.verify_inclusion(index, size, tree.leaf(index), changed, root)
        other = data.draw(st.integers(0, size - 1).filter(lambda number: number != index))
        assert not tlog.verify_inclusion(other, size, tree.leaf(index), proof, root)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 300), st.integers(0, 300), st.data())
def test_a_consistency_proof_holds_for_a_beginning_alone(first: int, second: int, data: st.DataObject) -> None:
    old, size = sorted((first, second))
    tree = build([b"%d" % number for number in range(size)])
    proof = tree.consistency(old)
    assert tlog.verify_consistency(old, size, proof, tree.root(old), tree.root())
    wrong = hashlib.sha256(b"another").digest()
    assert not tlog.verify_consistency(old, size, proof, wrong, tree.root())
    if old:
        assert not tlog.verify_consistency(old, size, proof, tree.root(old), wrong)
    assert not tlog.verify_consistency(old, size, [*proof, bytes(32)], tree.root(old), tree.root())
    if proof:
        assert not tlog.verify_consistency(old, size, proof[1:], tree.root(old), tree.root())
        at = data.draw(st.integers(0, len(proof) - 1))
        changed = [*proof[:at], wrong, *proof[at + 1 :]]
        assert not tlog.verify_consistency(old, size, changed, tree.root(old), tree.root())


def test_a_tree_refuses_leaves_and_places_that_are_none() -> None:
    tree = build([b"a", b"b"])
    with pytest.raises(ValueError, match="32 bytes"):
        tree.append(b"short")
    for call in (lambda: tree.root(3), lambda: tree.inclusion(2), lambda: tree.consistency(3), lambda: tree.leaf(2)):
        with pytest.raises(IndexError):
            call()


def test_a_signed_checkpoint_is_read_back_under_the_key_pinned_for_the_court() -> None:
    root = build([b"x"]).root()
    text = tlog.checkpoint_text(ORIGIN, 1, root)
    assert text == f"{ORIGIN}\n1\n{base64.b64encode(root).decode()}\n".encode()
    note = tlog.sign_note(text, ORIGIN, SEED)
    assert tlog.verify_checkpoint(note, ORIGIN, [KEY]) == tlog.Checkpoint(ORIGIN, 1, root)


def test_the_vkey_of_the_signed_note_specification_is_read() -> None:
    # The public example key of golang.org/x/mod/sumdb/note.
    text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    key = tlog.parse_vkey(text)
    assert (key.name, key.kind, len(key.key)) == ("PeterNeumann", 1, 32)
    assert tlog.vkey(key.name, key.key) == text


def test_no_key_for_the_court_is_told_apart_from_a_wrong_key() -> None:
    note = tlog.sign_note(tlog.checkpoint_text(ORIGIN, 0, tlog.EMPTY_ROOT), ORIGIN, SEED)
    other = tlog.vkey(COURT, tlog.public_key(bytes(32)))
    with pytest.raises(tlog.UnpinnedError):
        tlog.verify_checkpoint(note, ORIGIN, [tlog.vkey("other.example/hearing", tlog.public_key(SEED))])
    with pytest.raises(tlog.UnpinnedError):
        tlog.verify_checkpoint(note, ORIGIN, [])
    with pytest.raises(tlog.SignatureError, match="no pinned key"):
        tlog.verify_checkpoint(note, ORIGIN, [other])
    assert tlog.verify_checkpoint(note, ORIGIN, [other, KEY]).size == 0


def test_a_pinned_signature_that_does_not_verify_fails_beside_a_good_one() -> None:
    text = tlog.checkpoint_text(ORIGIN, 0, tlog.EMPTY_ROOT)
    other = bytes(32)
    keys = [KEY, tlog.vkey(COURT, tlog.public_key(other))]
    good = tlog.sign_note(text, ORIGIN, SEED)
    assert tlog.verify_checkpoint(good + tlog.sign_line(text, COURT, other), ORIGIN, keys).size == 0
    bad = good + tlog.sign_line(b"something else\n", COURT, other)
    with pytest.raises(tlog.SignatureError, match="does not verify"):
        tlog.verify_checkpoint(bad, ORIGIN, keys)
    assert tlog.verify_checkpoint(bad, ORIGIN, [KEY]).size == 0


def test_the_signature_line_is_that_of_the_pinned_key_as_c2sp_writes_it_for_both_logs() -> None:
    text = tlog.checkpoint_text(ORIGIN, 0, tlog.EMPTY_ROOT)
    (line,) = tlog.parse_note(tlog.sign_note(text, ORIGIN, SEED)).signatures
    name, identifier, _key = KEY.split("+", 2)
    assert (line.name, line.key_id.hex()) == (name, identifier)
    assert line.key_id == hashlib.sha256(f"{COURT}\n\x01".encode() + tlog.public_key(SEED)).digest()[:4]
    note = tlog.sign_note(tlog.checkpoint_text(f"{ORIGIN}/custody", 0, tlog.EMPTY_ROOT), f"{ORIGIN}/custody", SEED)
    assert tlog.verify_checkpoint(note, f"{ORIGIN}/custody", [KEY]).size == 0


def test_another_recording_of_the_court_is_refused_where_one_is_expected() -> None:
    note = tlog.sign_note(tlog.checkpoint_text(ORIGIN, 0, tlog.EMPTY_ROOT), ORIGIN, SEED)
    with pytest.raises(tlog.NoteError, match="another recording"):
        tlog.verify_checkpoint(note, ORIGIN[:-1] + "2", [KEY])


@pytest.mark.parametrize(
    "change",
    [
        lambda note: note[:-1],
        lambda note: note + b"\n",
        lambda note: note.replace(b"\n\n", b"\n"),
        lambda note: note.replace(b"\n\n", b"\nextension\n\n"),
        lambda note: note.replace(b"\n7\n", b"\n07\n"),
        lambda note: note.replace(b"\n7\n", b"\n-7\n"),
        lambda note: note.replace(b"\n7\n", b"\n9007199254740992\n"),
        lambda note: note.replace(b"\n7\n", b"\n\xd9\xa7\n"),
        lambda note: note.replace("\u2014 ".encode(), b"- "),
        lambda note: note.replace(b"=\n\n", b"\n\n"),
        lambda note: note.replace(b"\n7\n", b"\r\n7\r\n"),
        lambda note: b"\xff" + note,
        lambda note: note + 64 * tlog.sign_line(b"x\n", "another", SEED),
        lambda note: note + "\u2014 ".encode() + b"a+b AAAAAAAA\n",
        lambda note: note + "\u2014 ".encode() + b"ab AAAA AAAA\n",
        lambda note: note + "\u2014 ".encode() + b"ab AAAA\n",
        lambda note: b"x" * tlog.MAX_NOTE + note,
        lambda note: b"",
    ],
)
def test_a_checkpoint_in_any_other_form_is_refused(change: object) -> None:
    note = tlog.sign_note(tlog.checkpoint_text(ORIGIN, 7, bytes(32)), ORIGIN, SEED)
    changed = change(note)  # type: ignore[operator]
    assert changed != note
    with pytest.raises(tlog.NoteError):
        tlog.verify_checkpoint(changed, ORIGIN, [KEY])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a+b",
        KEY[:-4],
        KEY.replace("+", "+f", 1),
        KEY.replace("court", "count"),
        " " + KEY,
        KEY.replace("+A", "+ A"),
    ],
)
def test_a_verifier_key_in_any_other_form_is_refused(text: str) -> None:
    with pytest.raises(tlog.NoteError):
        tlog.parse_vkey(text)


def test_a_cosignature_gives_its_time_and_covers_it() -> None:
    text = tlog.checkpoint_text(ORIGIN, 3, bytes(32))
    note = tlog.parse_note(tlog.sign_note(text, ORIGIN, SEED) + tlog.cosign_line(text, "state.example", SEED, 1234))
    signature = note.signatures[1]
    key = bytes(SigningKey(SEED).verify_key)
    assert signature.key_id == tlog.key_id("state.example", tlog.COSIGNATURE, key)
    assert tlog.verify_cosignature(text, signature, key) == 1234
    later = tlog.Signature(signature.name, signature.key_id, (1235).to_bytes(8, "big") + signature.value[8:])
    assert tlog.verify_cosignature(text, later, key) is None
    assert tlog.verify_cosignature(text[:-1], signature, key) is None


def test_an_ed25519_signature_with_s_not_reduced_is_refused() -> None:
    order = 2**252 + 27742317777372353535851937790883648493
    signature = SigningKey(SEED).sign(b"text\n").signature
    grown = signature[:32] + (int.from_bytes(signature[32:], "little") + order).to_bytes(32, "little")
    assert tlog.verify_ed25519(tlog.public_key(SEED), b"text\n", signature)
    assert not tlog.verify_ed25519(tlog.public_key(SEED), b"text\n", grown)
