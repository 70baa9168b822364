"""`vivavoce setup` as whoever installs Vivavoce runs it: with options, with answers typed, stopped and begun again."""

import os
import sqlite3
import stat
import subprocess
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from tests.support.installation import free_port
from tests.support.process import VIVAVOCE
from web.cli import _parser
from web.operation import environment_file
from web.operation.setup_command import ACTS, OPTIONS, SETTINGS
from web.operation.setup_steps import STEPS, SetupStep
from web.settings import Settings

pytestmark = pytest.mark.timeout(180)
COURT = ("--state", "RO", "--court", "Tribunalul Cluj", "--city", "Cluj")


class Place:
    """A folder in which one installation is set up, by processes of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data, self.file = folder, folder / "data", folder / "settings.env"
        plain = {name: text for name, text in os.environ.items() if not name.startswith("VIVAVOCE_")}
        self.environment = {**plain, "PYTHONUNBUFFERED": "1"}

    def start(self, *options: str) -> subprocess.Popen[str]:
        pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout"), subprocess.PIPE)
        words = [*VIVAVOCE, "setup", "--environment-file", str(self.file), *options]
        error = (self.folder / "stderr").open("w")
        with error:
            return subprocess.Popen(words, env=self.environment, stderr=error, text=True, **pipes)

    def run(self, *options: str, answers: str = "") -> tuple[int, str]:
        process = self.start(*options)
        told, _none = process.communicate(answers)
        return process.returncode, told

    def administrators(self) -> list[str]:
        with sqlite3.connect(self.data / "vivavoce.db") as database:
            return [row[0] for row in database.execute("SELECT email FROM person ORDER BY email")]

    def content(self) -> dict[str, bytes]:
        paths = [self.file, *sorted((self.data / "keys").rglob("*"))]
        return {str(path): path.read_bytes() for path in paths if path.is_file()}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


class Inbox:
    """Keeps what it takes."""

    def __init__(self) -> None:
        self.taken: list[tuple[list[str], bytes]] = []

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        self.taken.append((envelope.rcpt_tos, envelope.content))
        return "250 taken"


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, int]]:
    handler = Inbox()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield handler, controller.port
    controller.stop()


def test_a_script_sets_everything_up_by_options_and_a_second_run_changes_nothing(
    place: Place, inbox: tuple[Inbox, int]
) -> None:
    handler, port = inbox
    options = (
        *("--no-questions", "--data", str(place.data), "--court-name", "court.example", *COURT),
        *("--administrator", "Ana Pop", "ana@ro.example", "--key-file", str(place.folder / "court.key")),
        *("--smtp-host", "127.0.0.1", "--smtp-port", str(port), "--smtp-tls", "none"),
        *("--smtp-sender", "court@court.example", "--mail-test", "ana@ro.example"),
        *("--backup", str(place.folder / "copy"), "--backup-keys", str(place.folder / "copied keys")),
    )
    code, told = place.run(*options)
    assert code == 1, "a clerk, a judge, a site and TLS are missing"
    assert "missing   Judges, clerks, authorities" in told
    assert all(f"in place  {label}" in told for label in ("Court", "Mail", "Keys of the authorities"))
    assert place.administrators() == ["ana@ro.example"]
    assert stat.S_IMODE((place.folder / "court.key").stat().st_mode) == 0o600
    assert stat.S_IMODE(place.file.stat().st_mode) == 0o600
    assert (place.folder / "copy/backup.json").exists()
    assert (place.folder / "copied keys/backup.json").exists()
    ((to, content),) = handler.taken
    mail = message_from_bytes(content)
    assert (to, mail["To"], mail["Subject"]) == (["ana@ro.example"], "ana@ro.example", "Test mail of court.example")
    settings = Settings.from_environment(environment_file.read(place.file))
    assert (settings.data, settings.smtp_port, settings.court_name) == (place.data, port, "court.example")

    before = place.content()
    code, told = place.run(*options[:-6], "--court-name", "other.example")
    assert (code, "VIVAVOCE_COURT_NAME is set already; it was not changed" in told) == (1, True)
    assert place.administrators() == ["ana@ro.example"]
    assert place.content() == before


def test_answers_may_be_typed_and_a_killed_set_up_goes_on_where_it_was(place: Place) -> None:
    process = place.start()
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{place.data}\n\ncourt.example\n\n")
    process.stdin.flush()
    for line in process.stdout:
        if "There is no administrator" in line:
            break
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()
    before = place.content()
    assert environment_file.read(place.file)["VIVAVOCE_COURT_NAME"] == "court.example"
    assert place.administrators() == []

    code, told = place.run(answers="Ana Pop\nana@ro.example\nRO\nTribunalul Cluj\nCluj\n")
    assert code == 1
    assert "Data folder, by its whole path" not in told, "what is known is not asked again"
    assert place.administrators() == ["ana@ro.example"]
    assert place.content() == before, "neither settings nor keys were made again"


def test_what_cannot_be_used_is_refused_with_its_reason_and_nothing_of_the_step_is_kept(place: Place) -> None:
    given = (
        "--no-questions",
        "--data",
        str(place.data),
        "--court-name",
        "Not A Name",
        "--public-url",
        "http://x.example",
    )
    code, told = place.run(*given, "--administrator", "Ana", "ana@ro.example", "--state", "RO")
    assert code == 1
    assert "expected a name like court.example" in told
    assert "expected https://" in told
    assert not place.file.exists()


def test_without_a_file_the_settings_are_printed_to_be_put_into_one(place: Place) -> None:
    words = [*VIVAVOCE, "setup", "--no-questions", "--data", str(place.data), "--court-name", "court.example"]
    done = subprocess.run(words, env=place.environment, capture_output=True, text=True, check=False)
    assert f"\nVIVAVOCE_DATA={place.data}\nVIVAVOCE_COURT_NAME=court.example\n" in done.stdout
    assert not place.file.exists()


def test_the_file_of_settings_keeps_what_it_has_and_is_read_by_a_shell(tmp_path: Path) -> None:
    file = tmp_path / "settings.env"
    file.write_text("# ours\nVIVAVOCE_HOST=127.0.0.1", encoding="utf-8")
    file.chmod(0o640)
    url = "postgresql+psycopg:///vivavoce?host=/run/postgresql&x=a b"
    environment_file.add(file, {"VIVAVOCE_HOST": "0.0.0.0", "VIVAVOCE_DATABASE_URL": url})
    assert file.read_text(encoding="utf-8").startswith("# ours\nVIVAVOCE_HOST=127.0.0.1\nVIVAVOCE_DATABASE_URL=")
    assert environment_file.read(file) == {"VIVAVOCE_HOST": "127.0.0.1", "VIVAVOCE_DATABASE_URL": url}
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    shell = ["sh", "-c", f'. "{file}"; printf %s "$VIVAVOCE_DATABASE_URL"']
    assert subprocess.run(shell, capture_output=True, text=True, check=True).stdout == url
    for value in ("two\nlines", "it's", "back\\slash"):
        with pytest.raises(ValueError, match="neither quotes"):
            environment_file.add(file, {"VIVAVOCE_COURT_NAME": value})


def test_every_setting_that_is_asked_for_is_one_and_belongs_to_a_step() -> None:
    names = {step.name for step in STEPS}
    assert SETTINGS.keys() | ACTS.keys() | OPTIONS.keys() <= names
    known = Settings.__dataclass_fields__.keys()
    assert {name for questions in SETTINGS.values() for name, _question in questions} <= known


@pytest.mark.parametrize("step", [step for step in STEPS if step.command], ids=lambda step: step.name)
def test_the_command_of_a_step_is_one_the_program_takes(step: SetupStep) -> None:
    words = step.command.split()
    assert _parser().parse_args(words).verb == words[0]
