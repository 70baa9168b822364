"""Runs lie apart from the installation, carry none of what leads outside, and are gone after their time."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from web import cli
from web.settings import OUTSIDE, Settings, SettingsError
from web.training import runs
from web.training.runs import KEPT, RunMark

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def mark(made_at: datetime = NOW) -> RunMark:
    return RunMark(drill="line_lost", version=1, made_at=made_at)


def test_a_run_is_under_a_name_of_its_own_and_nothing_of_it_leads_outside(tmp_path: Path) -> None:
    real = Settings(
        data=tmp_path / "data",
        court_name="court.example",
        smtp_host="mail.court.example",
        smtp_sender="court@court.example",
        webhook_hosts="case.court.example",
        statistics_public="RO",
        anchor=tmp_path / "anchor",
    )
    run = runs.settings_of(real, tmp_path / "run", port=8100, public_url="http://localhost:8100")
    assert (run.court_name, run.training, real.training) == ("training.court.example", True, False)
    assert {name: getattr(run, name) for name in OUTSIDE if getattr(run, name)} == {}
    for place in (run.database_url, run.sandbox_database_url, str(run.keys), str(run.recordings)):
        assert str(tmp_path / "run") in place
        assert str(tmp_path / "data") not in place


def test_every_setting_that_leads_outside_is_refused_to_a_rehearsal(tmp_path: Path) -> None:
    known = {item.name for item in fields(Settings)}
    assert set(OUTSIDE) <= known
    for name, value in (
        ("smtp_host", "mail.example"),
        ("webhook_hosts", "a.example"),
        ("seal_token", "pkcs11:token=x"),
    ):
        with pytest.raises(SettingsError) as refusal:
            Settings(data=tmp_path, court_name="training.court.example", **{name: value})
        assert refusal.value.key == name, name


def test_a_run_made_twice_in_a_second_is_refused_and_the_first_stays(tmp_path: Path) -> None:
    folder = runs.make(tmp_path / "runs", mark())
    assert runs.read(folder) == mark()
    assert folder.stat().st_mode & 0o077 == 0
    with pytest.raises(FileExistsError):
        runs.make(tmp_path / "runs", mark())
    assert runs.read(folder) == mark()


def test_a_run_is_removed_as_a_whole_when_its_time_is_over_and_not_before(tmp_path: Path) -> None:
    place = tmp_path / "runs"
    old, new = runs.make(place, mark()), runs.make(place, mark(NOW + timedelta(days=1)))
    (old / "recordings" / "one").mkdir(parents=True)
    (old / "recordings" / "one" / "journal.jsonl").write_text("{}")
    (old / "vivavoce.db").write_text("")
    assert runs.sweep(place, NOW + KEPT - timedelta(seconds=1)) == []
    assert runs.sweep(place, NOW + KEPT) == [old]
    assert (old.exists(), new.exists()) == (False, True)
    assert runs.sweep(tmp_path / "nowhere", NOW + KEPT) == []


def test_what_is_no_run_is_never_removed(tmp_path: Path) -> None:
    place, late = tmp_path / "runs", NOW + KEPT * 100
    real = tmp_path / "data"
    real.mkdir()
    (real / runs.MARK).write_text('{"drill": "line_lost", "version": 1, "made_at": "2020-01-01T00:00:00+00:00"}')
    run = runs.make(place, mark())
    (place / "20200101T000000").symlink_to(real)
    (place / "20200101T000001").mkdir()
    (place / "20200101T000002").mkdir()
    (place / "20200101T000002" / runs.MARK).write_text("no JSON")
    (run / "elsewhere").symlink_to(real)
    assert runs.sweep(place, late) == [run]
    assert (real / runs.MARK).exists()
    assert sorted(path.name for path in place.iterdir()) == [
        "20200101T000000",
        "20200101T000001",
        "20200101T000002",
    ]


def test_the_command_refuses_an_unknown_drill_and_a_place_within_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VIVAVOCE_DATA", str(tmp_path / "data"))
    assert cli.main(["rehearse", "--drill", "holiday", "--folder", str(tmp_path / "runs")]) == 2
    assert "No drill is called 'holiday'" in capsys.readouterr().err
    assert cli.main(["rehearse", "--folder", str(tmp_path / "data" / "runs")]) == 2
    assert "within the data folder" in capsys.readouterr().err
    assert cli.main(["rehearse", "--again", str(tmp_path)]) == 2
    assert "is no run of a rehearsal" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_command_lists_every_drill(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["rehearse", "--list"]) == 0
    printed = capsys.readouterr().out
    assert "wrong_witness" in printed
    assert "25 min" in printed
