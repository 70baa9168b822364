"""Re-wrapping: where the identity is, and only of the key that the journal names; what the server can see of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from media.evidence.seal import age, rewrapping
from media.evidence.seal.rewrapping import RewrapError


@pytest.fixture
def folder(recording: Any, tmp_path: Path) -> Path:
    """A closed recording as the recorder leaves it."""
    return Path(recording.write_folder(tmp_path / "recording"))


def authority(recording: Any) -> age.Identity:
    return age.identity_of(str(recording.authority))


@pytest.mark.parametrize("kinds", [(False,), (True, False), (True, True)])
def test_new_recipients_open_what_the_old_one_did(recording: Any, folder: Path, kinds: tuple[bool, ...]) -> None:
    new = [age.make_identity(post_quantum=kind) for kind in kinds]
    made = rewrapping.rewrap(folder, authority(recording), [one.recipient.text for one in new])
    assert (made.recording, list(made.files)) == (recording.origin, ["hearing-key.age"])
    for one in new:
        assert age.unwrap(made.files["hearing-key.age"], one).text() == str(recording.identity)
    with pytest.raises(age.SealError):
        age.unwrap(made.files["hearing-key.age"], authority(recording))
    assert rewrapping.read(made.text().encode()) == made


def test_a_closed_session_is_wrapped_anew_only_where_it_is_asked_for(recording: Any, tmp_path: Path) -> None:
    reader, new = age.make_identity(), age.make_identity().recipient.text
    recording.wrap()
    recording.rekey(1, 6_000)
    recording.wrap(recording.identity.to_public())
    made = rewrapping.rewrap(recording.write_folder(tmp_path / "with"), authority(recording), [new])
    assert list(made.files) == ["hearing-key.age"]
    made = rewrapping.rewrap(tmp_path / "with", authority(recording), [new], closed=[1])
    assert list(made.files) == ["hearing-key-1.age", "hearing-key.age"]
    with pytest.raises(RewrapError, match="closed session 2"):
        rewrapping.rewrap(tmp_path / "with", authority(recording), [new], closed=[1, 2])
    with pytest.raises(RewrapError, match="does not open"):
        rewrapping.rewrap(tmp_path / "with", reader, [new])


def test_another_key_than_that_of_the_recording_is_not_wrapped(recording: Any, folder: Path) -> None:
    (folder / "hearing-key.age").write_bytes(age.wrap(age.make_identity(), [authority(recording).recipient.text]))
    with pytest.raises(RewrapError, match="another key than the journal names"):
        rewrapping.rewrap(folder, authority(recording), [age.make_identity().recipient.text])


def test_no_recipient_and_one_named_twice_are_refused(recording: Any, folder: Path) -> None:
    one = age.make_identity().recipient.text
    for recipients in ([], [one, one]):
        with pytest.raises(RewrapError, match="each once"):
            rewrapping.rewrap(folder, authority(recording), recipients)


CHANGES = {
    "a recipient more": lambda told: told["recipients"].append(age.make_identity().recipient.text),
    "of another kind": lambda told: told.update(recipients=[age.make_identity(post_quantum=True).recipient.text]),
    "no recipient": lambda told: told.update(recipients=[]),
    "what is no recipient": lambda told: told.update(recipients=["age1"]),
    "another file": lambda told: told["files"].update({"../seg/x.age": told["files"]["hearing-key.age"]}),
    "no main key": lambda told: told["files"].pop("hearing-key.age"),
    "no age file": lambda told: told["files"].update({"hearing-key.age": "AAAA"}),
    "no base64": lambda told: told["files"].update({"hearing-key.age": "!"}),
    "no files": lambda told: told.pop("files"),
    "a list of files": lambda told: told.update(files=[1]),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_file_that_is_not_what_it_says_is_refused(recording: Any, folder: Path, change: Any) -> None:
    made = rewrapping.rewrap(folder, authority(recording), [age.make_identity().recipient.text])
    told = json.loads(made.text())
    change(told)
    with pytest.raises(RewrapError):
        rewrapping.read(json.dumps(told).encode())


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b"\xff", b"{}", b'"' * rewrapping.MOST_BYTES])
def test_what_is_no_such_file_is_refused(data: bytes) -> None:
    with pytest.raises(RewrapError):
        rewrapping.read(data)
