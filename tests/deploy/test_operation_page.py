"""What docs/operation.md and docs/proxies.md have people type is there: commands, options, settings, files.

tests/deploy/site.sh types all of it in an empty Debian, by hand.
"""

import argparse
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.page import Block, blocks
from web import cli
from web.server.security import UPLOAD_LIMIT
from web.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
PAGES = ("operation.md", "proxies.md")
SOURCE = "/usr/local/src/vivavoce/"
ALL = [block for page in PAGES for block in blocks(page)]
TYPED = [one for one in ALL if one.language == "sh"]
UNITS = {"nginx", "caddy", "haproxy", "nftables", "vivavoce", "vivavoce-seal"}


def lines(typed: list[Block]) -> Iterator[str]:
    for block in typed:
        yield from (line for line in block.text.splitlines() if not line.startswith("#"))


def commands() -> list[list[str]]:
    """The arguments of every `vivavoce` that is typed, behind the settings' file."""
    found = []
    for line in lines(TYPED):
        words = shlex.split(line)
        while words and re.match(r"\w+=", words[0]):
            words = words[1:]
        if words and words[0] == "vivavoce":
            found.append(words[1:])
    return found


def parsed(arguments: list[str]) -> argparse.Namespace:
    return cli._parser().parse_args(arguments)


def test_every_block_says_whether_the_script_types_it() -> None:
    assert [one for one in ALL if one.mark not in ("step", "file", "elsewhere")] == []
    names = [(one.mark, one.name) for one in ALL if one.name]
    assert len(names) == len(set(names)) > 25


@pytest.mark.parametrize("arguments", commands(), ids=" ".join)
def test_every_command_of_the_page_is_one_that_vivavoce_takes(arguments: list[str]) -> None:
    assert parsed(arguments).verb == arguments[0]


def test_every_command_named_in_the_text_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    text = "".join((ROOT / "docs" / page).read_text(encoding="utf-8") for page in PAGES)
    named = [shlex.split(one) for one in re.findall(r"`vivavoce ([a-z][^`]*)`", text)]
    assert len(named) > 8
    unknown = []
    for words in named:
        with pytest.raises(SystemExit) as ended:
            own = cli.OWN.get(words[0])  # such a command has its own arguments
            own[0](["--help"]) if own else parsed([words[0], "--help"])
        shown = capsys.readouterr().out
        unknown += [words for word in words if (word.startswith("--") and word not in shown) or ended.value.code]
    assert unknown == []


@pytest.mark.parametrize("block", [one for one in ALL if one.name.endswith(".env")], ids=lambda block: block.name)
def test_the_settings_of_the_page_are_settings(block: Block) -> None:
    made = Settings.from_environment(dict(line.split("=", 1) for line in block.text.splitlines()))
    assert made.secure and made.trusted_proxies == "127.0.0.1"
    more = [line.split()[1] for line in lines(TYPED) if line.startswith(f"echo {PREFIX}")]
    assert Settings.from_environment(dict(line.split("=", 1) for line in more)).anchor


def test_every_file_that_is_installed_is_in_the_repository_or_on_the_page() -> None:
    written = {one.name for one in ALL if one.mark == "file"}
    made = set(re.findall(r"install -m \d+ (?:-g \w+ )?/dev/null (\S+)", "\n".join(lines(TYPED))))
    assert made <= written
    taken = re.findall(rf"{SOURCE}(deploy/\S+)", "\n".join(lines(TYPED)))
    assert [name for name in taken if not (ROOT / name).is_file()] == []
    assert {f"deploy/proxy/{name}" for name in ("nginx.conf", "Caddyfile", "haproxy.cfg")} < set(taken)


def test_every_unit_that_is_started_is_installed_or_debian_s() -> None:
    units = {
        one
        for line in lines(TYPED)
        if line.startswith("systemctl ") and "daemon-reload" not in line
        for one in line.split()[2:]
        if not one.startswith("-")
    }
    own = {Path(one.name).name for one in ALL if one.name.startswith("/etc/systemd/system/")}
    assert units - UNITS - own == set()
    assert {"vivavoce-backup.service", "vivavoce-backup.timer"} <= own & units


def test_only_services_account_reads_the_settings_and_the_certificate_s_key_is_no_everybody_s() -> None:
    typed = "\n".join(lines(TYPED))
    assert "install -m 0640 -g vivavoce /dev/null /etc/vivavoce.env" in typed
    hook = next(one for one in ALL if one.name.endswith("vivavoce-certificate"))
    assert re.search(r"install -m 0640 .*privkey\.pem", hook.text)


def test_the_page_s_scripts_are_shell() -> None:
    for block in TYPED:
        done = subprocess.run(["sh", "-n"], input=block.text, text=True, capture_output=True)
        assert done.returncode == 0, (block.name, done.stderr)


PROXY = ROOT / "deploy/proxy"
LIMITS = {"nginx.conf": r"client_max_body_size (\d+)m;", "Caddyfile": r"max_size (\d+)MB"}


def test_every_proxy_overwrites_the_client_s_address_adds_no_header_and_logs_no_request() -> None:
    overwrite = {
        "nginx.conf": "proxy_set_header X-Forwarded-For $remote_addr;",
        "Caddyfile": "reverse_proxy 127.0.0.1:8000",  # overwrites unless told whom to believe
        "haproxy.cfg": "http-request set-header X-Forwarded-For %[src]",
    }
    assert {file.name for file in PROXY.iterdir()} == overwrite.keys()
    for name, line in overwrite.items():
        text = "\n".join(one for one in (PROXY / name).read_text().splitlines() if not one.lstrip().startswith("#"))
        assert text.count("X-Forwarded-For") == (name != "Caddyfile") and line in text
        assert "trusted_proxies" not in text
        assert not re.search(
            r"(?i)strict-transport|content-security|add_header|proxy_add_x_forwarded_for|httplog", text
        )
        if name in LIMITS:
            assert int(re.search(LIMITS[name], text)[1]) * 1_000_000 > UPLOAD_LIMIT
    assert "access_log off;" in (PROXY / "nginx.conf").read_text()


PROGRAMS = {
    "nginx": ("nginx.conf", ("-t", "-q", "-c")),
    "caddy": ("Caddyfile", ("validate", "--adapter", "caddyfile", "--config")),
    "haproxy": ("haproxy.cfg", ("-c", "-q", "-f")),
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_proxy_s_program_takes_its_configuration(program: str, tmp_path: Path) -> None:
    found = shutil.which(program, path="/usr/sbin:/usr/bin:/usr/local/bin:/usr/local/sbin")
    if not found:
        pytest.skip(f"{program} is not on this machine")
    name, arguments = PROGRAMS[program]
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=x"
    made = [*command.split(), "-keyout", "site.pem.key", "-out", "site.pem"]
    subprocess.run(made, cwd=tmp_path, check=True, capture_output=True)
    text = (PROXY / name).read_text().replace("/etc/vivavoce-tls", str(tmp_path))
    text = text.replace("/var/log/nginx/error.log", str(tmp_path / "log")).replace(
        "/run/nginx.pid", str(tmp_path / "p")
    )
    (tmp_path / name).write_text(text)
    done = subprocess.run([found, *arguments, str(tmp_path / name)], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
