"""Printed documents: PDF/A-2b set by typst, in every script our fonts have (docs/documents.md).

A document is a template of this package (typst/<kind>.typ) and data. The data are shown, never run: they
reach the template as JSON, and the template reads no file but its own and asks no network.
"""

import asyncio
import json
import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hearings.documents import glyphs, words as document_words

if TYPE_CHECKING:
    import typst

TEMPLATES = Path(__file__).parent / "typst"
STANDARD: Final = "a-2b"
_LONG = re.compile(r"[!-~\u00a1-\u052f\u0621-\u06ff]{45}")
"""So much without a blank, in scripts that have blanks, would run over the edge of the page."""
_INVISIBLE = frozenset({0x0A, 0x200B, 0x200C, 0x200D, 0x2066, 0x2069})
"""Characters that need no glyph: line feed, zero-width space and joiners."""


def kinds() -> tuple[str, ...]:
    """The kinds of document there are, by their templates."""
    return tuple(sorted(path.stem for path in TEMPLATES.glob("*.typ") if path.stem != "common"))


async def pdf(kind: str, data: Mapping[str, Any], *, lang: str, fonts: Path) -> bytes:
    """Set a document; `lang` is that of its frame, `fonts` the folder of the fonts. In a thread: it takes a while.

    Raises `LookupError` for a kind there is no template for, `FontsMissing`. Characters no font has are replaced by
    their numbers, and the document says so.
    """
    if kind not in kinds():
        raise LookupError(f"No template {kind!r}; there are {', '.join(kinds())}")
    return await asyncio.to_thread(_compile, kind, data, lang, fonts)


def direction(text: str) -> str:
    """`rtl` or `ltr`, by the first letter that has a direction (Unicode bidirectional algorithm, P2 and P3)."""
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in ("R", "AL"):
            return "rtl"
        if kind == "L":
            return "ltr"
    return "ltr"


def written(text: str) -> dict[str, str]:
    """A text somebody has written, as templates take it."""
    return {"text": text, "dir": direction(text)}


def printable(value: Any, have: frozenset[int]) -> Any:
    """The data with every character that is not among `have` replaced by its number, such as `[U+1F600]`, and places to
    break in words that are longer than a line.
    """
    if isinstance(value, str):
        shown = "".join(
            one if ord(one) in have or ord(one) in _INVISIBLE else f"[U+{ord(one):04X}]"
            for one in unicodedata.normalize("NFC", value)
        )
        return _LONG.sub(lambda found: f"{found[0]}\u200b", shown)
    if isinstance(value, Mapping):
        return {key: printable(one, have) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [printable(one, have) for one in value]
    return value


@cache
def _fonts(folder: Path) -> "typst.Fonts":
    import typst  # a fifth of a second: only who prints waits for it

    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])


def _compile(kind: str, data: Mapping[str, Any], lang: str, fonts: Path) -> bytes:
    import typst

    shown = printable(dict(data), glyphs.covered(fonts))
    replaced = re.search(r"\[U\+[0-9A-F]{4,6}\]", json.dumps(shown)) is not None
    shown["unprintable"] = document_words.word("frame", "unprintable", lang) if replaced else ""
    shown["seal"] = document_words.word("frame", "seal", lang)
    shown["page"] = document_words.word("frame", "page", lang)
    made = typst.compile(
        TEMPLATES / f"{kind}.typ",
        root=TEMPLATES,
        font_paths=_fonts(fonts),
        format="pdf",
        sys_inputs={"data": json.dumps(shown, ensure_ascii=False)},
        pdf_standards=STANDARD,
        package_path=TEMPLATES / "none",
        package_cache_path=TEMPLATES / "none",
    )
    assert isinstance(made, bytes)
    return made
