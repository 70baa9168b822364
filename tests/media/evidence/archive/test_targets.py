"""An archive is named by an address, and an address that names none is refused."""

import subprocess
import sys

import pytest

from media.evidence.archive.targets import TargetError, store_of, stores_of


def test_folders_and_buckets_are_named_by_their_addresses() -> None:
    named = stores_of(["file:///srv/archive", "s3://evidence/court?endpoint=https://s3.court.example&region=eu-1"])
    assert [store.name for store in named] == ["archive", "evidence"]


@pytest.mark.parametrize(
    "address",
    [
        *("/srv/archive", "file://other/srv", "file:///", "file:///srv/../etc", "file:///srv?x=1"),
        *("s3://", "s3://UPPER", "s3://evidence?user=me", "s3://evidence/a b", "s3://evidence?endpoint=ftp://x"),
        *("https://evidence", "s3://[", ""),
    ],
)
def test_an_address_that_names_no_archive_is_refused(address: str) -> None:
    with pytest.raises(TargetError):
        store_of(address)


def test_two_archives_of_one_name_are_refused() -> None:
    with pytest.raises(TargetError, match="the same name"):
        stores_of(["file:///a/evidence", "s3://evidence"])


def test_naming_an_archive_loads_no_client_library() -> None:
    code = "import sys, web.app, web.cli, web.clock, scheduler.archiving; print('botocore' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "False"
