"""Types of files that are taken: known by their bytes, bounded, with a name that agrees and leads nowhere."""

import pytest

from hearings.documents import file_types
from hearings.errors import Invalid

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00" * 20
JPEG = b"\xff\xd8\xff\xe0" + b"\x00" * 20


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("a.pdf", PDF, "application/pdf"),
        ("A.PDF", PDF, "application/pdf"),
        ("a.png", PNG, "image/png"),
        ("a.jpeg", JPEG, "image/jpeg"),
        ("คำขอ.txt", "ขอ\r\n\tดู".encode(), "text/plain"),
        ("a.txt", b"\xef\xbb\xbftext", "text/plain"),
    ],
)
def test_a_file_is_known_by_its_bytes(name: str, data: bytes, kind: str) -> None:
    assert file_types.sniff(name, data) == kind


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.pdf", b""),
        ("a.png", PDF),
        ("a.pdf", b"<html><script>alert(1)</script>"),
        ("a.html", b"<html>"),
        ("a.svg", b"<svg onload=alert(1)>"),
        ("a.txt", b"\x00"),
        ("a.txt", b"\xff\xfe\x00"),
        ("a.txt", "\u202etxt".encode()),
        ("a.zip", b"PK\x03\x04"),
        ("a.exe", b"MZ\x90"),
        ("a.pdf.exe", PDF),
        ("a.gif", b"GIF89a"),
        ("a.pdf", b"%PDF-1.7" + b"\x00" * file_types.LARGEST),
    ],
)
def test_what_is_not_taken_or_is_not_what_its_name_says_is_refused(name: str, data: bytes) -> None:
    with pytest.raises(Invalid) as refusal:
        file_types.sniff(name, data)
    assert refusal.value.field == "file"


@pytest.mark.parametrize(
    "name",
    ["", ".pdf", "..", "../a.pdf", "a/b.pdf", "a\\b.pdf", "c:a.pdf", "a\x00.pdf", "a\u202efdp.exe", "a.pdf ."],
)
def test_a_name_that_leads_elsewhere_or_hides_something_is_refused(name: str) -> None:
    with pytest.raises(Invalid):
        file_types.checked_name(name)
