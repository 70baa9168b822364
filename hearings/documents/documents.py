"""Printed documents: PDF/A-2b set by typst, in every script our fonts have (docs/documents.md).

A document is a template of this package (typst/<kind>.typ) and data. The data are displayed, never run: they reach the
template as JSON; it reads no file but its own and no network.
"""

import asyncio
import json
import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hearings.documents import glyphs
from hearings.sentences import N_, Say, english, tell

if TYPE_CHECKING:
    import typst

TEMPLATES = Path(__file__).parent / "typst"
FRAME: Mapping[str, str] = {
    "unprintable": tell(
        "Some characters are missing from the fonts of this installation; their Unicode numbers are printed instead."
    ),
    "seal": tell(
        "The electronic seal on this file is that of the installation that made it. It is not the signature "
        "of an authority."
    ),
    "page": tell("Page"),
}
"""Texts of the frame of every page."""
TRAINING = "TRAINING"
"""The mark of a rehearsal, the same in every language."""
NO_EVIDENCE = N_("A rehearsal with invented people: nothing here is evidence.")
STANDARD: Final = "a-2b"
_LONG = re.compile(r"[!-~\u00a1-\u052f\u0621-\u06ff]{45}")
"""Words of this length, in scripts with blanks, would run over the edge of the page."""
_INVISIBLE = frozenset({0x0A, 0x200B, 0x200C, 0x200D, 0x2066, 0x2069})
"""Characters without a glyph: line feed, zero-width space and joiners."""


def kinds() -> tuple[str, ...]:
    """The kinds of documents, one for each template."""
    return tuple(sorted(path.stem for path in TEMPLATES.glob("*.typ") if path.stem != "common"))


async def pdf(
    kind: str, data: Mapping[str, Any], *, lang: str, fonts: Path, say: Say = english, training: bool = False
) -> bytes:
    """Set a document; `lang` is that of its frame, `fonts` the folder of the fonts. Runs in a thread. Raises
    `LookupError` for a kind without a template, `FontsMissing`. Characters without a glyph are replaced by their
    numbers, and the document says so. `training`: every page bears the mark of a rehearsal.
    """
    if kind not in kinds():
        raise LookupError(f"No template {kind!r}; there are {', '.join(kinds())}")
    frame = {name: say(lang, text) for name, text in FRAME.items()}
    frame |= {"training": f"{TRAINING} · {say(lang, tell(NO_EVIDENCE))}"} if training else {}
    return await asyncio.to_thread(_compile, kind, data, frame, fonts)


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
    """A person's text with its direction, for templates."""
    return {"text": text, "dir": direction(text)}


def printable(value: Any, have: frozenset[int]) -> Any:
    """The data with every character outside `have` replaced by its number, such as `[U+1F600]`, and with break
    opportunities in words longer than a line.
    """
    if isinstance(value, str):
        text = "".join(
            character if ord(character) in have or ord(character) in _INVISIBLE else f"[U+{ord(character):04X}]"
            for character in unicodedata.normalize("NFC", value)
        )
        return _LONG.sub(lambda match: f"{match[0]}\u200b", text)
    if isinstance(value, Mapping):
        return {key: printable(item, have) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [printable(item, have) for item in value]
    return value


@cache
def _fonts(folder: Path) -> "typst.Fonts":
    import typst  # a fifth of a second: only who prints waits for it

    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])


def _compile(kind: str, data: Mapping[str, Any], frame: Mapping[str, str], fonts: Path) -> bytes:
    import typst

    inputs = {"unprintable": ""} | printable(dict(data), glyphs.covered(fonts))
    replaced = re.search(r"\[U\+[0-9A-F]{4,6}\]", json.dumps(inputs)) is not None
    inputs |= {name: text for name, text in frame.items() if replaced or name != "unprintable"}
    made = typst.compile(
        TEMPLATES / f"{kind}.typ",
        root=TEMPLATES,
        font_paths=_fonts(fonts),
        format="pdf",
        sys_inputs={"data": json.dumps(inputs, ensure_ascii=False)},
        pdf_standards=STANDARD,
        package_path=TEMPLATES / "none",
        package_cache_path=TEMPLATES / "none",
    )
    assert isinstance(made, bytes)
    return made
