"""What is fuzzed: by its name, a function of bytes that raises only what nobody has expected.

Every reader of `tests.support.hostile_web` is a target as it is. Some say more of what they read than that it did not
fail. The media side has its own table, `tests/fuzz/media_targets.py`, which is added where it lies.
"""

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from hearings.documents import pdf_check
from hearings.signatures import jws, signatures
from media.evidence.log import journal_lines, tlog
from tests.support.hostile import Parser
from tests.support.hostile_web import PARSERS
from web import strict_json

Target = Callable[[bytes], None]
CORPUS = Path(__file__).parent / "corpus"


def calm(parser: Parser) -> Target:
    """A parser whose refusals are no failure."""

    def read(data: bytes) -> None:
        with contextlib.suppress(*parser.refused):
            parser.read(data)

    return read


def json_(data: bytes) -> None:
    """What is taken is what Python takes it for, and is written the same."""
    try:
        found = strict_json.parse(data)
    except strict_json.JsonError:
        return
    assert found == json.loads(data)
    assert strict_json.parse(json.dumps(found).encode()) == found


def statement(data: bytes) -> None:
    """A proof, and the canonical form of what it says."""
    try:
        proof = jws.parse(
            data.decode("latin-1"),
            headers=signatures.HEADERS,
            longest=signatures.LONGEST,
            brackets=signatures.BRACKETS,
        )
    except jws.BadProof:
        return
    signatures._canonical(proof)


def checkpoint(data: bytes) -> None:
    """A signed note, and the checkpoint in it, which is written as it was."""
    try:
        note = tlog.parse_note(data)
        found = tlog.parse_checkpoint(note.text)
    except tlog.NoteError:
        return
    assert tlog.checkpoint_text(found.origin, found.size, found.root) == note.text


def journal_line(data: bytes) -> None:
    """A line of a journal; one with nothing wrong in its spelling is written the same."""
    value, wrong = journal_lines.read(data)
    if not wrong and value is not None:
        assert journal_lines.canonical(value) == data
        with contextlib.suppress(journal_lines.LineError):
            journal_lines.check_fields(value)


def pdf(data: bytes) -> None:
    """A PDF, as the process that checks signatures looks at it."""
    asyncio.run(pdf_check.look(data, []))


def _media() -> Mapping[str, Target]:
    name = "tests.fuzz.media_targets"
    found: Mapping[str, Target] = import_module(name).TARGETS if find_spec(name) else {}
    return found


TARGETS: Mapping[str, Target] = {
    **{parser.name.replace(" ", "_"): calm(parser) for parser in PARSERS},
    "json": json_,
    "statement": statement,
    "checkpoint": checkpoint,
    "journal_line": journal_line,
    "pdf": pdf,
    **_media(),
}
