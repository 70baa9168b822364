"""The command: init makes, serve refuses, link signs in, verify speaks for itself."""

import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from media.evidence.cosigning import cosigner_key
from media.evidence.log import tlog
from tests.support.evidence.tokens import SoftToken
from tests.support.process import end_seal
from web import cli
from web.parts import NotInitialised, read_keys
from web.seal_keeper import SealKeeper
from web.settings import Settings


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name in [name for name in os.environ if name.startswith("VIVAVOCE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("VIVAVOCE_DATA", str(tmp_path / "data"))
    yield tmp_path / "data"
    end_seal(tmp_path / "data/keys/seal")


@pytest.fixture
def initialised(environment: Path, prepared: Path) -> None:
    """As after `vivavoce init`."""
    shutil.copytree(prepared, environment)


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    code = cli.main(list(arguments))
    told = capsys.readouterr()
    return code, told.out, told.err


def test_serve_refuses_without_init_and_names_the_command(environment, capsys):
    code, _out, told = run(capsys, "serve")
    assert code == 2
    assert "run `vivavoce init`" in told
    assert not environment.exists()


def test_init_makes_everything_private_and_keeps_what_is_there(environment, capsys):
    assert run(capsys, "init")[0] == 0
    modes = {
        path.relative_to(environment).as_posix(): stat.S_IMODE(path.stat().st_mode)
        for path in [environment, *sorted(environment.rglob("*"))]
    }
    assert modes == {
        ".": 0o700, "keys": 0o700, "recordings": 0o700, "run": 0o700, "keys/cookie.key": 0o600,
        "keys/seal": 0o700, "keys/seal/seal.key": 0o600, "keys/seal.pub": 0o600, "keys/document-seal.key": 0o600,
        "keys/document-seal.crt": 0o600, "keys/monitor.token": 0o600, "vivavoce.db": 0o600,
        "sandbox.db": 0o600,
    }  # fmt: skip
    keys = {
        name: (environment / "keys" / name).read_bytes()
        for name in ("cookie.key", "seal/seal.key", "document-seal.key")
    }
    assert run(capsys, "init")[0] == 0
    assert {name: (environment / "keys" / name).read_bytes() for name in keys} == keys


@pytest.mark.usefixtures("initialised")
@pytest.mark.parametrize(
    "missing",
    [
        "keys/cookie.key",
        "keys/seal.pub",
        "keys/seal/seal.key",
        "keys/document-seal.key",
        "keys/document-seal.crt",
        "vivavoce.db",
        "recordings",
    ],
)
def test_serve_refuses_when_one_thing_is_missing(environment, capsys, missing):
    path = environment / missing
    if path.is_dir():
        path.rmdir()
    else:
        path.unlink()
    code, _out, told = run(capsys, "serve")
    assert (code, "vivavoce init" in told) == (2, True), told
    assert not path.exists()
    before = sorted(environment.rglob("*"))
    code, _out, told = run(capsys, "init")
    assert (code, str(path) in told or "the database" in told, "vivavoce restore" in told) == (2, True, True), told
    assert sorted(environment.rglob("*")) == before


@pytest.mark.usefixtures("initialised")
@pytest.mark.parametrize(
    ("lost", "anew"),
    [("keys/cookie.key", "cookie"), ("keys/document-seal.crt", "documents"), ("keys/seal/seal.key", "seal")],
)
def test_a_key_that_is_lost_for_good_is_made_anew_by_order_only(environment, capsys, lost, anew):
    pinned = (environment / "keys/seal.pub").read_text()
    (environment / lost).unlink()
    code, _out, told = run(capsys, "init")
    assert (code, f"vivavoce init --anew {anew}`" in told) == (2, True), told
    assert run(capsys, "init", "--anew", anew)[0] == 0
    assert (environment / lost).exists()
    if anew == "seal":
        assert (
            (environment / "keys/seal/former.pub").read_text() == pinned != (environment / "keys/seal.pub").read_text()
        )


@pytest.mark.usefixtures("initialised")
@pytest.mark.parametrize("command", ["init", "serve", "people"])
def test_a_data_folder_of_before_the_first_release_is_refused_and_kept(environment, capsys, command):
    database = sqlite3.connect(environment / "vivavoce.db", isolation_level=None)
    database.execute("UPDATE alembic_version SET version_num = '0021'")
    code, _out, told = run(capsys, command)
    assert (code, "made before 0.1.0, export what you need with the version that made it" in told) == (2, True), told
    assert database.execute("SELECT version_num FROM alembic_version").fetchall() == [("0021",)]
    database.close()


@pytest.mark.usefixtures("initialised")
@pytest.mark.parametrize("name", ["cookie.key", "document-seal.key"])
def test_keys_that_others_can_read_are_refused(environment, capsys, name):
    (environment / "keys" / name).chmod(0o640)
    with pytest.raises(NotInitialised, match="read by others"):
        read_keys(Settings(data=environment))
    assert run(capsys, "serve")[0] == 2


@pytest.mark.usefixtures("initialised")
def test_a_seal_key_that_others_can_read_is_refused_by_the_seal_process(environment, capsys):
    (environment / "keys/seal/seal.key").chmod(0o640)
    code, _out, told = run(capsys, "serve")
    assert (code, "set its mode to 0600" in told) == (2, True), told


@pytest.mark.usefixtures("initialised")
def test_init_takes_the_seal_key_of_before_to_where_the_seal_process_reads_it(environment, capsys):
    key = environment / "keys/seal/seal.key"
    (before := environment / "keys/seal.key").write_text(key.read_text())
    before.chmod(0o600)
    key.unlink()
    pinned = (environment / "keys/seal.pub").read_text()
    assert run(capsys, "init")[0] == 0
    assert (before.exists(), (environment / "keys/seal.pub").read_text()) == (False, pinned)


@pytest.mark.usefixtures("initialised")
def test_init_makes_the_seal_key_on_a_token_and_keeps_the_one_of_before_as_a_former_one(
    environment, capsys, tmp_path, monkeypatch
):
    before = (environment / "keys/seal.pub").read_text()
    token = SoftToken(tmp_path / "hsm", monkeypatch)
    monkeypatch.setenv("VIVAVOCE_SEAL_TOKEN", token.text)
    (environment / "keys/seal/seal.key").unlink()
    for _ in range(2):
        assert run(capsys, "init")[0] == 0
    pinned = (environment / "keys/seal.pub").read_text()
    assert (environment / "keys/seal/former.pub").read_text() == before != pinned
    assert not (environment / "keys/seal/seal.key").exists()
    seal = SealKeeper(Settings(data=environment, seal_token=token.text)).ensure()
    assert seal.keys() == [tlog.parse_vkey(line.strip()).key for line in (pinned, before)]
    token.spoil_the_pin()
    code, _out, told = run(capsys, "init")
    assert (code, "refuses the PIN" in told) == (2, True)


def test_two_installations_have_different_keys(tmp_path, monkeypatch, capsys):
    found = []
    for name in ("one", "two"):
        monkeypatch.setenv("VIVAVOCE_DATA", str(tmp_path / name))
        run(capsys, "init")
        found += [(tmp_path / name / "keys" / key).read_text() for key in ("cookie.key", "seal/seal.key")]
    assert len(set(found)) == 4


@pytest.mark.usefixtures("initialised")
def test_a_demo_tells_links_pins_and_both_times_and_is_made_once(environment, capsys):
    code, told, _err = run(capsys, "demo")
    assert code == 0
    assert told.count("/s#") == 5 and told.count("/j#") == 2 and told.count("PIN ") == 2
    assert "București (UTC+0" in told and "Bangkok (UTC+07:00)" in told
    assert "never use them for a real hearing" in told
    with sqlite3.connect(environment / "vivavoce.db") as database:
        states = database.execute("SELECT owner_state FROM person WHERE functions LIKE '%administrator%'").fetchall()
        asked = database.execute(
            "SELECT r.reference, c.status FROM consent c JOIN hearing_request r ON r.id = c.request_id"
            " WHERE r.capacity = 'accused'"
        ).fetchall()
        over = database.execute(
            "SELECT h.ref, m.status FROM hearing h JOIN minutes m ON m.hearing_id = h.id WHERE h.status = 'concluded'"
        ).fetchall()
    assert {state for (state,) in states} == {"RO", "TH"}
    assert asked and {status for _reference, status in asked} == {"not_asked"} and asked[0][0] in told
    assert [(ref in told, status) for ref, status in over] == [(True, "drafted")]
    assert run(capsys, "demo")[0] == 2
    assert run(capsys, "demo", "--again")[0] == 0


@pytest.mark.usefixtures("initialised")
def test_a_demo_is_refused_by_an_installation_that_is_none(environment, capsys):
    assert run(capsys, *PERSON, "--function", "clerk")[0] == 0
    with sqlite3.connect(environment / "vivavoce.db") as database:
        before = list(database.iterdump())
        for again in ([], ["--again"]):
            code, _out, told = run(capsys, "demo", *again)
            assert (code, "is not a demonstration" in told) == (2, True), told
        assert list(database.iterdump()) == before
    assert not (environment / "demo-keys").exists()


@pytest.mark.usefixtures("initialised")
def test_a_link_is_for_one_person_found_by_mail_or_name(environment, capsys):
    run(capsys, "demo")
    for wanted in ("judge", "judge@demo.ro.example", "popa"):
        code, told, _err = run(capsys, "link", wanted)
        assert code == 0
        assert told.startswith("Ioana Popa (judge@demo.ro.example): http://localhost:8000/s#")
    assert "several" in run(capsys, "link", "i")[2]
    assert "Nobody is called" in run(capsys, "link", "zzz")[2]
    assert run(capsys, "people")[1].count("\n") == 5


@pytest.mark.usefixtures("initialised")
def test_the_policy_names_the_seal_key_the_cosigners_and_the_quorum(environment, capsys, monkeypatch, tmp_path):
    assert re.fullmatch(r"log demo\.vivavoce\.example/hearing\S+\nquorum none\n", run(capsys, "policy")[1])
    key = cosigner_key.make(tmp_path, "cosigner.example")
    (tmp_path / "list").write_text(f"witness other {key.vkey} https://cosigner.example\nquorum other\n")
    monkeypatch.setenv("VIVAVOCE_COSIGNERS", str(tmp_path / "list"))
    assert run(capsys, "policy")[1].endswith(f"\nwitness other {key.vkey}\nquorum other\n")


def test_the_version_is_told_without_an_installation(environment, capsys):
    with pytest.raises(SystemExit) as ended:
        run(capsys, "--version")
    assert (ended.value.code, environment.exists()) == (0, False)
    assert re.fullmatch(r"vivavoce (\d+\.\d+\.\d+|unknown)\n", capsys.readouterr().out)


def test_an_unknown_setting_stops_the_command(environment, capsys, monkeypatch):
    monkeypatch.setenv("VIVAVOCE_PROT", "1")
    code, _out, told = run(capsys, "people")
    assert (code, "VIVAVOCE_PROT" in told) == (2, True)


def test_verify_is_the_verifiers_own_command(environment, tmp_path):
    command = [sys.executable, "-m", "web.cli", "verify", str(tmp_path / "no-bag")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    plain = subprocess.run(
        [sys.executable, "-m", "media.evidence.check.verify", str(tmp_path / "no-bag")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (plain.returncode, plain.stdout, plain.stderr)
    assert done.returncode != 0


@pytest.mark.usefixtures("initialised")
def test_exporting_or_noting_what_is_not_there_is_refused(environment, capsys):
    run(capsys, "demo")
    code, _out, told = run(capsys, "note-copy", "2222-2222", "copy.mp4.json", "--by", "judge")
    assert (code, "no recording or hearing" in told) == (2, True)
    code, _out, told = run(capsys, "export", "2222-2222", "bag", "--by", "judge")
    assert (code, "no recording or hearing" in told) == (2, True)
    code, _out, told = run(capsys, "export", "2222-2222", "bag", "--by", "zzz")
    assert (code, "Nobody is called" in told) == (2, True)


PERSON = ["person", "Ilinca Radu", "radu@court.ro", "--state", "RO", "--city", "Cluj", "--authority", "Tribunalul Cluj"]
KEY = ["key", "--state", "RO", "--authority", "Tribunalul Cluj", "--kind", "requesting"]


@pytest.mark.usefixtures("initialised")
def test_staff_are_added_once_and_found_for_a_link(environment, capsys):
    assert cli.main([*PERSON, "--function", "clerk"]) == 0
    assert cli.main(["link", "radu"]) == 0
    assert "Ilinca Radu (radu@court.ro)" in capsys.readouterr().out
    assert cli.main([*PERSON, "--function", "clerk"]) == 2
    assert "address is already in use" in capsys.readouterr().err
    other = [*PERSON[:2], "other@court.ro", *PERSON[3:], "--function", "clerk", "--language"]
    assert cli.main([*other, "klingon"]) == 2
    assert "language" in capsys.readouterr().err
    assert cli.main([*other, "ro"]) == 0


@pytest.mark.usefixtures("initialised")
def test_a_key_file_is_made_for_an_authority_and_only_its_public_half_is_kept(environment, capsys, tmp_path):
    file = tmp_path / "cluj.key.txt"
    assert cli.main([*KEY, "--new", str(file)]) == 0
    assert file.stat().st_mode & 0o777 == 0o600
    text, told = file.read_text(), capsys.readouterr().out
    assert "# | quorum none" in text
    assert re.search(r"^its fingerprint: ([0-9a-f]{4} ){7}[0-9a-f]{4}$", told, re.MULTILINE)
    secret = next(line for line in text.splitlines() if line.startswith("AGE-SECRET-KEY-1"))
    kept = b"".join(path.read_bytes() for path in environment.glob("vivavoce.db*"))
    assert secret.encode() not in kept
    assert cli.main([*KEY, "--new", str(file)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert cli.main([*KEY, "--recipient", "age1nonsense"]) == 2
    assert "age1" in capsys.readouterr().err


@pytest.mark.usefixtures("initialised")
def test_a_signing_key_is_registered_and_its_private_half_is_not_kept(environment, capsys, tmp_path):
    file = tmp_path / "cluj.key.txt"
    assert cli.main([*KEY, "--new", str(file)]) == 0
    public, seed = [line.split(": ")[1] for line in file.read_text().splitlines() if line.startswith("# signing-")]
    assert f"public signing key: {public}" in capsys.readouterr().out
    kept = b"".join(path.read_bytes() for path in environment.rglob("*") if path.is_file())
    assert (public.encode() in kept, seed.encode() in kept) == (True, False)
    own = ["key", "--state", "TH", "--authority", "Attorney General", "--signing-key"]
    assert cli.main([*own, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"]) == 0
    assert cli.main([*own, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"]) == 2
    assert "registered before" in capsys.readouterr().err
    assert cli.main([*own, "short"]) == 2
    assert cli.main(KEY) == 2
    assert "--signing-key" in capsys.readouterr().err
    assert cli.main([*KEY[:-2], "--new", str(tmp_path / "other")]) == 2
    assert "--kind" in capsys.readouterr().err
