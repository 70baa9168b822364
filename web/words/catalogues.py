"""Collects the messages of the program into the catalogues, and says how far each language is.

    python -m web.words.catalogues                 bring the catalogues up to date: new messages come in empty, messages
                                                   that are gone are dropped, translations are kept
    python -m web.words.catalogues --status        change nothing; say how much of each language is translated, and how
                                                   much of that awaits review
    python -m web.words.catalogues --missing TAG   change nothing; list what is not translated into this language
    python -m web.words.catalogues --draft TAG PO  take translations that a program has made from a file in PO format,
                                                   for messages that have none; each is marked for review

Messages are marked `_()`, `N_()`, `ngettext()`, `pgettext()`, `NP_()` in Python and templates, `tell()` and `tell_n()`
in Python, `t()`, `tn()` and `pt()` in TypeScript; those of data/drills.yaml, data/gate.yaml, data/lint.yaml,
data/personal_data.yaml and data/rights.yaml are taken from there. A comment before one that begins with "Translators:"
goes into the catalogues with it. A change of the program owes no translation: a message nobody has translated yet is
shown in English, each for itself.

A translation that a program has made has the comment `# review: machine`. Whoever has read and corrected it deletes
the comment; it is kept as long as it is there, and counted.
"""

import argparse
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from hearings.law.handling.contents import CONTENTS
from hearings.law.law import LAW
from hearings.lint import table as lint_table
from hearings.personal_data import data_table
from hearings.rights import checklist
from hearings.training import drills
from web.words.i18n import DEFAULT, DOMAIN, LANGUAGES, LOCALES, Language

WEB = Path(__file__).parents[1]
PYTHON: dict[str, Any] = {"_": None, "N_": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2), "NP_": ((1, "c"), 2)}
PYTHON |= {"tell": None, "tell_n": (1, 2)}
TYPESCRIPT: dict[str, Any] = {"t": None, "tn": (1, 2), "pt": ((1, "c"), 2)}
COMMENT = "Translators:"
MARK = "review: machine"
"""Comment of a translation that a program has made and nobody has reviewed."""
SOURCES: tuple[tuple[str, str, str, dict[str, Any], dict[str, Any]], ...] = (
    (".", "*.py", "python", PYTHON, {}),
    (".", "*/*.py", "python", PYTHON, {}),
    ("../hearings", "*.py", "python", PYTHON, {}),
    ("../hearings", "*/*.py", "python", PYTHON, {}),
    ("../scheduler", "*.py", "python", PYTHON, {}),
    (
        ".",
        "*/templates/*.html",
        "jinja2.ext:babel_extract",
        PYTHON,
        {"extensions": "jinja2.ext.do", "trimmed": "true", "silent": "false"},
    ),
    ("frontend/src", "**/*.ts", "javascript", TYPESCRIPT, {"jsx": "false", "template_string": "false"}),
    ("frontend/src", "**/*.tsx", "javascript", TYPESCRIPT, {"jsx": "true", "template_string": "false"}),
)
"""Folder, pattern, Babel's method, keywords, options."""


def _extractor(method: str) -> Any:
    module, _, name = method.partition(":")
    if not name:
        return method
    return getattr(__import__(module, fromlist=[name]), name)


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """How far the catalogue of a language is."""

    messages: int
    translated: int
    awaiting: int
    """Translations made by a program that nobody has reviewed."""


@cache
def messages() -> tuple[tuple[str | tuple[str, ...], str | None, str, list[str]], ...]:
    """Message (or singular and plural), context, the file it stands in, and the comments for translators; read once."""
    return tuple(_messages())


def _messages() -> Iterator[tuple[str | tuple[str, ...], str | None, str, list[str]]]:
    for folder, pattern, method, keywords, options in SOURCES:
        for path in sorted((WEB / folder).glob(pattern)):
            extracted = extract_from_file(_extractor(method), path, keywords, (COMMENT,), options)
            for _line, message, comments, context in extracted:
                yield message, context, path.resolve().relative_to(WEB.parent.resolve()).as_posix(), comments
    yield from ((message, None, "hearings/data/gate.yaml", []) for message in gate_messages())
    for file, texts in law_messages().items():
        yield from ((message, None, f"hearings/data/{file}", []) for message in texts)
    yield from ((message, None, "hearings/data/content.yaml", []) for message in content_messages())
    yield from ((message, None, "hearings/data/rights.yaml", []) for message in checklist.messages())
    yield from ((message, None, "hearings/data/lint.yaml", []) for message in lint_table.messages())
    yield from ((message, None, "hearings/data/personal_data.yaml", []) for message in data_table.messages())
    yield from ((message, None, "hearings/data/drills.yaml", []) for message in drills.messages())


def gate_messages() -> Iterator[str]:
    """The messages in data/gate.yaml."""
    gate = LAW.gate
    yield from (test["text"] for tests in gate["scope_tests"].values() for test in tests)
    yield from (condition["text"] for condition in gate["channel_conditions"].values())
    yield from (fact["text"] for fact in gate["facts"].values())
    for table in ("scope_labels", "capacity_labels", "condition_texts", "grave_texts", "refusal_texts"):
        yield from gate[table].values()


def law_messages() -> dict[str, list[str]]:
    """The sentences of the law's data that the law check says, by file."""
    rows = {
        "displacement.yaml": [text for row in LAW.displacement for text in (row["text"], row.get("keeps"))],
        "safeguards.yaml": [row["text"] for row in LAW.safeguards],
        "national.yaml": [row["shown"] for row in LAW.national.values()],
    }
    return {file: list(dict.fromkeys(text for text in texts if text)) for file, texts in rows.items()}


def content_messages() -> Iterator[str]:
    """The messages in data/content.yaml: items that instruments ask for, and titles of the sections of forms."""
    for contents in CONTENTS.values():
        yield from dict.fromkeys([*(item.text for item in contents.items), *contents.sections.values()])
        yield from contents.acknowledgement.sections.values() if contents.acknowledgement else ()


def template() -> Catalog:
    """A catalogue template with every message of the program."""
    made = Catalog(project="Vivavoce", charset="utf-8")
    for message, context, where, comments in messages():
        if message and all(message):
            made.add(message, locations=[(where, None)], context=context, auto_comments=comments)  # type: ignore[list-item]
    return made


def path_of(language: Language) -> Path:
    """The path of the catalogue of a language."""
    return LOCALES / language.locale / "LC_MESSAGES" / f"{DOMAIN}.po"


def read(language: Language, path: Path) -> Catalog:
    """A catalogue of a language from a file; an empty one where there is none."""
    if not path.exists():
        return Catalog(locale=language.locale, domain=DOMAIN, charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=language.locale, domain=DOMAIN)


def updated(language: Language, program: Catalog) -> Catalog:
    """The catalogue of a language, updated to the messages of the program."""
    made = read(language, path_of(language))
    made.project, made.fuzzy = "Vivavoce", False
    made.header_comment = f"# Vivavoce: {language.name}"
    made.update(program, no_fuzzy_matching=True, update_creation_date=False)
    made.obsolete.clear()
    return made


def text(made: Catalog) -> bytes:
    """A catalogue as the content of its file: sorted, and without dates that change at every run."""
    buffer = io.BytesIO()
    write_po(buffer, made, width=0, sort_output=True, omit_header=False, include_lineno=False)
    lines = buffer.getvalue().split(b"\n")
    return b"\n".join(line for line in lines if not line.startswith((b'"POT-Creation-Date', b'"PO-Revision-Date')))


def is_translated(entry: Message) -> bool:
    """Whether a message is translated. Fuzzy translations are never displayed, so they do not count."""
    string = entry.string
    return not entry.fuzzy and bool(all(string) if isinstance(string, tuple | list) else string)


def missing(made: Catalog) -> list[str]:
    """The messages that are not translated."""
    untranslated = (entry for entry in made if entry.id and not is_translated(entry))
    return [entry.id[0] if isinstance(entry.id, tuple | list) else entry.id for entry in untranslated]


def coverage(made: Catalog) -> Coverage:
    """How far a catalogue is."""
    entries = [entry for entry in made if entry.id]
    translated = [entry for entry in entries if is_translated(entry)]
    awaiting = sum(MARK in entry.user_comments for entry in translated)
    return Coverage(messages=len(entries), translated=len(translated), awaiting=awaiting)


@cache
def installed() -> dict[str, Coverage]:
    """How far the catalogue of each language is as installed, by its tag; English, which needs none, is left out."""
    return {language.tag: coverage(read(language, path_of(language))) for language in _others()}


def draft(made: Catalog, drafts: Catalog) -> int:
    """Takes from `drafts`, which a program has made, the translations that are missing in a catalogue, each marked
    for review; and gives their number."""
    taken = 0
    for entry in made:
        found = entry.id and not is_translated(entry) and drafts.get(entry.id, entry.context)
        if found and is_translated(found):
            entry.string = found.string
            entry.flags.discard("fuzzy")
            entry.user_comments = list(dict.fromkeys([*entry.user_comments, MARK]))
            taken += 1
    return taken


def _others() -> list[Language]:
    return [language for language in LANGUAGES.values() if language is not DEFAULT]


def update(program: Catalog) -> None:
    """Writes the catalogue of every language, updated to the messages of the program."""
    for language in _others():
        path = path_of(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text(updated(language, program)))


def status(program: Catalog) -> Iterator[str]:
    """A line for each language: how many messages are translated."""
    for language in _others():
        found = coverage(updated(language, program))
        yield f"{language.tag:8} {found.translated} of {found.messages} messages, {found.awaiting} awaiting review"


def main(arguments: list[str]) -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m web.words.catalogues")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--status", action="store_true", help="change nothing, say how far each language is")
    only.add_argument(
        "--missing", metavar="TAG", choices=[other.tag for other in _others()], help="list what is missing"
    )
    only.add_argument("--draft", nargs=2, metavar=("TAG", "PO"), help="take in translations made by a program")
    asked = parser.parse_args(arguments)
    program = template()
    if asked.draft:
        language = LANGUAGES[asked.draft[0]]
        made = updated(language, program)
        print(draft(made, read(language, Path(asked.draft[1]))))
        path_of(language).write_bytes(text(made))
        return
    if asked.missing:
        print("\n".join(missing(updated(LANGUAGES[asked.missing], program))))
        return
    if not asked.status:
        update(program)
    print("\n".join(status(program)))


if __name__ == "__main__":
    main(sys.argv[1:])
