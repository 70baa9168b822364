"""age: what we seal is opened by the age command and by nobody else; the seal key file is kept private."""

import subprocess

import pytest

from media.evidence.log import tlog
from media.evidence.seal import age as seal, seal_key


def age(*arguments, data=b""):
    return subprocess.run(["age", *arguments], input=data, capture_output=True)


def test_the_age_command_opens_a_segment_with_the_key_an_authority_unwraps(tmp_path):
    authorities = [seal.make_identity() for _ in range(3)]
    identity = seal.make_identity()
    sealed = identity.recipient.seal(b"clear")
    wrapped = seal.wrap(identity, [one.recipient.text for one in authorities])
    for number, authority in enumerate(authorities):
        key = tmp_path / f"{number}.txt"
        key.write_text(f"# authority: Ministry\n# policy:\n{authority.text()}\n")
        opened = age("-d", "-i", str(key), data=wrapped)
        assert opened.stdout.decode() == f"{identity.text()}\n"
        hearing = tmp_path / f"{number}-hearing.txt"
        hearing.write_bytes(opened.stdout)
        assert age("-d", "-i", str(hearing), data=sealed).stdout == b"clear"
        assert seal.unwrap(wrapped, authority).unseal(sealed) == b"clear"


def test_another_identity_and_an_altered_file_are_refused():
    identity = seal.make_identity()
    sealed = identity.recipient.seal(b"clear" * 50_000)
    with pytest.raises(seal.SealError):
        seal.make_identity().unseal(sealed)
    for data in (sealed[:-1] + bytes([sealed[-1] ^ 1]), sealed[:-20], sealed[:40]):
        with pytest.raises(seal.SealError):
            identity.unseal(data)
    for text in ("", "age1", "AGE-SECRET-KEY-1", "ssh-ed25519 AAAA"):
        with pytest.raises(seal.SealError):
            seal.X25519Recipient(text)
    with pytest.raises(seal.SealError):
        seal.wrap(identity, [])


def test_an_identity_does_not_show_itself():
    identity = seal.make_identity()
    assert "AGE-SECRET" not in repr(identity) + str(identity)


def test_a_seal_key_file_is_made_once_read_again_and_refused_when_others_can_read_it(tmp_path):
    path = tmp_path / "seal.key"
    made = seal_key.make_seal_key(path)
    read = seal_key.read_seal_key(path)
    assert (path.stat().st_mode & 0o777, read.public) == (0o600, made.public)
    origin = "court.example/hearing/x"
    note = read.sign(tlog.checkpoint_text(origin, 0, tlog.EMPTY_ROOT), origin)
    assert tlog.verify_checkpoint(note, origin, [made.vkey("court.example")]).size == 0
    with pytest.raises(FileExistsError):
        seal_key.make_seal_key(path)
    path.chmod(0o640)
    with pytest.raises(seal_key.SealKeyError, match="0600"):
        seal_key.read_seal_key(path)


@pytest.mark.parametrize("content", ["", "# only a comment\n", "not base64!\n", "AAAA\n", "AAAA\nBBBB\n"])
def test_what_is_not_a_seal_key_is_refused(tmp_path, content):
    path = tmp_path / "seal.key"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(seal_key.SealKeyError):
        seal_key.read_seal_key(path)
    with pytest.raises(seal_key.SealKeyError, match="cannot be read"):
        seal_key.read_seal_key(tmp_path / "absent")
