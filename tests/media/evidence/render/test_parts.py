"""Finished stretches: what is gone on from, what is refused, and that nothing is left that nobody asked for."""

import os
from pathlib import Path
from typing import Any

import pytest

from media.evidence.render import parts
from media.evidence.render.parts import Parts, PartsError

FACTS = {"layout": "grid", "masked": ["witness_1"]}


@pytest.fixture(autouse=True)
def short_stretches(monkeypatch) -> None:
    monkeypatch.setattr(parts, "STRETCH", 2_000)


def begin(out: Path, count: int, facts: dict[str, Any] = FACTS) -> None:
    """A run that finishes so many stretches, and is then interrupted in the next."""
    with pytest.raises(KeyboardInterrupt), Parts(out, 500, 6_000, facts) as made:
        for number, (t0, _t1, file) in enumerate(made.unfinished()):
            file.write_bytes(b"pictures from %d" % t0)
            if number == count:
                raise KeyboardInterrupt


def test_a_run_goes_on_behind_what_is_finished(tmp_path: Path) -> None:
    out = tmp_path / "it's a copy.mp4"
    begin(out, 1)
    with Parts(out, 500, 6_000, FACTS) as made:
        assert [(t0, t1) for t0, t1, _file in made.unfinished()] == [(2_500, 4_500), (4_500, 6_000)]
        listed = b"".join(made.listed()).decode()
        folder = str(tmp_path / "it'\\''s a copy.mp4.parts")
        assert listed.splitlines() == [
            "ffconcat version 1.0",
            *(f"file 'file:{folder}/0000.mp4'", "duration 2.000"),
            *(f"file 'file:{folder}/0001.mp4'", "duration 2.000"),
            *(f"file 'file:{folder}/0002.mp4'", "duration 1.500"),
        ]
        assert made.file(0).read_bytes() == b"pictures from 500"
        made.remove()
    assert list(tmp_path.iterdir()) == []


def test_they_are_for_their_owner_alone(tmp_path: Path) -> None:
    begin(tmp_path / "copy.mp4", 1)
    folder = tmp_path / "copy.mp4.parts"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in folder.iterdir()) == ["0000.mp4", "begun.json", "finished"]
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_nothing_is_left_of_a_run_that_finished_no_stretch(tmp_path: Path) -> None:
    begin(tmp_path / "copy.mp4", 0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("other", [{**FACTS, "masked": []}, {**FACTS, "layout": "speaker"}, {"layout": "grid"}])
def test_pictures_made_with_other_options_are_never_gone_on_from(tmp_path: Path, other: dict[str, Any]) -> None:
    out = tmp_path / "copy.mp4"
    begin(out, 1)
    with (
        pytest.raises(PartsError, match=r"another (masked|layout): give the same options"),
        Parts(out, 500, 6_000, other),
    ):
        pass
    with pytest.raises(PartsError, match="another end"), Parts(out, 500, 5_000, FACTS):
        pass
    begin(out, 1)


def test_a_stretch_that_was_cut_off_or_changed_is_made_anew(tmp_path: Path) -> None:
    out = tmp_path / "copy.mp4"
    begin(out, 2)
    folder = parts.folder_of(out)
    (folder / "0000.mp4").write_bytes(b"something else")
    told = (folder / "finished").read_bytes()
    (folder / "finished").write_bytes(told[:-10])
    with Parts(out, 500, 6_000, FACTS) as made:
        assert made.finished == set()
        assert [t0 for t0, _t1, _file in made.unfinished()] == [500, 2_500, 4_500]
        assert b"0001.mp4" in b"".join(made.listed())
        made.file(1).write_bytes(b"another")
        with pytest.raises(PartsError, match=r"0001.mp4 has changed since it was made"):
            list(made.listed())


def test_two_runs_do_not_make_one_copy_at_a_time(tmp_path: Path) -> None:
    out = tmp_path / "copy.mp4"
    begin(out, 1)
    with Parts(out, 500, 6_000, FACTS):
        with pytest.raises(PartsError, match="by another run"), Parts(out, 500, 6_000, FACTS):
            pass
        with pytest.raises(PartsError, match="by another run"):
            parts.discard(out)
    assert parts.discard(out)
    assert not parts.discard(out)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("empty", [(), (parts.BEGUN,)])
def test_a_run_killed_before_it_had_begun_locks_nobody_out(tmp_path: Path, empty: tuple[str, ...]) -> None:
    out = tmp_path / "copy.mp4"

    def killed() -> None:
        parts.folder_of(out).mkdir(mode=0o700)
        for name in empty:
            (parts.folder_of(out) / name).touch()

    killed()
    assert parts.discard(out)
    assert list(tmp_path.iterdir()) == []
    killed()
    begin(out, 1)
    with Parts(out, 500, 6_000, FACTS) as made:
        assert made.finished == {0}
        with pytest.raises(PartsError, match="by another run"), Parts(out, 500, 6_000, FACTS):
            pass
        made.remove()
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_that_others_may_read_is_not_written_into(tmp_path: Path) -> None:
    out = tmp_path / "copy.mp4"
    parts.folder_of(out).mkdir(mode=0o755)
    with pytest.raises(PartsError, match="is in the way"), Parts(out, 500, 6_000, FACTS):
        pass
    assert not parts.discard(out)
    assert list(parts.folder_of(out).iterdir()) == []


def test_what_somebody_else_put_there_is_neither_used_nor_removed(tmp_path: Path) -> None:
    out, other = tmp_path / "copy.mp4", tmp_path / "other"
    parts.folder_of(out).mkdir()
    (parts.folder_of(out) / "mine").write_text("mine")
    with pytest.raises(PartsError, match="is in the way"), Parts(out, 500, 6_000, FACTS):
        pass
    assert not parts.discard(out)
    assert (parts.folder_of(out) / "mine").read_text() == "mine"
    begin(other, 1)
    link = tmp_path / "link"
    parts.folder_of(link).symlink_to(parts.folder_of(other))
    assert not parts.discard(link)
    with pytest.raises(PartsError, match="is in the way"), Parts(link, 500, 6_000, FACTS):
        pass
    assert parts.folder_of(other).exists()


@pytest.mark.parametrize("whose", ["of another account", "open to a group", "readable by all"])
def test_a_folder_that_another_account_could_have_filled_is_neither_gone_on_from_nor_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    out = tmp_path / "copy.mp4"
    begin(out, 1)
    folder = parts.folder_of(out)
    if whose != "of another account":
        folder.chmod(0o770 if whose == "open to a group" else 0o755)
    elif os.geteuid() == 0:
        os.chown(folder, 65534, 65534)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(PartsError, match="another account"), Parts(out, 500, 6_000, FACTS):
        pass
    with pytest.raises(PartsError, match="another account"):
        parts.discard(out)
    assert sorted(path.name for path in folder.iterdir()) == ["0000.mp4", "begun.json", "finished"]


def test_no_link_in_the_folder_is_followed(tmp_path: Path) -> None:
    out, aside = tmp_path / "copy.mp4", tmp_path / "aside"
    begin(out, 2)
    folder = parts.folder_of(out)
    aside.mkdir()
    for name in ("0000.mp4", "finished", "begun.json"):
        (folder / name).rename(aside / name)
        (folder / name).symlink_to(aside / name)
        if name == "0000.mp4":
            with Parts(out, 500, 6_000, FACTS) as made:
                assert made.finished == {1}  # the first is made anew
        elif name == "finished":
            with Parts(out, 500, 6_000, FACTS) as made:
                assert made.finished == set()
                made.finished = {1}  # else nothing of it is left
    with pytest.raises(PartsError, match="is in the way"), Parts(out, 500, 6_000, FACTS):
        pass
    assert (aside / "0000.mp4").read_bytes() == b"pictures from 500"
