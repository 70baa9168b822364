"""Collects the messages of the program into the catalogues: `python -m web.words.catalogues`.

Messages are marked `_()`, `N_()`, `ngettext()`, `pgettext()`, `NP_()` in Python and templates, `tell()` and `tell_n()`
in Python, `t()` and `tn()` in TypeScript; those of data/gate.yaml are taken from there. New messages come in empty,
messages that are gone are dropped, translations are kept. With `--check` the command changes nothing, says how much of
each language is translated, and its exit code is 1 when the catalogues are not what the program says.
"""

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from hearings.law.law import LAW
from web.words.i18n import DOMAIN, LANGUAGES, LOCALES, Language

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


def translated(made: Catalog) -> tuple[int, int]:
    """How many messages are translated, of how many. What is marked fuzzy is shown to nobody, so it does not count."""
    rows = [entry for entry in made if entry.id]
    done = [
        entry
        for entry in rows
        if not entry.fuzzy and (all(entry.string) if isinstance(entry.string, tuple | list) else entry.string)
    ]
    return len(done), len(rows)


def main(arguments: list[str]) -> int:
    """Update the catalogues, or with `--check` only compare them."""
    program = template()
    same = True
    for language in LANGUAGES.values():
        if language.tag == "en":
            continue
        made, path = updated(language, program), path_of(language)
        wanted = text(made)
        done, total = translated(made)
        print(f"{language.tag:8} {done} of {total} messages translated")
        if not path.exists() or path.read_bytes() != wanted:
            same = False
            if "--check" not in arguments:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(wanted)
    return 0 if same or "--check" not in arguments else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
