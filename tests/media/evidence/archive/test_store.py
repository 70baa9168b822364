"""An archive keeps what is put into it, says what it keeps, and deletes nothing before its day: in a folder, and in a
real object store with a lock."""

import hashlib
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from media.evidence.archive.folder_store import MARK, FolderStore
from media.evidence.archive.keeping import digest
from media.evidence.archive.s3_store import trouble_of
from media.evidence.archive.store import ArchiveError, ArchiveStore, Trouble
from tests.support.evidence.object_store import ObjectServer

DAY = datetime.now(UTC).date() + timedelta(days=400)
KEY = "019300aa/part-000.tar"


def made(folder: Path, data: bytes) -> tuple[Path, str]:
    path = folder / hashlib.sha256(data).hexdigest()[:8]
    path.write_bytes(data)
    return path, hashlib.sha256(data).hexdigest()


def put(store: ArchiveStore, folder: Path, data: bytes, until: date = DAY, key: str = KEY) -> str:
    return store.put(key, *made(folder, data), until)


def test_what_was_put_is_given_back_and_described(store: ArchiveStore, tmp_path: Path) -> None:
    data = os.urandom(3_000_000)
    version = put(store, tmp_path, data)
    assert digest(store.read(KEY, version)).sha256 == hashlib.sha256(data).hexdigest()
    state = store.state(KEY, version)
    assert (state.key, state.version, state.size, state.until) == (KEY, version, len(data), DAY)
    assert state.sha256 == hashlib.sha256(data).hexdigest()


def test_the_same_content_put_again_adds_nothing_and_can_only_lengthen_the_lock(
    store: ArchiveStore, tmp_path: Path
) -> None:
    version = put(store, tmp_path, b"sealed")
    assert put(store, tmp_path, b"sealed", DAY - timedelta(days=30)) == version
    assert store.state(KEY, version).until == DAY
    assert put(store, tmp_path, b"sealed", DAY + timedelta(days=30)) == version
    assert store.state(KEY, version).until == DAY + timedelta(days=30)
    assert [one.version for one in store.listed(KEY)] == [version]


def test_other_content_under_the_key_is_another_version_and_the_first_stays(
    store: ArchiveStore, tmp_path: Path
) -> None:
    first, second = put(store, tmp_path, b"first"), put(store, tmp_path, b"second")
    assert first != second
    assert b"".join(store.read(KEY, first)) == b"first"
    assert [one.version for one in store.listed("019300aa/")] == [first, second]
    assert store.listed("another/") == []


def test_nothing_is_deleted_before_the_day_of_its_lock(store: ArchiveStore, tmp_path: Path) -> None:
    version = put(store, tmp_path, b"sealed")
    with pytest.raises(ArchiveError) as refused:
        store.delete(KEY, version)
    assert refused.value.trouble is Trouble.locked
    assert b"".join(store.read(KEY, version)) == b"sealed"


def test_a_version_that_is_not_there_is_missing(store: ArchiveStore, tmp_path: Path) -> None:
    version = put(store, tmp_path, b"sealed")
    for call in (lambda: store.state("other", version), lambda: list(store.read("other", version))):
        with pytest.raises(ArchiveError) as missing:
            call()
        assert missing.value.trouble is Trouble.missing


def test_a_folder_deletes_for_good_once_its_day_has_come(folder_store: FolderStore, tmp_path: Path) -> None:
    version = put(folder_store, tmp_path, b"sealed")
    FolderStore(folder_store.folder, DAY).delete(KEY, version)
    assert folder_store.listed("") == []
    folder_store.delete(KEY, version)


def test_an_empty_mount_point_is_not_taken_for_the_archive(folder_store: FolderStore, tmp_path: Path) -> None:
    (folder_store.folder / MARK).unlink()
    with pytest.raises(ArchiveError) as away:
        put(folder_store, tmp_path, b"sealed")
    assert away.value.trouble is Trouble.away
    assert list(folder_store.folder.iterdir()) == []


def test_a_folder_replaces_a_file_that_was_altered_on_its_disk(folder_store: FolderStore, tmp_path: Path) -> None:
    version = put(folder_store, tmp_path, b"sealed")
    place = folder_store.folder / KEY / version
    place.chmod(0o600)
    place.write_bytes(b"broken")
    assert put(folder_store, tmp_path, b"sealed") == version
    assert place.read_bytes() == b"sealed"


def test_an_object_store_refuses_bytes_that_do_not_have_the_checksum(objects: ObjectServer, tmp_path: Path) -> None:
    path, _sha256 = made(tmp_path, b"other bytes")
    with pytest.raises(ArchiveError):
        objects.store("evidence").put("altered", path, hashlib.sha256(b"sealed").hexdigest(), DAY)
    assert objects.store("evidence").listed("altered") == []


def test_who_has_the_credentials_can_neither_delete_a_version_nor_shorten_its_lock(
    objects: ObjectServer, tmp_path: Path
) -> None:
    store, client = objects.store("evidence"), objects.client()
    version = put(store, tmp_path, b"sealed", key="ransom")
    where = {"Bucket": "evidence", "Key": "ransom"}
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    attacks = (
        lambda: client.delete_object(**where, VersionId=version),
        lambda: client.delete_object(**where, VersionId=version, BypassGovernanceRetention=True),
        lambda: client.put_object_retention(
            **where, VersionId=version, Retention={"Mode": "COMPLIANCE", "RetainUntilDate": tomorrow}
        ),
        lambda: client.put_object_retention(
            **where, VersionId=version, Retention={"Mode": "GOVERNANCE", "RetainUntilDate": tomorrow}
        ),
    )
    for attack in attacks:
        with pytest.raises(client.exceptions.ClientError):
            attack()
    client.delete_object(**where)  # a mark over it, which is what a deletion without a version makes
    client.put_object(**where, Body=b"encrypted by a stranger")
    assert b"".join(store.read("ransom", version)) == b"sealed"
    assert store.state("ransom", version).until == DAY


def test_a_bucket_without_a_lock_and_wrong_credentials_are_refused(objects: ObjectServer, tmp_path: Path) -> None:
    with pytest.raises(ArchiveError) as unlocked:
        put(objects.store("no-lock", lock=False), tmp_path, b"sealed")
    assert unlocked.value.trouble is Trouble.no_lock
    objects.credentials.read_text()
    wrong = tmp_path / "wrong"
    wrong.write_text("[default]\naws_access_key_id = archivist\naws_secret_access_key = guess\n")
    stranger = objects.store("evidence")
    stranger._credentials = wrong
    with pytest.raises(ArchiveError) as refused:
        put(stranger, tmp_path, b"sealed")
    assert refused.value.trouble is Trouble.refused


def test_a_request_that_one_object_spoils_is_not_told_as_a_bucket_that_takes_no_lock(
    objects: ObjectServer, tmp_path: Path
) -> None:
    with pytest.raises(ArchiveError) as late:
        put(objects.store("evidence"), tmp_path, b"sealed", date(2020, 1, 1), key="late")
    assert late.value.trouble is Trouble.other
    put(objects.store("evidence"), tmp_path, b"sealed", key="late")


@pytest.mark.parametrize(
    ("code", "message", "trouble"),
    [
        ("InvalidRequest", "Bucket is missing Object Lock Configuration", Trouble.no_lock),
        ("InvalidRequest", "Bucket is missing ObjectLockConfiguration", Trouble.no_lock),
        ("InvalidRequest", "The retain until date must be in the future!", Trouble.other),
        ("InvalidRequest", "", Trouble.other),
        ("ObjectLockConfigurationNotFoundError", "", Trouble.no_lock),
        ("SlowDown", "Object Lock", Trouble.away),
    ],
)
def test_what_a_store_answers_is_told_by_its_code_and_where_that_says_too_little_by_its_words(
    code: str, message: str, trouble: Trouble
) -> None:
    assert trouble_of(code, message) is trouble


def test_a_store_that_does_not_answer_is_away(objects: ObjectServer, tmp_path: Path) -> None:
    nowhere = objects.store("evidence", endpoint="http://127.0.0.1:9")
    with pytest.raises(ArchiveError) as away:
        put(nowhere, tmp_path, b"sealed")
    assert away.value.trouble is Trouble.away
