"""Collects the messages of the program into the catalogues, and says how far each language is.

    python -m web.words.catalogues                 bring the catalogues up to date: new messages come in empty, messages
                                                   that are gone are dropped, translations are kept
    python -m web.words.catalogues --status        change nothing; say how much of each language is translated
    python -m web.words.catalogues --missing TAG   change nothing; list what is not translated into this language

Messages are marked `_()`, `N_()`, `ngettext()`, `pgettext()`, `NP_()` in Python and templates, `tell()` and `tell_n()`
in Python, `t()` and `tn()` in TypeScript; those of data/gate.yaml are taken from there. A change of the program owes no
translation: a message nobody has translated yet is shown in English, each for itself.
"""

import argparse
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from hearings.documents import words as document_words
from hearings.law.law import LAW
from web.words.i18n import DEFAULT, DOMAIN, LANGUAGES, LOCALES, Language

WEB = Path(__file__).parents[1]
PYTHON: dict[str, Any] = {"_": None, "N_": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2), "NP_": ((1, "c"), 2)}
PYTHON |= {"tell": None, "tell_n": (1, 2)}
TYPESCRIPT: dict[str, Any] = {"t": None, "tn": (1, 2)}
SOURCES: tuple[tuple[str, str, str, dict[str, Any], dict[str, Any]], ...] = (
    (".", "*.py", "python", PYTHON, {}),
    (".", "*/*.py", "python", PYTHON, {}),
    ("../hearings", "*.py", "python", PYTHON, {}),
    ("../hearings", "*/*.py", "python", PYTHON, {}),
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


def messages() -> Iterator[tuple[str | tuple[str, ...], str | None, str]]:
    """Message (or singular and plural), context, and the file it stands in."""
    for folder, pattern, method, keywords, options in SOURCES:
        for path in sorted((WEB / folder).glob(pattern)):
            found = extract_from_file(_extractor(method), path, keywords, options=options)
            for _line, message, _comments, context in found:
                yield message, context, path.resolve().relative_to(WEB.parent.resolve()).as_posix()
    yield from ((message, None, "hearings/data/gate.yaml") for message in gate_messages())


def gate_messages() -> Iterator[str]:
    """What data/gate.yaml asks, in words."""
    gate = LAW.gate
    yield from (test["text"] for tests in gate["scope_tests"].values() for test in tests)
    yield from (condition["text"] for condition in gate["channel_conditions"].values())
    for table in ("scope_labels", "capacity_labels", "condition_texts", "grave_texts", "refusal_texts"):
        yield from gate[table].values()


def template() -> Catalog:
    """Every message of the program."""
    made = Catalog(project="Vivavoce", charset="utf-8")
    for message, context, where in messages():
        if message and all(message):
            made.add(message, locations=[(where, None)], context=context)  # type: ignore[list-item]
    return made


def path_of(language: Language) -> Path:
    """The catalogue of a language."""
    return LOCALES / language.locale / "LC_MESSAGES" / f"{DOMAIN}.po"


def updated(language: Language, program: Catalog) -> Catalog:
    """The catalogue of a language as the program needs it."""
    path = path_of(language)
    if path.exists():
        with path.open("rb") as file:
            made = read_po(file, locale=language.locale, domain=DOMAIN)
    else:
        made = Catalog(locale=language.locale, domain=DOMAIN, charset="utf-8")
    made.project, made.fuzzy = "Vivavoce", False
    made.header_comment = f"# Vivavoce: {language.name}"
    made.update(program, no_fuzzy_matching=True, update_creation_date=False)
    made.obsolete.clear()
    return made


def text(made: Catalog) -> bytes:
    """A catalogue as its file holds it: sorted, and without dates that change at every run."""
    buffer = io.BytesIO()
    write_po(buffer, made, width=0, sort_output=True, omit_header=False, include_lineno=False)
    lines = buffer.getvalue().split(b"\n")
    return b"\n".join(line for line in lines if not line.startswith((b'"POT-Creation-Date', b'"PO-Revision-Date')))


def missing(made: Catalog) -> list[str]:
    """The messages that are not translated. What is marked fuzzy is shown to nobody, so it does not count."""
    return [
        entry.id[0] if isinstance(entry.id, tuple | list) else entry.id
        for entry in made
        if entry.id
        if entry.fuzzy or not (all(entry.string) if isinstance(entry.string, tuple | list) else entry.string)
    ]


def _others() -> list[Language]:
    return [language for language in LANGUAGES.values() if language is not DEFAULT]


def update(program: Catalog) -> None:
    """Write the catalogue of every language as the program needs it."""
    for language in _others():
        path = path_of(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text(updated(language, program)))


def status(program: Catalog) -> Iterator[str]:
    """A line for each language: how many messages, and how many words of printed documents, are translated."""
    for language in _others():
        made = updated(language, program)
        left, total = len(missing(made)), sum(bool(entry.id) for entry in made)
        done, words = document_words.translated(language.tag)
        yield f"{language.tag:8} {total - left} of {total} messages, {done} of {words} words of documents"


def main(arguments: list[str]) -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m web.words.catalogues")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--status", action="store_true", help="change nothing, say how far each language is")
    only.add_argument("--missing", metavar="TAG", choices=[one.tag for one in _others()], help="list what is missing")
    asked = parser.parse_args(arguments)
    program = template()
    if asked.missing:
        print("\n".join(missing(updated(LANGUAGES[asked.missing], program))))
        return
    if not asked.status:
        update(program)
    print("\n".join(status(program)))


if __name__ == "__main__":
    main(sys.argv[1:])
