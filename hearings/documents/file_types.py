"""Types of files that people may hand in: a closed list. The type is read from the bytes, and the name must agree with
it, so that no upload runs as a page.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hearings import reference
from hearings.errors import Invalid
from hearings.sentences import N_, tell
from hearings.texts import clean

NOT_A_FILE_NAME = N_("Not a valid file name")
EMPTY_FILE = N_("The file is empty")

LARGEST: int = reference.request_rules()["attachments"]["largest"]
"""Bytes of one file, 25 MiB."""
PDF = "application/pdf"
_NAME = re.compile(r"[^/\\:*?\"<>|.][^/\\:*?\"<>|]*")


@dataclass(frozen=True)
class Type:
    """An accepted type of file: its endings, and the test of its bytes."""

    media_type: str
    endings: tuple[str, ...]
    fits: Callable[[bytes], bool]


def is_pdf(data: bytes) -> bool:
    """Whether the bytes begin like a PDF."""
    return data.startswith((b"%PDF-1.", b"%PDF-2."))


def _is_png(data: bytes) -> bool:
    return data.startswith(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")


def _is_jpeg(data: bytes) -> bool:
    return data.startswith(b"\xff\xd8\xff")


def _is_text(data: bytes) -> bool:
    """UTF-8 with no control characters but line ends and tabs."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


TYPES: Mapping[str, Type] = {
    kind.media_type: kind
    for kind in (
        Type(PDF, (".pdf",), is_pdf),
        Type("image/png", (".png",), _is_png),
        Type("image/jpeg", (".jpg", ".jpeg"), _is_jpeg),
        Type("text/plain", (".txt",), _is_text),
    )
}
"""The closed list of accepted types, in the order they are tried."""


def sniff(name: str, data: bytes) -> str:
    """The media type by the bytes. Raises `Invalid` for a type not accepted or at odds with the name."""
    if not data:
        raise Invalid(tell(EMPTY_FILE), "file")
    if len(data) > LARGEST:
        raise Invalid(tell("Too large: at most {most} MiB", most=LARGEST // 1024 // 1024), "file")
    kind = next((kind for kind in TYPES.values() if kind.fits(data)), None)
    if kind is None:
        raise Invalid(tell("Not an accepted file type: use PDF, PNG, JPEG or plain text"), "file")
    if not name.lower().endswith(kind.endings):
        raise Invalid(
            tell("The name does not match the type of the file: it should end in {ending}", ending=kind.endings[0]),
            "file",
        )
    return kind.media_type


def checked_name(name: str) -> str:
    """A file's name, without folders and characters that a file system refuses. Raises `Invalid`."""
    name = clean(name, "file", most=150, least=1)
    if not _NAME.fullmatch(name) or name.endswith((".", " ")):
        raise Invalid(tell(NOT_A_FILE_NAME), "file")
    return name
