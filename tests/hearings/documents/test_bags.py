"""A bag proves itself: every file in a manifest, every manifest in the other, the same bytes for the same files."""

import gc
import hashlib
import io
import zipfile

import pytest

from hearings.documents.bags import Bag

FILES = {"a.json": b"{}", "files/01-\u017c\u00f3\u0142\u0107.pdf": b"%PDF-1.7", "b/100%.txt": b""}
INFO = {"External-Identifier": "RO-2026-0001", "Bagging-Date": "2026-11-24"}


def packed(files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    bag = Bag(file, "RO-2026-0001")
    for name, data in files.items():
        bag.add(name, data)
    bag.close(INFO)
    return file.getvalue()


def test_a_bag_holds_its_files_and_manifests_that_name_each_of_them() -> None:
    found = zipfile.ZipFile(io.BytesIO(packed(FILES)))
    assert found.testzip() is None
    read = {name.removeprefix("RO-2026-0001/"): found.read(name) for name in found.namelist()}
    assert {name.removeprefix("data/"): data for name, data in read.items() if name.startswith("data/")} == FILES
    hashes = {f"data/{name}": hashlib.sha256(data).hexdigest() for name, data in FILES.items()}
    assert read["manifest-sha256.txt"].decode().splitlines() == sorted(
        (f"{digest}  {path.replace('%', '%25')}" for path, digest in hashes.items()), key=lambda line: line[66:]
    )
    tags = ("bag-info.txt", "bagit.txt", "manifest-sha256.txt")
    assert read["tagmanifest-sha256.txt"].decode().splitlines() == [
        f"{hashlib.sha256(read[name]).hexdigest()}  {name}" for name in tags
    ]
    assert read["bag-info.txt"].decode() == (
        "External-Identifier: RO-2026-0001\nBagging-Date: 2026-11-24\nPayload-Oxum: 10.3\n"
    )
    assert read["bagit.txt"] == b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"


def test_a_bag_that_is_given_up_closes_its_zip_before_the_file_is() -> None:
    file = io.BytesIO()
    with pytest.raises(RuntimeError), Bag(file, "case") as bag:
        bag.add("a.json", b"{}")
        raise RuntimeError
    assert (bag.zip.fp, file.closed) == (None, False)
    file.close()
    del bag
    gc.collect()  # a zip that is open would write to the file that is closed, and warn


def test_the_same_files_are_the_same_bytes() -> None:
    assert packed(FILES) == packed(FILES)


@pytest.mark.parametrize("path", ["a.json", "../a", "/a", "a//b", "a/./b", "a\\b", "", "a/"])
def test_no_name_comes_twice_or_leads_out_of_the_bag(path: str) -> None:
    bag = Bag(io.BytesIO(), "case")
    bag.add("a.json", b"{}")
    with pytest.raises(ValueError, match="name inside the bag"):
        bag.add(path, b"x")


def test_a_line_end_in_what_a_bag_says_of_itself_makes_no_line() -> None:
    file = io.BytesIO()
    bag = Bag(file, "case")
    bag.close({"Contact-Name": "RO\nPayload-Oxum: 0.0"})
    lines = zipfile.ZipFile(file).read("case/bag-info.txt").decode().splitlines()
    assert lines == ["Contact-Name: RO Payload-Oxum: 0.0", "Payload-Oxum: 0.0"]
