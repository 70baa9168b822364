"""How well the clock is kept: what chrony, timesyncd and the kernel say becomes one line, and not knowing is said."""

from pathlib import Path

import pytest

from media.evidence.log import journal_lines
from media.evidence.recording import clock
from media.evidence.recording.clock import Quality

CHRONY = (
    "C0000201,192.0.2.1,3,1795812491.296957000,0.000012345,-0.000004,0.00001,-12.3,0.001,0.02,0.01,0.0005,64.5,Normal"
)
LOST = "00000000,,0,0.000000000,0.000000000,0,0,0,0,0,1.000000000,1.000000000,0.0,Not synchronised"
TIMESYNCD = """
SystemNTPServers=ntp.example
ServerName=ntp.example
ServerAddress=192.0.2.2
NTPMessage={ Leap=0, Version=4, Mode=4, Stratum=2, Precision=-25, RootDelay=396us }
"""


def command(folder: Path, name: str, prints: str, code: int = 0) -> None:
    """A command of this name that prints this."""
    path = folder / name
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{prints}\nEND\nexit {code}\n")
    path.chmod(0o755)


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is looked through first; there is no chrony and no timesyncd to begin with."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    for name in ("chronyc", "timedatectl"):
        command(tmp_path, name, "506 Cannot talk to daemon", 1)
    return tmp_path


def test_chrony_says_source_stratum_and_by_how_much_the_clock_is_ahead(commands: Path) -> None:
    command(commands, "chronyc", CHRONY)
    assert clock.read() == Quality(
        source="chrony 192.0.2.1", synchronised=True, offset="-12345", error="5512345", stratum="3"
    )


def test_a_chrony_that_has_lost_its_sources_is_not_in_step(commands: Path) -> None:
    command(commands, "chronyc", LOST)
    found = clock.read()
    assert (found.source, found.synchronised, found.offset) == ("chrony", False, "0")


def test_timesyncd_names_its_server_and_stratum_and_the_kernel_says_whether_the_clock_follows(commands: Path) -> None:
    command(commands, "timedatectl", TIMESYNCD)
    kernel = clock._kernel()
    assert kernel is not None
    assert clock.read() == Quality(
        source="timesyncd ntp.example", synchronised=kernel.synchronised, error=kernel.error, stratum="2"
    )


@pytest.mark.parametrize("said", ["", "a,b", CHRONY.replace("0.000012345", "soon")])
def test_without_a_service_that_answers_the_kernel_is_asked(commands: Path, said: str) -> None:
    command(commands, "chronyc", said)
    found = clock.read()
    assert (found.source, found.offset, found.stratum) == ("kernel", "", "")


def test_a_command_that_hangs_is_not_waited_for(commands: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (commands / "chronyc").write_text("#!/bin/sh\nexec sleep 60\n")
    monkeypatch.setattr(clock, "SECONDS", 0.2)
    assert clock.read().source == "kernel"


@pytest.mark.parametrize("quality", [Quality(), Quality(source="chrony", offset="-5", error="0", stratum="16")])
def test_what_is_not_known_is_a_line_as_well(quality: Quality) -> None:
    journal_lines.check_fields({**quality.line(), "at": "1"})
    assert Quality().line()["source"] == "unknown"
