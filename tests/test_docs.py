"""The documents follow the code, and no file of the repository says what it must not."""

import dataclasses
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from media import messages, protocol
from media.evidence.log import journal_lines
from web.settings import PREFIX, Settings

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.glob("*.md"))]
SKIPPED = {".git", ".venv", ".data", "node_modules", "dist", "build", "__pycache__"}
SKIPPED |= {".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"}


def files() -> Iterator[Path]:
    """Every file of the repository that is not git-ignored."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in SKIPPED and not name.endswith(".egg-info")]
        yield from (Path(folder) / name for name in names if name not in SKIPPED and not name.endswith((".mo", ".pyc")))


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_every_setting_is_documented_with_its_default() -> None:
    page = read(DOCS / "settings.md")
    told = set(re.findall(rf"`{PREFIX}([A-Z_]+)`", page))
    assert told == {field.name.upper() for field in dataclasses.fields(Settings) if field.init}


def test_every_message_is_a_heading_of_the_protocol_page() -> None:
    headings = re.findall(r"^### (\w+)$", read(DOCS / "protocol.md"), re.MULTILINE)
    assert len(headings) == len(set(headings))
    known = {cls.__name__ for _, _, union in protocol.DIRECTIONS for cls in protocol.structs(union)}
    assert set(headings) == known
    assert messages.Hello.__name__ in known


def test_every_command_is_documented() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "web.cli", "--help"], capture_output=True, text=True, check=True, timeout=60
    )
    commands = re.findall(r"^ {4}([a-z]+) ", done.stdout, re.MULTILINE)
    assert "serve" in commands
    text = "\n".join(read(page) for page in PAGES)
    assert [name for name in commands if f"vivavoce {name}" not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_resolve(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", read(page), flags=re.MULTILINE | re.DOTALL)
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)", text)
    broken = [target for target in targets if ":" not in target and not (page.parent / target).exists()]
    anchors = {
        re.sub(r"[^\w\- ]", "", h).strip().lower().replace(" ", "-") for h in re.findall(r"^#+ (.*)$", text, re.M)
    }
    broken += [anchor for anchor in re.findall(r"\]\(#([^)\s]+)\)", text) if anchor not in anchors]
    assert broken == []


ROLES = [
    "judges and clerks",
    "interpreters and witnesses",
    "central authorities",
    "integrators",
    "evidence custodians",
    "defence experts",
    "administrators",
    "developers",
]


def test_each_page_says_below_its_title_whom_it_is_for_and_the_index_names_it_for_each_of_them() -> None:
    pages = {page.stem: read(page) for page in DOCS.glob("*.md") if page.stem != "README"}
    opening = {name: re.match(r"# .+\n\n\*For: ([a-z, ]+)\.\*\n\n", text) for name, text in pages.items()}
    assert [name for name, found in opening.items() if found is None] == []
    readers = {name: found[1].split(", ") for name, found in opening.items() if found}
    assert {name: roles for name, roles in readers.items() if roles != [role for role in ROLES if role in roles]} == {}

    index = re.split(r"^## For (.+)$", read(DOCS / "README.md"), flags=re.MULTILINE)
    assert index[1::2] == ROLES
    for role, text in zip(index[1::2], index[2::2], strict=True):
        named = re.findall(r"^- \[([a-z-]+)\]\(\1\.md\): .{20,140}\.$", text, re.MULTILINE)
        assert len(named) == text.count("\n- "), role
        assert named == sorted(name for name, roles in readers.items() if role in roles), role
    by_subject = re.findall(r"\[([a-z-]+)\]\(\1\.md\)", index[0])
    assert sorted(by_subject) == sorted(pages)
    assert "](docs/README.md)" in read(ROOT / "README.md")


# Written in pieces, so that this file does not contain what it looks for.
REGISTRIES = ("registry.npm" + "js.org", "files.python" + "hosted.org", "pypi." + "org", "deb.debian" + ".org")
UNWANTED = {
    "a package registry": re.compile("|".join(map(re.escape, REGISTRIES)) + "|art" + "ifactory|pkg" + "[.]dev"),
    "a path of one machine": re.compile(r"(?<![\w.])/(?:wo" + r"rk|ro" + r"ot|ho" + r"me/\w+|opt/whe" + r"els)/"),
    "a private key": re.compile(
        "AGE-SECRET" + "-KEY-1[02-9AC-HJ-NP-Z]{58}|-----BEGIN [A-Z ]*PRIVATE" + " KEY-----|PRIVATE" + r"\+KEY\+\S{20}"
    ),
}


@pytest.mark.parametrize("what", UNWANTED)
def test_no_file_contains(what: str) -> None:
    found = []
    for file in files():
        text = file.read_bytes().decode("utf-8", errors="replace")
        found += [f"{file.relative_to(ROOT)}: {hit[0]}" for hit in UNWANTED[what].finditer(text)]
    assert found == []


FOREIGN = {
    "a paper outside the repository": re.compile(
        "(?:interface|security|media|law) des" + r"ign\b|\bdes" + r"ign(?:'s)? (?:§|table|paper)"
        r"|(?<![\w/.-])shar" + r"ed/[a-z]+[/.]|\b(?:house|style|interface|architecture|plan|des" + r"ign)\.md\b"
        r"|\biss" + r"ue #?\d"
    ),
    "a number of a list nobody has": re.compile(
        r"\bdef test_\d+_|\b(?:row|line|point|item) \d+ of the (?:bad|list|plan|table|paper)|[\"']\d\d?: [a-z]"
    ),
}
SOURCES = {".py", ".md", ".ts", ".tsx", ".html", ".yaml", ".css", ".sh", ".js", ".csv", ".toml", ".typ"}
SECTION = re.compile(r"§ ?[A-Z]?\d[\w.]*")
PUBLISHED = re.compile(r"RFC \d+|UAX|Standard|Extensions|PKCS|\w\.md")


@cache
def sources() -> tuple[tuple[str, str], ...]:
    """Path and text of what people wrote: not vectors, corpora or what other programs made."""
    made = ("tests/vectors/", "tests/fuzz/corpus/", "web/static/")
    written = ((file.relative_to(ROOT).as_posix(), file) for file in files() if file.suffix in SOURCES)
    return tuple((path, read(file)) for path, file in written if not path.startswith(made))


@pytest.mark.parametrize("what", FOREIGN)
def test_no_text_refers_to(what: str) -> None:
    assert [f"{path}: {hit[0]}" for path, text in sources() for hit in FOREIGN[what].finditer(text)] == []


def test_every_section_is_of_a_page_of_ours_or_of_a_published_standard() -> None:
    """Named not far before the section, or for a whole module in its first lines."""
    assert [
        f"{path}: {hit[0]}"
        for path, text in sources()
        if not path.startswith(("docs/recording-format.md", "hearings/data/"))
        for hit in SECTION.finditer(text)
        if not PUBLISHED.search(text[max(0, hit.start() - 160) : hit.start()]) and not PUBLISHED.search(text[:700])
    ] == []


READERS = ["Clerks and judges", "Administrators", "Systems (API and formats)"]


def versions() -> list[tuple[str, str]]:
    """Heading and text of each version of the changelog, newest on top."""
    parts = re.split(r"^## (.*)$", read(ROOT / "CHANGELOG.md"), flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def entries(text: str) -> list[str]:
    """The entries below some heading, each in one line."""
    found = re.findall(r"^- (.*(?:\n  .*)*)$", text, re.MULTILINE)
    return [re.sub(r"\s+", " ", entry) for entry in found]


def test_changelog_and_project_agree_on_the_version() -> None:
    unreleased, *released = [heading for heading, _ in versions()]
    (version,) = re.findall(r'^version = "([^"]+)"', read(ROOT / "pyproject.toml"), re.MULTILINE)
    assert unreleased == "Unreleased"
    assert [heading for heading in released if not re.fullmatch(r"\d+\.\d+\.\d+ \(\d{4}-\d\d-\d\d\)", heading)] == []
    assert released[0].split()[0] == version
    numbers = [tuple(map(int, heading.split()[0].split("."))) for heading in released]
    assert numbers == sorted(set(numbers), reverse=True)


def test_changelog_speaks_to_three_readers() -> None:
    (_, unreleased), *released = versions()
    for heading, text in released:
        assert re.findall(r"^### (.*)$", text, re.MULTILINE) == READERS, heading
        assert all(entries(part) for part in re.split(r"^### .*$", text, flags=re.MULTILINE)[1:]), heading
    told = re.findall(r"^### (.*)$", unreleased, re.MULTILINE)
    assert told == [reader for reader in READERS if reader in told]
    assert told or unreleased.strip() == "Nothing yet."


def test_changelog_is_short() -> None:
    page = read(ROOT / "CHANGELOG.md")
    found = [entry for _, text in versions() for entry in entries(text)]
    assert [entry for entry in found if len(entry) > 300 or not entry.endswith(".")] == []
    assert [line for line in page.splitlines() if len(line) > 120] == []
    assert max(text.count("\n") for _, text in versions()) <= 90


LINES = re.compile(r"^### `(\w+)` \((journal|custody log|both)\)\n(.*?)```json\n(.*?)\n```", re.MULTILINE | re.DOTALL)
FORMAT = DOCS / "recording-format.md"


def test_the_format_page_has_a_table_and_an_example_of_every_line_and_no_other() -> None:
    found = {match[1]: (match[2], match[3], match[4].encode()) for match in LINES.finditer(read(FORMAT))}
    assert found.keys() == journal_lines.FIELDS.keys()
    for kind, (place, text, example) in found.items():
        both = kind in journal_lines.IN_CUSTODY - journal_lines.CUSTODY_ONLY
        assert place == ("both" if both else "custody log" if kind in journal_lines.IN_CUSTODY else "journal"), kind
        value = journal_lines.parse(example)  # JCS, as a line is written
        journal_lines.check_fields(value)
        rows = re.findall(r"^\| `(\w+)` \| [^|]{1,100} \| [^|]{3,} \|$", text, re.MULTILINE)
        assert rows == list(journal_lines.FIELDS[kind]), kind
        assert value["type"] == kind
        assert set(rows) == value.keys() - {"type", "at"}, kind


@pytest.mark.parametrize("kind", journal_lines.FIELDS)
def test_no_field_of_a_line_is_optional_as_the_format_page_says(kind: str) -> None:
    assert "None of the fields is optional in format 1" in read(FORMAT)
    (example,) = [match[4] for match in LINES.finditer(read(FORMAT)) if match[1] == kind]
    value = journal_lines.parse(example.encode())
    for name in value:
        with pytest.raises(journal_lines.LineError):
            journal_lines.check_fields({key: item for key, item in value.items() if key != name})


def test_the_format_page_names_every_cause_of_a_gap_and_every_code_of_a_notice() -> None:
    page = read(FORMAT)
    causes = page.partition("| cause of a gap |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", causes, re.MULTILINE)) == journal_lines.CAUSES
    (cell,) = re.findall(r"^\| `code` \| string \| (.*) \|$", page, re.MULTILINE)
    code = "".join(read(file) for file in (ROOT / "media/evidence/recording").glob("*.py"))
    written = re.findall(r'"type": "notice", "code": "(\w+)"|_notice\("(\w+)"', code)
    assert set(re.findall(r"`(\w+)`", cell)) == {word for pair in written for word in pair if word}


def test_every_test_named_on_the_page_on_security_is_there() -> None:
    named = re.findall(r"`([a-z0-9_/]+\.py)`", (ROOT / "docs/security.md").read_text("utf-8"))
    assert len(named) > 40
    assert [name for name in named if not (ROOT / "tests" / name).is_file()] == []


PROGRAMS = {"vivavoce": [sys.executable, "-m", "web.cli"], "python3": [sys.executable]}


def test_both_commands_of_the_page_on_custody_find_a_copy_sound_and_a_changed_one_not(tmp_path: Path) -> None:
    given = ROOT / "tests" / "vectors" / "stamped"
    changed = shutil.copytree(given / "bag", tmp_path / "changed")
    segment = changed / "data" / "seg" / "judge_1_mic-000001.age"
    segment.write_bytes(segment.read_bytes()[:-1] + b"?")
    commands = re.findall(r"`((?:vivavoce|python3) [^`]* BAG [^`]+)`", read(DOCS / "custody.md"))
    assert [command.split()[:2] for command in commands] == [
        ["vivavoce", "verify"],
        ["python3", "deploy/verify_bag.py"],
    ]
    for command in commands:
        for bag, code, said in ((given / "bag", 0, "verified"), (changed, 20, "failed")):
            files = {"BAG": str(bag), "policy.txt": str(given / "policy.txt"), "tsa.pem": str(given / "tsa.pem")}
            program, *rest = shlex.split(command)
            typed = [*PROGRAMS[program], *(files.get(word, word) for word in rest)]
            done = subprocess.run(typed, capture_output=True, text=True, check=False, timeout=120, cwd=ROOT)
            assert done.returncode == code, done.stdout + done.stderr
            assert re.search(rf"^verdict: +{said}$", done.stdout, re.MULTILINE), done.stdout
