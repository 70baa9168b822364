"""The text of a PDF: a program that `text_of` runs, with little memory and little time.

Reads the file from its input and writes one line of JSON.
"""

import json
import sys
from dataclasses import dataclass
from typing import Any

from hearings.documents import limited

LARGEST = 26_214_400
"""Greatest size in bytes of a file that is read: that of an attachment."""
PAGES = 300
CHARACTERS = 200_000
"""Greatest numbers of pages and characters that are read."""


@dataclass(frozen=True, kw_only=True)
class PdfText:
    """The text of a file. `problem`: `encrypted`, `unreadable`, or empty. `cut`: whether there is more of it."""

    text: str
    problem: str = ""
    cut: bool = False


async def text_of(pdf: bytes) -> PdfText:
    """The text of a file from outside. Never raises for the file's content; nothing is fetched."""
    if len(pdf) > LARGEST:
        return PdfText(text="", problem="unreadable")
    found = await limited.ask("hearings.documents.pdf_text", pdf)
    return PdfText(**found) if found is not None else PdfText(text="", problem="unreadable")


def main() -> None:
    """Limit memory and time of this process, then read."""
    limited.limit()
    print(json.dumps(read(sys.stdin.buffer.read())))


def read(data: bytes) -> dict[str, Any]:
    """The text of the first pages of a file."""
    import pypdfium2

    try:
        with pypdfium2.PdfDocument(data) as document:
            return _pages(document)
    except pypdfium2.PdfiumError as error:
        return {"text": "", "problem": "encrypted" if "password" in str(error).lower() else "unreadable"}


def _pages(document: Any) -> dict[str, Any]:
    parts, left = [], CHARACTERS
    for number in range(min(len(document), PAGES)):
        page = document[number]
        words = page.get_textpage()
        text = words.get_text_range(0, min(words.count_chars(), left))
        parts.append(text)
        left -= len(text)
        if left <= 0:
            break
    cut = left <= 0 or len(document) > PAGES
    return {"text": "\n".join(parts).encode("utf-8", "replace").decode(), "cut": cut}


if __name__ == "__main__":
    main()
